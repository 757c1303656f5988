import { z } from 'zod'

const defaultUrls = {
  openai: 'https://api.openai.com/v1',
  openrouter: 'https://openrouter.ai/api/v1',
  huggingface: 'https://router.huggingface.co/v1',
} as const

const provider = z.enum(['openai', 'openrouter', 'huggingface', 'custom']).meta({
  description: 'custom is whatever speaks OpenAI’s chat completions at base_url.',
})

export const BotModel = z
  .strictObject({ provider, base_url: z.string(), model: z.string(), has_api_key: z.boolean() })
  .meta({ id: 'BotModel', description: 'The language model of a bot. Its key is never shown.' })

export const BotModelSettings = z
  .strictObject({
    provider,
    base_url: z
      .string()
      .trim()
      .max(500)
      .regex(/^https?:\/\/[^/?#@\s]+(\/[^?#\s]*)?$/, 'must be a URL without a query')
      .transform((given) => given.replace(/\/+$/, ''))
      .optional()
      .meta({ description: 'Only for custom, up to the version in its path.' }),
    model: z
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
  })
  .superRefine(({ provider, base_url }, context) => {
    if ((provider === 'custom') === (base_url !== undefined)) return
    const message = provider === 'custom' ? 'is missing' : 'is only for custom'
    context.addIssue({ code: 'custom', path: ['base_url'], message })
  })
  .transform(({ base_url, ...given }) => ({
    ...given,
    base_url: base_url ?? (given.provider === 'custom' ? '' : defaultUrls[given.provider]),
  }))
  .meta({ id: 'BotModelSettings' })
export type BotModelSettings = z.output<typeof BotModelSettings>
