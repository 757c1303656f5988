import { z } from 'zod'
import { moment } from '../../db/index.ts'

const digits = z
  .string()
  .trim()
  .regex(/^[0-9]{5,10}$/, 'must be 5 to 10 digits')
const secret = z
  .string()
  .min(1)
  .max(4_096)
  .regex(/^[\x21-\x7e]+$/, 'must be printable ASCII')
  .optional()
  .meta({
    description:
      'Stored in Vault and never shown. If it is left out, the stored one stays, unless it would go to another server.',
  })

const account = {
  shortcode: digits.meta({ description: 'The Pay Bill number; of a till, the number of its head office.' }),
  till_number: digits.nullable().meta({
    description: 'Of a shop that sells goods (Buy Goods). null: the shortcode is a Pay Bill number.',
  }),
}

export const MpesaAccount = z
  .strictObject({
    ...account,
    base_url: z.string(),
    last_problem: z
      .string()
      .nullable()
      .meta({ description: 'Why M-Pesa did not take the last request, as credentials. null: it did.' }),
    last_problem_at: moment.nullable(),
    created_at: moment,
    updated_at: moment,
  })
  .meta({
    id: 'BotMpesaAccount',
    description: 'Where contacts of a bot pay to. Its secrets are never shown.',
  })
export type MpesaAccount = z.infer<typeof MpesaAccount>

export const MpesaSettings = z
  .strictObject({
    shortcode: account.shortcode,
    till_number: account.till_number.default(null),
    base_url: z
      .string()
      .trim()
      .max(500)
      .regex(/^https?:\/\/[^/?#@\s]+(\/[^?#\s]*)?$/, 'must be a URL without a query')
      .transform((given) => given.replace(/\/+$/, ''))
      .default('https://api.safaricom.co.ke')
      .meta({ description: 'https://sandbox.safaricom.co.ke for tests.' }),
    consumer_key: secret,
    consumer_secret: secret,
    passkey: secret,
  })
  .meta({ id: 'BotMpesaSettings' })
export type MpesaSettings = z.output<typeof MpesaSettings>
