import type { Client } from 'pg'
import type { Rules } from '../matrix/declared.ts'
import type { Mutant } from './mutant.ts'

interface Body {
  schema: string
  name: string
  signature: string
  definition: string
}

/** To each scope one that stands for the same permission. */
const likeScopes: Record<string, string> = {
  'usage:write': 'webhooks:write',
  'webhooks:write': 'usage:write',
  'endpoints:write': 'replays:write',
  'replays:write': 'endpoints:write',
  'deliveries:read': 'endpoints:read',
  'voids:write': 'endpoints:write',
  'audit:read': 'audit:export',
  'audit:export': 'audit:read',
  'entitlements:read': 'tenant:read',
}

/** Every function without its permission check, with a weaker one, and given to more people. */
export async function functionMutants(db: Client, rules: Rules): Promise<Mutant[]> {
  const { rows } = await db.query<Body>(
    `select n.nspname as schema, p.proname as name, p.oid::regprocedure::text as signature, pg_get_functiondef(p.oid) as definition
     from pg_proc as p join pg_namespace as n on n.oid = p.pronamespace
     where n.nspname in ('public', 'private') and p.prokind = 'f' order by 1, 2`,
  )
  return rows.flatMap((body): Mutant[] => {
    const touched = { function: `${body.schema}.${body.name}` }
    const exposed = body.schema === 'public'
    const mutants: Mutant[] = []
    const call = /perform private\.require_permission\(([^;]*), '([\w:]+)'\);/
    const asked = call.exec(body.definition)
    if (asked && body.name !== 'require_permission') {
      mutants.push({
        name: `${body.name}: without its permission check`,
        sql: [body.definition.replace(call, 'null;')],
        touched,
      })
      if (asked[2] !== 'read') {
        const sql = body.definition.replace(call, `perform private.require_permission($1, 'read');`)
        mutants.push({ name: `${body.name}: asks read instead of ${asked[2]}`, sql: [sql], touched })
      }
      // Another scope that people with the same permission pass: only a key can tell them apart.
      const other = likeScopes[asked[2]!]
      if (other) {
        const sql = body.definition.replace(call, `perform private.require_permission($1, '${other}');`)
        mutants.push({ name: `${body.name}: asks ${other} instead of ${asked[2]}`, sql: [sql], touched })
      }
    }
    const isPublic = rules.functions[body.name]?.needs === 'everyone'
    if (exposed && !isPublic) {
      mutants.push({
        name: `${body.name}: granted to anon`,
        sql: [`grant execute on function ${body.signature} to anon`],
        touched,
      })
      mutants.push({
        name: `${body.name}: granted to everybody`,
        sql: [`grant execute on function ${body.signature} to public`],
        touched,
      })
    }
    if (!exposed) {
      const grant = (to: string): Mutant => ({
        name: `private.${body.name}: granted to ${to}`,
        sql: [`grant execute on function ${body.signature} to ${to}`],
        touched: { isGrant: true },
      })
      mutants.push(grant('anon'))
      if (!(body.name in rules.privateFunctions)) mutants.push(grant('authenticated'))
    }
    return mutants
  })
}

/** The functions in private that policies and others lean on: each condition in them taken away in turn. */
export async function conditionMutants(db: Client, { conditions }: Rules): Promise<Mutant[]> {
  const mutants: Mutant[] = []
  for (const [name, from, to, then] of conditions) {
    const { rows } = await db.query<{ definition: string }>(
      `select pg_get_functiondef(oid) as definition from pg_proc where pronamespace = 'private'::regnamespace and proname = $1`,
      [name],
    )
    const definition = rows[0]?.definition ?? ''
    if (!definition.includes(from))
      throw new Error(`private.${name} no longer says "${from}": correct the conditions in its rules`)
    mutants.push({
      name: `private.${name}: "${from}" became "${to}"`,
      sql: [definition.replace(from, to), ...(then ? [then] : [])],
      touched: { function: `private.${name}` },
      suspects: suspectsOf(`${name} ${from}`),
    })
  }
  return mutants
}

/** Whom a condition is about, in the words of the callers' names. Nobody is left out: these only come first. */
const suspectsOf = (condition: string) =>
  Object.entries(namesAbout).flatMap(([name, about]) => (about.test(condition) ? [name] : []))

const namesAbout: Record<string, RegExp> = {
  '-token': /token/,
  '-key': /key|scope/,
  archived: /archived/,
  unaccepted: /contract/,
  frozen: /frozen|is_write_permission|is_writable/,
  ended: /trial/,
  suspended: /m\.status|'active'/,
  revoked: /is_live_api_key/,
  expired: /expires_at/,
  overreaching: /scope = any|scope is distinct/,
  'of-member': /p\.permission/,
  'endpoints-token': /portal_scope\.scope/,
}
