import type { Client } from 'pg'
import { connected } from '../database/connected.ts'

/** A table of the register, and what it becomes on Citus. */
export interface CitusTable {
  name: string
  /** The column that says on which node a row lies. Null: every node has the whole table. */
  distributedBy: string | null
}

/** Every registered table, with the column that says on which node a row lies, if it has one. */
const tablesOf = `
  with tables as (
    select g.relation, n.nspname || '.' || c.relname as name, a.attnum, a.attname
    from private.registered_tables as g
    join pg_class as c on c.oid = g.relation join pg_namespace as n on n.oid = c.relnamespace
    left join pg_attribute as a on a.attrelid = c.oid and not a.attisdropped
      and a.attname = case when c.oid = 'public.tenants'::regclass then 'id' else 'tenant_id' end)`

/** The reference tables first, because the others refer to them. */
export async function citusTables(url: string): Promise<CitusTable[]> {
  return connected(url, async (db) => {
    const { rows } = await db.query<CitusTable>(`
      ${tablesOf} select t.name, t.attname as "distributedBy" from tables as t
      order by t.attnum is not null, t.relation <> 'public.tenants'::regclass, t.name`)
    return rows
  })
}

const head = `-- npm run generate wrote this file from the register of tables. Nobody edits it.
-- It is no migration. docs/scaling.md says when it is the next step, and what has to change before:
-- test/citus-refusals.ts lists the keys and foreign keys that Citus would refuse.
`

/** The statements that give each tenant's rows to one node, and what belongs to no tenant to each node. */
export function citusStatements(tables: CitusTable[]): string {
  const references = tables.filter(({ distributedBy }) => distributedBy === null)
  const distributed = tables.filter(({ distributedBy }) => distributedBy !== null)
  return [
    head,
    '-- Every node has a copy. Written seldom, read everywhere.',
    ...references.map(({ name }) => `select create_reference_table('${name}');`),
    '',
    '-- A tenant is the unit. All rows of one lie on one node, so its joins and its transactions stay there.',
    ...distributed.map(({ name, distributedBy }) =>
      name === 'public.tenants'
        ? `select create_distributed_table('${name}', '${distributedBy}');`
        : `select create_distributed_table('${name}', '${distributedBy}', colocate_with => 'public.tenants');`,
    ),
    '',
  ].join('\n')
}

/**
 * The rules of Citus that the catalog can be held against, each as a query for what breaks it.
 * https://docs.citusdata.com/en/stable/develop/reference_ddl.html#adding-removing-constraints
 */
const rules: Record<string, string> = {
  'a unique key of a distributed table holds its distribution column': `
    select t.name || ': ' || i.relname as broken
    from tables as t join pg_index as x on x.indrelid = t.relation and (x.indisunique or x.indisexclusion)
    join pg_class as i on i.oid = x.indexrelid
    where t.attnum is not null and t.attnum <> all (x.indkey[0:x.indnkeyatts - 1])`,

  'a foreign key of a distributed table leads to the same tenant, or to a reference table': `
    select t.name || ': ' || k.conname as broken
    from tables as t join pg_constraint as k on k.conrelid = t.relation and k.contype = 'f' and k.conparentid = 0
    left join tables as r on r.relation = k.confrelid
    where t.attnum is not null and (r.relation is null or r.attnum is not null and not exists (
      select from unnest(k.conkey, k.confkey) as p (here, there) where p.here = t.attnum and p.there = r.attnum))`,

  'a foreign key of a reference table leads to a reference table': `
    select t.name || ': ' || k.conname as broken
    from tables as t join pg_constraint as k on k.conrelid = t.relation and k.contype = 'f' and k.conparentid = 0
    left join tables as r on r.relation = k.confrelid
    where t.attnum is null and (r.relation is null or r.attnum is not null)`,

  'no foreign key sets a distribution column to null or its default': `
    select t.name || ': ' || k.conname as broken
    from tables as t join pg_constraint as k on k.conrelid = t.relation and k.contype = 'f' and k.conparentid = 0
    where k.confdeltype in ('n', 'd') and t.attnum = any (coalesce(k.confdelsetcols, k.conkey))
      or k.confupdtype in ('n', 'd') and t.attnum = any (k.conkey)`,

  'a distribution column is a uuid and never null': `
    select t.name as broken
    from tables as t join pg_attribute as a on a.attrelid = t.relation and a.attnum = t.attnum
    where not a.attnotnull or a.atttypid <> 'uuid'::regtype`,
}

/** What Citus would refuse, by rule. */
export async function citusRefusals(db: Pick<Client, 'query'>): Promise<Map<string, string[]>> {
  const refusals = new Map<string, string[]>()
  for (const [rule, query] of Object.entries(rules)) {
    const { rows } = await db.query<{ broken: string }>(`${tablesOf} ${query} order by 1`)
    refusals.set(
      rule,
      rows.map(({ broken }) => broken),
    )
  }
  return refusals
}
