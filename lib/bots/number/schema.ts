import { z } from 'zod'
import { moment } from '../../db/index.ts'
import { problemSentences } from './sentences.ts'

const metaId = z.string().regex(/^[0-9]{5,30}$/, 'must be digits, as Meta shows the id')
const secret = z
  .string()
  .min(1)
  .max(4_096)
  .regex(/^[\x21-\x7e]+$/, 'must be printable ASCII')

const NumberProblem = z
  .strictObject({
    code: z.enum(Object.keys(problemSentences) as [keyof typeof problemSentences]),
    detail: z.string().meta({ description: 'What is wrong, and what to do, in plain words.' }),
  })
  .meta({ id: 'BotNumberProblem' })

export const BotNumber = z
  .strictObject({
    whatsapp_phone_number_id: z.string(),
    whatsapp_business_account_id: z.string(),
    display_phone_number: z.string().nullable().meta({ description: 'As Meta shows it, once it was asked.' }),
    verified_name: z.string().nullable(),
    whatsapp_token_expires_at: moment.nullable().meta({ description: 'null: never, or not verified yet.' }),
    is_verified: z.boolean(),
    verified_at: moment.nullable(),
    last_checked_at: moment.nullable(),
    last_problem: NumberProblem.nullable().meta({
      description: 'What the last check found wrong. null if all was well.',
    }),
    paused_at: moment.nullable(),
    paused_reason: z
      .string()
      .nullable()
      .meta({ description: 'Why the bot sends nothing now: token_invalid.' }),
    webhook_url: z.string().meta({ description: 'The callback URL that Meta is given.' }),
    verify_token_made_at: moment,
    previous_verify_token_expires_at: moment
      .nullable()
      .meta({ description: 'Until when the verify token before counts too.' }),
    created_at: moment,
    updated_at: moment,
  })
  .meta({ id: 'BotNumber', description: 'The WhatsApp number of a bot. Its secrets are never in it.' })

export const ConnectedBotNumber = z
  .strictObject({
    ...BotNumber.shape,
    verify_token: z.string().nullable().meta({
      description: 'What Meta has to send with the handshake. null if the number has had one before.',
    }),
  })
  .meta({ id: 'ConnectedBotNumber' })

export const BotNumberSettings = z
  .strictObject({
    whatsapp_phone_number_id: metaId,
    whatsapp_business_account_id: metaId,
    access_token: secret.optional().meta({
      description:
        'Stored in Vault and never shown. If it is left out, the stored one stays, unless an id changes.',
    }),
    app_secret: secret
      .optional()
      .meta({ description: 'What Meta signs webhooks with. If it is left out, the stored one stays.' }),
  })
  .meta({ id: 'BotNumberSettings' })

export const VerifyToken = z
  .strictObject({ webhook_url: z.string(), verify_token: z.string() })
  .meta({ id: 'BotVerifyToken', description: 'What to enter at Meta, under Webhooks.' })

export const CheckedNumbers = z
  .strictObject({
    checked: z.int(),
    well: z.int(),
    paused: z.int().meta({ description: 'Bots that were paused now, because their token does not count.' }),
    unknown: z.int().meta({ description: 'Numbers of which Meta said nothing.' }),
  })
  .meta({ id: 'CheckedBotNumbers' })

export type BotNumber = z.infer<typeof BotNumber>
export type ConnectedBotNumber = z.infer<typeof ConnectedBotNumber>
export type BotNumberSettings = z.output<typeof BotNumberSettings>
export type VerifyToken = z.infer<typeof VerifyToken>
export type CheckedNumbers = z.infer<typeof CheckedNumbers>
