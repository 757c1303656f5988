import type pg from 'pg'
import { describe, expect, it } from 'vitest'
import { attempt } from '../bench/parts/refusals/attempt.ts'
import { badCalls, goodArguments } from '../bench/parts/refusals/bad-calls.ts'
import { type Callable, readCallables } from '../bench/parts/refusals/calls.ts'
import { goodCalls } from '../bench/parts/refusals/good-calls.ts'
import { unmeasured } from '../bench/parts/refusals/unmeasured.ts'
import { makeWorld, type World } from '../bench/parts/refusals/world.ts'
import { rolledBack, superuser } from './kit/db.ts'

/** In a transaction that is rolled back, with a tenant that has one of everything. */
const inWorld = <Result>(run: (db: pg.PoolClient, world: World) => Promise<Result>) =>
  rolledBack(superuser, async (db) => run(db, await makeWorld(db)))

const measured = (callables: Callable[]) => callables.filter(({ name }) => !(name in unmeasured))

describe('every function that takes text, JSON or a list', () => {
  it('is measured, or says why it is not', async () => {
    const callables = await rolledBack(superuser, readCallables)
    const known = new Set(callables.map(({ name }) => name))
    expect(
      [...Object.keys(goodCalls), ...Object.keys(unmeasured)].filter((name) => !known.has(name)),
    ).toEqual([])
    const callable = callables.filter(({ name, role }) => role !== null && name in unmeasured)
    expect(callable.map(({ name }) => name)).toEqual([])
    expect(measured(callables).length).toBeGreaterThan(60)
  })

  // A bad value in a call that is refused anyhow would show nothing. A new function says here what a good call is.
  it('has a good call', async () => {
    const refused = await inWorld(async (db, world) => {
      const found: Record<string, string> = {}
      for (const callable of measured(await readCallables(db))) {
        const { refusal } = await attempt(db, world, callable, goodArguments(callable, world))
        if (refusal?.message !== goodCalls[callable.name]?.refused)
          found[callable.name] = refusal ? `${refusal.code} ${refusal.message}` : 'is not refused'
      }
      return found
    })
    expect(refused).toEqual({})
  })

  // Counted and not timed: the calls of functions inside the one that is called. Few functions share a transaction, because
  // a long one would hold up the tests that change tables.
  it('looks at a bounded number of parts, and answers briefly', { timeout: 900_000 }, async () => {
    const unbounded: string[] = []
    const waiting = measured(await rolledBack(superuser, readCallables))
    while (waiting.length > 0) {
      const few = waiting.splice(0, 10)
      await inWorld(async (db, world) => {
        for (const callable of few) unbounded.push(...(await unboundedCalls(db, world, callable)))
      })
    }
    expect(unbounded).toEqual([])
  })

  it('would be found if it looked at each part', async () => {
    await inWorld(async (db, world) => {
      await db.query(`set local track_functions = 'all'`)
      await db.query(`create function private.count_long_names(names jsonb) returns bigint language sql set search_path = ''
        as $$ select count(private.pointer_token(n)) from jsonb_object_keys(names) as n $$`)
      const callable = (await readCallables(db)).find(({ name }) => name === 'private.count_long_names')!
      const [bad] = badCalls(callable, world, 1_000)
      const before = await innerCalls(db)
      await attempt(db, world, callable, bad!.args)
      expect((await innerCalls(db)) - before).toBeGreaterThan(1_000)
    })
  })
})

async function unboundedCalls(db: pg.PoolClient, world: World, callable: Callable): Promise<string[]> {
  await db.query(`set local track_functions = 'all'`)
  const found: string[] = []
  // Some functions call one for each registered table, whatever they are given.
  const start = await innerCalls(db)
  await attempt(db, world, callable, goodArguments(callable, world))
  let before = await innerCalls(db)
  const usual = before - start
  for (const { what, args } of badCalls(callable, world, 1_000)) {
    const { refusal } = await attempt(db, world, callable, args)
    const after = await innerCalls(db)
    const calls = after - before
    before = after
    if (calls > usual + 100 && !goodCalls[callable.name]?.takesMany)
      found.push(`${callable.name}, ${what}: ${calls} calls`)
    if (refusal && lengthOf(refusal) > 8_000)
      found.push(`${callable.name}, ${what}: an answer of ${lengthOf(refusal)} characters`)
  }
  return found
}
const innerCalls = async (db: pg.PoolClient): Promise<number> =>
  Number(
    (await db.query('select coalesce(sum(calls), 0) as calls from pg_stat_xact_user_functions')).rows[0]
      .calls,
  )
const lengthOf = ({ message, detail, hint }: { message: string; detail: string; hint: string }) =>
  message.length + detail.length + hint.length

describe('a problem', () => {
  const raise = async (count: number) => {
    const errors = Array.from({ length: count }, (_, n) => ({ pointer: `/${n}`, detail: 'is bad' }))
    const raised = superuser.query(`select private.raise_problem(422, 'invalid_value', $1, $2)`, [
      'x'.repeat(5_000),
      JSON.stringify(errors),
    ])
    const thrown = await raised.then(
      () => null,
      (error: pg.DatabaseError) => error,
    )
    return {
      detail: thrown!.detail!,
      errors: JSON.parse(thrown!.hint!) as { pointer: string; detail: string }[],
    }
  }
  it('tells all of twenty errors', async () => {
    expect((await raise(20)).errors.map(({ pointer }) => pointer)).toEqual(
      Array.from({ length: 20 }, (_, n) => `/${n}`),
    )
  })
  it('tells twenty of ten thousand, and how many there are besides', async () => {
    const { errors, detail } = await raise(10_000)
    expect(errors).toHaveLength(21)
    expect(errors.at(-1)).toEqual({ pointer: '', detail: 'has 9980 more problems' })
    expect(detail).toHaveLength(1_000)
  })
})

describe('every column that an API role may write', () => {
  // Written by functions that take them from a person as they are.
  const byFunctions = [
    'usage_events.%',
    'usage_event_keys.%',
    'private.api_key_secrets.%',
    'tenant_idp_config.metadata',
  ]

  const columnsOf = async (byFunctions: string[]) =>
    (
      await superuser.query<Column>(
        `select c.oid::regclass::text as table, a.attname as name, format_type(a.atttypid, null) as type,
         (select json_agg(pg_get_expr(k.conbin, k.conrelid)) from pg_constraint as k where k.conrelid = c.oid and k.contype = 'c') as checks,
         (select json_agg(json_build_object('name', o.attname, 'type', format_type(o.atttypid, o.atttypmod)))
           from pg_attribute as o where o.attrelid = c.oid and o.attnum > 0 and not o.attisdropped) as row
       from pg_class as c join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
       where c.relnamespace in ('public'::regnamespace, 'private'::regnamespace) and c.relkind in ('r', 'p') and not c.relispartition
         and format_type(a.atttypid, null) in ('text', 'jsonb', 'json', 'text[]', 'bytea')
         -- A value that must be another row's key is as long as that key.
         and not exists (select from pg_constraint as f where f.conrelid = c.oid and f.contype = 'f' and a.attnum = any (f.conkey))
         and (exists (select from unnest('{authenticated,service_role}'::text[]) as r, unnest('{insert,update}'::text[]) as p
             where has_column_privilege(r, c.oid, a.attnum, p))
           or c.oid::regclass::text || '.' || a.attname like any ($1))`,
        [byFunctions],
      )
    ).rows

  it('has a size, by a constraint of its table', async () => {
    const columns = await columnsOf(byFunctions)
    expect(columns.length).toBeGreaterThan(60)
    const unbounded: string[] = []
    for (const column of columns)
      for (const value of huge[column.type]!)
        if (await isTaken(column, value))
          unbounded.push(`${column.table}.${column.name}: ${String(JSON.stringify(value)).slice(0, 20)}…`)
    expect(unbounded).toEqual([])
  })

  // Each is a dozen bytes until it is written out, which takes two milliseconds.
  it.each(['1e131071', '-1e131071', '1e-16383', '0e-16383'])(
    'and no number like %s, if it holds JSON',
    async (number) => {
      const columns = (await columnsOf([])).filter(({ type }) => type.startsWith('json'))
      expect(columns.length).toBeGreaterThan(3)
      const taken: string[] = []
      for (const column of columns)
        if (await isTaken(column, `{"a": [{"b": ${number}}]}`)) taken.push(`${column.table}.${column.name}`)
      expect(taken).toEqual([])
      const logged = inWorld((db, { tenant }) =>
        db.query(`select public.log_usage_event($1, 'a.b', $2)`, [tenant, `{"a": [{"b": ${number}}]}`]),
      )
      await expect(logged).rejects.toMatchObject({ code: 'PT422', message: 'invalid_value' })
    },
  )
})

interface Column {
  table: string
  name: string
  type: string
  checks: string[] | null
  row: { name: string; type: string }[]
}

const long = 'a'.repeat(400_000)
const huge: Record<string, unknown[]> = {
  text: [
    long,
    '1'.repeat(400_000),
    `https://example.com/${long}`,
    `${long}@example.com`,
    `a@${'a.'.repeat(200_000)}com`,
    `$argon2id$v=19$m=1,t=1,p=1$${long}$${long}`,
  ],
  jsonb: [
    JSON.stringify({ text: long }),
    JSON.stringify(Object.fromEntries(Array.from({ length: 30_000 }, (_, n) => [`field_${n}`, n]))),
  ],
  'text[]': [Array(10_000).fill('a'), [long]],
  bytea: [Buffer.alloc(400_000)],
}

/** Whether a row with this value and nothing else would break no check. */
async function isTaken({ name, checks, row }: Column, value: unknown): Promise<boolean> {
  const cells = row.map((cell) => `${cell.name === name ? '$1' : 'null'}::${cell.type} as "${cell.name}"`)
  const whole = (checks ?? []).map((check) => `(${check}) is not false`).join(' and ') || 'true'
  const { rows } = await superuser.query(
    `select ${whole} as is_taken from (select ${cells.join(', ')}) as t`,
    [value],
  )
  return rows[0].is_taken
}
