import { z } from 'zod'

const moment = z.union([z.iso.datetime(), z.date()])

/** An API key as managers see it. Its secret is never shown. */
export const ApiKey = z
  .strictObject({
    ref_id: z.string(),
    name: z.string(),
    prefix: z
      .string()
      .meta({ description: 'The 8 characters after tk_live_, by which people tell keys apart.' }),
    scopes: z.array(z.string()),
    product: z.string().nullable(),
    rate_limit_per_minute: z.int(),
    expires_at: moment.nullable(),
    replaced_at: moment.nullable(),
    revoked_at: moment.nullable(),
    last_used_at: moment.nullable().meta({ description: 'To the minute.' }),
    created_at: moment,
  })
  .meta({ id: 'ApiKey' })

export const ApiKeys = z.strictObject({ api_keys: z.array(ApiKey) }).meta({ id: 'ApiKeys' })

/** The only answer that holds the key itself. */
export const NewKey = z
  .strictObject({ ...ApiKey.shape, key: z.string() })
  .meta({ id: 'NewKey', description: '`key` is shown this once and can be had nowhere again.' })

export const NewApiKey = z
  .strictObject({
    name: z.string().trim().min(1).max(100),
    // SQL checks that the scopes exist (private.api_scopes).
    scopes: z.array(z.string().max(82)).min(1).max(50),
    product: z
      .string()
      .regex(/^[a-z][a-z0-9_-]{0,39}$/, 'must be a word of lowercase letters, digits, - and _')
      .optional(),
    expires_at: z.iso.datetime({ offset: true }).optional(),
    rate_limit_per_minute: z.int().min(1).max(1_000_000).optional(),
  })
  .meta({ id: 'NewApiKey' })

export const KeyRotation = z
  .strictObject({
    overlap_seconds: z
      .int()
      .min(0)
      .max(604_800)
      .optional()
      .meta({ description: 'For how many seconds the old key still works; 0 if left out.' }),
  })
  .meta({ id: 'KeyRotation' })

/** The path parameter that names a key. */
export const ApiKeyPath = z.object({ key: z.string().regex(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/) })

export type ApiKey = z.infer<typeof ApiKey>
export type NewApiKey = z.infer<typeof NewApiKey>
