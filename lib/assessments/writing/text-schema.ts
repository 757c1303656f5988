import { z } from 'zod'

const Text = z.strictObject({
  status: z.enum(['written', 'writing', 'off']).meta({
    description: 'writing: somebody has asked already. Ask again in some seconds.',
  }),
  text: z.string().nullable(),
  language: z.string().nullable().meta({
    description: 'Of the text: the locale of the session, or else the language of the questions.',
  }),
  reason: z.enum(['not_offered', 'unavailable']).nullable().meta({
    description: 'Why it is off: the tenant has none for this, or there is none now. null: it is not.',
  }),
})

export const ReflectionAnswer = z
  .strictObject({ reflection: Text })
  .meta({ id: 'ReflectionAnswer', description: 'What a language model has written about a result.' })

export const InsightRequest = z
  .strictObject({
    item: z.string().max(40).meta({ description: 'The id of an item whose answer is saved.' }),
  })
  .meta({ id: 'InsightRequest' })
export const InsightAnswer = z
  .strictObject({ insight: Text })
  .meta({ id: 'InsightAnswer', description: 'What a language model has remarked on an answer.' })
