import type { Client } from 'pg'
import {
  callers,
  everyoneId,
  hostOf,
  type Key,
  keyId,
  memberships,
  people,
  personId,
  slugOf,
  type TenantName,
  tenantId,
  tenantNames,
} from './callers.ts'
import type { Rules } from './declared.ts'

/** Puts the world into the open transaction of a superuser's connection: rows of every tenant in every table. */
export async function makeWorld(db: Client, rules: Rules): Promise<void> {
  await db.query(`insert into matrix_names select * from jsonb_to_recordset($1) as n (id uuid, name text)`, [
    JSON.stringify([
      { id: everyoneId, name: 'everyone' },
      ...tenantNames.map((name) => ({ id: tenantId(name), name })),
      ...people.map((name) => ({ id: personId(name), name })),
    ]),
  ])
  await db.query(
    `insert into auth.users (id, email) select id, email from jsonb_to_recordset($1) as u (id uuid, email text)`,
    [JSON.stringify(people.map((name) => ({ id: personId(name), email: `${name}@matrix.test` })))],
  )
  await db.query(
    `insert into public.tenants (id, slug, name, status, plan, trial_ends_at)
     select id, slug, slug, status, 'enterprise', case when status = 'trial' then now() - interval '1 day' end
     from jsonb_to_recordset($1) as t (id uuid, slug text, status public.tenant_status)`,
    [
      JSON.stringify(
        Object.entries({
          home: 'active',
          other: 'active',
          frozen: 'frozen',
          ended: 'trial',
          archived: 'archived',
          unaccepted: 'active',
        }).map(([name, status]) => ({
          id: tenantId(name as TenantName),
          slug: slugOf(name as TenantName),
          status,
        })),
      ),
    ],
  )
  await db.query(
    `insert into public.tenant_members (tenant_id, user_id, role, status)
     select * from jsonb_to_recordset($1)
       as m (tenant_id uuid, user_id uuid, role public.tenant_role, status public.member_status)`,
    [
      JSON.stringify(
        memberships.map(([person, tenant, role, status]) => ({
          tenant_id: tenantId(tenant),
          user_id: personId(person),
          role,
          status,
        })),
      ),
    ],
  )
  for (const { name, isOperator } of callers)
    if (isOperator)
      await db.query(
        `insert into public.tenant_members (tenant_id, user_id, role) values (private.platform_tenant_id(), $1, 'owner')`,
        [personId(name)],
      )
  await fillTables(db, rules)
  // Last, because some rows are made by functions that ask for a permission.
  await db.query('update public.tenants set contract_pending_at = now() where id = $1', [
    tenantId('unaccepted'),
  ])
  for (const { name, key } of callers) if (key && !key.lentBy) await makeKey(db, keyId(name), key)
  for (const { name, key } of callers) if (key?.lentBy) await makeToken(db, keyId(name), key)
  // Nothing is committed here, so what is left to the commit would never come.
  await db.query('set constraints all immediate')
  // Claimed and not verified: it must lead nowhere.
  await db.query('insert into public.tenant_domains (tenant_id, host) values ($1, $2)', [
    tenantId('home'),
    hostOf('nowhere'),
  ])
}

async function makeKey(db: Client, id: string, { of, scopes, dead }: Key): Promise<void> {
  await db.query(
    `insert into public.api_keys (tenant_id, id, name, prefix, scopes, expires_at, revoked_at)
     values ($1, $2::uuid, $2::text, 'AAAAAAAA', $3, $4, $5)`,
    [
      tenantId(of),
      id,
      scopes,
      dead === 'expired' ? '2026-01-01' : null,
      dead === 'revoked' ? '2026-01-01' : null,
    ],
  )
  await db.query(
    `insert into private.api_key_secrets (tenant_id, api_key_id, hash, lookup)
     values ($1, $2::uuid, '$argon2id$v=19$m=1024,t=1,p=1$c2FsdA$aGFzaA', sha256(convert_to($2::text, 'UTF8')))`,
    [tenantId(of), id],
  )
  await db.query(
    `insert into private.api_key_windows (tenant_id, api_key_id, window_at, request_count) values ($1, $2, now(), 1)`,
    [tenantId(of), id],
  )
}

async function makeToken(db: Client, id: string, { of, scopes, dead, lentBy = '' }: Key): Promise<void> {
  const isOfKey = callers.some(({ name, key }) => name === lentBy && key)
  const minutes = dead === 'expired' ? -1 : 10
  await db.query(
    `insert into private.portal_tokens (tenant_id, id, portal, scopes, token_hash, user_id, api_key_id, expires_at, created_at)
     values ($1, $2::uuid, 'webhooks', $3, sha256(convert_to($2::text, 'UTF8')), $4, $5, now() + make_interval(mins => $6), now() - interval '5 minutes')`,
    [tenantId(of), id, scopes, isOfKey ? null : personId(lentBy), isOfKey ? keyId(lentBy) : null, minutes],
  )
}

/** The rows that domains declare, and the rows of all tenants before the next table's. */
async function fillTables(db: Client, { rows }: Rules): Promise<void> {
  for (const table of await parentsFirst(db, Object.keys(rows)))
    for (const name of tenantNames) await db.query(`insert into ${table} ${rows[table]!(name)}`)
}

/** These tables, each after those that its foreign keys lead to. */
export async function parentsFirst(db: Pick<Client, 'query'>, tables: string[]): Promise<string[]> {
  const { rows: keys } = await db.query<{ child: string; parent: string }>(
    `select format('%I.%I', cn.nspname, c.relname) as child, format('%I.%I', pn.nspname, p.relname) as parent
     from pg_constraint as k join pg_class as c on c.oid = k.conrelid join pg_namespace as cn on cn.oid = c.relnamespace
       join pg_class as p on p.oid = k.confrelid join pg_namespace as pn on pn.oid = p.relnamespace
     where k.contype = 'f' and k.conrelid <> k.confrelid`,
  )
  const ordered: string[] = []
  const left = new Set(tables)
  while (left.size > 0) {
    const ready = [...left].filter(
      (table) => !keys.some(({ child, parent }) => child === table && left.has(parent)),
    )
    if (ready.length === 0) throw new Error(`foreign keys go round in ${[...left].join(', ')}`)
    ordered.push(...ready)
    for (const table of ready) left.delete(table)
  }
  return ordered
}
