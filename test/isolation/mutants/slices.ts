import type { Client } from 'pg'
import type { Rules } from '../matrix/declared.ts'
import type { Slice } from '../matrix/run.ts'
import type { Touched } from './mutant.ts'

/**
 * Reads from the catalog what depends on what, and answers with the parts of the matrix that a change can touch:
 * first the thing itself, then what leans on it, then what leans on that.
 */
export async function readSlices(db: Client, rules: Rules): Promise<(touched: Touched) => Slice[]> {
  const dependents = await readDependents(db)
  return ({ relation, function: name, isGrant }) => {
    const steps: Slice[] = isGrant ? [{ catalog: true }] : []
    const seen = new Set<string>()
    let reached = [...(relation ? [`public.${relation}`] : []), ...(name ? [`${name}()`] : [])]
    while (reached.length > 0) {
      for (const one of reached) seen.add(one)
      const slice = probed(reached, rules)
      if (slice.relations!.length + slice.functions!.length > 0) steps.push(slice)
      reached = [...new Set(reached.flatMap((one) => dependents.get(one) ?? []))].filter(
        (one) => !seen.has(one),
      )
    }
    return steps
  }
}

/** Of these, what the matrix has probes for. */
function probed(names: string[], rules: Rules): Slice {
  const relations: string[] = []
  const functions: string[] = []
  for (const full of names) {
    const [schema, name] = full.replace('()', '').split('.') as [string, string]
    if (!full.endsWith('()')) {
      if (name in rules.relations) relations.push(name)
    } else if (name in (schema === 'public' ? rules.functions : rules.privateCalls)) functions.push(name)
  }
  return { relations, functions }
}

/** What leans on each table, view and function of ours. A function's name ends in (). */
async function readDependents(db: Client): Promise<Map<string, string[]>> {
  const { rows } = await db.query<{ name: string; dependent: string }>(dependentsSql)
  const dependents = new Map<string, string[]>()
  for (const { name, dependent } of rows) dependents.set(name, [...(dependents.get(name) ?? []), dependent])
  return dependents
}

// A function's body is text to Postgres, so of that it knows no dependencies: a name in it is one.
const dependentsSql = `
  with relations as (
    select c.oid, n.nspname || '.' || c.relname as name from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
    where n.nspname in ('public', 'private') and c.relkind in ('r', 'p', 'v', 'm')
  ), functions as (
    select p.oid, n.nspname || '.' || p.proname || '()' as name, n.nspname || '.' || p.proname as called,
      coalesce(nullif(p.prosrc, ''), pg_get_functiondef(p.oid)) as body
    from pg_proc as p join pg_namespace as n on n.oid = p.pronamespace
    where n.nspname in ('public', 'private') and p.prokind = 'f'
  ), named as (
    select f.name as function, m[2] as name, m[1] is not null as is_written, m[3] = '(' as is_called
    from functions as f, regexp_matches(f.body, '(\\m(?:insert into|update|delete from) )?(\\m(?:public|private)\\.\\w+)(\\(?)', 'g') as m
  ), things as (
    select 'pg_class'::regclass as class, oid, name from relations
    union all select 'pg_proc'::regclass, oid, name from functions
  ), leaning as (
    -- Policies, views, defaults and checks stand for the table they belong to.
    select d.refclassid, d.refobjid, p.polrelid as relation from pg_depend as d join pg_policy as p on p.oid = d.objid
    where d.classid = 'pg_policy'::regclass
    union select d.refclassid, d.refobjid, r.ev_class from pg_depend as d join pg_rewrite as r on r.oid = d.objid
    where d.classid = 'pg_rewrite'::regclass
    union select d.refclassid, d.refobjid, a.adrelid from pg_depend as d join pg_attrdef as a on a.oid = d.objid
    where d.classid = 'pg_attrdef'::regclass
    union select d.refclassid, d.refobjid, k.conrelid from pg_depend as d join pg_constraint as k on k.oid = d.objid
    where d.classid = 'pg_constraint'::regclass
    union select 'pg_proc'::regclass, t.tgfoid, t.tgrelid from pg_trigger as t where not t.tgisinternal
  )
  select things.name, relations.name as dependent from leaning
    join things on things.class = leaning.refclassid and things.oid = leaning.refobjid
    join relations on relations.oid = leaning.relation where things.name <> relations.name
  union
  select relations.name, named.function from named join relations on relations.name = named.name
  union
  -- What a function writes is read by others.
  select named.function, relations.name from named join relations on relations.name = named.name where named.is_written
  union
  select called.name, named.function from named join functions as called on called.called = named.name
  where named.is_called and called.name <> named.function
  order by 1, 2`
