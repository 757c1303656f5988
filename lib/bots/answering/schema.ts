import { z } from 'zod'
import { refId } from '../../db/index.ts'

export const Trial = z
  .strictObject({
    text: z.string().trim().min(1).max(4_096).meta({ description: 'What a customer would write.' }),
    locale: z
      .string()
      .regex(/^[a-z]{2,3}$/, 'must be a language, such as "en"')
      .optional()
      .meta({ description: 'The language of the customer. If it is left out, that of the tenant.' }),
    level: z
      .int()
      .min(0)
      .max(100)
      .optional()
      .meta({ description: 'The level that the customer has paid for. If it is left out, none.' }),
  })
  .meta({ id: 'BotTrial' })
export type Trial = z.output<typeof Trial>

const Fit = z.strictObject({
  ref_id: refId,
  data_type: z.enum(['faq', 'canned_reply', 'example']),
  question: z.string(),
  category: z.string().nullable(),
  score: z
    .number()
    .meta({ description: 'How well it fits, 1 being the same words. From 0.6 on it is the answer.' }),
})

export const BotAnswer = z
  .strictObject({
    outcome: z.enum(['answered', 'escalated', 'silent']).meta({
      description: 'escalated: a person would be told. silent: the bot says nothing, and nobody is told.',
    }),
    reason: z
      .enum([
        'training_data',
        'model',
        'tenant_not_active',
        'feature_not_in_plan',
        'switched_off',
        'not_active',
        'not_enabled',
        'not_text',
        'training_mode',
        'ai_responses_off',
        'no_template',
        'no_model',
        'model_failed',
        'model_not_paid',
        'model_does_not_know',
      ])
      .meta({ description: 'Which rule led to the outcome.' }),
    text: z.string().nullable(),
    training_data: z.array(Fit).meta({ description: 'What fits best, the best first.' }),
    template: z.strictObject({ ref_id: refId, template_name: z.string() }).nullable(),
    prompt: z
      .strictObject({ system: z.string(), message: z.string() })
      .nullable()
      .meta({ description: 'What the model was told. null: none was asked.' }),
    call: z
      .strictObject({
        ref_id: refId,
        model: z.string(),
        input_tokens: z.int(),
        output_tokens: z.int(),
        cost_micros: z
          .int()
          .nullable()
          .meta({ description: 'In millionths of a US dollar. null: the model has no price.' }),
        credits: z.int(),
      })
      .nullable(),
  })
  .meta({ id: 'BotAnswer', description: 'What a bot answers, and what led to it.' })
export type BotAnswer = z.infer<typeof BotAnswer>
