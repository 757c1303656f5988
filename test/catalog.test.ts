import { describe, expect, it } from 'vitest'
import { superuser } from './kit/db.ts'
import type { CatalogRules } from './kit/rules/catalog.ts'
import { loadRules, mergeOnce } from './kit/rules/load.ts'

const files = await loadRules<CatalogRules>('catalog')
const names = new Set<string>()

/**
 * The rules of architecture.md, read from the catalog. Every query lists what breaks a rule. An exception stands with
 * its reason beside its domain, in a catalog.rules.ts; one that no longer applies fails as well.
 */
function rule(name: string, sql: string): void {
  names.add(name)
  const exceptions = mergeOnce(
    `exception to "${name}"`,
    files.map(({ file, rules }) => ({ file, rules: rules[name] })),
  )
  it(name, async () => {
    const { rows } = await superuser.query<{ broken: string }>(sql)
    expect(rows.map((row) => row.broken).sort()).toEqual(Object.keys(exceptions).sort())
  })
}

/** Tables of ours, partitions left out: they have what their parent has. */
const tables = `(select c.oid, c.relname as name, n.nspname as schema, c.relrowsecurity, c.relispartition
  from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
  where n.nspname in ('public', 'private') and c.relkind in ('r', 'p')
    and c.relname not like 'privileges\\_%')` // test/stack/privileges.test.ts makes it, at the same time
const columns = `(select t.*, a.attname as column, a.attnum, a.attnotnull, format_type(a.atttypid, a.atttypmod) as type
  from ${tables} as t join pg_attribute as a on a.attrelid = t.oid
  where a.attnum > 0 and not a.attisdropped and not t.relispartition)`
const tenantOwned = `(select oid, schema, name from ${columns} as c where "column" = 'tenant_id')`
const keyColumns = (key: string) =>
  `(select array_agg(a.attname::text order by n) from unnest(${key}) with ordinality as k (attnum, n)
    join pg_attribute as a on a.attrelid = x.indrelid and a.attnum = k.attnum)`

describe('the tenant is in every key', () => {
  rule(
    'a table with a tenant_id has it first in its primary key',
    `select t.schema || '.' || t.name as broken from ${tenantOwned} as t
     where not exists (select from pg_index as x where x.indrelid = t.oid and x.indisprimary
       and ${keyColumns('x.indkey')} [1] = 'tenant_id')`,
  )

  rule(
    'every table has a tenant_id',
    `select t.schema || '.' || t.name as broken from ${tables} as t
     where not t.relispartition and t.oid not in (select oid from ${tenantOwned} as o)`,
  )

  rule(
    'tenant_id is a uuid and never null',
    `select schema || '.' || name as broken from ${columns} as c
     where "column" = 'tenant_id' and (not attnotnull or type <> 'uuid')`,
  )

  rule(
    'tenant_id refers to tenants and goes with its tenant',
    `select t.schema || '.' || t.name as broken from ${tenantOwned} as t
     where not exists (select from pg_constraint as k where k.conrelid = t.oid and k.contype = 'f'
       and k.confrelid = 'public.tenants'::regclass and k.confdeltype = 'c')`,
  )

  rule(
    'a tenant-owned table refers to another by (tenant_id, …)',
    `select k.conrelid::regclass || '.' || k.conname as broken from pg_constraint as k
     where k.contype = 'f' and k.conrelid in (select oid from ${tenantOwned} as o) and k.confrelid in (select oid from ${tenantOwned} as o)
       and (select array_agg(a.attname::text) from pg_attribute as a where a.attrelid = k.conrelid and a.attnum = k.conkey[1])
         is distinct from '{tenant_id}'::text[]`,
  )

  rule(
    'a column that names another row is a foreign key',
    `select c.name || '.' || c."column" as broken from ${columns} as c
     where c.type = 'uuid' and c."column" like '%\\_id' and not exists (
       select from pg_constraint as k where k.conrelid = c.oid and k.contype = 'f' and c.attnum = any (k.conkey))`,
  )

  // Citus cannot keep a key unique that does not hold the distribution column, and a clash with
  // another tenant's row would tell that the row exists.
  rule(
    'a unique key of a tenant-owned table holds its tenant_id',
    `select x.indexrelid::regclass::text as broken from pg_index as x
     where x.indisunique and x.indrelid in (select oid from ${tenantOwned} as o)
       and not ${keyColumns('x.indkey')} @> '{tenant_id}'`,
  )
})

describe('keys and indexes', () => {
  rule(
    'every table has a primary key',
    `select t.schema || '.' || t.name as broken from ${tables} as t
     where not t.relispartition and not exists (select from pg_index as x where x.indrelid = t.oid and x.indisprimary)`,
  )

  rule(
    'every foreign key says what a deletion does',
    `select k.conrelid::regclass || '.' || k.conname as broken from pg_constraint as k join ${tables} as t on t.oid = k.conrelid
     where k.contype = 'f' and k.confdeltype = 'a' and not t.relispartition`,
  )

  rule(
    'every foreign key is covered by an index that starts with its columns',
    `select k.conrelid::regclass || '.' || k.conname as broken from pg_constraint as k join ${tables} as t on t.oid = k.conrelid
     where k.contype = 'f' and not t.relispartition and not exists (
       select from pg_index as x where x.indrelid = k.conrelid and x.indpred is null
         and (x.indkey::int2[])[0 : cardinality(k.conkey) - 1] @> k.conkey)`,
  )
})

describe('row level security', () => {
  rule(
    'is on for every table in public and for every partition',
    `select t.schema || '.' || t.name as broken from ${tables} as t
     where not t.relrowsecurity and (t.schema = 'public' or t.relispartition)`,
  )

  rule(
    'a table in private is granted to nobody',
    `select t.name || ' to ' || coalesce(r.rolname, 'public') as broken from ${tables} as t
     join pg_class as c on c.oid = t.oid, aclexplode(c.relacl) as a left join pg_roles as r on r.oid = a.grantee
     where t.schema = 'private' and a.grantee <> c.relowner`,
  )

  rule(
    'anon holds no privilege on any table, column or sequence',
    `select distinct c.oid::regclass::text as broken from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
     where n.nspname in ('public', 'private') and (
       (c.relkind in ('r', 'p', 'v', 'm') and (has_table_privilege('anon', c.oid, 'select, insert, update, delete, truncate, references, trigger')
         or has_any_column_privilege('anon', c.oid, 'select, insert, update, references')))
       or (c.relkind = 'S' and has_sequence_privilege('anon', c.oid, 'usage, select, update')))`,
  )

  rule(
    'a policy is for one action, permissive, and for authenticated alone',
    `select format('%s: %s', tablename, policyname) as broken from pg_policies
     where schemaname in ('public', 'private') and (cmd = 'ALL' or permissive <> 'PERMISSIVE' or roles <> '{authenticated}')`,
  )

  rule(
    'there is one policy an action',
    `select format('%s: %s', tablename, cmd) as broken from pg_policies
     where schemaname in ('public', 'private') group by tablename, cmd having count(*) > 1`,
  )

  // A function in a condition runs once a row unless it stands in a subquery: 1.9 ms against 34 s.
  rule(
    'a policy asks tenant_ids() once a statement, in the measured form',
    `select distinct format('%s: %s', tablename, policyname) as broken
     from pg_policies, unnest(array[qual, with_check]) as condition
     where schemaname = 'public' and condition is not null
       and regexp_replace(condition,
         '\\w+ = ANY \\(\\( SELECT private\\.tenant_ids\\(''\\w+''::text(, ''\\{[\\w:,]+\\}''::text\\[\\])?\\) AS tenant_ids\\)::uuid\\[\\]\\)|\\w+ = ANY \\(ARRAY\\( SELECT private\\.colleague_ids\\(\\) AS colleague_ids\\)\\)',
         'asked', 'g') !~ '^\\(*asked\\)*( OR \\(*\\(role <> ''owner''::tenant_role\\) AND \\(*asked\\)*)?$'`,
  )

  rule(
    'only a policy for reading names scopes, and only scopes that there are',
    `select format('%s: %s', tablename, policyname) as broken
     from pg_policies, unnest(array[qual, with_check]) as condition, regexp_matches(condition, '\\w+:\\w+', 'g') as named
     where schemaname = 'public' and (cmd <> 'SELECT' or named[1] not in (select scope from private.api_scopes))`,
  )

  rule(
    'every view reads as its caller',
    `select c.oid::regclass::text as broken from pg_class as c
     where c.relnamespace = 'public'::regnamespace and c.relkind in ('v', 'm')
       and not coalesce(c.reloptions, '{}') @> '{security_invoker=true}'`,
  )
})

describe('functions', () => {
  const ours = `(select p.*, n.nspname as schema from pg_proc as p join pg_namespace as n on n.oid = p.pronamespace
    where n.nspname in ('public', 'private'))`

  rule(
    'a definer function has an empty search_path',
    `select p.proname as broken from ${ours} as p where p.prosecdef and not coalesce(p.proconfig, '{}') @> '{"search_path=\\"\\""}'`,
  )

  rule(
    'any other has one as well, unless Postgres is to inline it',
    `select p.proname as broken from ${ours} as p where not coalesce(p.proconfig, '{}') @> '{"search_path=\\"\\""}'`,
  )

  rule(
    'none can be executed by PUBLIC',
    `select p.proname as broken from ${ours} as p
     where p.proacl is null or exists (select from aclexplode(p.proacl) as a where a.grantee = 0)`,
  )

  rule(
    'none in private can be executed by anon',
    `select p.proname as broken from ${ours} as p
     where p.schema = 'private' and has_function_privilege('anon', p.oid, 'execute')`,
  )

  rule(
    'every definer in public is one that asks for permission, or is listed',
    `select p.proname as broken from ${ours} as p
     where p.schema = 'public' and p.prosecdef and p.prosrc !~ 'private\\.require_permission\\('`,
  )

  // A nested loop asks such a subquery once for each row. Each time it locks another batch, and the limit is passed.
  rule(
    'a batch that is locked is an array or a materialized query, not a subquery of IN',
    `select p.proname as broken from ${ours} as p
     where p.prosrc ~* '\\min\\s*\\(\\s*select[^;)]*(\\([^)]*\\)[^;)]*)*limit[^;)]*for (no key )?update'`,
  )
})

describe('names, types and comments', () => {
  rule(
    'every table, view and function in public has a comment',
    `select c.relname as broken from pg_class as c where c.relnamespace = 'public'::regnamespace
       and c.relkind in ('r', 'p', 'v', 'm') and obj_description(c.oid, 'pg_class') is null
     union all
     select p.proname from pg_proc as p where p.pronamespace = 'public'::regnamespace and obj_description(p.oid, 'pg_proc') is null`,
  )

  rule(
    'every table with updated_at has the trigger that sets it',
    `select c.schema || '.' || c.name as broken from ${columns} as c
     where "column" = 'updated_at' and not exists (
       select from pg_trigger as t where t.tgrelid = c.oid and t.tgfoid = 'private.tg_touch_updated_at'::regproc
         and t.tgtype = 19 and t.tgenabled = 'O')`,
  )

  rule(
    'every table people edit in stamps who did',
    `select c.schema || '.' || c.name as broken from ${columns} as c
     where "column" = 'created_by' and not exists (
       select from pg_trigger as t where t.tgrelid = c.oid and t.tgfoid = 'private.tg_stamp_editor'::regproc and t.tgtype = 23)`,
  )

  rule(
    'nothing is a float, a money or a varchar',
    `select name || '.' || "column" as broken from ${columns} as c
     where type in ('real', 'double precision', 'money') or type like 'character varying%'`,
  )

  rule(
    'money is a bigint or int named for its unit',
    `select name || '.' || "column" as broken from ${columns} as c
     where "column" ~ '(price|cost|amount|spend|balance|_cap(_|$))' and "column" !~ '^is_|_(id|count)(_[0-9]+)?$' and (type not in ('bigint', 'integer') or "column" !~ '_(micros|minor)(_[0-9]+)?$')`,
  )

  rule(
    'a moment is a timestamptz named *_at, and nothing else is named so',
    `select name || '.' || "column" as broken from ${columns} as c
     where (type = 'timestamp with time zone') <> ("column" like '%\\_at') or type = 'timestamp without time zone'`,
  )

  rule(
    'a flag is named is_* or has_*',
    `select name || '.' || "column" as broken from ${columns} as c where type = 'boolean' and "column" !~ '^(is|has)_'`,
  )

  rule(
    'a trigger function is named tg_*, and nothing else is',
    `select proname as broken from pg_proc as p join pg_namespace as n on n.oid = p.pronamespace
     where n.nspname in ('public', 'private') and (p.prorettype = 'trigger'::regtype) <> (proname like 'tg\\_%')`,
  )

  rule(
    'a policy is named by a sentence',
    `select policyname as broken from pg_policies where schemaname = 'public' and policyname !~ '^[a-z]+ .* .*[a-z]$'`,
  )

  rule(
    "a generated column is in no full unique index, or each update would lock out the row's children",
    `select i.indexrelid::regclass::text as broken from pg_index as i
     join pg_attribute as a on a.attrelid = i.indrelid and a.attnum = any (i.indkey) and a.attgenerated <> ''
     join pg_class as c on c.oid = i.indrelid
     where c.relnamespace in ('public'::regnamespace, 'private'::regnamespace) and i.indisunique and i.indpred is null`,
  )

  rule(
    'every id is a UUIDv7 by default, and every ref_id its ULID',
    `select c.name || '.' || c."column" as broken from ${columns} as c
     left join pg_attrdef as d on d.adrelid = c.oid and d.adnum = c.attnum
     where (c."column" = 'id' and pg_get_expr(d.adbin, d.adrelid) is distinct from 'private.uuid_v7()')
       or (c."column" = 'ref_id' and pg_get_expr(d.adbin, d.adrelid) !~ '^private\\.ulid\\((user_)?id\\)$')`,
  )
})

it('every exception is to a rule there is', () => {
  const excepted = files.flatMap(({ rules }) => Object.keys(rules))
  expect(excepted.filter((name) => !names.has(name))).toEqual([])
})
