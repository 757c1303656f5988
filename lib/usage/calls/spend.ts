import { z } from 'zod'
import { type Db, moment, sql } from '../../db/index.ts'

/** An amount of money, and what it is about. */
const micros = (about = '') => z.int().meta({ description: inDollars(about) })
const inDollars = (about: string) => `In millionths of a US dollar. ${about}`.trim()

/** What a model or a tool cost this month. */
const ModelSpend = z
  .strictObject({
    kind: z.enum(['llm', 'tool']),
    provider: z.string().meta({ description: 'Of a tool its name, and in model its method.' }),
    model: z.string(),
    call_count: z.int(),
    unpriced_count: z.int(),
    input_tokens: z.int(),
    cached_tokens: z.int(),
    output_tokens: z.int(),
    spent_micros: micros(),
  })
  .meta({ id: 'ModelSpend' })

/** How many models and tools an answer names. The others are in the sum. */
const maxModels = 100

export const Spend = z
  .strictObject({
    month_start: z.iso.date().meta({ description: "In the tenant's time zone." }),
    resets_at: moment,
    cap_micros: z
      .int()
      .nullable()
      .meta({ description: inDollars('Null if there is no cap.') }),
    spent_micros: micros('What completed calls cost, those without a price by the fallback.'),
    held_micros: micros('What started calls may cost at most.'),
    left_micros: z
      .int()
      .nullable()
      .meta({ description: inDollars('What a call may still cost. Null if there is no cap.') }),
    open_count: z.int().meta({ description: 'Calls that were started and not completed.' }),
    unpriced_count: z.int().meta({ description: 'Calls of models that have no price.' }),
    models: z.array(ModelSpend).meta({ description: `The ${maxModels} that cost most, the dearest first.` }),
  })
  .meta({ id: 'Spend' })
export type Spend = z.infer<typeof Spend>
type ModelSpend = z.infer<typeof ModelSpend>

export const SpendCap = z
  .strictObject({
    cap_micros: z
      .int()
      .min(0)
      .nullable()
      .meta({ description: inDollars('Of each month; null for no cap.') }),
  })
  .meta({ id: 'SpendCap' })
export type SpendCap = z.infer<typeof SpendCap>

/** What this month's calls cost, and what is left of the cap. */
export async function readSpend(db: Db, tenantId: string): Promise<Spend> {
  const sums = await db.one<Omit<Spend, 'models' | 'left_micros'>>(sql`
    select s.month_start::text as month_start, s.resets_at, s.cap_micros::float8 as cap_micros, s.spent_micros::float8 as spent_micros,
      s.held_micros::float8 as held_micros, s.open_count::float8 as open_count, s.unpriced_count::float8 as unpriced_count
    from public.read_spend(${tenantId}) as s`)
  const models = await db.query<ModelSpend>(sql`
    select m.kind, m.provider, m.model, m.call_count::float8 as call_count, m.unpriced_count::float8 as unpriced_count,
      m.input_tokens::float8 as input_tokens, m.cached_tokens::float8 as cached_tokens, m.output_tokens::float8 as output_tokens,
      m.spent_micros::float8 as spent_micros
    from public.model_spends as m
    where m.tenant_id = ${tenantId} and m.month_start = ${sums.month_start}::date
    order by m.spent_micros desc, m.kind, m.provider, m.model limit ${maxModels}`)
  const { cap_micros, spent_micros, held_micros } = sums
  return {
    ...sums,
    left_micros: cap_micros === null ? null : Math.max(cap_micros - spent_micros - held_micros, 0),
    models,
  }
}

/** Sets the cap of every month from now on. It holds for the next call that is started. */
export async function setSpendCap(db: Db, tenantId: string, { cap_micros }: SpendCap): Promise<Spend> {
  await db.one(sql`
    update public.tenant_billing set monthly_spend_cap_usd_micros = ${cap_micros} where tenant_id = ${tenantId} returning tenant_id`)
  return readSpend(db, tenantId)
}
