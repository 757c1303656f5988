import type pg from 'pg'
import { worstOf } from './values.ts'

/** A function of the product that takes text, JSON, bytes or a list of any length. */
export interface Callable {
  /** With its schema. */
  name: string
  parameters: { name: string; type: string; isOptional: boolean }[]
  /** The weakest role that may call it; null if only Tenantry itself calls it. */
  role: 'anon' | 'authenticated' | 'service_role' | null
}

/** All of them, as the catalogue has them. */
export async function readCallables(db: pg.ClientBase): Promise<Callable[]> {
  const { rows } = await db.query<Callable>(
    `select n.nspname || '.' || p.proname as name,
       (select r.name from unnest('{anon,authenticated,service_role}'::text[]) with ordinality as r (name, rank)
         where has_schema_privilege(r.name, n.oid, 'usage') and has_function_privilege(r.name, p.oid, 'execute')
         order by r.rank limit 1) as role,
       (select json_agg(json_build_object('name', p.proargnames[a.n], 'type', format_type(a.type, null),
           'isOptional', a.n > p.pronargs - p.pronargdefaults) order by a.n)
         from unnest(p.proargtypes::oid[]) with ordinality as a (type, n)) as parameters
     from pg_proc as p join pg_namespace as n on n.oid = p.pronamespace
     where n.nspname in ('public', 'private') and p.prorettype <> 'trigger'::regtype
       and exists (select from unnest(p.proargtypes::oid[]) as a where format_type(a, null) = any ($1))
     order by 1`,
    [Object.keys(worstOf)],
  )
  return rows
}

export type Arguments = Record<string, unknown>
