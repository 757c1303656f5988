import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest'
import { personId, tenantId, tenantNames } from '../../isolation/matrix/callers.ts'
import { beginWorld } from '../../isolation/matrix/run.ts'
import { type Line, linesOf } from './lines.ts'

vi.setConfig({ testTimeout: 120_000 })

interface Page {
  lines: string
  row_count: number
  last_key: string[] | null
}

describe('what an export holds', () => {
  const db = new Client({ connectionString: inject('stack').admin_db_url })
  beforeAll(async () => {
    await db.connect()
    await beginWorld(db)
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
       select $1, 'export.large', jsonb_build_object('text', repeat('x', 250000)) from generate_series(1, 9)`,
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
      tenants: ['sales_owner', 'metadata'],
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
    const { rows: registered } = await db.query<{ name: string; hidden: string[] }>(
      `select t.name, g.secret || g.internal as hidden from private.tenant_tables() as t join private.registered_tables as g using (relation)`,
    )
    expect(Object.fromEntries(registered.map(({ name, hidden }) => [name, hidden]))).toEqual(redacted)
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
