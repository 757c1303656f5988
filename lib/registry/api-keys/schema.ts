import { z } from 'zod'
import {
  keyset,
  moment,
  nextCursor,
  offsetMoment,
  pageParameters,
  refId,
  refIdPattern,
} from '../../db/index.ts'

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
    switched_off_at: moment.nullable().meta({ description: 'Since when the plan has no place for it.' }),
    revoked_at: moment.nullable(),
    last_used_at: moment.nullable().meta({ description: 'To the minute.' }),
    created_at: moment,
  })
  .meta({ id: 'ApiKey' })

/** The newest first. */
export const apiKeyOrder = keyset('api_keys', { ref_id: refId })
export const ApiKeyQuery = z.strictObject(pageParameters(apiKeyOrder))
export const ApiKeys = z
  .strictObject({ api_keys: z.array(ApiKey), next_cursor: nextCursor })
  .meta({ id: 'ApiKeys' })

/** The one answer that holds the key itself. */
export const ApiKeyWithSecret = z
  .strictObject({ ...ApiKey.shape, key: z.string() })
  .meta({ id: 'ApiKeyWithSecret', description: '`key` is shown this once and can be had nowhere again.' })

export const NewApiKey = z
  .strictObject({
    name: z.string().trim().min(1).max(100),
    // SQL checks that the scopes exist (private.api_scopes).
    scopes: z.array(z.string().max(82)).min(1).max(50),
    product: z
      .string()
      .regex(/^[a-z][a-z0-9_-]{0,39}$/, 'must be a word of lowercase letters, digits, - and _')
      .optional(),
    expires_at: offsetMoment.optional(),
    rate_limit_per_minute: z.int().min(1).max(1_000_000).optional(),
  })
  .meta({ id: 'NewApiKey' })

export const ApiKeyRotation = z
  .strictObject({
    overlap_seconds: z
      .int()
      .min(0)
      .max(604_800)
      .optional()
      .meta({ description: 'For how many seconds the old key still works; 0 if left out.' }),
  })
  .meta({ id: 'ApiKeyRotation' })

/** The path's part that names a key. */
export const ApiKeyPath = z.object({ key: z.string().regex(refIdPattern) })

export type ApiKey = z.infer<typeof ApiKey>
export type ApiKeys = z.infer<typeof ApiKeys>
export type ApiKeyQuery = z.output<typeof ApiKeyQuery>
export type NewApiKey = z.infer<typeof NewApiKey>
