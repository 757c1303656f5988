import { z } from 'zod'
import { keyset, moment, nextCursor, pageParameters, refId } from '../../db/index.ts'

const changeable = z.strictObject({
  plan_name: z
    .string()
    .trim()
    .min(1)
    .max(60)
    .regex(/^\P{Cc}*$/u, 'must be text without control characters'),
  amount_minor: z.int().min(100).max(25_000_000).multipleOf(100, 'must be whole shillings').meta({
    description: 'In cents of the currency, as all money here. M-Pesa moves whole shillings.',
  }),
  level: z.int().min(1).max(100).meta({
    description: 'Opens templates and training data with this min_level, and those with less.',
  }),
  plan_type: z
    .enum(['monthly', 'one'])
    .meta({ description: 'monthly: ends after a month. one: paid once, and never ends.' }),
  is_active: z.boolean().meta({ description: 'false: it is offered to nobody. Who has it keeps it.' }),
})

export const BotPlan = z
  .strictObject({
    ref_id: refId,
    ...changeable.shape,
    currency: z.string(),
    created_at: moment,
    updated_at: moment,
  })
  .meta({ id: 'BotPlan', description: 'What the contacts of a bot can subscribe to.' })

/** The newest first. */
export const planOrder = keyset('bot-plans', { ref_id: refId })
export const BotPlanQuery = z.strictObject(pageParameters(planOrder))
export const BotPlans = z
  .strictObject({ plans: z.array(BotPlan), next_cursor: nextCursor })
  .meta({ id: 'BotPlans' })
export const NewBotPlan = changeable
  .partial()
  .required({ plan_name: true, amount_minor: true, level: true })
  .meta({ id: 'NewBotPlan', description: 'Without a plan_type it is monthly.' })
export const BotPlanChange = changeable
  .partial()
  .refine((change) => Object.keys(change).length > 0, 'must change something')
  .meta({ id: 'BotPlanChange', description: 'What is left out stays. Who has paid keeps what was bought.' })
export const BotPlanPath = z.object({ bot: refId, plan: refId })

export type BotPlan = z.infer<typeof BotPlan>
export type BotPlans = z.infer<typeof BotPlans>
export type BotPlanQuery = z.output<typeof BotPlanQuery>
export type NewBotPlan = z.output<typeof NewBotPlan>
export type BotPlanChange = z.output<typeof BotPlanChange>
