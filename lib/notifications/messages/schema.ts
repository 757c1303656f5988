import { z } from 'zod'
import { Channel } from '../providers/schema.ts'

export const NewMessage = z
  .strictObject({
    channel: Channel,
    to: z
      .string()
      .trim()
      .min(1)
      .max(320)
      .meta({ description: 'An e-mail address, or a number such as +447700900123.' }),
    template: z
      .string()
      .regex(/^[a-z][a-z0-9_]{0,99}$/, 'must be lowercase letters, digits and _')
      .meta({ description: 'The name of a template. A message to a telephone is its subject.' }),
    locale: z
      .string()
      .regex(
        /^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$/,
        'must be a language tag, such as en or de-CH',
      )
      .optional()
      .meta({
        description: 'The language of the tenant if it is left out, and English if there are no words in it.',
      }),
    data: z
      .record(z.string().max(100), z.unknown())
      .default({})
      .meta({ description: 'The values of the variables of the template.' }),
    idempotency_key: z
      .string()
      .regex(/^[\x21-\x7e]{1,150}$/, 'must be 1 to 150 printable characters')
      .optional()
      .meta({ description: 'A second request with the same key, channel and recipient sends nothing.' }),
  })
  .meta({ id: 'NewMessage' })
export type NewMessage = z.output<typeof NewMessage>

export const AcceptedMessage = z.strictObject({ ref_id: z.string() }).meta({ id: 'AcceptedMessage' })
export type AcceptedMessage = z.infer<typeof AcceptedMessage>
