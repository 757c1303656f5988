import { z } from 'zod'
import { moment } from '../../db/index.ts'

const defaultUrls = {
  openai: 'https://api.openai.com/v1',
  anthropic: 'https://api.anthropic.com/v1',
} as const

export const ProviderType = z.enum(['openai', 'anthropic']).meta({
  description:
    'openai is whatever speaks its chat completions, wherever base_url leads; anthropic its messages.',
})
export type ProviderType = z.infer<typeof ProviderType>

export const LlmProviderSettings = z
  .strictObject({
    provider_type: ProviderType,
    base_url: z
      .string()
      .trim()
      .max(500)
      .regex(
        /^https?:\/\/[^/?#@\s]+(\/[^?#\s]*)?$/,
        'must be a URL without a query, such as https://api.openai.com/v1',
      )
      .transform((given) => given.replace(/\/+$/, ''))
      .optional()
      .meta({ description: 'Up to the version in its path. If it is left out, the provider’s own.' }),
    default_model: z
      .string()
      .trim()
      .min(1)
      .max(255)
      .regex(/^\P{Cc}*$/u, 'must be one line of text'),
    api_key: z
      .string()
      .min(1)
      .max(4_096)
      .regex(/^[\x21-\x7e]+$/, 'must be printable ASCII')
      .optional()
      .meta({
        description:
          'Stored in Vault and never shown. If it is left out, the stored one stays, unless it would go to another server.',
      }),
    is_active: z.boolean().default(true).meta({
      description: 'false: the model of the platform is asked, and these settings are kept.',
    }),
  })
  .transform((given) => ({ ...given, base_url: given.base_url ?? defaultUrls[given.provider_type] }))
  .meta({ id: 'LlmProviderSettings' })
export type LlmProviderSettings = z.output<typeof LlmProviderSettings>

const LlmProvider = z
  .strictObject({
    provider_type: ProviderType,
    base_url: z.string(),
    default_model: z.string(),
    has_api_key: z.boolean(),
    is_active: z.boolean(),
    verified_at: moment
      .nullable()
      .meta({ description: 'When a test went well. Before that it is not asked.' }),
    last_error: z.string().nullable(),
    created_at: moment,
    updated_at: moment,
  })
  .meta({ id: 'LlmProvider' })
export type LlmProvider = z.infer<typeof LlmProvider>

export const LlmProviderAnswer = z
  .strictObject({
    llm_provider: LlmProvider.nullable().meta({ description: 'Your own. null: you have none.' }),
    in_use: z
      .enum(['own', 'platform', 'none'])
      .meta({ description: 'Whose model writes now. none: whatever a model writes is off.' }),
  })
  .meta({ id: 'LlmProviderAnswer' })
export type LlmProviderAnswer = z.infer<typeof LlmProviderAnswer>

/** By which name a call of this provider is priced. A model at another address is another model. */
export function pricedAs(type: ProviderType, baseUrl: string): string {
  return new URL(baseUrl).host === new URL(defaultUrls[type]).host ? type : 'custom'
}
