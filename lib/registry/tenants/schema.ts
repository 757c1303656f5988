import { z } from 'zod'
import { keyset, moment, nextCursor, pageParameters, refId } from '../../db/index.ts'

export const tenantStatuses = ['demo', 'trial', 'active', 'frozen', 'archived'] as const
export const roles = ['owner', 'admin', 'member', 'reviewer'] as const

/** A tenant as its members see it. */
export const Tenant = z
  .strictObject({
    ref_id: z.string(),
    slug: z.string(),
    name: z.string(),
    status: z.enum(tenantStatuses),
    kind: z.enum(['customer', 'demo', 'platform']),
    plan: z.string(),
    tenant_type: z.string(),
    locale: z.string(),
    time_zone: z
      .string()
      .meta({ description: "Where the tenant's months and days begin: a name of the IANA list." }),
    trial_ends_at: moment.nullable(),
    created_at: moment,
    updated_at: moment,
    role: z.enum(roles).nullable().meta({ description: "The caller's own role; null for an API key." }),
    permissions: z.array(z.string()).meta({
      description:
        'What the caller may do here now: by role, status and trial. None for an API key, which has scopes.',
    }),
  })
  .meta({ id: 'Tenant', description: 'A tenant as its members see it.' })

const text = z.string().nullable()
const day = z.iso.date().nullable()

export const TenantAccount = z
  .strictObject({
    erp_customer_id: text,
    stripe_cust_id: text,
    contract_start: day,
    contract_end: day,
    status_reason: text,
  })
  .meta({
    id: 'TenantAccount',
    description: "What the platform's billing knows of a tenant, for its managers.",
  })

const name = z.string().trim().min(1).max(200)
const locale = z
  .string()
  .regex(
    /^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$/,
    'must be a language tag, such as en or de-CH',
  )

export const NewTenant = z
  .strictObject({
    // SQL checks its form and whether it is reserved or taken: slug_invalid, slug_reserved, slug_taken.
    slug: z.string().max(200),
    name,
    tenant_type: z
      .string()
      .regex(/^[a-z][a-z0-9_-]{0,39}$/, 'must be a word of lowercase letters, digits, - and _')
      .optional(),
    locale: locale.optional(),
  })
  .meta({ id: 'NewTenant' })

export const TenantChange = z
  // SQL knows the names there are.
  .strictObject({ name, locale, time_zone: z.string().min(1).max(64) })
  .partial()
  .refine((change) => Object.keys(change).length > 0, 'must change something')
  .meta({ id: 'TenantChange' })

export const TenantSlugChange = z.strictObject({ slug: z.string().max(200) }).meta({ id: 'TenantSlugChange' })

/** The newest first. */
export const tenantOrder = keyset('tenants', { ref_id: refId })
export const TenantQuery = z.strictObject(pageParameters(tenantOrder))
export const Tenants = z
  .strictObject({ tenants: z.array(Tenant), next_cursor: nextCursor })
  .meta({ id: 'Tenants' })

export type Tenant = z.infer<typeof Tenant>
export type TenantAccount = z.infer<typeof TenantAccount>
export type NewTenant = z.infer<typeof NewTenant>
export type TenantChange = z.infer<typeof TenantChange>
export type Tenants = z.infer<typeof Tenants>
export type TenantQuery = z.output<typeof TenantQuery>
