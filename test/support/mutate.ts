import type { Client } from 'pg'
import type { Slice } from './matrix.ts'
import { functions, privateCalls, privateFunctions } from './matrix-function-rules.ts'
import { relations } from './matrix-rules.ts'
import { tenantId } from './matrix-world.ts'

/** One way to break isolation, as DDL, and the part of the matrix that must notice. */
export interface Mutant {
  name: string
  sql: string[]
  slice: Slice
}

/** Every mutant the catalog suggests, in the order the catalog is read. */
export async function listMutants(db: Client): Promise<Mutant[]> {
  return [
    ...(await policyMutants(db)),
    ...(await relationMutants(db)),
    ...(await functionMutants(db)),
    ...(await helperMutants(db)),
    ...newcomers,
  ]
}

/** A permission, and the next one that more people hold. */
const weaker: Record<string, string> = { own: 'manage', manage: 'write', write: 'read', inspect: 'read' }

interface Policy {
  name: string
  target: string
  relation: string
  using: string | null
  check: string | null
}

async function policyMutants(db: Client): Promise<Mutant[]> {
  const { rows } = await db.query<Policy>(
    `select policyname as name, format('%I on public.%I', policyname, tablename) as target, tablename as relation,
       qual as using, with_check as check
     from pg_policies where schemaname = 'public' order by tablename, policyname`,
  )
  return rows.flatMap((policy) => {
    const slice = { relations: [policy.relation] }
    const mutant = (what: string, sql: string): Mutant => ({
      name: `${policy.target}: ${what}`,
      sql: [sql],
      slice,
    })
    const mutants = [mutant('dropped', `drop policy ${policy.target}`)]
    for (const clause of ['using', 'check'] as const) {
      const condition: string | null = policy[clause]
      const alter = (to: string) =>
        `alter policy ${policy.target} ${clause === 'check' ? 'with check' : 'using'} (${to})`
      if (!condition || condition === 'true') continue
      mutants.push(mutant(`${clause} is true`, alter('true')))
      for (const [permission, next] of Object.entries(weaker)) {
        for (const to of new Set([next, 'read'])) {
          const weakened: string = condition.replaceAll(
            `tenant_ids('${permission}'::text)`,
            `tenant_ids('${to}'::text)`,
          )
          if (weakened !== condition)
            mutants.push(mutant(`${clause} asks ${to} instead of ${permission}`, alter(weakened)))
        }
      }
      // One half of an "or" may hide what the other lets through; without the brake on owners it is another policy.
      const unbraked = condition
        .replace("(role <> 'owner'::tenant_role)", 'true')
        .replace(/user_id = \( SELECT auth.uid\(\) AS uid\)/, 'true')
      if (unbraked !== condition) mutants.push(mutant(`${clause} lost a condition`, alter(unbraked)))
    }
    return mutants
  })
}

async function relationMutants(db: Client): Promise<Mutant[]> {
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
      const slice: Slice = { relations: [name], catalog: kind === 'v' }
      return [
        kind === 'v'
          ? {
              name: `${name}: security_invoker off`,
              sql: [`alter view public.${name} set (security_invoker = false)`],
              slice: { relations: [name] },
            }
          : {
              name: `${name}: row level security off`,
              sql: [`alter table public.${name} disable row level security`],
              slice,
            },
        { name: `${name}: all granted to anon`, sql: [`grant all on public.${name} to anon`], slice },
        { name: `${name}: select granted to anon`, sql: [`grant select on public.${name} to anon`], slice },
        // Row level security still answers for the rows; what is given away are columns and actions.
        {
          name: `${name}: all granted to authenticated`,
          sql: [`grant all on public.${name} to authenticated`],
          slice: { catalog: true },
        },
        {
          name: `${name}: select granted to everybody`,
          sql: [`grant select on public.${name} to public`],
          slice,
        },
      ]
    }),
    ...keys.map(
      ({ relation, name }): Mutant => ({
        name: `${relation}: foreign key ${name} dropped`,
        sql: [`alter table public.${relation} drop constraint ${name}`],
        slice: { relations: [relation] },
      }),
    ),
  ]
}

/** What somebody adds and forgets to classify. */
const newcomers: Mutant[] = [
  'create table public.newcomer (tenant_id uuid)',
  'create view public.newcomer with (security_invoker = true) as select id from public.tenants',
  'create function public.newcomer() returns int language sql as $$ select 1 $$',
  'create function public.leave_tenant(slug text) returns int language sql as $$ select 1 $$',
  'alter table public.campaigns add column newcomer text; grant update (newcomer) on public.campaigns to authenticated',
  'grant execute on function private.sweep_expired_invitations(int) to authenticated',
  'grant usage on schema private to anon',
].map((sql) => ({ name: sql, sql: [sql], slice: { catalog: true } }))

interface Body {
  schema: string
  name: string
  signature: string
  definition: string
}

async function functionMutants(db: Client): Promise<Mutant[]> {
  const { rows } = await db.query<Body>(
    `select n.nspname as schema, p.proname as name, p.oid::regprocedure::text as signature, pg_get_functiondef(p.oid) as definition
     from pg_proc as p join pg_namespace as n on n.oid = p.pronamespace
     where n.nspname in ('public', 'private') and p.prokind = 'f' order by 1, 2`,
  )
  return rows.flatMap((body): Mutant[] => {
    const slice = sliceFor(body)
    const exposed = body.schema === 'public'
    const mutants: Mutant[] = []
    const call = /perform private\.require_permission\(([^;]*), '(\w+)'\);/
    const asked = call.exec(body.definition)
    if (asked && body.name !== 'require_permission') {
      mutants.push({
        name: `${body.name}: without its permission check`,
        sql: [body.definition.replace(call, 'null;')],
        slice,
      })
      if (asked[2] !== 'read') {
        const sql = body.definition.replace(call, `perform private.require_permission($1, 'read');`)
        mutants.push({ name: `${body.name}: asks read instead of ${asked[2]}`, sql: [sql], slice })
      }
    }
    const isPublic = functions[body.name]?.needs === 'everyone'
    if (exposed && !isPublic) {
      mutants.push({
        name: `${body.name}: granted to anon`,
        sql: [`grant execute on function ${body.signature} to anon`],
        slice,
      })
      mutants.push({
        name: `${body.name}: granted to everybody`,
        sql: [`grant execute on function ${body.signature} to public`],
        slice,
      })
    }
    if (!exposed) {
      const grant = (to: string): Mutant => ({
        name: `private.${body.name}: granted to ${to}`,
        sql: [`grant execute on function ${body.signature} to ${to}`],
        slice: { catalog: true },
      })
      mutants.push(grant('anon'))
      if (!(body.name in privateFunctions)) mutants.push(grant('authenticated'))
    }
    return mutants
  })
}

function sliceFor(body: Body): Slice {
  if (body.schema === 'public' || body.name in privateCalls) return { functions: [body.name] }
  // A trigger's function: whatever it guards.
  return { relations: Object.keys(relations).filter((name) => relations[name]!.view) }
}

const everything: Slice = { relations: Object.keys(relations), functions: Object.keys(functions) }

/** The few functions that all policies and functions lean on: each condition in them taken away in turn. */
const conditions: [name: string, from: string, to: string, slice: Slice, then?: string][] = [
  ['tenant_ids', 'm.user_id = (select auth.uid())', 'true', { relations: ['campaigns'] }],
  ['tenant_ids', `m.status = 'active'`, 'true', { relations: ['campaigns'] }],
  ['tenant_ids', `t.status <> 'archived'`, 'true', { relations: ['campaigns'] }],
  ['tenant_ids', 'not p.is_write', 'true', { relations: ['campaigns'] }],
  ['tenant_ids', 'and p.permission = tenant_ids.permission', '', { relations: ['campaigns'] }],
  ['tenant_ids', 't.trial_ends_at > now()', 'true', { relations: ['campaigns'] }],
  [
    'tenant_ids',
    `t.status in ('active', 'demo')`,
    `t.status in ('active', 'demo', 'frozen')`,
    { relations: ['campaigns'] },
  ],
  [
    'colleague_ids',
    `where m.tenant_id = any (array(select private.tenant_ids('read')))`,
    '',
    { relations: ['user_profiles'] },
  ],
  ['require_permission', `m.user_id = (select auth.uid()) and`, '', { functions: ['log_usage_event'] }],
  ['require_permission', `and m.status = 'active'`, '', { functions: ['log_usage_event'] }],
  ['require_permission', `or found_status = 'archived'`, '', { functions: ['log_usage_event'] }],
  [
    'require_permission',
    'found_role is null and not is_trusted',
    'false',
    { functions: ['log_usage_event'] },
  ],
  ['require_permission', 'p.role = found_role and', '', { functions: ['log_usage_event'] }],
  [
    'require_permission',
    'and p.permission = require_permission.permission',
    '',
    { functions: ['log_usage_event'] },
  ],
  ['require_permission', `found_status = 'frozen'`, 'false', { functions: ['log_usage_event'] }],
  ['require_permission', 'found_trial_end <= now()', 'false', { functions: ['log_usage_event'] }],
  ['is_trusted_caller', `current_setting('role') = 'service_role'`, 'true', everything],
  ['find_tenant_page_by_host', `and d.status = 'verified'`, '', { functions: ['get_tenant_by_domain'] }],
  [
    'render_tenant_page',
    `t.status <> 'archived' and`,
    '',
    { functions: ['get_tenant_by_slug'] },
    `select private.refresh_tenant_page('${tenantId('archived')}')`,
  ],
]

async function helperMutants(db: Client): Promise<Mutant[]> {
  const mutants: Mutant[] = []
  for (const [name, from, to, slice, then] of conditions) {
    const { rows } = await db.query<{ definition: string }>(
      `select pg_get_functiondef(oid) as definition from pg_proc where pronamespace = 'private'::regnamespace and proname = $1`,
      [name],
    )
    const definition = rows[0]?.definition ?? ''
    if (!definition.includes(from))
      throw new Error(`private.${name} no longer says "${from}": correct the list in mutate.ts`)
    mutants.push({
      name: `private.${name}: "${from}" became "${to}"`,
      sql: [definition.replace(from, to), ...(then ? [then] : [])],
      slice,
    })
  }
  return mutants
}
