import { z } from 'zod'
import {
  type Db,
  keyset,
  moment,
  nextCursor,
  offsetMoment,
  pageParameters,
  readPage,
  refId,
  sql,
} from '../../db/index.ts'

const kinds = ['llm', 'tool'] as const
const maxMicros = 10_000_000_000
const perMillion = z
  .int()
  .min(0)
  .max(maxMicros)
  .meta({ description: 'In millionths of a US dollar for a million tokens.' })
const perCall = z
  .int()
  .min(0)
  .max(maxMicros)
  .meta({ description: 'In millionths of a US dollar for each call, beside its tokens.' })

/** What a model or a tool costs from a moment on. */
export const ModelPrice = z
  .strictObject({
    ref_id: refId,
    kind: z.enum(kinds),
    provider: z.string().meta({ description: 'Of a tool its name. * is the fallback.' }),
    model: z.string().meta({ description: 'Of a tool its method. * is every other one.' }),
    effective_at: moment.meta({ description: 'It counts from here until the next price of the same model.' }),
    input_micros: perMillion,
    cached_input_micros: perMillion,
    cache_write_micros: perMillion,
    output_micros: perMillion,
    call_micros: perCall,
    currency: z.string(),
  })
  .meta({ id: 'ModelPrice' })

export const NewModelPrice = z
  .strictObject({
    kind: z.enum(kinds).default('llm'),
    provider: z
      .string()
      .regex(/^([a-z0-9][a-z0-9_.-]{0,99}|\*)$/, 'must be a word in lowercase, or * for the fallback'),
    model: z.string().trim().min(1).max(255),
    input_micros: perMillion.default(0),
    output_micros: perMillion.default(0),
    cached_input_micros: perMillion.optional().meta({
      description: 'In millionths of a US dollar for a million tokens. As input_micros if it is missing.',
    }),
    cache_write_micros: perMillion.optional().meta({
      description: 'In millionths of a US dollar for a million tokens. As input_micros if it is missing.',
    }),
    call_micros: perCall.default(0),
    effective_at: offsetMoment.optional().meta({ description: 'Now if it is missing; never in the past.' }),
  })
  .meta({ id: 'NewModelPrice' })

const priceOrder = keyset('model_prices', { ref_id: refId })
export const PriceQuery = z.strictObject({
  provider: z.string().min(1).max(100).optional(),
  model: z.string().min(1).max(255).optional(),
  ...pageParameters(priceOrder),
})
export const ModelPrices = z
  .strictObject({ model_prices: z.array(ModelPrice), next_cursor: nextCursor })
  .meta({ id: 'ModelPrices' })

export type ModelPrice = z.infer<typeof ModelPrice>
export type NewModelPrice = z.output<typeof NewModelPrice>
export type PriceQuery = z.output<typeof PriceQuery>
export type ModelPrices = z.infer<typeof ModelPrices>

const priceColumns = sql`private.ulid(p.id) as ref_id, p.kind, p.provider, p.model, p.effective_at, p.input_micros::float8 as input_micros,
  p.cached_input_micros::float8 as cached_input_micros, p.cache_write_micros::float8 as cache_write_micros,
  p.output_micros::float8 as output_micros, p.call_micros::float8 as call_micros, p.currency`

/** A page of prices, past and future ones too, the newest first by when they were set. */
export async function listModelPrices(
  db: Db,
  { provider, model, limit, cursor }: PriceQuery,
): Promise<ModelPrices> {
  const { rows, next_cursor } = await readPage<ModelPrice>(
    db,
    priceOrder,
    { provider, model, limit, cursor },
    (rowCount) => sql`
    select ${priceColumns} from public.model_prices as p
    where (${cursor?.ref_id}::text is null or p.id < private.ulid_to_uuid(${cursor?.ref_id}))
      and (${provider}::text is null or p.provider = ${provider})
      and (${model}::text is null or p.model = lower(${model}))
    order by p.id desc limit ${rowCount}`,
  )
  return { model_prices: rows, next_cursor }
}

/** Sets a price from now or from a later moment on. For the service. 422 invalid_value in the past. */
export function setModelPrice(db: Db, price: NewModelPrice): Promise<ModelPrice> {
  return db.one<ModelPrice>(sql`
    select ${priceColumns}
    from private.set_model_price(${price.kind}, ${price.provider}, ${price.model}, ${price.input_micros}, ${price.output_micros},
      ${price.cached_input_micros}, ${price.cache_write_micros}, ${price.call_micros}, ${price.effective_at}) as p`)
}
