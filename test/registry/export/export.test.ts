import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest'
import { type Claims, callerDb, closeConnections } from '../../../lib/db/index.ts'
import { exportTenant } from '../../../lib/registry/index.ts'
import { personId, tenantId, tenantNames } from '../../isolation/matrix/callers.ts'
import { beginMatrix } from '../../isolation/matrix/run.ts'
import { call, problemOf } from '../../kit/call.ts'
import { admin as pool, superuser } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'

process.env.SUPABASE_DB_URL = inject('stack').db_url
vi.setConfig({ testTimeout: 120_000 })
afterAll(closeConnections)

interface Line {
  header?: {
    format: string
    version: number
    tenant: { ref_id: string; slug: string }
    taken_at: string
    tables: { table: string; rows: number; redacted: string[] }[]
  }
  table?: string
  row?: Record<string, unknown>
  trailer?: { rows: number; tables: Record<string, number> }
}
interface Page {
  lines: string
  row_count: number
  last_key: string[] | null
}
const linesOf = (text: string): Line[] => {
  expect(text.endsWith('\n')).toBe(true)
  return text
    .slice(0, -1)
    .split('\n')
    .map((line) => JSON.parse(line) as Line)
}
const secret = { apikey: inject('stack').secret_key }

describe('what an export holds', () => {
  const db = new Client({ connectionString: inject('stack').admin_db_url })
  beforeAll(async () => {
    await db.connect()
    await beginMatrix(db)
  })
  afterAll(async () => {
    await db.query('rollback')
    await db.end()
  })

  const tenantTables = async () =>
    (
      await db.query<{ name: string; relation: string; column: string }>(
        // Written out here once more: what the export reads must not be what it is measured by.
        `select case n.nspname when 'public' then c.relname else n.nspname || '.' || c.relname end as name,
           c.oid::regclass::text as relation, a.attname as column
         from pg_class as c join pg_namespace as n on n.oid = c.relnamespace join pg_attribute as a on a.attrelid = c.oid
         where n.nspname in ('public', 'private') and c.relkind in ('r', 'p') and not c.relispartition
           and (a.attname = 'tenant_id' or (c.relname = 'tenants' and a.attname = 'id'))
           and c.relname <> 'audit_pending'`,
      )
    ).rows
  const rowsOf = async (tenant: string, name: string, batch: number) => {
    const found: Line[] = []
    let after: string[] | null = null
    for (;;) {
      const page: Page = (
        await db.query<Page>('select * from private.export_rows($1, $2, $3, $4)', [
          tenant,
          name,
          after,
          batch,
        ])
      ).rows[0]!
      if (page.row_count === 0) return found
      expect(page.row_count).toBeLessThanOrEqual(batch)
      found.push(...linesOf(page.lines))
      after = page.last_key
    }
  }

  it('every row of every table with a tenant_id, once, and none of anybody else', async () => {
    const tables = await tenantTables()
    expect(tables.length).toBeGreaterThan(10)
    await db.query(
      `insert into public.usage_events (tenant_id, event_type, occurred_at)
       select $1, 'export.page', now() - make_interval(days => n % 90, secs => n % 7) from generate_series(1, 500) as n`,
      [tenantId('home')],
    )
    const { rows: listed } = await db.query<{ name: string }>('select name from private.export_tables($1)', [
      tenantId('home'),
    ])
    expect(listed.map(({ name }) => name).sort()).toEqual(tables.map(({ name }) => name).sort())
    for (const tenant of tenantNames.filter((name) => name !== 'archived')) {
      const id = tenantId(tenant)
      for (const { name, relation, column } of tables) {
        const { rows } = await db.query<{ n: number; keys: string }>(
          `select count(*)::int as n from ${relation} where ${column} = $1`,
          [id],
        )
        expect(rows[0]!.n, `${name} has rows of ${tenant}`).toBeGreaterThan(0)
        // Pages of seven, so that the places where one ends are met.
        const exported = await rowsOf(id, name, 7)
        expect(exported.length, `${name} of ${tenant}`).toBe(rows[0]!.n)
        expect(new Set(exported.map((line) => JSON.stringify(line))).size, name).toBe(exported.length)
        for (const { table, row } of exported) expect([table, row?.[column]]).toEqual([name, id])
      }
    }
  })

  it('in pages of about a megabyte, however large its rows are', async () => {
    await db.query('savepoint large')
    await db.query(
      `insert into public.usage_events (tenant_id, event_type, event_data)
       select $1, 'export.large', jsonb_build_object('text', repeat('x', 300000)) from generate_series(1, 9)`,
      [tenantId('other')],
    )
    const { rows } = await db.query<Page>(`select * from private.export_rows($1, 'usage_events')`, [
      tenantId('other'),
    ])
    expect(rows[0]!.row_count).toBeLessThanOrEqual(5)
    expect(rows[0]!.lines.length).toBeLessThan(1_400_000)
    expect((await rowsOf(tenantId('other'), 'usage_events', 1000)).length).toBe(10)
    await db.query('rollback to savepoint large')
  })

  it('no value of a secret column, and says so', async () => {
    const { rows } = await db.query<{ name: string; redacted: string[] }>(
      'select * from private.export_tables($1)',
      [tenantId('home')],
    )
    const redacted = Object.fromEntries(rows.map((row) => [row.name, row.redacted]))
    expect(redacted).toMatchObject({
      tenant_invitations: ['token_hash'],
      participant_sessions: ['token_hash'],
      campaigns: [],
    })
    for (const [name, columns] of Object.entries(redacted)) {
      if (columns.length === 0) continue
      for (const { row } of await rowsOf(tenantId('home'), name, 100))
        for (const column of columns) expect(row).toHaveProperty(column, null)
    }
    // By the register: a table made tomorrow is read from it too.
    const { rows: registered } = await db.query<{ name: string; secret: string[] }>(
      `select t.name, g.secret from private.tenant_tables() as t join private.registered_tables as g using (relation)`,
    )
    expect(Object.fromEntries(registered.map(({ name, secret }) => [name, secret]))).toEqual(redacted)
  })

  it.each(['admin', 'member', 'reviewer', 'neighbour', 'stranger', 'suspended', 'archived-owner'])(
    'nothing for the %s, by any of its functions',
    async (name) => {
      const home = tenantId(name === 'archived-owner' ? 'archived' : 'home')
      for (const sql of [
        `select private.begin_export('${home}')`,
        `select * from private.export_tables('${home}')`,
        `select private.count_export_rows('${home}', 'campaigns')`,
        `select * from private.export_rows('${home}', 'campaigns')`,
      ]) {
        await db.query('savepoint attempt')
        await db.query(
          `select set_config('request.jwt.claims', $1, true), set_config('role', 'authenticated', true)`,
          [JSON.stringify({ role: 'authenticated', sub: personId(name) })],
        )
        await expect(db.query(sql)).rejects.toMatchObject({
          message: ['admin', 'member', 'reviewer'].includes(name) ? 'forbidden' : 'tenant_not_found',
        })
        await db.query('rollback to savepoint attempt')
      }
    },
  )
})

describe('over HTTP', () => {
  let owner: Person
  let admin: Person
  let tenant: Tenant
  beforeAll(async () => {
    owner = await makePerson()
    admin = await makePerson()
    tenant = await makeTenant({ owner, admin })
    await makeTenant({ owner: await makePerson() })
    await pool.query(
      `insert into public.campaigns (tenant_id, name) select $1, 'Line' || chr(10) || '{"trailer": ' || n from generate_series(1, 2500) as n`,
      [tenant.id],
    )
  })
  const at = (ref: string) => `/registry/tenants/${ref}/export`

  it('an owner gets a header, every row and a trailer that agree', async () => {
    const response = await call(at(tenant.slug), { token: owner.token })
    expect(response.headers.get('content-type')).toBe('application/x-ndjson')
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(response.headers.get('content-disposition')).toContain(`${tenant.slug}.ndjson`)
    const [first, ...rest] = linesOf(await response.text())
    const last = rest.pop()
    expect(first?.header).toMatchObject({
      format: 'tenantry-export',
      version: 1,
      tenant: { ref_id: tenant.ref_id, slug: tenant.slug },
    })
    expect(Date.parse(first!.header!.taken_at)).toBeGreaterThan(Date.now() - 60_000)
    const promised = Object.fromEntries(first!.header!.tables.map(({ table, rows }) => [table, rows]))
    const counted = Object.fromEntries(Object.keys(promised).map((name) => [name, 0]))
    for (const { table } of rest) counted[table!]! += 1
    expect(counted).toEqual(promised)
    expect(last?.trailer).toEqual({ rows: rest.length, tables: promised })
    expect(promised).toMatchObject({ tenants: 1, campaigns: 2500, tenant_members: 2 })
    // Parents come before what refers to them, so that a reader can insert as they go.
    expect(rest[0]).toMatchObject({ table: 'tenants', row: { id: tenant.id, slug: tenant.slug } })
  })

  it('others are refused before the first byte', async () => {
    expect(await problemOf(await call(at(tenant.slug), { token: admin.token }))).toMatchObject({
      status: 403,
      code: 'forbidden',
    })
    const stranger = await makePerson()
    expect(await problemOf(await call(at(tenant.slug), { token: stranger.token }))).toMatchObject({
      status: 404,
    })
    expect((await call(at(tenant.slug))).status).toBe(401)
  })

  it('an archived tenant is handed out by the platform alone', async () => {
    const gone = await makeTenant({ owner, status: 'archived' })
    expect((await call(at(gone.slug), { token: owner.token })).status).toBe(404)
    const response = await call(at(gone.ref_id), secret)
    expect(response.status).toBe(200)
    expect(linesOf(await response.text()).at(-1)).toHaveProperty('trailer')
  })
})

describe('a large export', () => {
  /** How many connections an export has: told from others, which run meanwhile, by when it began. */
  const connectionsOf = async (takenAt: string, then = '') =>
    (
      await superuser.query(
        `select ${then} from pg_stat_activity where date_trunc('milliseconds', xact_start) = $1 and pid <> pg_backend_pid()`,
        [takenAt],
      )
    ).rowCount

  let owner: Person
  let tenant: Tenant
  beforeAll(async () => {
    owner = await makePerson()
    tenant = await makeTenant({ owner })
    await pool.query(
      `insert into public.campaigns (tenant_id, name) select $1, repeat('x', 200) from generate_series(1, 30000)`,
      [tenant.id],
    )
  })
  const start = () => {
    const claims: Claims = { role: 'authenticated', sub: owner.id }
    return exportTenant(callerDb(claims), claims, { id: tenant.id, refId: tenant.ref_id, slug: tenant.slug })
  }

  /** An export whose header has been read. */
  const begin = async () => {
    const reader = (await start()).getReader()
    const header = new TextDecoder().decode((await reader.read()).value)
    return { reader, header, takenAt: linesOf(header)[0]!.header!.taken_at }
  }

  it('holds one page, waits for its reader, and shows one moment however long that takes', async () => {
    const { reader, header, takenAt } = await begin()
    const decoder = new TextDecoder()
    let text = header
    let largest = 0
    let chunks = 0
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      largest = Math.max(largest, value.length)
      text += decoder.decode(value, { stream: true })
      chunks++
      if (chunks !== 12) continue
      // What happens meanwhile belongs to the next export.
      await pool.query(`insert into public.campaigns (tenant_id, name) values ($1, 'Later')`, [tenant.id])
      // Long enough to have sent it all, had it not waited.
      await new Promise((resolve) => setTimeout(resolve, 1000))
      expect(await connectionsOf(takenAt)).toBe(1)
    }
    expect(largest).toBeLessThan(1_100_000)
    expect(chunks).toBeGreaterThan(30)
    const lines = linesOf(text)
    expect(lines.at(-1)?.trailer?.tables).toMatchObject({ campaigns: 30_000 })
    expect(lines.filter(({ table }) => table === 'campaigns').length).toBe(30_000)
    expect(text).not.toContain('Later')
    await vi.waitFor(async () => expect(await connectionsOf(takenAt)).toBe(0))
  })

  it('ends at once when its reader goes away', async () => {
    const { reader, takenAt } = await begin()
    expect(await connectionsOf(takenAt)).toBe(1)
    await reader.cancel()
    await vi.waitFor(async () => expect(await connectionsOf(takenAt)).toBe(0))
  })

  it('breaks off without a trailer when its connection dies', async () => {
    const { reader, takenAt } = await begin()
    expect(await connectionsOf(takenAt, 'pg_terminate_backend(pid)')).toBe(1)
    const rest = async () => {
      for (;;) if ((await reader.read()).done) return
    }
    await expect(rest()).rejects.toThrow()
  })

  it('is one of three at most, and a fourth is told to come back', async () => {
    const readers = await Promise.all([start(), start(), start()])
    await expect(start()).rejects.toMatchObject({ code: 'unavailable', headers: { 'retry-after': '30' } })
    await Promise.all(readers.map((readable) => readable.cancel()))
    await vi.waitFor(async () => (await start()).cancel())
  })
})
