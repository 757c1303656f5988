import { z } from 'zod'
import { keyset, moment, nextCursor, offsetMoment, pageParameters } from '../../db/index.ts'

const word = /^[a-z][a-z0-9_-]{1,39}$/

/** A product of the platform, by its manifest. */
export const Product = z
  .strictObject({
    product: z.string(),
    name: z.string(),
    description: z.string(),
    supports_projects: z.boolean(),
    features: z.array(z.string()),
  })
  .meta({ id: 'Product', description: 'A product of the platform, by its manifest.' })

/** By name. */
export const productOrder = keyset('products', { product: z.string().regex(word) })
export const ProductQuery = z.strictObject(pageParameters(productOrder))
export const Products = z
  .strictObject({ products: z.array(Product), next_cursor: nextCursor })
  .meta({ id: 'Products' })

const config = z
  .record(z.string(), z.unknown())
  .refine((value) => new TextEncoder().encode(JSON.stringify(value)).length <= 16_000, {
    error: 'must have 16,000 bytes of JSON at most',
  })

/** A product that was granted to a tenant. */
export const TenantProduct = z
  .strictObject({
    product: z.string(),
    name: z.string(),
    enabled: z.boolean(),
    config: z.record(z.string(), z.unknown()),
    expires_at: moment.nullable(),
    created_at: moment,
    updated_at: moment,
  })
  .meta({ id: 'TenantProduct', description: 'A product that was granted to a tenant.' })

/** By name. */
export const tenantProductOrder = keyset('tenant_products', { product: z.string().regex(word) })
export const TenantProductQuery = z.strictObject(pageParameters(tenantProductOrder))
export const TenantProducts = z
  .strictObject({ products: z.array(TenantProduct), next_cursor: nextCursor })
  .meta({ id: 'TenantProducts' })

export const ProductGrant = z
  .strictObject({
    enabled: z.boolean().default(true),
    config: config.default({}),
    expires_at: offsetMoment.nullable().default(null),
  })
  .meta({ id: 'ProductGrant', description: 'Replaces what was granted before. Null: without an end.' })

/** Why something may not be used now. */
const entitlementReasons = [
  'tenant_frozen',
  'trial_ended',
  'unknown_product',
  'product_not_granted',
  'product_disabled',
  'product_expired',
  'unknown_feature',
  'feature_not_in_plan',
] as const

const Answer = z.strictObject({
  allowed: z.boolean(),
  reason: z.enum(entitlementReasons).nullable(),
  plan_that_has_it: z
    .string()
    .nullable()
    .meta({ description: 'The cheapest plan with the feature that is missing.' }),
  expires_at: moment.nullable().meta({ description: 'When it ends by itself; null for never.' }),
})

/** Whether a tenant may use a product, or a feature of it, now. */
export const Entitlement = Answer.meta({ id: 'Entitlement' })

/** How much of a limit of its plan a tenant uses. */
const Limit = z.strictObject({
  limit: z.string(),
  allowed: z.boolean(),
  reason: z.enum(['tenant_frozen', 'trial_ended', 'limit_reached']).nullable(),
  most: z.int().nullable().meta({ description: 'What the plan allows; null for no limit.' }),
  used: z.int(),
  left: z.int().nullable(),
  resets_at: moment.nullable().meta({ description: 'When a monthly count starts again; null for others.' }),
})

/** What a tenant has beyond its plan. */
const Excess = z.strictObject({
  gate: z.string().meta({ description: 'The limit or feature.' }),
  in_use: z.int(),
  most: z
    .int()
    .meta({ description: 'What the plan allows; 0 for what needs a feature that it does not have.' }),
  switches_off_at: moment.meta({ description: 'Until then everything works.' }),
  switched_off_at: moment
    .nullable()
    .meta({ description: 'Since when what is beyond the plan is off, the newest first.' }),
})

export const Entitlements = z
  .strictObject({
    plan: z.string(),
    supports_projects: z.boolean(),
    products: z.array(Answer.extend({ product: z.string() })),
    features: z.array(Answer.extend({ feature: z.string() })),
    limits: z.array(Limit),
    over_plan: z.array(Excess).meta({ description: 'What the tenant has beyond its plan.' }),
  })
  .meta({
    id: 'Entitlements',
    description: 'Every product, feature and limit there is, and whether it may be used now.',
  })

export const ProductPath = z.object({ product: z.string().regex(word) })

export const EntitlementQuestion = z.strictObject({
  feature: z
    .string()
    .regex(/^[a-z][a-z0-9_]{1,39}$/, 'must be the name of a feature')
    .optional(),
})

export type Product = z.infer<typeof Product>
export type TenantProduct = z.infer<typeof TenantProduct>
export type Products = z.infer<typeof Products>
export type ProductQuery = z.output<typeof ProductQuery>
export type TenantProducts = z.infer<typeof TenantProducts>
export type TenantProductQuery = z.output<typeof TenantProductQuery>
export type ProductGrant = z.infer<typeof ProductGrant>
export type Entitlement = z.infer<typeof Entitlement>
export type Entitlements = z.infer<typeof Entitlements>
