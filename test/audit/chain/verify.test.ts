import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { procFolder, watchCommandLines } from '../../kit/command-lines.ts'
import { makeMigrated, type OwnDatabase } from '../../kit/own-database.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'

let own: OwnDatabase
let db: pg.Client
let first: Tenant
let second: Tenant
let folder: string

beforeAll(async () => {
  own = await makeMigrated(inject('stack'))
  db = new pg.Client({ connectionString: own.adminUrl })
  await db.connect()
  first = await makeTenant({ db })
  second = await makeTenant({ db })
  folder = await mkdtemp(join(tmpdir(), 'tenantry-verify-'))
})
afterAll(async () => {
  await db?.end()
  await own?.drop()
  await rm(folder, { recursive: true, force: true })
})

const verify = (...args: string[]) => run(args, { TENANTRY_DB_URL: own.url })

function run(
  args: string[],
  env: Record<string, string> = {},
): Promise<{ code: number | null; said: string }> {
  const path = (name: string) => fileURLToPath(new URL(`../../../stack/${name}`, import.meta.url))
  const child = spawn(process.execPath, [path('run.js'), path('cli/audit-verify.ts'), ...args], {
    env: { ...process.env, TENANTRY_DB_URL: '', SUPABASE_DB_URL: '', ...env },
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += chunk))
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, said })))
}

const password = () => decodeURIComponent(new URL(own.url).password)

it.runIf(existsSync(procFolder))('shows the password in no command line', async () => {
  const { result, commandLines } = await watchCommandLines(() => verify())
  expect(result).toMatchObject({ code: 0 })
  expect(password().length).toBeGreaterThan(10)
  // The watch did see it run.
  expect([...commandLines].some((line) => line.includes('audit-verify.ts'))).toBe(true)
  expect([...commandLines].filter((line) => line.includes(password()))).toEqual([])
})

it.each([
  ['--db-url', 'postgresql://postgres:hidden@127.0.0.1:1/postgres'],
  ['--db-url=postgresql://postgres:hidden@127.0.0.1:1/postgres'],
])('refuses a database on the command line, without repeating it: %s', async (...args) => {
  const { code, said } = await run(args, { TENANTRY_DB_URL: own.url })
  expect(code).toBe(2)
  expect(said).toMatch(/^Every user of this machine can read a command line.* Set TENANTRY_DB_URL instead\./)
  expect(said).not.toContain('hidden')
})

it('takes TENANTRY_DB_URL before SUPABASE_DB_URL, says which database it is, and --data before both', async () => {
  const nowhere = 'postgresql://postgres:hidden@127.0.0.1:1/nowhere'
  const name = new URL(own.url).pathname
  const direct = await run([], { SUPABASE_DB_URL: own.url })
  expect(direct).toMatchObject({ code: 0, said: expect.stringContaining(name) })
  expect(await run([], { SUPABASE_DB_URL: nowhere, TENANTRY_DB_URL: own.url })).toMatchObject({ code: 0 })
  const other = await run([], { SUPABASE_DB_URL: own.url, TENANTRY_DB_URL: nowhere })
  expect(other.code).toBe(2)
  expect(other.said).toContain('127.0.0.1:1/nowhere')
  expect(other.said).not.toContain('hidden')
  const none = await run(['--data', folder], { TENANTRY_DB_URL: own.url })
  expect(none).toMatchObject({ code: 2, said: expect.stringMatching(/^No stack has run on/) })
  expect(await run([], { TENANTRY_DB_URL: 'hidden' })).toMatchObject({
    code: 2,
    said: 'TENANTRY_DB_URL or SUPABASE_DB_URL is not a URL.\n',
  })
})

async function tamper(...statements: string[]): Promise<void> {
  await db.query('alter table public.audit_log disable trigger all')
  for (const statement of statements) await db.query(statement)
  await db.query('alter table public.audit_log enable always trigger audit_log_refuse_change')
}

it('says that every chain is intact, and keeps how far', async () => {
  const { code, said } = await verify('--save-checkpoint', join(folder, 'checkpoint'))
  expect(said).toContain('3 chains')
  expect(said).toContain('all intact')
  expect(code).toBe(0)
  expect(await verify('--checkpoint', join(folder, 'checkpoint'))).toMatchObject({ code: 0 })
})

it('finds a chain that was written anew, head and all, by its checkpoint', async () => {
  await tamper(
    `update public.audit_log set actor_name = 'nobody' where tenant_id = '${second.id}' and seq = 1`,
    `do $$
     declare event public.audit_log; previous text := repeat('0', 64);
     begin
       for event in select * from public.audit_log where tenant_id = '${second.id}' order by seq loop
         event.prev_hash := previous;
         previous := private.audit_hash(event);
         update public.audit_log set prev_hash = event.prev_hash, hash = previous where tenant_id = event.tenant_id and seq = event.seq;
       end loop;
       update private.audit_heads set hash = previous where tenant_id = '${second.id}';
     end $$`,
  )
  expect(await verify()).toMatchObject({ code: 0 })
  const { code, said } = await verify('--checkpoint', join(folder, 'checkpoint'))
  expect(code).toBe(1)
  expect(said).toMatch(new RegExp(`BROKEN +${second.slug}: checkpoint_mismatch`))
})

it('finds a tail that was cut with its head moved, and a tenant whose rows are all gone', async () => {
  await tamper(
    `delete from public.audit_log where tenant_id = '${second.id}' and seq > 2`,
    `update private.audit_heads as h set seq = 2, hash = a.hash from public.audit_log as a
     where a.tenant_id = h.tenant_id and a.seq = 2 and h.tenant_id = '${second.id}'`,
    `delete from public.audit_log where tenant_id = '${first.id}'`,
    `delete from private.audit_heads where tenant_id = '${first.id}'`,
  )
  const { code, said } = await verify('--checkpoint', join(folder, 'checkpoint'))
  expect(code).toBe(1)
  expect(said).toMatch(new RegExp(`BROKEN +${second.slug}: checkpoint_missing`))
  expect(said).toMatch(new RegExp(`BROKEN +${first.slug}: head_missing`))
  expect(said).toContain('2 broken')
})

it('says what it cannot use, and does not call that a broken chain', async () => {
  expect(await verify('--nonsense')).toMatchObject({ code: 2 })
  expect((await verify('--checkpoint', join(folder, 'nowhere'))).code).toBe(2)
  await writeFile(join(folder, 'broken'), 'not json')
  expect((await verify('--checkpoint', join(folder, 'broken'))).code).toBe(2)
})
