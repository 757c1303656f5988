import { z } from 'zod'
import { keyset, moment, nextCursor, pageParameters, refId, refIdPattern } from '../../db/index.ts'
import { documentTypes } from './content.ts'

/** What Storage on this machine and on a hosted project both take in one request. */
export const maxDocumentBytes = 10 * 1024 * 1024

const about = {
  name: z.string().trim().min(1).max(200).meta({
    description: 'The name of the file. Its ending must fit its type: .pdf, .png, .jpg, .webp, .txt, .docx.',
  }),
  content_type: z.enum(documentTypes),
  byte_count: z.int().min(1).max(maxDocumentBytes),
}

export const NewClientDocument = z.strictObject(about).meta({ id: 'NewClientDocument' })

export const ClientDocument = z
  .strictObject({
    ref_id: refId,
    ...about,
    state: z
      .enum(['awaited', 'stored'])
      .meta({ description: 'An awaited one has no file yet, and goes after three hours.' }),
    created_by: refId.nullable().meta({ description: 'The person who uploaded it.' }),
    created_at: moment,
  })
  .meta({ id: 'ClientDocument', description: 'A file that a coach keeps about a participant.' })

const link = { url: z.url(), expires_at: moment }

export const AwaitedDocument = z
  .strictObject({
    document: ClientDocument,
    upload: z.strictObject(link).meta({
      description:
        'PUT the bytes there, with content_type as their Content-Type. Then complete the document.',
    }),
  })
  .meta({ id: 'AwaitedDocument' })

export const OpenedDocument = z
  .strictObject({
    ...ClientDocument.shape,
    download: z
      .strictObject(link)
      .nullable()
      .meta({ description: 'Where anybody may fetch the file for five minutes. Null while it is awaited.' }),
  })
  .meta({ id: 'OpenedDocument' })

/** The newest first. */
export const documentOrder = keyset('client_documents', { ref_id: refId })
export const DocumentQuery = z.strictObject(pageParameters(documentOrder))
export const ClientDocuments = z
  .strictObject({ documents: z.array(ClientDocument), next_cursor: nextCursor })
  .meta({ id: 'ClientDocuments' })
export const DocumentPath = z.object({
  participant: z.string().regex(refIdPattern),
  document: z.string().regex(refIdPattern),
})

export type NewClientDocument = z.infer<typeof NewClientDocument>
export type ClientDocument = z.infer<typeof ClientDocument>
export type AwaitedDocument = z.infer<typeof AwaitedDocument>
export type OpenedDocument = z.infer<typeof OpenedDocument>
export type ClientDocuments = z.infer<typeof ClientDocuments>
export type DocumentQuery = z.output<typeof DocumentQuery>
