import type { Client } from 'pg'
import type { Mutant, Touched } from './mutant.ts'

/** Every table without row level security or a key, every view that forgets its caller, and grants too many. */
export async function relationMutants(db: Client): Promise<Mutant[]> {
  const { rows } = await db.query<{ name: string; kind: string }>(
    `select relname as name, relkind as kind from pg_class
     where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v') order by relname`,
  )
  const { rows: keys } = await db.query<{ relation: string; name: string }>(
    `select c.relname as relation, k.conname as name from pg_constraint as k
     join pg_class as c on c.oid = k.conrelid join pg_class as p on p.oid = k.confrelid
     where k.contype = 'f' and c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
       and cardinality(k.conkey) > 1 order by 1, 2`,
  )
  return [
    ...rows.flatMap(({ name, kind }): Mutant[] => {
      // What anon is granted on a view stops at the tables under it, so there only the grant itself can be seen.
      const touched: Touched = kind === 'v' ? { relation: name, isGrant: true } : { relation: name }
      return [
        kind === 'v'
          ? {
              name: `${name}: security_invoker off`,
              sql: [`alter view public.${name} set (security_invoker = false)`],
              touched: { relation: name },
            }
          : {
              name: `${name}: row level security off`,
              sql: [`alter table public.${name} disable row level security`],
              touched,
            },
        { name: `${name}: all granted to anon`, sql: [`grant all on public.${name} to anon`], touched },
        { name: `${name}: select granted to anon`, sql: [`grant select on public.${name} to anon`], touched },
        // Row level security still answers for the rows; what is given away are columns and actions.
        {
          name: `${name}: all granted to authenticated`,
          sql: [`grant all on public.${name} to authenticated`],
          touched: { isGrant: true },
        },
        {
          name: `${name}: select granted to everybody`,
          sql: [`grant select on public.${name} to public`],
          touched,
        },
      ]
    }),
    ...keys.map(
      ({ relation, name }): Mutant => ({
        name: `${relation}: foreign key ${name} dropped`,
        sql: [`alter table public.${relation} drop constraint ${name}`],
        touched: { relation },
      }),
    ),
  ]
}
