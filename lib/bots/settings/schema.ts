import { z } from 'zod'
import { moment } from '../../db/index.ts'

const changeable = z.strictObject({
  is_bot_enabled: z.boolean().meta({ description: 'false: it answers nobody.' }),
  enable_ai_responses: z.boolean().meta({
    description:
      'false: no language model is asked. What the training data does not answer goes to a person.',
  }),
  enable_training_mode: z
    .boolean()
    .meta({ description: 'true: it answers only with its training data, even where a model could.' }),
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
