import { describe, expect, it } from 'vitest'
import { admin, rolledBack, superuser } from '../../kit/db.ts'
import { makeTenant } from '../../kit/tenants.ts'
import { finish, freshKey, makeCapped, priceModel, refusalOf, spendOf, start } from './scene.ts'

interface Price {
  id: string
  provider: string
  model: string
  input_micros: string
  effective_at: Date
}
const find = async (provider: string, name: string, at?: string): Promise<Price | undefined> => {
  const { rows } = await admin.query<Price>(
    `select * from private.find_model_price('llm', $1, $2, coalesce($3, now()))`,
    [provider, name, at],
  )
  return rows[0]?.id ? rows[0] : undefined
}

describe('the price of a model', () => {
  it.each([
    ['the exact name', 'openai', 'gpt-4o', 'gpt-4o'],
    ['in any case', 'openai', 'GPT-4o', 'gpt-4o'],
    ['of a dated name its family', 'openai', 'gpt-4o-2024-08-06', 'gpt-4o'],
    ['of a date without dashes', 'anthropic', 'claude-sonnet-4-5-20250929', 'claude-sonnet-4-5'],
    ['of a version behind @', 'anthropic', 'claude-sonnet-4-5@20250929', 'claude-sonnet-4-5'],
    ['of the latest', 'mistral', 'mistral-large-latest', 'mistral-large'],
    ['of a version with a price of its own', 'openai', 'gpt-4o-2024-05-13', 'gpt-4o-2024-05-13'],
    ['of every model of a provider', 'ollama', 'llama3.2:70b', '*'],
  ])('is that of %s', async (_what, provider, name, found) => {
    expect(await find(provider, name)).toMatchObject({ provider, model: found })
  })

  it.each([
    ['another provider', 'azure_openai', 'gpt-4o'],
    ['a longer name', 'openai', 'gpt-4o-turbo'],
    ['a date that is none', 'openai', 'gpt-4o-1234'],
    ['the family of nothing', 'openai', '-2024-08-06'],
    ['a pattern', 'openai', 'gpt%'],
  ])('is the fallback for %s', async (_what, provider, name) => {
    expect(await find(provider, name)).toMatchObject({ provider: '*', model: '*' })
  })

  it('is the newest that is not after the moment', async () => {
    for (const [at, input] of [
      ['2025-04-16T00:00:00Z', '10000000'],
      ['2025-06-09T23:59:59.999Z', '10000000'],
      ['2025-06-10T00:00:00Z', '2000000'],
      ['2026-01-01T00:00:00Z', '2000000'],
    ])
      expect((await find('openai', 'o3', at))?.input_micros).toBe(input)
    expect(await find('openai', 'o3', '2025-04-15T23:59:59Z')).toMatchObject({ provider: '*' })
    expect(await find('openai', 'o3', '2024-12-31T23:59:59Z')).toBeUndefined()
  })

  it('is above no fallback: a cap holds for a model that nobody has priced', async () => {
    // Other tests price providers of their own, and models at addresses of their own.
    const { rows } = await admin.query(
      `select p.provider, p.model from public.model_prices as p, private.find_model_price('llm', 'nobody', 'none') as f
       where p.kind = 'llm' and p.provider not like 'test%' and p.provider <> 'custom' and (p.input_micros > f.input_micros or p.output_micros > f.output_micros
         or p.cached_input_micros > f.cached_input_micros or p.cache_write_micros > f.cache_write_micros)`,
    )
    expect(rows).toEqual([])
  })

  it.each([
    [1, 0, 0, 0, 3],
    [1_000_000, 0, 0, 0, 2_500_000],
    [1_000_000, 1_000_000, 0, 0, 1_250_000],
    [0, 0, 0, 1, 10],
    [3, 1, 0, 0, 7],
    [0, 0, 0, 0, 0],
    [100_000_000, 0, 0, 100_000_000, 1_250_000_000],
  ])(
    'of %s tokens, %s cached, %s written and %s answered is %4$s, rounded up',
    async (input, cached, written, output, cost) => {
      const { rows } = await admin.query(
        `select private.price_call(p, $1, $2, $3, $4)::float8 as cost from private.find_model_price('llm', 'openai', 'gpt-4o') as p`,
        [input, cached, written, output],
      )
      expect(rows).toEqual([{ cost }])
    },
  )
})

describe('a model that nobody has priced', () => {
  it('costs an unknown amount, and counts by the fallback', async () => {
    const { id } = await makeCapped(10_000)
    const name = `unheard-of-${freshKey()}`
    const hold = await start(id, { name, provider: 'openai', input: 10, output: 10 })
    expect(hold).toMatchObject({ is_priced: false, held_micros: '1875' })
    const call = await finish(id, hold.id, { input: 10, output: 2 })
    expect(call).toMatchObject({ is_priced: false, cost_micros: null, counted_micros: '600' })
    expect(await spendOf(id)).toMatchObject({ spent: 600, held: 0, unpriced: 1 })
    const { rows } = await admin.query(
      `select cost_micros, event_data ->> 'is_priced' as priced from public.usage_events where tenant_id = $1`,
      [id],
    )
    expect(rows).toEqual([{ cost_micros: '600', priced: 'false' }])
    expect(await refusalOf(start(id, { name, provider: 'openai', output: 63 }))).toBe('spend_cap_reached')
  })

  it('is told the platform, once a month, whoever calls it', async () => {
    const name = `unheard-of-${freshKey()}`
    const tenants = [await makeTenant(), await makeTenant()]
    for (const { id } of [...tenants, ...tenants]) await finish(id, (await start(id, { name })).id)
    const { rows } = await admin.query(
      `select tenant_id = private.platform_tenant_id() as is_platform, payload::jsonb -> 'data' as data from public.webhook_events
       where type = 'model.unpriced' and payload like '%' || $1 || '%'`,
      [name],
    )
    expect(rows).toEqual([
      {
        is_platform: true,
        data: { provider: 'test', model: name, month: expect.stringMatching(/^\d{4}-\d\d$/) },
      },
    ])
  })

  it('that is priced later costs that from then on, and what it cost before stays unknown', async () => {
    const { id } = await makeTenant()
    const name = `new-${freshKey()}`
    const [before, during] = [await start(id, { name }), await start(id, { name })]
    const first = await finish(id, before.id)
    await priceModel(name)
    // The price that admitted it.
    expect(await finish(id, during.id)).toMatchObject({ is_priced: false, counted_micros: '150' })
    expect(await finish(id, (await start(id, { name })).id)).toMatchObject({
      is_priced: true,
      cost_micros: '100',
    })
    expect(await finish(id, before.id)).toEqual(first)
  })
})

describe('a price that was in effect', () => {
  it('stays the price of the calls it admitted', async () => {
    const { id } = await makeTenant()
    const name = `cheaper-${freshKey()}`
    await priceModel(name)
    const hold = await start(id, { name })
    await priceModel(name, { output: 1_000_000 })
    expect(await finish(id, hold.id)).toMatchObject({ cost_micros: '100', price_output_micros: '100000000' })
    expect(await finish(id, (await start(id, { name })).id)).toMatchObject({ cost_micros: '1' })
  })

  it.each([
    'update public.model_prices set input_micros = 1',
    'delete from public.model_prices',
    'truncate public.model_prices',
  ])('cannot be changed: %s', async (sql) => {
    for (const role of ['anon', 'authenticated', 'service_role'])
      await rolledBack(admin, async (db) => {
        await db.query(`set local role ${role}`)
        await expect(db.query(sql)).rejects.toMatchObject({ code: '42501' })
      })
    await rolledBack(admin, (db) => expect(db.query(sql)).rejects.toMatchObject({ code: 'P0001' }))
    for (const first of ['select 1', 'set local session_replication_role = replica'])
      await rolledBack(superuser, async (db) => {
        await db.query(first)
        await expect(db.query(sql)).rejects.toMatchObject({ code: 'P0001' })
      })
  })

  it('cannot be set in the past, and one to come can be set again', async () => {
    const name = `future-${freshKey()}`
    const set = (output: number, at: string) =>
      admin.query<Price>(
        `select * from private.set_model_price('llm', 'test', $1, 1, $2, effective_at => $3)`,
        [name, output, at],
      )
    expect(await refusalOf(set(1, new Date(Date.now() - 1_000).toISOString()))).toBe('invalid_value')
    const later = new Date(Date.now() + 3_600_000).toISOString()
    const first = (await set(1, later)).rows[0]!
    expect((await set(2, later)).rows[0]).toEqual({ ...first, output_micros: '2' })
    expect(await find('test', name)).toMatchObject({ provider: '*' })
    expect(await find('test', name, later)).toMatchObject({ id: first.id })
  })

  it.each([
    ['a price below zero', `'llm', 'test', 'm', -1`],
    ['a price above ten thousand dollars', `'llm', 'test', 'm', 10000000001`],
    ['no price', `'llm', 'test', 'm', null`],
    ['a provider with capitals', `'llm', 'Test', 'm', 1`],
    ['no provider', `'llm', null, 'm', 1`],
    ['no model', `'llm', 'test', '', 1`],
    ['a model of the fallback', `'llm', '*', 'gpt-4o', 1`],
    ['tokens of a tool', `'tool', 'maps', '*', 1`],
  ])('cannot be %s', async (_what, values) => {
    expect(await refusalOf(admin.query(`select private.set_model_price(${values})`))).toBe('invalid_value')
  })
})
