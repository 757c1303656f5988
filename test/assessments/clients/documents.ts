import type { AwaitedDocument, ClientDocument, OpenedDocument } from '../../../lib/assessments/index.ts'
import { call } from '../../kit/call.ts'
import { admin } from '../../kit/db.ts'
import type { Person } from '../../kit/people.ts'
import type { Tenant } from '../../kit/tenants.ts'
import { bytesOf, samples } from '../../storage/samples.ts'

export const docx = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'

/** A zip with empty files of these names. */
export function zipOf(...names: string[]): Uint8Array {
  const parts: Buffer[] = []
  const directory: Buffer[] = []
  let at = 0
  for (const name of names) {
    const local = Buffer.alloc(30)
    local.write('PK\x03\x04', 'latin1')
    local.writeUInt16LE(Buffer.byteLength(name), 26)
    const entry = Buffer.alloc(46)
    entry.write('PK\x01\x02', 'latin1')
    entry.writeUInt16LE(Buffer.byteLength(name), 28)
    entry.writeUInt32LE(at, 42)
    parts.push(local, Buffer.from(name))
    directory.push(entry, Buffer.from(name))
    at += 30 + Buffer.byteLength(name)
  }
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06', 'latin1')
  end.writeUInt16LE(names.length, 10)
  end.writeUInt32LE(at, 16)
  return new Uint8Array(Buffer.concat([...parts, ...directory, end]))
}

/** A file of each type. */
export const files: Record<string, [name: string, bytes: Uint8Array]> = {
  'application/pdf': ['Vertrag – März.pdf', bytesOf('%PDF-1.7\n%%EOF\n')],
  'image/png': ['photo.png', samples['image/png']],
  'image/jpeg': ['photo.JPEG', samples['image/jpeg']],
  'image/webp': ['photo.webp', samples['image/webp']],
  'text/plain': ['notes & plans.txt', new TextEncoder().encode('Grüße,\r\n\tAda 🌱\n')],
  [docx]: ['plan.docx', zipOf('[Content_Types].xml', 'word/document.xml')],
}

/** A client of a tenant, and somebody who asks about them. */
export interface Desk {
  tenant: Tenant
  by: Person
  participant: string
}

export async function makeParticipant({ id }: Pick<Tenant, 'id'>, email?: string): Promise<string> {
  const { rows } = await admin.query<{ ref_id: string }>(
    'insert into public.participant_sessions (tenant_id, email) values ($1, $2) returning ref_id',
    [id, email],
  )
  return rows[0]!.ref_id
}

export const ask = (
  { tenant, by, participant }: Desk,
  rest: string,
  options: Parameters<typeof call>[1] = {},
) =>
  call(`/assessments/participants/${participant}${rest}`, {
    token: by.token,
    tenant: tenant.slug,
    ...options,
  })

export async function begun(
  desk: Desk,
  type = 'text/plain',
  given: Partial<ClientDocument> = {},
): Promise<AwaitedDocument> {
  const [name, bytes] = files[type]!
  const body = { name, content_type: type, byte_count: bytes.length, ...given }
  const answer = await ask(desk, '/documents', { body })
  if (answer.status !== 201) throw new Error(await answer.text())
  return (await answer.json()) as AwaitedDocument
}

export const put = (url: string, bytes: Uint8Array, type: string) =>
  fetch(url, { method: 'PUT', headers: { 'content-type': type }, body: bytes.slice() })

export const complete = (desk: Desk, ref: string) =>
  ask(desk, `/documents/${ref}/complete`, { method: 'POST' })

export async function stored(desk: Desk, type = 'text/plain'): Promise<ClientDocument> {
  const { document, upload } = await begun(desk, type)
  const sent = await put(upload.url, files[type]![1], type)
  if (!sent.ok) throw new Error(await sent.text())
  const answer = await complete(desk, document.ref_id)
  if (!answer.ok) throw new Error(await answer.text())
  return (await answer.json()) as ClientDocument
}

export async function opened(desk: Desk, ref: string): Promise<OpenedDocument> {
  return (await (await ask(desk, `/documents/${ref}`)).json()) as OpenedDocument
}

/** The path of a document in the bucket; undefined if there is no such row. */
export async function pathOf(ref: string): Promise<string | undefined> {
  const { rows } = await admin.query<{ storage_path: string }>(
    'select storage_path from public.client_documents where ref_id = $1',
    [ref],
  )
  return rows[0]?.storage_path
}

/** Whether Storage has a file, by its own table. */
export async function isThere(path: string | undefined): Promise<boolean> {
  const { rows } = await admin.query(
    `select from storage.objects where bucket_id = 'clients' and name = $1`,
    [path],
  )
  return rows.length > 0
}
