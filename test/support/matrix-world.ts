import type { Client } from 'pg'

/** The tenants of the matrix: one like the callers' own, one like anybody else's, and one in each state that takes rights away. */
export const tenantNames = ['home', 'other', 'frozen', 'ended', 'archived'] as const
export type TenantName = (typeof tenantNames)[number]

export type Permission = 'read' | 'inspect' | 'write' | 'manage' | 'own' | 'export'

export interface Caller {
  name: string
  role: 'anon' | 'authenticated'
  /** What the caller may do where, as tenancy.md promises it. Written out: reading it from SQL would prove nothing. */
  holds: Partial<Record<TenantName, string>>
  /** An API key and not a person: the scope its request uses; nothing when it is dead. */
  key?: Key
}

export interface Key {
  of: TenantName
  /** What the key has, and what its request uses. */
  scopes: string[]
  uses: string
  dead?: 'revoked' | 'expired' | 'archived'
  /** Only its claims, as a token could bring them to the REST API: no function verified a key. */
  isClaimed?: true
}

const all = 'read inspect write manage own export'

export const callers: Caller[] = [
  { name: 'anon', role: 'anon', holds: {} },
  // A token without a subject: signed in by the letter, and nobody.
  { name: 'subjectless', role: 'authenticated', holds: {} },
  { name: 'stranger', role: 'authenticated', holds: {} },
  { name: 'reviewer', role: 'authenticated', holds: { home: 'read' } },
  { name: 'member', role: 'authenticated', holds: { home: 'read write' } },
  { name: 'admin', role: 'authenticated', holds: { home: 'read inspect write manage' } },
  { name: 'owner', role: 'authenticated', holds: { home: all } },
  { name: 'neighbour', role: 'authenticated', holds: { other: all } },
  // Owners of one tenant and less in another: rights in one must not carry over.
  { name: 'straddling-reviewer', role: 'authenticated', holds: { home: 'read', other: all } },
  { name: 'straddling-member', role: 'authenticated', holds: { home: 'read write', other: all } },
  {
    name: 'straddling-admin',
    role: 'authenticated',
    holds: { home: 'read inspect write manage', other: all },
  },
  { name: 'suspended', role: 'authenticated', holds: {} },
  { name: 'invited', role: 'authenticated', holds: {} },
  { name: 'removed', role: 'authenticated', holds: {} },
  { name: 'frozen-owner', role: 'authenticated', holds: { frozen: 'read inspect export' } },
  { name: 'ended-owner', role: 'authenticated', holds: { ended: 'read inspect export' } },
  { name: 'archived-owner', role: 'authenticated', holds: {} },
  keyCaller('reading-key', { of: 'home', scopes: ['tenant:read'], uses: 'tenant:read' }, { home: 'read' }),
  // What it writes it writes through functions; no policy lets it in.
  keyCaller('writing-key', { of: 'home', scopes: ['usage:write'], uses: 'usage:write' }),
  keyCaller('polling-key', { of: 'home', scopes: ['webhooks:write'], uses: 'webhooks:write' }),
  keyCaller('overreaching-key', { of: 'home', scopes: ['usage:write'], uses: 'tenant:read' }),
  keyCaller(
    'neighbour-key',
    { of: 'other', scopes: ['tenant:read'], uses: 'tenant:read' },
    { other: 'read' },
  ),
  keyCaller('ended-key', { of: 'ended', scopes: ['tenant:read'], uses: 'tenant:read' }, { ended: 'read' }),
  keyCaller('frozen-key', { of: 'frozen', scopes: ['usage:write'], uses: 'usage:write' }),
  keyCaller('revoked-key', { of: 'home', scopes: ['tenant:read'], uses: 'tenant:read', dead: 'revoked' }),
  keyCaller('expired-key', { of: 'home', scopes: ['tenant:read'], uses: 'tenant:read', dead: 'expired' }),
  keyCaller('archived-key', {
    of: 'archived',
    scopes: ['tenant:read'],
    uses: 'tenant:read',
    dead: 'archived',
  }),
  keyCaller('claimed-key', { of: 'home', scopes: ['tenant:read'], uses: 'tenant:read', isClaimed: true }),
]

function keyCaller(name: string, key: Key, holds: Caller['holds'] = {}): Caller {
  return { name, role: 'authenticated', holds, key }
}

/** Who stands in tenant_members, and how. Suspended and invited people have the highest role, so that only their status stops them. */
const memberships: [person: string, tenant: TenantName, role: string, status: string][] = [
  ...tenantNames.map((name): [string, TenantName, string, string] => [
    `${name}-anchor`,
    name,
    'owner',
    'active',
  ]),
  ['reviewer', 'home', 'reviewer', 'active'],
  ['member', 'home', 'member', 'active'],
  ['admin', 'home', 'admin', 'active'],
  ['owner', 'home', 'owner', 'active'],
  ['suspended', 'home', 'owner', 'deactivated'],
  ['invited', 'home', 'owner', 'invited'],
  ...(['reviewer', 'member', 'admin'] as const).flatMap((role): [string, TenantName, string, string][] => [
    [`straddling-${role}`, 'home', role, 'active'],
    [`straddling-${role}`, 'other', 'owner', 'active'],
  ]),
  ['neighbour', 'other', 'owner', 'active'],
  ['frozen-owner', 'frozen', 'owner', 'active'],
  ['ended-owner', 'ended', 'owner', 'active'],
  ['archived-owner', 'archived', 'owner', 'active'],
  // An ordinary row in every tenant but home, which has its own.
  ...(['other', 'frozen', 'ended', 'archived'] as const).map((name): [string, TenantName, string, string] => [
    `${name}-member`,
    name,
    'member',
    'active',
  ]),
]

const people = [
  ...new Set([
    ...callers
      .filter((caller) => !caller.key && !['anon', 'subjectless'].includes(caller.name))
      .map((caller) => caller.name),
    ...memberships.map(([person]) => person),
  ]),
]

const numbered = (prefix: string, n: number) => `${prefix}${String(n).padStart(12, '0')}`
export const tenantId = (name: TenantName) =>
  numbered('15010000-0000-7000-8000-', tenantNames.indexOf(name) + 1)
export const personId = (name: string) => numbered('15010000-0000-4000-8000-', people.indexOf(name) + 1)
/** An id that no row has. */
export const nowhereId = numbered('15010000-0000-7000-8000-', 999)
/** What a row is labelled with that belongs to no tenant. */
export const everyoneId = '00000000-0000-0000-0000-000000000000'
export const slugOf = (name: TenantName | 'nowhere') => `matrix-${name}`
export const hostOf = (name: TenantName | 'nowhere') => `${name}.matrix.test`
/** Ids of the rows below, which a test may name. */
export const campaignId = (name: TenantName) =>
  numbered('15010000-0000-7000-8001-', tenantNames.indexOf(name) + 1)
export const participantId = (name: TenantName) =>
  numbered('15010000-0000-7000-8002-', tenantNames.indexOf(name) + 1)
export const domainId = (name: TenantName) =>
  numbered('15010000-0000-7000-8003-', tenantNames.indexOf(name) + 1)

export const endpointId = (name: TenantName) =>
  numbered('15010000-0000-7000-8004-', tenantNames.indexOf(name) + 1)
export const messageId = (name: TenantName) =>
  numbered('15010000-0000-7000-8005-', tenantNames.indexOf(name) + 1)

export const invitationId = (name: TenantName) =>
  numbered('15010000-0000-7000-8003-', tenantNames.indexOf(name) + 1)

export const keyId = (name: string) =>
  numbered('15010000-0000-7000-8003-', callers.findIndex((caller) => caller.name === name) + 1)

export function claimsOf({ name, role, key }: Caller): Record<string, string> {
  if (key) return { role, api_key: keyId(name), tenant_id: tenantId(key.of), scope: key.uses }
  return role === 'anon' || name === 'subjectless' ? { role } : { role, sub: personId(name) }
}

export const may = (caller: Caller, permission: Permission, tenant: TenantName) =>
  (caller.holds[tenant] ?? '').split(' ').includes(permission)

/** The people a caller sees: themselves, and everybody who stands in a tenant they read. */
export function colleaguesOf(caller: Caller): string[] {
  const shared = memberships.filter(([, tenant]) => may(caller, 'read', tenant)).map(([person]) => person)
  return [...new Set(people.includes(caller.name) ? [caller.name, ...shared] : shared)]
}

/** Puts the world into the open transaction of a superuser's connection: rows of every tenant in every table. */
export async function makeWorld(db: Client): Promise<void> {
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
    `insert into public.tenants (id, slug, name, status, trial_ends_at)
     select id, slug, slug, status, case when status = 'trial' then now() - interval '1 day' end
     from jsonb_to_recordset($1) as t (id uuid, slug text, status public.tenant_status)`,
    [
      JSON.stringify(
        Object.entries({
          home: 'active',
          other: 'active',
          frozen: 'frozen',
          ended: 'trial',
          archived: 'archived',
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
  for (const name of tenantNames) await fillTenant(db, name)
  for (const { name, key } of callers) if (key) await makeKey(db, keyId(name), key)
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

/** One row of every kind that a tenant does not get when it is made. */
async function fillTenant(db: Client, name: TenantName): Promise<void> {
  const id = tenantId(name)
  await db.query(
    `insert into public.tenant_invitations (tenant_id, id, email, token_hash, sent_at)
     values ($1, $2, 'invited@matrix.test', sha256(convert_to($1::uuid::text, 'UTF8')), now() - interval '1 hour')`,
    [id, invitationId(name)],
  )
  await db.query(`insert into public.tenant_products (tenant_id, product) values ($1, 'bots')`, [id])
  await db.query(`insert into public.tenant_projects (tenant_id, name, slug) values ($1, 'Matrix', $2)`, [
    id,
    slugOf(name),
  ])
  await db.query(
    `insert into public.tenant_domains (tenant_id, id, host, status, is_primary, verified_at)
     values ($1, $2, $3, 'verified', true, now())`,
    [id, domainId(name), hostOf(name)],
  )
  await db.query(
    `insert into public.tenant_idp_config (tenant_id, type, verified, verified_at, last_checked_at, sso_provider_id)
     values ($1, 'oidc', true, now(), now(), gen_random_uuid())`,
    [id],
  )
  await db.query(`insert into public.campaigns (tenant_id, id, name) values ($1, $2, 'Matrix')`, [
    id,
    campaignId(name),
  ])
  await db.query(
    `insert into public.participant_sessions (tenant_id, id, campaign_id, email) values ($1, $2, $3, 'participant@matrix.test')`,
    [id, participantId(name), campaignId(name)],
  )
  await db.query(
    `insert into public.usage_events (tenant_id, event_id, event_type) values ($1, 'matrix', 'matrix.made')`,
    [id],
  )
  await db.query(
    `insert into public.usage_event_keys (tenant_id, source, event_id, payload_hash) values ($1, 'api', 'matrix', $1)`,
    [id],
  )
  await db.query(
    `insert into public.webhook_endpoints (tenant_id, id, kind, secret_id)
     values ($1, $2, 'poll', vault.create_secret('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'))`,
    [id, endpointId(name)],
  )
  await db.query(
    `insert into public.webhook_events (tenant_id, id, type, version, payload) values ($1, $2, 'webhook.test', 1, '{}')`,
    [id, messageId(name)],
  )
  await db.query(
    'insert into public.webhook_deliveries (tenant_id, event_id, endpoint_id) values ($1, $2, $3)',
    [id, messageId(name), endpointId(name)],
  )
  await db.query(
    `insert into public.webhook_attempts (tenant_id, event_id, endpoint_id, attempt_number, outcome, duration_ms)
     values ($1, $2, $3, 1, 'succeeded', 1)`,
    [id, messageId(name), endpointId(name)],
  )
  await db.query(
    `insert into private.audit_viewers (tenant_id, user_id, token_hash, expires_at)
     select $1::uuid, min(user_id::text)::uuid, sha256(convert_to($1::uuid::text, 'UTF8')), now() + interval '1 minute'
     from public.tenant_members where tenant_id = $1`,
    [id],
  )
  await db.query(
    `insert into private.demo_snapshots (tenant_id, relation, rows) values ($1, 'tenants', '[]')`,
    [id],
  )
}
