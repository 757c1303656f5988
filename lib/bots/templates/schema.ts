import { z } from 'zod'
import { keyset, moment, nextCursor, pageParameters, refId } from '../../db/index.ts'

const line = (max: number) =>
  z
    .string()
    .trim()
    .max(max)
    .regex(/^\P{Cc}*$/u, 'must be text without control characters')
const object = z.record(z.string(), z.unknown())

const changeable = z.strictObject({
  template_name: line(80).min(1).meta({
    description: 'Used where the training data that fits best has a category of this name.',
  }),
  description: line(500),
  system_prompt: z.string().trim().min(1).max(8_000).meta({
    description:
      'What the model is told. {{client_name}}, {{brand.name}} and the texts of the profile, such as {{business.hours}}, are put in.',
  }),
  conversation_context: object.meta({ description: 'Facts that the model is told too. At most 8 KiB.' }),
  tone: z.enum(['professional', 'friendly']),
  max_response_length: z.int().min(20).max(4_096).meta({ description: 'In characters.' }),
  is_active: z.boolean(),
  is_default: z.boolean().meta({ description: 'true: the one before is the default no more.' }),
  metadata: object,
  min_level: z.int().min(0).max(100).meta({
    description:
      'Only contacts with a subscription of this level or more are answered with it. 0: everybody.',
  }),
})

export const BotTemplate = z
  .strictObject({
    ref_id: refId,
    ...changeable.shape,
    version: z.int().meta({ description: 'One more after each change. If-Match names it.' }),
    created_at: moment,
    updated_at: moment,
  })
  .meta({ id: 'BotTemplate', description: 'How a bot speaks.' })

/** The newest first. */
export const botTemplateOrder = keyset('bot_templates', { ref_id: refId })
export const BotTemplateQuery = z.strictObject(pageParameters(botTemplateOrder))
export const BotTemplates = z
  .strictObject({ templates: z.array(BotTemplate), next_cursor: nextCursor })
  .meta({ id: 'BotTemplates' })

export const NewBotTemplate = changeable
  .partial()
  .required({ template_name: true, system_prompt: true })
  .meta({ id: 'NewBotTemplate', description: 'The first template of a bot becomes its default.' })
export const BotTemplateChange = changeable
  .partial()
  .refine((change) => Object.keys(change).length > 0, 'must change something')
  .meta({ id: 'BotTemplateChange', description: 'What is left out stays.' })
export const BotTemplatePath = z.object({ bot: refId, template: refId })

export type BotTemplate = z.infer<typeof BotTemplate>
export type BotTemplates = z.infer<typeof BotTemplates>
export type BotTemplateQuery = z.output<typeof BotTemplateQuery>
export type NewBotTemplate = z.output<typeof NewBotTemplate>
export type BotTemplateChange = z.output<typeof BotTemplateChange>
