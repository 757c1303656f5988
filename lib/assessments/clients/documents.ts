import { type Asker, type Db, Problem, readPage, serviceFor, sql } from '../../db/index.ts'
import { log } from '../../runtime/index.ts'
import { openBucket } from '../../storage/index.ts'
import { documentTypes, isDocumentOf } from './content.ts'
import {
  type AwaitedDocument,
  type ClientDocument,
  type ClientDocuments,
  type DocumentQuery,
  documentOrder,
  maxDocumentBytes,
  type NewClientDocument,
  type OpenedDocument,
} from './document-schema.ts'

/** Nobody reaches it but the service, and whoever has a link that ends. */
const files = openBucket({ name: 'clients', types: documentTypes, maxBytes: maxDocumentBytes })
const downloadSeconds = 300

interface Stored extends ClientDocument {
  storage_path: string
}

const documentColumns = sql`
  d.ref_id, d.name, d.content_type, d.byte_count, d.state, private.ulid(d.created_by) as created_by, d.created_at`

/** A page of a participant's documents, the newest first. 404 participant_not_found. */
export async function listDocuments(
  db: Db,
  tenantId: string,
  participant: string,
  { limit, cursor }: DocumentQuery,
): Promise<ClientDocuments> {
  const [session] = await db.query<{ id: string }>(sql`
    select s.id from public.participant_sessions as s where s.tenant_id = ${tenantId} and s.ref_id = ${participant}`)
  if (!session) throw new Problem('participant_not_found', 'This tenant has no participant with this ref_id.')
  const { rows, next_cursor } = await readPage<ClientDocument>(
    db,
    documentOrder,
    { limit, cursor },
    (rowCount) => sql`
    select ${documentColumns} from public.client_documents as d
    where d.tenant_id = ${tenantId} and d.session_id = ${session.id}
      ${cursor ? sql`and d.id < private.ulid_to_uuid(${cursor.ref_id})` : sql``}
    order by d.id desc limit ${rowCount}`,
  )
  return { documents: rows, next_cursor }
}

/**
 * Makes room for a document, and a link to upload it. 404 participant_not_found, 402 limit_reached, 422 invalid_value, 429
 * too_many_uploads, 503 unavailable.
 */
export async function awaitDocument(
  db: Db,
  tenantId: string,
  participant: string,
  { name, content_type, byte_count }: NewClientDocument,
): Promise<AwaitedDocument> {
  // The row first: the sweep then never takes a file for one that nobody knows, and a limit holds before bytes come.
  const { storage_path, ...document } = await db.one<Stored>(sql`
    select ${documentColumns}, d.storage_path
    from private.await_client_document(${tenantId}, ${participant}, ${name}, ${content_type}, ${byte_count}) as d`)
  try {
    return { document, upload: await files.uploadLink(storage_path) }
  } catch (thrown) {
    // If this fails too, the row goes by itself in three hours.
    await removeRow(db, tenantId, participant, document.ref_id).catch(() => undefined)
    throw thrown
  }
}

/**
 * Looks at what was uploaded, and keeps it if it is what was announced. Otherwise the file and its row are removed. Twice is
 * once. 404 not_found, 409 document_not_uploaded, 422 invalid_file, 503 unavailable.
 */
export async function completeDocument(
  db: Db,
  { claims, headers }: Asker,
  tenantId: string,
  participant: string,
  ref: string,
): Promise<ClientDocument> {
  const awaited = await findDocument(db, tenantId, participant, ref)
  if (awaited.state === 'stored') return shown(awaited)
  const file = await files.read(awaited.storage_path).catch(async (thrown: unknown) => {
    // Another request may be removing it. Then it is not found, whatever the storage says of half a file.
    await findDocument(db, tenantId, participant, ref)
    throw thrown
  })
  if (!file)
    throw new Problem(
      'document_not_uploaded',
      'No file has arrived. Upload it by the link, then complete it.',
    )
  const problem = whatIsWrong(awaited, file)
  const service = serviceFor(claims, headers)
  if (problem !== undefined) {
    // Only one that is awaited: what was stored in the meantime had the same bytes, and was looked at.
    const removed = await service.query(sql`
      delete from public.client_documents as d
      where d.tenant_id = ${tenantId} and d.ref_id = ${ref} and d.state = 'awaited' returning 1`)
    if (removed.length > 0) await removeFile(awaited.storage_path)
    throw new Problem('invalid_file', `${problem} It was removed.`)
  }
  await service.query(sql`
    update public.client_documents as d set state = 'stored'
    where d.tenant_id = ${tenantId} and d.ref_id = ${ref} and d.state = 'awaited'`)
  // Somebody else may have completed it at the same time, or removed it.
  return shown(await findDocument(db, tenantId, participant, ref))
}

/** One document, with a link to its file. The audit log says who got it. 404 not_found, 503 unavailable. */
export async function openDocument(
  db: Db,
  tenantId: string,
  participant: string,
  ref: string,
): Promise<OpenedDocument> {
  const { storage_path, ...document } = await db.one<Stored>(sql`
    select ${documentColumns}, d.storage_path from private.open_client_document(${tenantId}, ${participant}, ${ref}) as d`)
  const download =
    document.state === 'stored' ? await files.link(storage_path, downloadSeconds, document.name) : null
  return { ...document, download }
}

/** Removes a document and its file. 404 not_found. */
export async function deleteDocument(
  db: Db,
  tenantId: string,
  participant: string,
  ref: string,
): Promise<void> {
  await removeFile(await removeRow(db, tenantId, participant, ref))
}

function whatIsWrong(
  { content_type, byte_count }: ClientDocument,
  { bytes, type }: { bytes: Uint8Array; type: string },
): string | undefined {
  if (bytes.length !== byte_count)
    return `The file has ${bytes.length} bytes, and ${byte_count} were announced.`
  if (type.split(';')[0]?.trim().toLowerCase() !== content_type || !isDocumentOf(content_type, bytes))
    return `The file is not of the type ${content_type}.`
  return undefined
}

async function removeRow(db: Db, tenantId: string, participant: string, ref: string): Promise<string> {
  const { path } = await db.one<{ path: string }>(
    sql`select private.remove_client_document(${tenantId}, ${participant}, ${ref}) as path`,
  )
  return path
}

/** No row leads to it any more. If Storage does not answer now, the sweep removes it at night. */
const removeFile = (path: string) =>
  files
    .remove([path])
    .catch((thrown: Error) => log('error', { what: 'remove the file of a document', error: thrown.message }))

async function findDocument(db: Db, tenantId: string, participant: string, ref: string): Promise<Stored> {
  const [found] = await db.query<Stored>(sql`
    select ${documentColumns}, d.storage_path from public.client_documents as d
    where d.tenant_id = ${tenantId} and d.ref_id = ${ref} and d.session_id = (
      select s.id from public.participant_sessions as s where s.tenant_id = ${tenantId} and s.ref_id = ${participant})`)
  if (!found) throw new Problem('not_found', 'This participant has no document with this ref_id.')
  return found
}

const shown = ({ storage_path: _, ...document }: Stored): ClientDocument => document
