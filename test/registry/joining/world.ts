import { randomBytes, randomUUID } from 'node:crypto'
import { call } from '../../kit/call.ts'
import { signInAtCompany } from '../../kit/company-sign-in.ts'
import { admin } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant, type TenantOptions } from '../../kit/tenants.ts'

/** A tenant with a verified domain and a SAML provider that is verified and bound. */
export interface Company {
  owner: Person
  tenant: Tenant
  host: string
  /** Auth's SSO provider. */
  provider: string
}

export async function makeCompany(options: TenantOptions = {}): Promise<Company> {
  const owner = await makePerson()
  const tenant = await makeTenant({ owner, ...options })
  const company = { owner, tenant, host: `${randomBytes(6).toString('hex')}.example`, provider: randomUUID() }
  await admin.query(
    `insert into public.tenant_domains (tenant_id, host, status, verified_at) values ($1, $2, 'verified', now())`,
    [tenant.id, company.host],
  )
  await admin.query(
    `insert into public.tenant_idp_config (tenant_id, type, metadata, verified, verified_at, last_checked_at, sso_provider_id)
     values ($1, 'saml', '{"metadata_url": "https://idp.example/metadata"}', true, now(), now(), $2)`,
    [tenant.id, company.provider],
  )
  return company
}

export const setRule = ({ tenant, owner }: Company, body: object, type = 'saml') =>
  call(`/registry/tenants/${tenant.slug}/identity-providers/${type}/join-rule`, {
    ...{ method: 'PUT', token: owner.token, body },
  })

export const byDomain = { rule: 'verified_domain' }
export const byGroup = (...groups: [value: string, role: string][]) => ({
  ...{ rule: 'group', claim: 'groups' },
  groups: groups.map(([value, role]) => ({ value, role })),
})

/** Somebody signs in at the company's provider, with its groups if there are any. */
export const signIn = (company: Company, groups?: unknown, more: { subject?: string; email?: string } = {}) =>
  signInAtCompany({
    provider: company.provider,
    subject: more.subject ?? randomUUID(),
    email: more.email ?? `ada@${company.host}`,
    ...(groups !== undefined && { claims: { groups } }),
  })

/** The role and status of a person in a tenant, as one word. */
export async function roleOf({ tenant }: Pick<Company, 'tenant'>, id: string): Promise<string | undefined> {
  const { rows } = await admin.query<{ role: string; status: string }>(
    'select role, status from public.tenant_members where tenant_id = $1 and user_id = $2',
    [tenant.id, id],
  )
  return rows[0] && (rows[0].status === 'active' ? rows[0].role : `${rows[0].role}, ${rows[0].status}`)
}

/** What the route for people who have signed in answers. */
export const settle = async (token: string): Promise<unknown> =>
  (await call('/registry/sign-ins', { method: 'POST', token })).json()

/** What the audit log says of rules, in their order. */
export async function recorded({ tenant }: Company) {
  const { rows } = await admin.query<{
    action: string
    target_id: string
    metadata: Record<string, unknown>
  }>(
    `select action, target_id, metadata from public.audit_log
     where tenant_id = $1 and action like 'member.%_by_rule' order by seq`,
    [tenant.id],
  )
  return rows
}
