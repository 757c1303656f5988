import type { Context } from 'hono'
import { Hono } from 'hono'
import {
  AwaitedDocument,
  awaitDocument,
  ClientBio,
  ClientBioChange,
  ClientDocument,
  ClientDocuments,
  completeDocument,
  DocumentPath,
  DocumentQuery,
  deleteBio,
  deleteDocument,
  expectedRevision,
  listDocuments,
  NewClientDocument,
  OpenedDocument,
  openDocument,
  ParticipantPath,
  readBio,
  revisionTag,
  saveBio,
} from '../../lib/assessments/index.ts'
import { askerOf, body, describeRoute, Problem, params, query, router } from '../../lib/http/index.ts'

const read = router({ auth: 'member', permission: 'read_clients' })
  .get(
    '/:participant/bio',
    describeRoute(
      'Read the bio of a participant',
      { 200: { description: 'The bio. The ETag is for If-Match.', schema: ClientBio } },
      ['participant_not_found'],
    ),
    params(ParticipantPath),
    async (c) => answered(c, await readBio(c.var.db, c.var.tenant.id, c.req.valid('param').participant)),
  )
  .get(
    '/:participant/documents',
    describeRoute(
      'List the documents of a participant, the newest first',
      { 200: { description: 'A page of them, with those whose upload has begun.', schema: ClientDocuments } },
      ['participant_not_found'],
    ),
    params(ParticipantPath),
    query(DocumentQuery),
    async (c) =>
      c.json(
        await listDocuments(
          c.var.db,
          c.var.tenant.id,
          c.req.valid('param').participant,
          c.req.valid('query'),
        ),
      ),
  )
  .get(
    '/:participant/documents/:document',
    describeRoute('Read a document of a participant', {
      200: {
        description: 'With a link to its file. That it was opened is recorded.',
        schema: OpenedDocument,
      },
    }),
    params(DocumentPath),
    async (c) => {
      const { participant, document } = c.req.valid('param')
      c.header('cache-control', 'private, no-store')
      return c.json(await openDocument(c.var.db, c.var.tenant.id, participant, document))
    },
  )

const write = router({ auth: 'member', permission: 'write' })
  .put(
    '/:participant/bio',
    describeRoute(
      'Write the bio of a participant',
      { 200: { description: 'The bio. If-Match must name the one before, or "0".', schema: ClientBio } },
      ['participant_not_found', 'bio_changed', 'if_match_required', 'invalid_value'],
    ),
    params(ParticipantPath),
    body(ClientBioChange),
    async (c) => {
      const { participant } = c.req.valid('param')
      const expected = requireRevision(c)
      return answered(
        c,
        await saveBio(askerOf(c), c.var.tenant.id, participant, expected, c.req.valid('json')),
      )
    },
  )
  .delete(
    '/:participant/bio',
    describeRoute('Delete the bio of a participant', { 204: { description: 'There is none any more.' } }, [
      'participant_not_found',
      'bio_changed',
      'if_match_required',
    ]),
    params(ParticipantPath),
    async (c) => {
      const { participant } = c.req.valid('param')
      const expected = requireRevision(c)
      await deleteBio(askerOf(c), c.var.tenant.id, participant, expected)
      return c.body(null, 204)
    },
  )
  .post(
    '/:participant/documents',
    describeRoute(
      'Begin the upload of a document',
      { 201: { description: 'The document, and where to put its bytes.', schema: AwaitedDocument } },
      ['participant_not_found', 'limit_reached', 'invalid_value', 'too_many_uploads', 'unavailable'],
    ),
    params(ParticipantPath),
    body(NewClientDocument),
    async (c) => {
      const { participant } = c.req.valid('param')
      c.header('cache-control', 'private, no-store')
      return c.json(await awaitDocument(c.var.db, c.var.tenant.id, participant, c.req.valid('json')), 201)
    },
  )
  .post(
    '/:participant/documents/:document/complete',
    describeRoute(
      'Complete a document that was uploaded',
      { 200: { description: 'The document, stored. A second time it is the same.', schema: ClientDocument } },
      ['document_not_uploaded', 'invalid_file', 'unavailable'],
    ),
    params(DocumentPath),
    async (c) => {
      const { participant, document } = c.req.valid('param')
      const writer = askerOf(c)
      return c.json(await completeDocument(c.var.db, writer, c.var.tenant.id, participant, document))
    },
  )
  .delete(
    '/:participant/documents/:document',
    describeRoute('Delete a document of a participant', {
      204: { description: 'The document and its file are gone.' },
    }),
    params(DocumentPath),
    async (c) => {
      const { participant, document } = c.req.valid('param')
      await deleteDocument(c.var.db, c.var.tenant.id, participant, document)
      return c.body(null, 204)
    },
  )

function answered(c: Context, bio: ClientBio) {
  c.header('etag', revisionTag(bio.revision))
  c.header('cache-control', 'private, no-cache')
  return c.json(bio)
}

function requireRevision(c: Context): string {
  const revision = expectedRevision(c.req.header('if-match'))
  if (revision !== undefined) return revision
  throw new Problem(
    'if_match_required',
    'Send the ETag of the bio that you read as If-Match, with its quotes, or "0" if there is no bio.',
  )
}

/** What a coach keeps about a participant. */
export const clients = new Hono().route('/', read).route('/', write)
