import { z } from 'zod'
import { emailAddress, keyset, moment, nextCursor, pageParameters, refId } from '../../db/index.ts'
import { BotModel } from '../models/schema.ts'

const line = (max: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(max)
    .regex(/^\P{Cc}*$/u, 'must be text without control characters')
export const phone = z
  .string()
  .trim()
  .regex(/^\+[1-9][0-9]{6,14}$/, 'must be a telephone number such as +447700900145')
const BusinessProfile = z
  .record(
    z.string().regex(/^[a-z][a-z0-9_]{0,39}$/, 'must be a name of lowercase letters, digits and _'),
    z.string().max(2_000),
  )
  .refine((profile) => Object.keys(profile).length <= 40, 'must have at most 40 texts')
  .meta({
    description:
      'What the bot may say of the shop. Each text is a variable of templates: {{business.hours}}.',
  })
const Metadata = z
  .record(z.string(), z.unknown())
  .meta({ description: 'Whatever you want to keep with it. At most 8 KiB.' })

export const Bot = z
  .strictObject({
    ref_id: refId,
    client_name: z.string(),
    client_phone: z.string().nullable(),
    client_email: z.string().nullable(),
    point_of_contact_name: z.string().nullable(),
    point_of_contact_phone: z.string().nullable(),
    business_profile: z.record(z.string(), z.string()),
    model: BotModel.nullable().meta({
      description:
        'The model that writes for this bot. null: the one that writes for you, at /usage/llm-provider.',
    }),
    is_active: z.boolean(),
    is_switched_off: z.boolean().meta({
      description: 'Whether it answers nobody now because the plan has no place for it.',
    }),
    metadata: z.record(z.string(), z.unknown()),
    created_at: moment,
    updated_at: moment,
  })
  .meta({ id: 'Bot', description: 'A bot and the shop that it speaks for.' })

/** The newest first. */
export const botOrder = keyset('bots', { ref_id: refId })
export const BotQuery = z.strictObject(pageParameters(botOrder))
export const Bots = z.strictObject({ bots: z.array(Bot), next_cursor: nextCursor }).meta({ id: 'Bots' })

const changeable = z.strictObject({
  client_name: line(200),
  client_phone: phone.nullable(),
  client_email: emailAddress.nullable(),
  point_of_contact_name: line(200).nullable(),
  point_of_contact_phone: phone.nullable(),
  business_profile: BusinessProfile,
  is_active: z.boolean(),
  metadata: Metadata,
})

export const NewBot = changeable
  .partial()
  .required({ client_name: true })
  .meta({ id: 'NewBot', description: 'A bot is not active until you say so.' })

export const BotChange = changeable
  .partial()
  .refine((change) => Object.keys(change).length > 0, 'must change something')
  .meta({ id: 'BotChange', description: 'What is left out stays.' })

/** The path parameter that names a bot. */
export const BotPath = z.object({ bot: refId })

export type Bot = z.infer<typeof Bot>
export type Bots = z.infer<typeof Bots>
export type BotQuery = z.output<typeof BotQuery>
export type NewBot = z.output<typeof NewBot>
export type BotChange = z.output<typeof BotChange>
