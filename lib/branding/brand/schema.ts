import { z } from 'zod'
import { moment } from '../../db/index.ts'
import { colorNames, PublicConfig } from '../page/schema.ts'

const text = z.string()
const link = z.string().max(2_048).nullable()
const address = z.string().max(254).nullable()
const shortText = z.string().max(255).nullable()

/** The canonical shape a brand is stored in. */
const CanonicalBrand = z.object({
  colors: z.partialRecord(z.enum(colorNames), text).optional(),
  fonts: z.object({ heading: text.optional(), body: text.optional() }).optional(),
  logo: z.object({ url: text.optional(), alt: text.optional(), width: z.number().optional() }).optional(),
  theme_mode: z.enum(['override', 'inherit']).optional(),
  tagline: text.optional(),
  messages: z.object({ welcome: text.optional(), completion: text.optional() }).optional(),
  show_powered_by: z.boolean().optional(),
})

const EmailConfig = z.strictObject({
  from_name: text.nullable().optional(),
  from_email: text.nullable().optional(),
  reply_to: text.nullable().optional(),
  signature: text.nullable().optional(),
})

const columns = {
  display_name: z.string().trim().min(1).max(255),
  is_active: z.boolean(),
  enabled_assessments: z.array(z.string().regex(/^[a-z0-9][a-z0-9_-]{0,63}$/)).max(50),
  coach_name: shortText,
  coach_title: shortText,
  coach_photo: link,
  coach_email: address,
  coach_notification_email: address,
  website_url: link,
  booking_url: link,
  legal_entity: shortText,
  voice_id: z.string().max(64).nullable(),
  slug_prefix: z.string().max(64),
  canonical_quiz_url: z.string().max(512).nullable(),
}

const warnings = z
  .array(z.object({ pointer: text, detail: text }))
  .meta({ description: 'What of it a visitor will not see as it was meant.' })

/** A tenant's whole brand. Column names are those of tenant_brands. */
export const Brand = z
  .object({
    ref_id: text,
    slug: text,
    version: z
      .int()
      .min(1)
      .meta({ description: 'One more after each change. Send it in quotes as If-Match.' }),
    ...columns,
    brand: CanonicalBrand,
    email_config: EmailConfig,
    warnings,
    updated_at: moment,
  })
  .meta({ id: 'Brand', description: "A tenant's whole brand, as its members see it." })

type JsonSchema = z.core.JSONSchema.JSONSchema

/** The same shape, where null in the place of any value removes it. */
function orNull(schema: JsonSchema): JsonSchema {
  const removable = (value: z.core.JSONSchema._JSONSchema): JsonSchema => ({
    anyOf: [typeof value === 'boolean' ? {} : orNull(value), { type: 'null' }],
  })
  const { properties, additionalProperties } = schema
  return {
    ...schema,
    ...(properties && {
      properties: Object.fromEntries(
        Object.entries(properties).map(([name, value]) => [name, removable(value)]),
      ),
    }),
    ...(additionalProperties && { additionalProperties: removable(additionalProperties) }),
  }
}

/** A change to a brand. Fields that are named are changed, and null removes a value. */
export const BrandChange = z
  .strictObject({
    ...columns,
    // Every spelling of the requirement documents (camelCase, snake_case, flat, nested) is accepted. SQL
    // validates the values, and names the place of each bad one.
    brand: z.record(z.string(), z.unknown()).meta({
      description:
        'Shown in its canonical spelling. camelCase and flat spellings are accepted too. Null removes a value.',
      properties: orNull(z.toJSONSchema(CanonicalBrand)).properties,
    }),
    email_config: EmailConfig,
  })
  .partial()
  .refine((change) => Object.keys(change).length > 0, 'must change something')
  .meta({ id: 'BrandChange', description: 'What to change of a brand (RFC 7386).' })

export const BrandPreview = z
  .strictObject({
    page: PublicConfig.nullable().meta({
      description: 'What the public lookup would answer; null without a page.',
    }),
    warnings,
  })
  .meta({ id: 'BrandPreview', description: 'What a change to a brand would come to.' })

export type BrandPreview = z.infer<typeof BrandPreview>
export type Brand = z.infer<typeof Brand>
export type BrandChange = z.infer<typeof BrandChange>
