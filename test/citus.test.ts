import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { type CitusTable, citusRefusals, citusStatements, citusTables } from '../stack/citus/tables.ts'
import { refused } from './citus-refusals.ts'
import { connected, makeMigrated, type OwnDatabase } from './kit/own-database.ts'

// Whether the schema could be spread over machines by tenant. Citus itself is not installed here: its rules are read from
// the catalog.

let database: OwnDatabase
let tables: CitusTable[]
beforeAll(async () => {
  database = await makeMigrated(inject('stack'))
  tables = await citusTables(database.url)
})
afterAll(() => database?.drop())

const refusalsAfter = (change: string) =>
  connected(database.url, async (db) => {
    await db.query('begin')
    await db.query(change)
    return Object.fromEntries(await citusRefusals(db))
  })

describe('the schema on Citus', () => {
  it('docs/citus.sql is what the register says', () => {
    expect(readFileSync('docs/citus.sql', 'utf8')).toBe(citusStatements(tables))
  })

  it('every registered table is distributed by its tenant, or is everywhere', async () => {
    const names = tables.map(({ name }) => name)
    const { rows } = await connected(database.url, (db) =>
      db.query<{ count: number }>('select count(*)::int as count from private.registered_tables'),
    )
    expect(new Set(names).size).toBe(rows[0]?.count)
    expect(tables.find(({ name }) => name === 'public.tenants')?.distributedBy).toBe('id')
  })

  it('is refused where the rules say so, and nowhere else', async () => {
    const found = await refusalsAfter('select 1')
    for (const [rule, broken] of Object.entries(found))
      expect(broken, rule).toEqual(Object.keys(refused[rule] ?? {}).sort())
    expect(Object.keys(found)).toEqual(expect.arrayContaining(Object.keys(refused)))
  })
})

describe('a change that Citus would refuse is found', () => {
  const changes: [what: string, change: string, rule: string, broken: string][] = [
    [
      'a unique key without the tenant',
      'create unique index found_idx on public.campaigns (id)',
      'a unique key of a distributed table holds its distribution column',
      'public.campaigns: found_idx',
    ],
    [
      'a key in which the tenant is only included',
      'create unique index found_idx on public.campaigns (id) include (tenant_id)',
      'a unique key of a distributed table holds its distribution column',
      'public.campaigns: found_idx',
    ],
    [
      'a foreign key that does not name the tenant on both sides',
      `create unique index on public.campaigns (id);
       alter table public.campaigns add column other uuid, add constraint found_fkey foreign key (other) references public.campaigns (id)`,
      'a foreign key of a distributed table leads to the same tenant, or to a reference table',
      'public.campaigns: found_fkey',
    ],
    [
      'a foreign key to a table that is not registered',
      'alter table public.campaigns add column other uuid, add constraint found_fkey foreign key (other) references auth.users',
      'a foreign key of a distributed table leads to the same tenant, or to a reference table',
      'public.campaigns: found_fkey',
    ],
    [
      'a foreign key from a directory to a tenant',
      'alter table public.plans add column owner uuid, add constraint found_fkey foreign key (owner) references public.tenants',
      'a foreign key of a reference table leads to a reference table',
      'public.plans: found_fkey',
    ],
    [
      'a foreign key that takes the tenant off a row',
      `alter table public.campaigns add column other uuid,
         add constraint found_fkey foreign key (tenant_id, other) references public.campaigns (tenant_id, id) on delete set null`,
      'no foreign key sets a distribution column to null or its default',
      'public.campaigns: found_fkey',
    ],
    [
      'a tenant that may be missing',
      'create table public.found (tenant_id uuid); select private.register_table($$public.found$$)',
      'a distribution column is a uuid and never null',
      'public.found',
    ],
  ]
  it.each(changes)('%s', async (_what, change, rule, broken) => {
    expect((await refusalsAfter(change))[rule]).toContain(broken)
  })
})
