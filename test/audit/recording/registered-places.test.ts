import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest'
import { readSchemas } from '../../../stack/database/schemas.ts'
import { tenantId } from '../../isolation/matrix/callers.ts'
import { beginWorld } from '../../isolation/matrix/run.ts'
import { makeMigrated, type OwnDatabase } from '../../kit/own-database.ts'

// A mark is put into every place that the register calls personal or secret. It must not come out where it is left out.
// The marks look like nothing, so no guess by their form or by the name of their column can help.

vi.setConfig({ testTimeout: 120_000, hookTimeout: 180_000 })

interface Place {
  /** As exports name the table. */
  table: string
  relation: string
  tenant_column: string
  /** A column, or a path inside a JSON column. */
  place: string
  type: string
  is_secret: boolean
  is_internal: boolean
  is_audited: boolean
  mark: string
}

const home = tenantId('home')
// Its own: taking constraints away locks every table for as long as this lasts.
let own: OwnDatabase
let db: Client
let places: Place[]
const exported: string[] = []
let changes: string[]
let events: string

/** What the register says, with something to look for in each place. Flags and moments can hold no mark. */
async function listPlaces(): Promise<Place[]> {
  const { rows } = await db.query<Place>(
    `select t.name as table, t.relation::text, t.tenant_column, p.place, format_type(a.atttypid, null) as type,
       p.place = any (g.secret) as is_secret, p.place = any (g.internal) as is_internal, g.unaudited is null as is_audited
     from private.tenant_tables() as t join private.registered_tables as g using (relation)
     cross join lateral unnest(g.personal || g.secret) as p (place)
     join pg_attribute as a on a.attrelid = t.relation and a.attname = split_part(p.place, '.', 1) and a.attgenerated = ''
     where format_type(a.atttypid, null) in ('text', 'jsonb', 'bytea', 'uuid', 'inet') and t.name not in ('audit_log', 'private.demo_snapshots')
     order by t.name, p.place`,
  )
  return rows.map((row, n) => ({ ...row, mark: markOf(row.type, n) }))
}

function markOf(type: string, n: number): string {
  if (type === 'uuid') return `1eaf0000-0000-4000-8000-${String(n).padStart(12, '0')}`
  if (type === 'inet') return `203.0.113.${n}`
  return type === 'bytea' ? Buffer.from(`leak${n}leak`).toString('hex') : `leak${n}leak`
}

/** The mark as a value of the place. */
function literalOf({ place, type, mark }: Place): string {
  if (type === 'bytea') return `'\\x${mark}'::bytea`
  if (type !== 'jsonb') return `'${mark}'::${type}`
  const steps = place.split('.').slice(1)
  const value = steps.reduceRight<unknown>(
    (inner, step) => (step === '*' ? [inner] : { [step]: inner }),
    mark,
  )
  return `'${JSON.stringify(steps.length === 0 ? { anything: [mark] } : value)}'::jsonb`
}

beforeAll(async () => {
  own = await makeMigrated(inject('stack'))
  db = new Client({ connectionString: own.adminUrl })
  await db.connect()
  await beginWorld(db)
  places = await listPlaces()
  const tables = [...new Map(places.map((place) => [place.relation, place])).values()]
  for (const { relation } of [...tables, { relation: 'public.tenants' }]) await letAnythingIn(relation)
  await db.query(`update public.tenants set kind = 'demo', status = 'demo' where id = $1`, [home])
  const { rows: before } = await db.query(
    'select max(seq) as seq from public.audit_log where tenant_id = $1',
    [home],
  )
  for (const { relation, tenant_column } of tables) {
    const own = places.filter((place) => place.relation === relation)
    await db.query(
      `update ${relation} set ${own.map((place) => `${place.place.split('.')[0]} = ${literalOf(place)}`).join(', ')}
       where ctid = (select ctid from ${relation} where ${tenant_column} = '${home}' limit 1)`,
    )
  }
  await db.query('select private.snapshot_demo_tenant($1)', [home])
  const { rows: names } = await db.query<{ name: string }>('select name from private.export_tables($1)', [
    home,
  ])
  for (const { name } of names) {
    const { rows } = await db.query<{ lines: string }>('select lines from private.export_rows($1, $2)', [
      home,
      name,
    ])
    exported.push(...rows.map(({ lines }) => lines))
  }
  // What is deleted is recorded with its old values.
  for (const { relation, tenant_column } of tables.filter(
    (table) => table.is_audited && table.table !== 'tenants',
  ))
    await db.query(`delete from ${relation} where ${tenant_column} = $1`, [home])
  const { rows } = await db.query<{ row: string }>(
    'select to_jsonb(a)::text as row from public.audit_log as a where a.tenant_id = $1 and a.seq > $2',
    [home, before[0].seq ?? 0],
  )
  changes = rows.map(({ row }) => row)
  events = JSON.stringify((await db.query('select payload from public.webhook_events')).rows)
})
afterAll(async () => {
  await db?.end()
  await own?.drop()
})

/** A mark is no address and no hash. Of the triggers only the audit's is left. */
async function letAnythingIn(relation: string): Promise<void> {
  const { rows } = await db.query<{ name: string }>(
    `select quote_ident(conname) as name from pg_constraint
     where conrelid = $1::regclass and contype = 'c' and conparentid = 0`,
    [relation],
  )
  for (const { name } of rows) await db.query(`alter table ${relation} drop constraint ${name} cascade`)
  await db.query(`alter table ${relation} disable trigger user`)
  const { rows: audit } = await db.query<{ name: string }>(
    `select quote_ident(tgname) as name from pg_trigger where tgrelid = $1::regclass and tgfoid = 'private.tg_audit'::regproc`,
    [relation],
  )
  for (const { name } of audit) await db.query(`alter table ${relation} enable trigger ${name}`)
}

const leaksIn = (text: string, which: Place[]) =>
  which.filter(({ mark }) => text.includes(mark)).map(({ table, place }) => `${table}.${place}`)

describe('a value in a place that is registered as personal or secret', () => {
  it('is there, in columns of every kind and inside JSON', () => {
    expect(new Set(places.map(({ type }) => type))).toEqual(
      new Set(['text', 'jsonb', 'bytea', 'uuid', 'inet']),
    )
    expect(places.filter(({ place }) => place.includes('.')).length).toBeGreaterThan(0)
    expect(places.filter(({ is_secret }) => is_secret).length).toBeGreaterThan(5)
  })

  it('is in no row of the audit log, which says that it changed', () => {
    const audited = places.filter(({ is_audited }) => is_audited)
    const text = changes.join('\n')
    expect(leaksIn(text, places)).toEqual([])
    for (const { table, place } of audited) {
      const rows = changes.map((row) => JSON.parse(row)).filter((row) => row.target_type === table)
      const [column, ...path] = place.split('.')
      const shown = rows.map((row) => row.metadata.changes[column!]).filter(Boolean)
      expect(JSON.stringify(shown), `${table}.${place}`).toContain(
        path.length > 0 ? '[redacted]' : 'is_redacted',
      )
    }
  })

  it('is in no export of a demo if it is secret or the platform’s own, and not in the snapshot that the export holds either', () => {
    const text = exported.join('')
    const [secret, personal] = [
      places.filter((p) => p.is_secret || p.is_internal),
      places.filter((p) => !p.is_secret && !p.is_internal),
    ]
    expect(secret.map(({ place }) => place)).toContain('sales_owner')
    expect(leaksIn(text, secret)).toEqual([])
    // The tenant's own data is there, in the copies too.
    expect(leaksIn(text, personal)).toEqual(personal.map(({ table, place }) => `${table}.${place}`))
    const copies = exported.filter((lines) => lines.startsWith('{"table":"private.demo_snapshots"')).join('')
    expect(leaksIn(copies, secret)).toEqual([])
    expect(leaksIn(copies, personal)).toContain('participant_sessions.email')
    expect(copies).toContain('"token_hash": null')
  })

  it('is still in the snapshot itself, from which the demo is restored', async () => {
    const { rows } = await db.query<{ rows: string }>(
      'select rows::text from private.demo_snapshots where tenant_id = $1',
      [home],
    )
    const kept = rows.map((row) => row.rows).join('')
    expect(leaksIn(kept, places)).toContain('participant_sessions.token_hash')
  })

  it('is in no event if it is secret', () => {
    expect(
      leaksIn(
        events,
        places.filter((place) => place.is_secret),
      ),
    ).toEqual([])
  })
})

describe('what code records by itself', () => {
  const sql = readSchemas('.')
    .map((file) => file.sql)
    .join('\n')

  it('is declared: the action, and each field of its metadata', async () => {
    const calls = [...sql.matchAll(/perform private\.record_audit(?:_read)?\(([^;]*);/g)].map(
      ([, call]) => call!,
    )
    const named = calls.flatMap((call) =>
      [...call.matchAll(/'([a-z_]+\.[a-z_]+)'/g)].map(([, action]) => action!),
    )
    const { rows } = await db.query<{ action: string }>(
      `select action from private.audit_actions where action not like 'bench.%'`,
    )
    expect(rows.map(({ action }) => action).sort()).toEqual([...new Set(named)].sort())
    expect(calls.length).toBeGreaterThan(10)
  })

  it.each([
    [
      'an action that nobody declared',
      `'tenant.guessed', 'tenant', null`,
      /action tenant\.guessed is not registered/,
    ],
    [
      'a field that nobody declared',
      `'tenant.exported', 'tenant', null, null, '{"email": "x"}'`,
      /metadata of tenant\.exported may not have the field email/,
    ],
  ])('cannot be %s', async (_what, args, message) => {
    await db.query('savepoint attempt')
    await expect(db.query(`select private.record_audit($1, ${args})`, [home])).rejects.toThrow(message)
    await db.query('rollback to savepoint attempt')
  })
})

describe('a path', () => {
  it.each([
    ['{"a": {"b": 1, "c": 2}}', 'a.b', '{"a": {"b": "x", "c": 2}}'],
    ['{"a": [{"b": 1}, {"b": 2}, 3]}', 'a.*.b', '{"a": [{"b": "x"}, {"b": "x"}, 3]}'],
    ['{"a": {"k": 1, "l": null}}', 'a.*', '{"a": {"k": "x", "l": null}}'],
    ['{"a": 1}', 'a.b', '{"a": 1}'],
    ['{"b": 1}', 'a', '{"b": 1}'],
    ['[]', '*.a', '[]'],
    ['{"a": null}', 'a', '{"a": null}'],
  ])('in %s, %s', async (value, path, result) => {
    const { rows } = await db.query(`select private.overwrite_paths($1, array[$2], '"x"') as found`, [
      value,
      path,
    ])
    expect(rows[0].found).toEqual(JSON.parse(result))
  })

  it.each([
    ['of a column that is not plain', `personal => '{email,email.x}'`],
    ['of a column that is no JSON', `plain => '{email}', personal => '{email.x}'`],
    ['with an empty step', `plain => '{email,notes}', personal => '{notes..x}'`],
    ['that is said to be plain', `plain => '{email,notes,notes.x}'`],
  ])('is refused %s', async (_what, args) => {
    await db.query('savepoint attempt')
    await db.query('create table public.notes (tenant_id uuid, email text, notes jsonb)')
    await expect(
      db.query(`select private.register_table('public.notes', unaudited => 'a test', ${args})`),
    ).rejects.toThrow(/must be personal or secret, and inside a plain column of type jsonb/)
    await db.query('rollback to savepoint attempt')
  })
})
