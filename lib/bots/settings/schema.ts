import { z } from 'zod'
import { emailAddress, moment } from '../../db/index.ts'
import { phone } from '../bots/schema.ts'

const changeable = z.strictObject({
  is_bot_enabled: z.boolean().meta({ description: 'false: it answers nobody.' }),
  enable_ai_responses: z.boolean().meta({
    description:
      'false: no language model is asked. What the training data does not answer goes to a person.',
  }),
  enable_training_mode: z
    .boolean()
    .meta({ description: 'true: it answers only with its training data, even where a model could.' }),
  enable_auto_reply: z
    .boolean()
    .meta({ description: 'false: nobody is answered by the bot. Each message waits for a person.' }),
  is_typing_shown: z.boolean().meta({
    description:
      'true: a customer sees that the bot has read the message, and that it is typing, until the answer comes.',
  }),
  log_conversations: z.boolean().meta({
    description:
      'false: of a message that is settled, only the facts are kept: when, by whom, and which rule.',
  }),
  enable_payment_flow: z.boolean().meta({
    description:
      'true: a contact who writes one of subscribe_words is offered the plans, and pays by M-Pesa. It needs an M-Pesa account.',
  }),
  subscribe_words: z
    .array(z.string().trim().min(1).max(40))
    .min(1)
    .max(10)
    .meta({ description: 'Each is a whole message. Case, accents and punctuation do not matter.' }),
  max_messages_per_hour: z
    .int()
    .min(1)
    .max(100_000)
    .meta({ description: 'How many messages it answers in an hour, of all contacts together.' }),
  max_messages_per_user_per_day: z
    .int()
    .min(1)
    .max(10_000)
    .meta({ description: 'How many messages of one contact it answers in a day of your time zone.' }),
  escalation_email: emailAddress
    .nullable()
    .meta({ description: 'Who is told, besides the people of the tenant, that a contact waits.' }),
  escalation_phone: phone.nullable().meta({ description: 'The same by WhatsApp or SMS.' }),
  metadata: z
    .record(z.string(), z.unknown())
    .meta({ description: 'Whatever you want to keep. At most 8 KiB.' }),
})

export const BotSettings = z
  .strictObject({ ...changeable.shape, updated_at: moment })
  .meta({ id: 'BotSettings', description: 'What a bot may do.' })

export const BotSettingsChange = changeable
  .partial()
  .refine((change) => Object.keys(change).length > 0, 'must change something')
  .meta({ id: 'BotSettingsChange', description: 'What is left out stays.' })

export type BotSettings = z.infer<typeof BotSettings>
export type BotSettingsChange = z.output<typeof BotSettingsChange>
