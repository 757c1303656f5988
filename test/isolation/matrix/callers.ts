import { createHash } from 'node:crypto'

/** The tenants of the matrix: one like the callers' own, one like anybody else's, and one in each state that takes rights away. */
export const tenantNames = ['home', 'other', 'frozen', 'ended', 'archived', 'unaccepted'] as const
export type TenantName = (typeof tenantNames)[number]

export type Permission =
  | 'read'
  | 'read_clients'
  | 'read_admin'
  | 'write'
  | 'manage'
  | 'own'
  | 'review'
  | OpenPermission
/** Those that are held while a contract waits. */
type OpenPermission = 'export' | 'contract' | 'leave'

export interface Caller {
  name: string
  role: 'anon' | 'authenticated'
  /** What the caller may do where, as tenancy.md promises it. Written out: reading it from SQL would prove nothing. */
  holds: Partial<Record<TenantName, string>>
  /** A manager of the platform's own tenant, with a second factor. What they see of that one is not looked at here. */
  isOperator?: true
  /** An API key or a portal token and not a person: the scope its request uses; nothing when it is dead. */
  key?: Key
}

export interface Key {
  of: TenantName
  /** What the key has, and what its request uses. */
  scopes: string[]
  uses: string
  dead?: 'revoked' | 'expired' | 'archived'
  /** Of a tenant whose contract waits. */
  waits?: true
  /** Only its claims, as a token could bring them to the REST API: no function verified a key. */
  isClaimed?: true
  /** A portal token: the person or the API key that lent it. */
  lentBy?: string
  /** Of a token: whoever lent it may do this no more. */
  isOrphan?: true
}

const all = 'read read_clients read_admin write manage own review export contract leave'
const managing = 'read read_clients read_admin write manage review contract leave'

export const callers: Caller[] = [
  { name: 'anon', role: 'anon', holds: {} },
  // A token without a subject: signed in by the letter, and nobody.
  { name: 'subjectless', role: 'authenticated', holds: {} },
  { name: 'stranger', role: 'authenticated', holds: {} },
  { name: 'reviewer', role: 'authenticated', holds: { home: 'read review leave' } },
  { name: 'member', role: 'authenticated', holds: { home: 'read read_clients write leave' } },
  { name: 'admin', role: 'authenticated', holds: { home: managing } },
  { name: 'owner', role: 'authenticated', holds: { home: all } },
  { name: 'neighbour', role: 'authenticated', holds: { other: all } },
  // Owners of one tenant and less in another: rights in one must not carry over.
  { name: 'straddling-reviewer', role: 'authenticated', holds: { home: 'read review leave', other: all } },
  {
    name: 'straddling-member',
    role: 'authenticated',
    holds: { home: 'read read_clients write leave', other: all },
  },
  {
    name: 'straddling-admin',
    role: 'authenticated',
    // A tenant of theirs that is closed takes nothing from the others.
    holds: { home: managing, other: all, unaccepted: 'export contract leave' },
  },
  // Over REST an operator is a person like any other: what operators may do, they do by routes.
  { name: 'operator', role: 'authenticated', holds: {}, isOperator: true },
  { name: 'suspended', role: 'authenticated', holds: {} },
  { name: 'removed', role: 'authenticated', holds: {} },
  {
    name: 'frozen-owner',
    role: 'authenticated',
    holds: { frozen: 'read read_clients read_admin export contract leave' },
  },
  {
    name: 'ended-owner',
    role: 'authenticated',
    holds: { ended: 'read read_clients read_admin export contract leave' },
  },
  { name: 'unaccepted-owner', role: 'authenticated', holds: { unaccepted: 'export contract leave' } },
  { name: 'archived-owner', role: 'authenticated', holds: {} },
  keyCaller('reading-key', { of: 'home', scopes: ['tenant:read'], uses: 'tenant:read' }),
  // What it writes it writes through functions; no policy lets it in.
  keyCaller('writing-key', { of: 'home', scopes: ['usage:write'], uses: 'usage:write' }),
  keyCaller('polling-key', { of: 'home', scopes: ['webhooks:write'], uses: 'webhooks:write' }),
  // One key for each scope that is left: it sees what its scope names, and not what another one of the same permission does.
  ...[
    ...['brand:read', 'members:read', 'entitlements:read', 'event_types:read', 'audit:read', 'audit:export'],
    ...['endpoints:read', 'endpoints:write', 'deliveries:read', 'replays:write', 'usage:read', 'voids:write'],
    ...['credits:read', 'credits:write', 'calls:read', 'calls:write', 'spend:read', 'bots:read'],
  ].map((scope) => keyCaller(`${scope}-key`, { of: 'home', scopes: [scope], uses: scope })),
  // A key with both, whose request uses one: the other counts for nothing.
  keyCaller('broad-key', {
    of: 'home',
    scopes: ['endpoints:write', 'deliveries:read'],
    uses: 'deliveries:read',
  }),
  keyCaller('overreaching-key', { of: 'home', scopes: ['usage:write'], uses: 'tenant:read' }),
  keyCaller('overreaching-writing-key', {
    of: 'home',
    scopes: ['endpoints:read'],
    uses: 'endpoints:write',
  }),
  keyCaller('neighbour-key', { of: 'other', scopes: ['tenant:read'], uses: 'tenant:read' }),
  keyCaller('neighbour-writing-key', { of: 'other', scopes: ['endpoints:write'], uses: 'endpoints:write' }),
  keyCaller('ended-key', { of: 'ended', scopes: ['tenant:read'], uses: 'tenant:read' }),
  keyCaller('unaccepted-key', {
    of: 'unaccepted',
    scopes: ['tenant:read'],
    uses: 'tenant:read',
    waits: true,
  }),
  keyCaller('unaccepted-writing-key', {
    of: 'unaccepted',
    scopes: ['usage:write'],
    uses: 'usage:write',
    waits: true,
  }),
  keyCaller('frozen-key', { of: 'frozen', scopes: ['usage:write'], uses: 'usage:write' }),
  keyCaller('frozen-managing-key', { of: 'frozen', scopes: ['endpoints:write'], uses: 'endpoints:write' }),
  keyCaller('frozen-reading-key', { of: 'frozen', scopes: ['audit:read'], uses: 'audit:read' }),
  keyCaller('revoked-key', { of: 'home', scopes: ['tenant:read'], uses: 'tenant:read', dead: 'revoked' }),
  keyCaller('revoked-writing-key', {
    of: 'home',
    scopes: ['endpoints:write'],
    uses: 'endpoints:write',
    dead: 'revoked',
  }),
  keyCaller('expired-key', { of: 'home', scopes: ['tenant:read'], uses: 'tenant:read', dead: 'expired' }),
  keyCaller('archived-key', {
    of: 'archived',
    scopes: ['tenant:read'],
    uses: 'tenant:read',
    dead: 'archived',
  }),
  keyCaller('claimed-key', { of: 'home', scopes: ['tenant:read'], uses: 'tenant:read', isClaimed: true }),
  // A portal token for each scope that a portal has, lent by people and by keys.
  tokenCaller('endpoints-token', 'admin', {
    scopes: ['endpoints:read', 'deliveries:read'],
    uses: 'endpoints:read',
  }),
  tokenCaller('deliveries-token', 'owner', {
    scopes: ['endpoints:read', 'deliveries:read'],
    uses: 'deliveries:read',
  }),
  tokenCaller('event-types-token', 'owner', { uses: 'event_types:read' }),
  tokenCaller('writing-token', 'admin', { uses: 'endpoints:write' }),
  tokenCaller('replaying-token', 'admin', { uses: 'replays:write' }),
  tokenCaller('audit-token', 'admin', { uses: 'audit:read' }),
  tokenCaller('lent-by-key-token', 'endpoints:write-key', { uses: 'endpoints:write' }),
  tokenCaller('overreaching-token', 'owner', { scopes: ['endpoints:read'], uses: 'endpoints:write' }),
  tokenCaller('neighbour-token', 'neighbour', { of: 'other', uses: 'endpoints:write' }),
  tokenCaller('frozen-token', 'frozen-owner', { of: 'frozen', uses: 'endpoints:write' }),
  tokenCaller('frozen-reading-token', 'frozen-owner', { of: 'frozen', uses: 'deliveries:read' }),
  tokenCaller('unaccepted-token', 'unaccepted-owner', {
    of: 'unaccepted',
    uses: 'deliveries:read',
    waits: true,
  }),
  tokenCaller('archived-token', 'archived-owner', {
    of: 'archived',
    uses: 'deliveries:read',
    dead: 'archived',
  }),
  tokenCaller('expired-token', 'owner', { uses: 'endpoints:write', dead: 'expired' }),
  // What was lent goes with whoever lent it.
  tokenCaller('of-suspended-token', 'suspended', { uses: 'endpoints:write', isOrphan: true }),
  tokenCaller('of-member-token', 'member', { uses: 'audit:read', isOrphan: true }),
  tokenCaller('of-revoked-key-token', 'revoked-writing-key', { uses: 'endpoints:write', isOrphan: true }),
  tokenCaller('of-narrow-key-token', 'endpoints:read-key', { uses: 'endpoints:write', isOrphan: true }),
  tokenCaller('claimed-token', 'owner', { uses: 'endpoints:read', isClaimed: true }),
]

/** A key holds no permission: what it reaches names its scope. */
function keyCaller(name: string, key: Key): Caller {
  return { name, role: 'authenticated', holds: {}, key }
}

/** A portal token, of home unless said otherwise, with the scope that its request uses. */
function tokenCaller(name: string, lentBy: string, token: Partial<Key> & { uses: string }): Caller {
  return keyCaller(name, { of: 'home', scopes: [token.uses], lentBy, ...token })
}

/** Who stands in tenant_members, and how. The suspended have the highest role, so that only their status stops them. */
export const memberships: [person: string, tenant: TenantName, role: string, status: string][] = [
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
  ...(['reviewer', 'member', 'admin'] as const).flatMap((role): [string, TenantName, string, string][] => [
    [`straddling-${role}`, 'home', role, 'active'],
    [`straddling-${role}`, 'other', 'owner', 'active'],
  ]),
  ['neighbour', 'other', 'owner', 'active'],
  ['frozen-owner', 'frozen', 'owner', 'active'],
  ['ended-owner', 'ended', 'owner', 'active'],
  ['archived-owner', 'archived', 'owner', 'active'],
  ['unaccepted-owner', 'unaccepted', 'owner', 'active'],
  ['straddling-admin', 'unaccepted', 'owner', 'active'],
  // An ordinary row in every tenant but home, which has its own.
  ...(['other', 'frozen', 'ended', 'archived', 'unaccepted'] as const).map(
    (name): [string, TenantName, string, string] => [`${name}-member`, name, 'member', 'active'],
  ),
]

export const people = [
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
/** The id of the row of a table that the world gives to a tenant, where the table's rules say it has one. */
export function rowId(table: string, tenant: TenantName | 'nowhere'): string {
  if (tenant === 'nowhere') return nowhereId
  const number = String(tenantNames.indexOf(tenant) + 1).padStart(3, '0')
  return `15010000-0000-7000-8${number}-${createHash('sha256').update(table).digest('hex').slice(0, 12)}`
}

export const idOf = (tenant: TenantName | 'nowhere') => (tenant === 'nowhere' ? nowhereId : tenantId(tenant))
/** Whether anybody sees the tenant's page. */
export const isPublished = (tenant: TenantName | 'nowhere') => tenant !== 'nowhere' && tenant !== 'archived'

export const keyId = (name: string) =>
  numbered('15010000-0000-7000-8003-', callers.findIndex((caller) => caller.name === name) + 1)

export function claimsOf({ name, role, key, isOperator }: Caller): Record<string, string> {
  if (key)
    return {
      role,
      [key.lentBy ? 'portal_token' : 'api_key']: keyId(name),
      tenant_id: tenantId(key.of),
      scope: key.uses,
    }
  if (isOperator) return { role, sub: personId(name), aal: 'aal2' }
  return role === 'anon' || name === 'subjectless' ? { role } : { role, sub: personId(name) }
}

export const may = (caller: Caller, permission: Permission, tenant: TenantName) =>
  (caller.holds[tenant] ?? '').split(' ').includes(permission)

/** Whether a caller sees the rows of a tenant that members with this permission see, and keys with one of these scopes. */
export function sees(caller: Caller, permission: Permission, scopes: string[], tenant: TenantName): boolean {
  const { key } = caller
  if (!key) return may(caller, permission, tenant)
  const isGood = !key.dead && !key.waits && !key.isClaimed && !key.isOrphan && key.scopes.includes(key.uses)
  return isGood && key.of === tenant && scopes.includes(key.uses)
}

/** The people a caller sees: themselves, and everybody who stands in a tenant whose members they read. */
export function colleaguesOf(caller: Caller, scopes: string[] = []): string[] {
  const shared = memberships
    .filter(([, tenant]) => sees(caller, 'read', scopes, tenant))
    .map(([person]) => person)
  return [...new Set(people.includes(caller.name) ? [caller.name, ...shared] : shared)]
}

/** A key of the tenant. */
export function keyOf(tenant: TenantName | 'nowhere'): string {
  const caller = callers.find((one) => one.key?.of === tenant)
  return caller ? keyId(caller.name) : nowhereId
}

/** Opens a table to inserts by anybody who is signed in, so that its keys are all that is left to refuse. */
export const letIn = (table: string) =>
  `grant insert on public.${table} to authenticated; create policy probe on public.${table} for insert to authenticated with check (true)`
