import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ClientDocument, ClientDocuments, OpenedDocument } from '../../../lib/assessments/index.ts'
import { problemOf } from '../../kit/call.ts'
import { admin } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { bytesOf } from '../../storage/samples.ts'
import {
  ask,
  begun,
  complete,
  type Desk,
  docx,
  files,
  isThere,
  makeParticipant,
  opened,
  pathOf,
  put,
  stored,
  zipOf,
} from './documents.ts'

let member: Person
let reviewer: Person
let tenant: Tenant
let desk: Desk
beforeAll(async () => {
  ;[member, reviewer] = [await makePerson(), await makePerson()]
  tenant = await makeTenant({ member, reviewer })
})
beforeEach(async () => {
  desk = { tenant, by: member, participant: await makeParticipant(tenant, 'ada@example.com') }
})

const listed = async (of = desk) =>
  ClientDocuments.parse(await (await ask(of, '/documents')).json()).documents
const auditOf = async (ref: string) => {
  const { rows } = await admin.query<{ action: string; actor_id: string; row: string }>(
    'select action, actor_id, to_jsonb(a)::text as row from public.audit_log as a where tenant_id = $1 and target_id = $2 order by seq',
    [tenant.id, ref],
  )
  return rows
}

describe('a document', () => {
  it.each(Object.keys(files))('of the type %s is uploaded, and read again as it was', async (type) => {
    const [name, bytes] = files[type]!
    const { document, upload } = await begun(desk, type)
    expect(ClientDocument.parse(document)).toMatchObject({
      name,
      content_type: type,
      byte_count: bytes.length,
      state: 'awaited',
      created_by: member.refId,
    })
    const minutes = (Date.parse(String(upload.expires_at)) - Date.now()) / 60_000
    expect(minutes).toBeGreaterThan(1)
    expect(minutes).toBeLessThanOrEqual(120)
    expect((await put(upload.url, bytes, type)).status).toBe(200)
    const completed = await complete(desk, document.ref_id)
    expect(await completed.json()).toEqual({ ...document, state: 'stored' })

    const read = OpenedDocument.parse(await opened(desk, document.ref_id))
    const left = (Date.parse(String(read.download?.expires_at)) - Date.now()) / 1_000
    expect(left).toBeGreaterThan(200)
    expect(left).toBeLessThanOrEqual(300)
    const file = await fetch(read.download!.url)
    expect(new Uint8Array(await file.arrayBuffer())).toEqual(new Uint8Array(bytes))
    expect(file.headers.get('content-type')).toContain(type)
    const encoded = encodeURIComponent(name)
    expect(file.headers.get('content-disposition')).toBe(
      `attachment; filename=${encoded}; filename*=UTF-8''${encoded}`,
    )
  })

  it('is listed, the newest first, also while it is awaited', async () => {
    const first = await stored(desk)
    const { document: second } = await begun(desk, 'image/png')
    expect(await listed()).toEqual(JSON.parse(JSON.stringify([second, first])))
    expect((await opened(desk, second.ref_id)).download).toBeNull()
    expect(await listed({ ...desk, participant: await makeParticipant(tenant) })).toEqual([])
  })

  it('is counted in the details of its participant once it is stored', async () => {
    await begun(desk)
    await stored(desk)
    const count = async (by: Person) =>
      ((await (await ask({ ...desk, by }, '')).json()) as { document_count: number }).document_count
    expect([await count(member), await count(reviewer)]).toEqual([1, 0])
  })

  it('leaves in the audit log who made, opened and deleted it, and not its name', async () => {
    const { ref_id } = await stored(desk)
    await opened(desk, ref_id)
    await ask(desk, `/documents/${ref_id}`, { method: 'DELETE' })
    const rows = await auditOf(ref_id)
    expect(rows.map(({ action, actor_id }) => [action, actor_id])).toEqual(
      [
        'client_documents.created',
        'client_documents.updated',
        'client_document.opened',
        'client_documents.deleted',
      ].map((action) => [action, member.refId]),
    )
    for (const { row } of rows) expect(row).not.toContain('notes & plans')
  })

  it('is deleted with its file', async () => {
    const { ref_id } = await stored(desk)
    const { download } = await opened(desk, ref_id)
    const path = await pathOf(ref_id)
    expect(await isThere(path)).toBe(true)
    expect((await ask(desk, `/documents/${ref_id}`, { method: 'DELETE' })).status).toBe(204)
    expect(await isThere(path)).toBe(false)
    expect((await fetch(download!.url)).ok).toBe(false)
    for (const [rest, method] of [
      ['', 'GET'],
      ['', 'DELETE'],
      ['/complete', 'POST'],
    ] as const)
      expect(await problemOf(await ask(desk, `/documents/${ref_id}${rest}`, { method }))).toMatchObject({
        status: 404,
        code: 'not_found',
      })
  })
})

describe('completing', () => {
  it('again answers the same, and so do two at once', async () => {
    const { document, upload } = await begun(desk)
    await put(upload.url, files['text/plain']![1], 'text/plain')
    const answers = await Promise.all([1, 2, 3].map(() => complete(desk, document.ref_id)))
    answers.push(await complete(desk, document.ref_id))
    for (const answer of answers) {
      expect(answer.status).toBe(200)
      expect(await answer.json()).toEqual({ ...document, state: 'stored' })
    }
    const actions = (await auditOf(document.ref_id)).map(({ action }) => action)
    expect(actions).toEqual(['client_documents.created', 'client_documents.updated'])
  })

  it('before the file has come is refused, and done later', async () => {
    const { document, upload } = await begun(desk)
    const early = await complete(desk, document.ref_id)
    expect(await problemOf(early)).toMatchObject({ status: 409, code: 'document_not_uploaded' })
    await put(upload.url, files['text/plain']![1], 'text/plain')
    expect((await complete(desk, document.ref_id)).status).toBe(200)
  })

  it('after an upload that was cut off finds no file', async () => {
    const { document, upload } = await begun(desk, 'application/pdf', { byte_count: 4_000_000 })
    const cut = new AbortController()
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        controller.enqueue(new Uint8Array(65_536).fill(37))
        await new Promise((done) => setTimeout(done, 5))
      },
    })
    setTimeout(() => cut.abort(), 100)
    const headers = { 'content-type': 'application/pdf' }
    await expect(
      fetch(upload.url, { method: 'PUT', headers, body, duplex: 'half', signal: cut.signal } as RequestInit),
    ).rejects.toThrow()
    expect(await isThere(await pathOf(document.ref_id))).toBe(false)
    expect(await problemOf(await complete(desk, document.ref_id))).toMatchObject({
      code: 'document_not_uploaded',
    })
    // The link still works: the upload is simply made again.
    const pdf = new Uint8Array(4_000_000).fill(37)
    pdf.set(files['application/pdf']![1])
    expect((await put(upload.url, pdf, 'application/pdf')).status).toBe(200)
    expect((await complete(desk, document.ref_id)).status).toBe(200)
  })

  const html = bytesOf('<script>alert(1)</script>')
  it.each<[string, string, Uint8Array]>([
    ['HTML', 'application/pdf', html],
    ['SVG', 'image/png', bytesOf('<svg onload="alert(1)"/>')],
    ['a JPEG', 'image/png', files['image/jpeg']![1]],
    ['a PNG', 'image/jpeg', files['image/png']![1]],
    ['a sound', 'image/webp', bytesOf('RIFF\x24\0\0\0WAVEfmt ')],
    ['a program', 'text/plain', bytesOf('MZ\x90\0\x03')],
    ['Latin-1', 'text/plain', bytesOf('Gr\xfc\xdfe')],
    ['a spreadsheet', docx, zipOf('[Content_Types].xml', 'xl/workbook.xml')],
    ['half a zip', docx, files[docx]![1].slice(0, 60)],
    [
      'a zip whose directory leads nowhere',
      docx,
      bytesOf(`PK\x03\x04PK\x05\x06\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0`),
    ],
  ])('removes %s that says it is %s', async (_what, type, bytes) => {
    const { document, upload } = await begun(desk, type, { byte_count: bytes.length })
    const path = await pathOf(document.ref_id)
    expect((await put(upload.url, bytes, type)).status).toBe(200)
    const answers = await Promise.all([1, 2].map(() => complete(desk, document.ref_id)))
    const refused = await Promise.all(answers.map(problemOf))
    // Of two at once, one may come when it is gone.
    for (const { status } of refused) expect([404, 409, 422]).toContain(status)
    expect(refused).toContainEqual({ status: 422, code: 'invalid_file', pointers: [] })
    expect(await isThere(path)).toBe(false)
    expect(await listed()).toEqual([])
    // The link works still, and leads to nothing that anybody can reach.
    await put(upload.url, bytes, type)
    expect((await complete(desk, document.ref_id)).status).toBe(404)
  })

  it('removes a file of another size than was announced', async () => {
    for (const more of [-1, 1]) {
      const bytes = files['text/plain']![1]
      const { document, upload } = await begun(desk, 'text/plain', { byte_count: bytes.length + more })
      const path = await pathOf(document.ref_id)
      await put(upload.url, bytes, 'text/plain')
      const answer = await complete(desk, document.ref_id)
      expect(answer.status).toBe(422)
      const { code, detail } = (await answer.json()) as { code: string; detail: string }
      expect([code, detail]).toEqual([
        'invalid_file',
        `The file has ${bytes.length} bytes, and ${bytes.length + more} were announced. It was removed.`,
      ])
      expect([await isThere(path), await listed()]).toEqual([false, []])
    }
  })

  it('removes a file that Storage has under another type', async () => {
    const { document, upload } = await begun(desk, 'text/plain')
    await put(upload.url, files['text/plain']![1], 'image/png')
    expect(await problemOf(await complete(desk, document.ref_id))).toMatchObject({ code: 'invalid_file' })
  })
})

describe('beginning an upload is refused', () => {
  it.each<[string, object, string, string]>([
    ['another ending', { name: 'notes.html' }, 'invalid_value', '/name'],
    ['a second ending', { name: 'notes.txt.exe' }, 'invalid_value', '/name'],
    ['no ending', { name: 'notes' }, 'invalid_value', '/name'],
    ['nothing but an ending', { name: '.txt' }, 'invalid_value', '/name'],
    ['a folder', { name: '../notes.txt' }, 'invalid_value', '/name'],
    ['a folder of Windows', { name: 'a\\notes.txt' }, 'invalid_value', '/name'],
    ['a line end', { name: 'a\nb.txt' }, 'invalid_value', '/name'],
    ['a name that turns the direction', { name: 'a\u202etxt.txt' }, 'invalid_value', '/name'],
    ['U+0000', { name: 'a\u0000.txt' }, 'invalid_body', '/name'],
    ['no name', { name: '' }, 'invalid_body', '/name'],
    ['a name that is too long', { name: `${'x'.repeat(200)}.txt` }, 'invalid_body', '/name'],
    ['HTML', { content_type: 'text/html' }, 'invalid_body', '/content_type'],
    ['SVG', { content_type: 'image/svg+xml' }, 'invalid_body', '/content_type'],
    ['the ending of another type', { content_type: 'application/pdf' }, 'invalid_value', '/name'],
    ['no bytes', { byte_count: 0 }, 'invalid_body', '/byte_count'],
    ['half a byte', { byte_count: 1.5 }, 'invalid_body', '/byte_count'],
    ['more than 10 MiB', { byte_count: 10_485_761 }, 'invalid_body', '/byte_count'],
    ['an unknown field', { kind: 'x' }, 'invalid_body', '/kind'],
  ])('with %s', async (_what, given, code, pointer) => {
    const body = { name: 'notes.txt', content_type: 'text/plain', byte_count: 5, ...given }
    expect(await problemOf(await ask(desk, '/documents', { body }))).toEqual({
      status: 422,
      code,
      pointers: [pointer],
    })
    expect(await listed()).toEqual([])
  })

  const body = { name: 'notes.txt', content_type: 'text/plain', byte_count: 5 }
  it('of a tenant whose plan has no place left, until one is given back', async () => {
    const small = await makeTenant({ member, plan: 'trial' })
    const there = { ...desk, tenant: small, participant: await makeParticipant(small) }
    await admin.query(
      `insert into public.client_documents (tenant_id, session_id, name, content_type, byte_count, storage_path)
       select $1, private.ulid_to_uuid($2), 'a.txt', 'text/plain', 5, $3 || '/' || md5(n::text) from generate_series(1, 50) as n`,
      [small.id, there.participant, small.ref_id],
    )
    const refused = await ask(there, '/documents', { body })
    expect(await refused.json()).toMatchObject({
      status: 402,
      code: 'limit_reached',
      limit: 'client_documents',
      most: 50,
    })
    const [one] = await listed(there)
    await ask(there, `/documents/${one!.ref_id}`, { method: 'DELETE' })
    expect((await ask(there, '/documents', { body })).status).toBe(201)
  })

  it('for a participant that the tenant does not have, a reviewer, and a frozen tenant', async () => {
    const nobody = { ...desk, participant: '01JD3N8Q4ZB6T2V9XK5M7R0C1E' }
    expect(await problemOf(await ask(nobody, '/documents', { body }))).toMatchObject({
      code: 'participant_not_found',
    })
    expect(await problemOf(await ask(nobody, '/documents'))).toMatchObject({ code: 'participant_not_found' })
    expect((await ask({ ...desk, by: reviewer }, '/documents', { body })).status).toBe(403)
    const frozen = await makeTenant({ member, status: 'frozen' })
    const there = { ...desk, tenant: frozen, participant: await makeParticipant(frozen) }
    expect(await problemOf(await ask(there, '/documents', { body }))).toMatchObject({ code: 'tenant_frozen' })
    expect(await listed(there)).toEqual([])
  })
})
