import { z } from 'zod'
import { keyset, moment, nextCursor, pageParameters } from '../../db/index.ts'
import { NetFault, parsePublicUrl } from '../../net/index.ts'
import { parsePinned } from './signing-certificate.ts'

/** A URL that may be fetched, judged without the network; the check asks the rest. */
const publicUrl = z
  .string()
  .max(2_048)
  .superRefine((text, context) => {
    try {
      parsePublicUrl(text)
    } catch (thrown) {
      if (!(thrown instanceof NetFault)) throw thrown
      context.addIssue({ code: 'custom', message: 'must be the https URL of a public server' })
    }
  })

/** Client ids and secrets are sent in a URL-encoded body, so they are printable ASCII. */
const word = z.string().regex(/^[\x21-\x7e]+$/, 'must be printable ASCII without spaces')

export const OidcSettings = z
  .strictObject({
    issuer: publicUrl
      .refine((text) => !/[?#]/.test(text), 'must have no query and no fragment')
      .meta({ description: 'Exactly as the provider spells it. Discovery starts here.' }),
    client_id: word.max(500),
    client_secret: word.max(1_024).optional().meta({
      description:
        'Stored in Vault and never shown. If it is left out, the stored one stays unless issuer or client_id change.',
    }),
    scopes: z.array(word.max(100)).max(20).optional().meta({ description: 'Besides openid.' }),
  })
  .meta({ id: 'OidcSettings' })

export const SamlSettings = z
  .strictObject({
    metadata_url: publicUrl.optional(),
    metadata_xml: z.string().min(1).max(150_000).optional(),
    entity_id: z
      .string()
      .min(1)
      .max(1_024)
      .optional()
      .meta({ description: 'Which entity is meant, where the metadata describes several.' }),
    metadata_signing_certificate: z
      .string()
      .max(10_000)
      .refine((text) => parsePinned(text) !== undefined, {
        error: 'must be one certificate as PEM or base64, or its SHA-256 fingerprint in hexadecimal',
      })
      .optional()
      .meta({
        description:
          'Who must sign the metadata: a certificate (PEM or base64), or its SHA-256 fingerprint (hexadecimal). Metadata that is unsigned, signed by another or altered is then refused.',
      }),
  })
  .refine(
    ({ metadata_url, metadata_xml }) => (metadata_url === undefined) !== (metadata_xml === undefined),
    'must have either metadata_url or metadata_xml',
  )
  .meta({ id: 'SamlSettings' })

/** For openapi.json. The path says which of the two is meant. */
export const IdpSettings = z.union([OidcSettings, SamlSettings])

export const IdpKind = z.enum(['oidc', 'saml'])
export const IdpPath = z.object({ type: IdpKind })

export const AtProvider = z
  .strictObject({
    redirect_uri: z.string().nullable().meta({ description: 'OIDC: the callback.' }),
    acs_url: z.string().nullable().meta({ description: 'SAML: where assertions are posted.' }),
    entity_id: z.string().nullable().meta({ description: 'SAML: the service provider, also the audience.' }),
    metadata_url: z.string().nullable().meta({ description: 'SAML: all of that as a document.' }),
  })
  .meta({ id: 'AtProvider', description: 'What to enter at the provider.' })

/** No rule makes an owner. */
const RuleRole = z.enum(['admin', 'member', 'reviewer'])

export const JoinRule = z
  .strictObject({
    rule: z.enum(['off', 'verified_domain', 'group']).meta({
      description:
        'Whom the provider makes a member when they sign in: nobody, those whose address is at a verified domain of the tenant, or those of a group.',
    }),
    role: RuleRole.default('member').meta({ description: 'verified_domain: the role they get.' }),
    claim: z.string().min(1).max(200).nullable().default(null).meta({
      description: "group: the claim that lists the groups, as Supabase Auth's attribute mapping names it.",
    }),
    groups: z
      .array(z.strictObject({ value: z.string().min(1).max(500), role: RuleRole }))
      .max(50)
      .default([])
      .meta({ description: 'group: the role of each group. Who is in several has the highest.' }),
  })
  .meta({ id: 'JoinRule' })

/** A tenant's identity provider, as its managers see it. */
export const IdentityProvider = z
  .strictObject({
    ref_id: z.string(),
    type: IdpKind,
    metadata: z.record(z.string(), z.unknown()).meta({ description: 'The settings without the secret.' }),
    has_client_secret: z.boolean(),
    verified: z.boolean().meta({ description: 'Whether exactly these settings passed the check.' }),
    verified_at: moment.nullable(),
    last_checked_at: moment.nullable(),
    last_check_error: z.string().nullable(),
    discovered: z
      .record(z.string(), z.unknown())
      .meta({ description: 'What the last successful check found.' }),
    keys_expire_at: moment.nullable().meta({ description: "When a SAML provider's last certificate ends." }),
    warnings: z.array(z.string()),
    sso_provider_id: z.string().nullable().meta({ description: "Supabase Auth's provider, once bound." }),
    at_provider: AtProvider,
    email_domains: z.array(z.string()).meta({
      description: "The tenant's verified domains. Once bound, addresses of these domains sign in here.",
    }),
    join_rule: JoinRule,
    created_at: moment,
    updated_at: moment,
  })
  .meta({ id: 'IdentityProvider' })

/** By kind: oidc, then saml. */
export const identityProviderOrder = keyset('identity_providers', { type: IdpKind })
export const IdentityProviderQuery = z.strictObject(pageParameters(identityProviderOrder))
export const IdentityProviders = z
  .strictObject({ identity_providers: z.array(IdentityProvider), next_cursor: nextCursor })
  .meta({ id: 'IdentityProviders' })

export const SsoProviderBinding = z
  .strictObject({ sso_provider_id: z.guid().nullable() })
  .meta({ id: 'SsoProviderBinding', description: 'null unbinds.' })

export const SignInOptionsRequest = z
  .strictObject({
    email: z
      .string()
      .max(254)
      .regex(/^[^\s@]+@[^\s@]+$/, 'must be an e-mail address'),
  })
  .meta({ id: 'SignInOptionsRequest' })

export const SignInOptions = z
  .union([
    z.strictObject({ method: z.literal('password') }),
    z.strictObject({ method: z.literal('sso'), tenant: z.string(), sso_provider_id: z.string() }),
  ])
  .meta({ id: 'SignInOptions' })

const notMemberBecause = [
  ...(['not_of_provider', 'provider_not_bound', 'rule_off', 'domain_not_verified', 'no_group'] as const),
  ...(['membership_deactivated', 'limit_reached', 'provider_not_verified', 'certificate_expired'] as const),
  ...(['feature_not_in_plan', 'tenant_frozen', 'trial_ended'] as const),
] as const

export const SignIn = z
  .strictObject({
    outcome: z.enum(['joined', 'member', 'role_changed', 'left', 'refused', 'none']).meta({
      description:
        'member: nothing changed. refused: the rule covers the person, and something is in the way.',
    }),
    reason: z.enum(notMemberBecause).nullable().meta({ description: 'Why the caller is no member.' }),
    tenant: z.string().nullable().meta({ description: 'The slug of the tenant whose provider this is.' }),
    role: z.string().nullable(),
  })
  .meta({ id: 'SignIn' })

/** What asking the due providers again came to. */
export const CheckedProviders = z
  .strictObject({
    checked: z.int(),
    good: z.int(),
    bad: z.int(),
    unreachable: z.int(),
    changed: z.int().meta({ description: 'Somebody changed the settings meanwhile.' }),
  })
  .meta({ id: 'CheckedProviders' })

export type CheckedProviders = z.infer<typeof CheckedProviders>
export type JoinRule = z.output<typeof JoinRule>
export type SignIn = z.infer<typeof SignIn>
export type IdpKind = z.infer<typeof IdpKind>
export type OidcSettings = z.infer<typeof OidcSettings>
export type SamlSettings = z.infer<typeof SamlSettings>
export type IdentityProvider = z.infer<typeof IdentityProvider>
export type IdentityProviders = z.infer<typeof IdentityProviders>
export type IdentityProviderQuery = z.output<typeof IdentityProviderQuery>
export type SignInOptions = z.infer<typeof SignInOptions>
