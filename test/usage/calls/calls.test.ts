import { createHash } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { admin } from '../../kit/db.ts'
import { makeTenant } from '../../kit/tenants.ts'
import {
  brokenPromises,
  finish,
  freshKey,
  makeCapped,
  priceModel,
  recordTool,
  refusalOf,
  spendOf,
  start,
} from './scene.ts'

beforeAll(() => priceModel())
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

describe('a call of a model', () => {
  it('holds what it may cost, and costs what it took', async () => {
    const { id } = await makeCapped(10_000)
    const hold = await start(id, { input: 100, output: 20 })
    expect(hold).toMatchObject({ held_micros: '3000', is_priced: true, status: 'open' })
    expect(await spendOf(id)).toEqual({ cap: 10_000, spent: 0, held: 3_000, open: 1, unpriced: 0 })
    const call = await finish(id, hold.id, { input: 90, cached: 40, written: 10, output: 5, duration: 812 })
    expect(call).toMatchObject({
      ...{ id: hold.id, status: 'ok', cost_micros: '1040', counted_micros: '1040', is_late: false },
      ...{ price_input_micros: '10000000', price_cached_input_micros: '1000000' },
      ...{ price_output_micros: '100000000', model_price_id: hold.model_price_id },
    })
    expect(await spendOf(id)).toEqual({ cap: 10_000, spent: 1_040, held: 0, open: 0, unpriced: 0 })
    expect(await brokenPromises(admin, id)).toEqual([])
  })

  it('is a usage event and counts in the totals by model', async () => {
    const { id } = await makeCapped(null)
    const call = await finish(id, (await start(id)).id, { input: 7, output: 3 })
    const { rows } = await admin.query(
      `select event_type, model_used, tokens_used, cost_micros, event_data ->> 'status' as status from public.usage_events where tenant_id = $1 and id = $2`,
      [id, call.usage_event_id],
    )
    const event = { event_type: 'llm_call', model_used: 'round-1', tokens_used: '10', cost_micros: '370' }
    expect(rows).toEqual([{ ...event, status: 'ok' }])
  })

  it('that costs more than it held is recorded as it was, and the next one is refused', async () => {
    const { id } = await makeCapped(100)
    await finish(id, (await start(id)).id, { output: 7 })
    expect(await spendOf(id)).toMatchObject({ spent: 700, held: 0 })
    expect(await refusalOf(start(id))).toBe('spend_cap_reached')
  })

  it('that failed or was refused by the model costs what it took', async () => {
    const { id } = await makeCapped(1_000)
    const failed = await finish(id, (await start(id)).id, { status: 'error', output: 0, error: 'timeout' })
    expect(failed).toMatchObject({ status: 'error', error_code: 'timeout', cost_micros: '0' })
    const refused = await finish(id, (await start(id)).id, { status: 'refused', input: 3, output: 0 })
    expect(refused).toMatchObject({ status: 'refused', cost_micros: '30' })
  })

  it("is completed by the platform's own functions also after its tenant was frozen", async () => {
    const { id } = await makeCapped(1_000)
    const hold = await start(id)
    await admin.query(`update public.tenants set status = 'frozen' where id = $1`, [id])
    expect(await refusalOf(start(id))).toBe('tenant_frozen')
    expect(await refusalOf(finish(id, hold.id))).toBe('tenant_frozen')
    const { rows } = await admin.query(
      `select counted_micros from private.finish_llm_call($1, $2, 'ok', 0, 1)`,
      [...[id, hold.id]],
    )
    expect(rows).toEqual([{ counted_micros: '100' }])
    expect(await spendOf(id)).toMatchObject({ spent: 100, held: 0 })
    expect(await brokenPromises(admin, id)).toEqual([])
  })
})

describe('a repeated request', () => {
  it('to start has the first answer, also after the call is over', async () => {
    const { id } = await makeCapped(100)
    const key = freshKey()
    const first = await start(id, { key })
    expect(await start(id, { key })).toEqual(first)
    await finish(id, first.id)
    expect(await start(id, { key })).toMatchObject({ id: first.id, held_micros: first.held_micros })
    expect(await refusalOf(start(id, { key, output: 2 }))).toBe('idempotency_conflict')
    expect(await spendOf(id)).toMatchObject({ spent: 100, held: 0 })
  })

  it('to complete has the first answer, and another one is refused', async () => {
    const { id } = await makeCapped(1_000)
    const hold = await start(id)
    const first = await finish(id, hold.id, { output: 1, response: sha256('yes') })
    expect(await finish(id, hold.id, { output: 1, response: sha256('yes') })).toEqual(first)
    for (const other of [{ output: 2 }, { status: 'error' }, { response: sha256('no') }, { duration: 1 }])
      expect(await refusalOf(finish(id, hold.id, { output: 1, response: sha256('yes'), ...other }))).toBe(
        'idempotency_conflict',
      )
    expect(await spendOf(id)).toMatchObject({ spent: 100 })
  })

  it('of a call of a tool has the first answer', async () => {
    const { id } = await makeTenant()
    const key = freshKey()
    const first = await recordTool(id, { key })
    expect(await recordTool(id, { key })).toEqual(first)
    expect(await refusalOf(recordTool(id, { key, status: 'error' }))).toBe('idempotency_conflict')
    expect(await brokenPromises(admin, id)).toEqual([])
  })

  it("with another tenant's key or call is another request", async () => {
    const [one, other] = [await makeCapped(100), await makeCapped(100)]
    const key = freshKey()
    const hold = await start(one.id, { key })
    expect((await start(other.id, { key })).id).not.toBe(hold.id)
    expect(await refusalOf(finish(other.id, hold.id))).toBe('call_not_found')
  })
})

describe('what is stored of a prompt', () => {
  it('is neither the text nor its SHA-256, in any column', async () => {
    const [one, other] = [await makeTenant(), await makeTenant()]
    const holds = []
    for (const { id } of [one, one, other]) {
      const hold = await start(id, { prompt: sha256('yes or no?') })
      holds.push(await finish(id, hold.id, { response: sha256('yes') }))
    }
    const [first, again, elsewhere] = holds
    expect(first!.prompt_hash).toMatch(/^[0-9a-f]{64}$/)
    // The same text of one tenant can be found again. That of another tenant cannot be compared with it.
    expect(again!.prompt_hash).toBe(first!.prompt_hash)
    expect(elsewhere!.prompt_hash).not.toBe(first!.prompt_hash)
    expect(first!.response_hash).not.toBe(first!.prompt_hash)
    const { rows } = await admin.query<{ row: string }>(
      `select to_jsonb(h)::text as row from public.llm_call_holds as h where tenant_id = $1
       union all select to_jsonb(c)::text from public.llm_calls as c where tenant_id = $1
       union all select to_jsonb(u)::text from public.usage_events as u where tenant_id = $1`,
      [one.id],
    )
    expect(rows).toHaveLength(6)
    for (const { row } of rows)
      for (const text of ['yes', sha256('yes'), sha256('yes or no?')]) expect(row).not.toContain(text)
    const { rows: compared } = await admin.query('select private.call_hash($1, $2) as hash', [
      one.id,
      sha256('yes or no?').toUpperCase(),
    ])
    expect(compared[0].hash).toBe(first!.prompt_hash)
  })
})

describe('a call of a tool', () => {
  it('costs an unknown amount if nobody has priced it, and counts none of the cap', async () => {
    const { id } = await makeCapped(0)
    expect(await recordTool(id)).toMatchObject({ is_priced: false, cost_micros: null, model_price_id: null })
    expect(await spendOf(id)).toMatchObject({ spent: 0, unpriced: 0 })
    expect(await brokenPromises(admin, id)).toEqual([])
  })

  it('counts towards the cap at its price, and is recorded also over it', async () => {
    const { id } = await makeCapped(100)
    const tool = `maps-${freshKey()}`
    await admin.query(`select private.set_model_price('tool', $1, '*', call_micros => 70)`, [tool])
    for (const spent of [70, 140]) {
      expect(await recordTool(id, { tool, method: 'route' })).toMatchObject({
        is_priced: true,
        cost_micros: '70',
      })
      expect(await spendOf(id)).toMatchObject({ spent })
    }
    expect(await refusalOf(start(id))).toBe('spend_cap_reached')
    expect(await brokenPromises(admin, id)).toEqual([])
  })
})
