import { type Db, Problem, readPage, sql } from '../../db/index.ts'
import { publicUrl } from '../../storage/index.ts'
import { IdpFault } from './fault.ts'
import { verifyMetadata } from './saml-signature.ts'
import {
  type IdentityProvider,
  type IdentityProviderQuery,
  type IdentityProviders,
  type IdpKind,
  identityProviderOrder,
  type OidcSettings,
  type SamlSettings,
} from './schema.ts'

/** Managers are warned this many days before a certificate ends. */
const warnDays = 30

type Stored = Omit<IdentityProvider, 'warnings' | 'at_provider'>

/** A page of a tenant's identity providers, by kind: there is at most one of each. */
export async function listIdentityProviders(
  db: Db,
  tenantId: string,
  { limit, cursor }: IdentityProviderQuery,
): Promise<IdentityProviders> {
  const { rows, next_cursor } = await readPage<Stored>(
    db,
    identityProviderOrder,
    { limit, cursor },
    (rowCount) => sql`
    select c.ref_id, c.type, c.metadata, c.client_secret_id is not null as has_client_secret, c.verified, c.verified_at,
      c.last_checked_at, c.last_check_error, c.discovered, c.keys_expire_at, c.sso_provider_id, c.created_at, c.updated_at,
      jsonb_build_object('rule', c.join_rule, 'role', c.join_role, 'claim', c.join_claim, 'groups', c.join_groups) as join_rule,
      array(select d.host from public.tenant_domains as d
        where d.tenant_id = c.tenant_id and d.status = 'verified' order by d.host) as email_domains
    from public.tenant_idp_config as c
    where c.tenant_id = ${tenantId} and (${cursor?.type}::public.idp_kind is null or c.type > ${cursor?.type}::public.idp_kind)
    order by c.type limit ${rowCount}`,
  )
  return { identity_providers: rows.map(withWarnings), next_cursor }
}

/** One of them. 404 not_found. */
export async function readIdentityProvider(
  db: Db,
  tenantId: string,
  type: IdpKind,
): Promise<IdentityProvider> {
  const { identity_providers: all } = await listIdentityProviders(db, tenantId, { limit: 10 })
  const found = all.find((provider) => provider.type === type)
  if (!found) throw noSuchProvider(type)
  return found
}

/**
 * Stores the settings. Nobody can sign in by them before they are checked. 403 without "manage"; 422 invalid_value, also
 * for pasted metadata that cannot be read, or whose signature does not hold.
 */
export async function setIdentityProvider(
  db: Db,
  tenantId: string,
  type: IdpKind,
  settings: OidcSettings | SamlSettings,
): Promise<IdentityProvider> {
  await db.query(sql`select private.require_permission(${tenantId}, 'manage')`)
  if ('metadata_xml' in settings) await refuseBadMetadata(settings)
  const { client_secret: secret = null, ...metadata } = { client_secret: null, ...settings }
  return db.transaction(async (tx) => {
    await tx.query(sql`
      select public.set_idp_config(${tenantId}, ${type}, ${JSON.stringify(metadata)}::jsonb, ${secret})`)
    return readIdentityProvider(tx, tenantId, type)
  })
}

/** What a manager pastes does not change any more, so they learn at once that it cannot be read or relied on. */
async function refuseBadMetadata(settings: SamlSettings): Promise<void> {
  try {
    await verifyMetadata(settings.metadata_xml ?? '', settings.metadata_signing_certificate)
  } catch (thrown) {
    if (!(thrown instanceof IdpFault)) throw thrown
    throw new Problem('invalid_value', 'The metadata of the identity provider cannot be used.', {
      errors: [{ pointer: '/metadata_xml', detail: thrown.message }],
    })
  }
}

/** Deletes a provider and its secret. 404 not_found. */
export async function removeIdentityProvider(db: Db, tenantId: string, type: IdpKind): Promise<void> {
  const removed = await db.query(sql`
    delete from public.tenant_idp_config as c where c.tenant_id = ${tenantId} and c.type::text = ${type} returning 1`)
  if (removed.length === 0) throw noSuchProvider(type)
}

export function noSuchProvider(type: IdpKind): Problem {
  return new Problem('not_found', `This tenant has no identity provider of the kind ${type}.`)
}

function withWarnings(provider: Stored): IdentityProvider {
  return { ...provider, warnings: warningsOf(provider), at_provider: atProvider(provider.type) }
}

/** Where Supabase Auth, which carries out the sign-ins, expects the provider's answers. The same for every tenant. */
export function atProvider(type: IdpKind): IdentityProvider['at_provider'] {
  const auth = publicUrl('/auth/v1')
  if (type === 'oidc')
    return { redirect_uri: `${auth}/callback`, acs_url: null, entity_id: null, metadata_url: null }
  const metadata = `${auth}/sso/saml/metadata`
  return { redirect_uri: null, acs_url: `${auth}/sso/saml/acs`, entity_id: metadata, metadata_url: metadata }
}

function warningsOf({ discovered, keys_expire_at: end }: Stored): string[] {
  const found = Array.isArray(discovered.warnings) ? discovered.warnings.map(String) : []
  if (end === null) return found
  const daysLeft = (new Date(end).getTime() - Date.now()) / 86_400_000
  if (daysLeft <= 0) return [...found, 'The last certificate has expired: nobody is led to this provider.']
  if (daysLeft > warnDays) return found
  return [...found, `The last certificate expires in ${Math.floor(daysLeft)} days.`]
}
