import { z } from 'zod'
import { keyset, moment, nextCursor, pageParameters, refId } from '../../db/index.ts'

const category = z
  .string()
  .trim()
  .min(1)
  .max(80)
  .regex(/^\P{Cc}*$/u, 'must be text without control characters')

const changeable = z.strictObject({
  data_type: z.enum(['faq', 'canned_reply', 'example']).meta({
    description:
      'faq and canned_reply are answered as they are. An example is shown to the model, and answers nobody by itself.',
  }),
  question: z.string().trim().min(1, 'is missing').max(1_000),
  answer: z.string().trim().min(1).max(4_000).nullable(),
  category: category.nullable(),
  locale: z
    .string()
    .regex(/^[a-z]{2,3}$/, 'must be a language, such as "en"')
    .nullable()
    .meta({ description: 'The language of the question. null: any.' }),
  priority: z.int().min(-1_000).max(1_000).meta({
    description: 'Of two answers that fit as well, the one with the higher priority is given.',
  }),
  confidence_score: z.number().min(0).max(1).meta({ description: 'How sure you are of the answer.' }),
  is_active: z.boolean(),
  min_level: z.int().min(0).max(100).meta({
    description:
      'Only contacts with a subscription of this level or more are answered with it. 0: everybody.',
  }),
})

export const TrainingRow = z
  .strictObject({ ref_id: refId, ...changeable.shape, created_at: moment, updated_at: moment })
  .meta({ id: 'BotTrainingRow', description: 'A question that a bot can answer.' })

/** The newest first. */
export const trainingOrder = keyset('bot_training_data', { ref_id: refId })
export const TrainingQuery = z.strictObject({
  ...pageParameters(trainingOrder),
  category: category.optional().meta({ description: 'Only those of this category.' }),
  format: z
    .enum(['json', 'csv'])
    .optional()
    .meta({ description: 'csv: all of them as a file, whatever the limit.' }),
  is_active: z
    .enum(['true', 'false'])
    .transform((given) => given === 'true')
    .optional()
    .meta({ description: 'Only those that are active, or only the others.' }),
  has_answer: z
    .enum(['true', 'false'])
    .transform((given) => given === 'true')
    .optional()
    .meta({ description: 'Only those with an answer, or only those that wait for one.' }),
  search: z
    .string()
    .trim()
    .min(1)
    .max(200)
    .optional()
    .meta({ description: 'A part of the question. Case, accents and punctuation do not matter.' }),
})
export const TrainingRows = z
  .strictObject({ training_data: z.array(TrainingRow), next_cursor: nextCursor })
  .meta({ id: 'BotTrainingRows' })

export const NewTrainingRow = changeable
  .partial()
  .required({ question: true, answer: true })
  .meta({ id: 'NewBotTrainingRow', description: 'Without a locale it is in the language of the tenant.' })
export const TrainingChange = changeable
  .partial()
  .refine((change) => Object.keys(change).length > 0, 'must change something')
  .meta({ id: 'BotTrainingChange', description: 'What is left out stays.' })
/** A row of a CSV file: every cell is text, and an empty one is what a new row has. */
const cell = <Value extends z.ZodType>(value: Value, empty: unknown) =>
  z.preprocess((text) => (text === '' || text === undefined ? empty : text), value)
const number = z.coerce.number({ error: 'must be a number' })
export const ImportRow = z
  .strictObject({
    ref_id: cell(refId.optional(), undefined),
    data_type: cell(changeable.shape.data_type, 'faq'),
    question: changeable.shape.question,
    answer: cell(changeable.shape.answer, null),
    category: cell(changeable.shape.category, null),
    locale: cell(z.union([z.literal('*'), changeable.shape.locale]), null),
    priority: cell(number.pipe(changeable.shape.priority), 0),
    confidence_score: cell(number.pipe(changeable.shape.confidence_score), 1),
    min_level: cell(number.pipe(changeable.shape.min_level), 0),
    is_active: cell(z.enum(['true', 'false', 'TRUE', 'FALSE']).optional(), undefined),
  })
  .transform(({ is_active, ...row }) => ({
    ...row,
    is_active: is_active === undefined ? row.answer !== null : is_active.toLowerCase() === 'true',
  }))
export type ImportedRow = z.output<typeof ImportRow>

export const TrainingImport = z
  .strictObject({
    rows: z.int().meta({ description: 'How many the file has.' }),
    added: z.int(),
    changed: z.int().meta({ description: 'The others were as they are in the file.' }),
  })
  .meta({ id: 'BotTrainingImport' })
export type TrainingImport = z.infer<typeof TrainingImport>

export const TrainingPath = z.object({ bot: refId, row: refId })

export type TrainingRow = z.infer<typeof TrainingRow>
export type TrainingRows = z.infer<typeof TrainingRows>
export type TrainingQuery = z.output<typeof TrainingQuery>
export type NewTrainingRow = z.output<typeof NewTrainingRow>
export type TrainingChange = z.output<typeof TrainingChange>
