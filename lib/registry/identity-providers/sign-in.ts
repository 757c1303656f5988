import { domainToASCII } from 'node:url'
import { enterTenant } from '../../auth/index.ts'
import { callerDb, type RequestHeaders, sql } from '../../db/index.ts'
import { noSuchProvider } from './queries.ts'
import type { IdpKind, SignInOptions } from './schema.ts'

/**
 * How people with this e-mail address sign in. It looks only at the part after the @ and does the same work whatever the
 * answer is. So it tells nothing about accounts. SQL counts how often it is asked from the address that the headers name. 429 too_many_sign_in_questions.
 */
export async function findSignInOptions(headers: RequestHeaders, email: string): Promise<SignInOptions> {
  const domain = domainToASCII(email.slice(email.lastIndexOf('@') + 1))
  const { options } = await callerDb({ role: 'service_role' }, headers).one<{ options: SignInOptions }>(sql`
    select public.find_idp_for_email(${`@${domain}`}) as options`)
  return options
}

/**
 * Binds a verified provider to the Supabase SSO provider that carries out its sign-ins, or unbinds it.
 * For the service alone, because a tenant that could name any provider could sign in another tenant's people.
 * 404 not_found, tenant_not_found; 409 idp_not_verified, sso_provider_taken.
 */
export async function bindSsoProvider(
  headers: RequestHeaders,
  tenantName: string,
  type: IdpKind,
  ssoProviderId: string | null,
): Promise<void> {
  const claims = { role: 'service_role' } as const
  const { tenant, db } = await enterTenant(claims, tenantName, 'manage', { headers })
  const [bound] = await db.query<{ id: string | null }>(sql`
    select id from private.bind_sso_provider(${tenant.id}, ${type}::public.idp_kind, ${ssoProviderId})`)
  if (!bound?.id) throw noSuchProvider(type)
}
