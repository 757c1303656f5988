import { createHash } from 'node:crypto'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import {
  LlmCall,
  LlmCalls,
  ModelPrice,
  ModelPrices,
  Spend,
  StartedLlmCall,
  ToolCall,
  ToolCalls,
} from '../../../lib/usage/index.ts'
import { type CallOptions, call, problemOf } from '../../kit/call.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { freshKey } from './scene.ts'

const secretKey = inject('stack').secret_key
let owner: Person
let reviewer: Person
let tenant: Tenant
beforeAll(async () => {
  owner = await makePerson()
  reviewer = await makePerson()
  tenant = await makeTenant({ owner, reviewer })
})

const ask = (path: string, body?: unknown, options: CallOptions = { token: owner.token }, of = tenant) =>
  call(`/usage${path}`, { ...options, tenant: of.slug, ...(body !== undefined && { body }) })
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const wanted = (more: object = {}) => ({
  ...{ provider: 'openai', model: 'gpt-4o-2024-08-06', max_input_tokens: 2_000, max_output_tokens: 500 },
  ...{ idempotency_key: freshKey(), ...more },
})
const answerOf = async <Answer>(schema: { parse(value: unknown): Answer }, response: Response) => {
  expect(response.status, await response.clone().text()).toBe(200)
  return schema.parse(await response.json())
}

describe('a call of a model, over HTTP', () => {
  it('is started, completed, listed and in the spend', async () => {
    const one = await makeTenant({ owner })
    const body = wanted({ agent: 'copywriter', skill: 'headlines', prompt_sha256: sha256('Write one.') })
    const started = await answerOf(StartedLlmCall, await ask('/llm-calls', body, undefined, one))
    expect(started).toMatchObject({ is_priced: true, held_micros: 10_000, model: 'gpt-4o-2024-08-06' })
    expect(await answerOf(StartedLlmCall, await ask('/llm-calls', body, undefined, one))).toEqual(started)
    const open = await answerOf(Spend, await ask('/spend', undefined, undefined, one))
    expect(open).toMatchObject({
      held_micros: 10_000,
      open_count: 1,
      cap_micros: null,
      left_micros: null,
      models: [],
    })

    const path = `/llm-calls/${started.ref_id}/completion`
    const taken = {
      status: 'ok',
      input_tokens: 1_840,
      cached_tokens: 1_024,
      output_tokens: 212,
      duration_ms: 3_120,
    }
    const sent = { ...taken, response_sha256: sha256('Here it is.') }
    const made = await answerOf(LlmCall, await ask(path, sent, undefined, one))
    expect(made).toMatchObject({
      ...{ ...taken, ref_id: started.ref_id, agent: 'copywriter', skill: 'headlines', is_late: false },
      ...{ cost_micros: 5_440, counted_micros: 5_440, held_micros: 10_000, error_code: null },
      price: {
        input_micros: 2_500_000,
        cached_input_micros: 1_250_000,
        output_micros: 10_000_000,
        call_micros: 0,
      },
    })
    expect(made.prompt_hash).toMatch(/^[0-9a-f]{64}$/)
    expect(JSON.stringify(made)).not.toContain(sha256('Write one.'))
    expect(await answerOf(LlmCall, await ask(path, sent, undefined, one))).toEqual(made)
    expect(await problemOf(await ask(path, { ...sent, output_tokens: 9 }, undefined, one))).toMatchObject({
      ...{ status: 409, code: 'idempotency_conflict' },
    })
    expect((await answerOf(LlmCalls, await ask('/llm-calls', undefined, undefined, one))).llm_calls).toEqual([
      made,
    ])
    const { models, ...spend } = await answerOf(Spend, await ask('/spend', undefined, undefined, one))
    expect(spend).toMatchObject({ spent_micros: 5_440, held_micros: 0, open_count: 0, unpriced_count: 0 })
    const sums = {
      call_count: 1,
      unpriced_count: 0,
      input_tokens: 1_840,
      cached_tokens: 1_024,
      output_tokens: 212,
    }
    expect(models).toEqual([
      { kind: 'llm', provider: 'openai', model: 'gpt-4o-2024-08-06', ...sums, spent_micros: 5_440 },
    ])
    const totals = await ask('/totals?group_by=event_type,model_used', undefined, undefined, one)
    expect((await totals.json()).totals).toMatchObject([
      {
        event_type: 'llm_call',
        model_used: 'gpt-4o-2024-08-06',
        event_count: 1,
        tokens_used: 2_052,
        cost_micros: 5_440,
      },
    ])
  })

  it('over the cap is 402, says when the cap starts again, and leaves nothing behind', async () => {
    const poor = await makeTenant({ owner })
    const capped = await ask('/spend/cap', { cap_micros: 9_999 }, { token: owner.token, method: 'PUT' }, poor)
    expect(await answerOf(Spend, capped)).toMatchObject({ cap_micros: 9_999, left_micros: 9_999 })
    const refused = await ask('/llm-calls', wanted(), undefined, poor)
    expect(refused.status).toBe(402)
    const problem = await refused.json()
    const { resets_at } = await answerOf(Spend, await ask('/spend', undefined, undefined, poor))
    expect(problem).toMatchObject({ code: 'spend_cap_reached', needed_micros: 10_000, resets_at })
    expect(JSON.stringify(problem)).not.toContain('9999')
    expect(await answerOf(Spend, await ask('/spend', undefined, undefined, poor))).toMatchObject({
      held_micros: 0,
      open_count: 0,
    })
    await ask('/spend/cap', { cap_micros: 10_000 }, { token: owner.token, method: 'PUT' }, poor)
    expect((await ask('/llm-calls', wanted(), undefined, poor)).status).toBe(200)
  })

  it('is found by its model, its status and its time', async () => {
    const one = await makeTenant({ owner })
    const make = async (model: string, status: string) => {
      const started = await answerOf(
        StartedLlmCall,
        await ask('/llm-calls', wanted({ model }), undefined, one),
      )
      const body = { status, input_tokens: 1, output_tokens: 1 }
      return answerOf(LlmCall, await ask(`/llm-calls/${started.ref_id}/completion`, body, undefined, one))
    }
    const [first, second, third] = [
      await make('gpt-4o', 'ok'),
      await make('o3', 'error'),
      await make('gpt-4o', 'refused'),
    ]
    const found = async (filter: string) => {
      const page = await answerOf(LlmCalls, await ask(`/llm-calls?${filter}`, undefined, undefined, one))
      return page.llm_calls.map(({ ref_id }) => ref_id)
    }
    expect(await found('model=gpt-4o')).toEqual([third!.ref_id, first!.ref_id])
    expect(await found('status=error')).toEqual([second!.ref_id])
    expect(await found('model=gpt-4o&status=error')).toEqual([])
    expect(await found(`since=${new Date(Date.now() - 60_000).toISOString()}`)).toHaveLength(3)
    expect(await found(`since=${new Date(Date.now() + 60_000).toISOString()}`)).toEqual([])
    expect(await found(`until=${new Date(Date.now() - 60_000).toISOString()}`)).toEqual([])
    for (const filter of ['status=done', 'model=', 'since=yesterday'])
      expect(await problemOf(await ask(`/llm-calls?${filter}`, undefined, undefined, one))).toMatchObject({
        status: 422,
      })
  })

  it.each([
    ['the prompt', { prompt: 'Write one.' }, '/prompt'],
    ['a prompt where its hash belongs', { prompt_sha256: 'Write one.' }, '/prompt_sha256'],
    ['a fraction of a token', { max_output_tokens: 0.5 }, '/max_output_tokens'],
    ['tokens below zero', { max_input_tokens: -1 }, '/max_input_tokens'],
    ['a provider with capitals', { provider: 'OpenAI' }, '/provider'],
    ['no time', { expires_in_seconds: 0 }, '/expires_in_seconds'],
  ])('with %s is 422', async (_what, more, pointer) => {
    const problem = await problemOf(await ask('/llm-calls', wanted(more)))
    expect(problem).toMatchObject({ status: 422 })
    // An unknown field is named where it stands, or as the body's.
    expect(problem.pointers.some((found) => found === pointer || found === '')).toBe(true)
  })

  it.each([
    ['the response', { response: 'Here it is.' }],
    ['more cached than sent', { cached_tokens: 6 }],
    ['a message', { error_code: 'Too long: Write one.' }],
    ['another status', { status: 'done' }],
  ])('completed with %s is 422', async (_what, more) => {
    const { ref_id } = await answerOf(StartedLlmCall, await ask('/llm-calls', wanted()))
    const body = { status: 'ok', input_tokens: 5, output_tokens: 5, ...more }
    expect(await problemOf(await ask(`/llm-calls/${ref_id}/completion`, body))).toMatchObject({ status: 422 })
  })
})

describe('a call of a tool, over HTTP', () => {
  it('is recorded once for its key, and listed', async () => {
    const one = await makeTenant({ owner })
    const body = {
      ...{
        tool: 'google_search_console',
        method: 'getKeywordRankings',
        status: 'error',
        idempotency_key: freshKey(),
      },
      ...{ error_code: 'quota_exceeded', duration_ms: 420, input_sha256: sha256('shoes') },
    }
    const made = await answerOf(ToolCall, await ask('/tool-calls', body, undefined, one))
    expect(made).toMatchObject({
      status: 'error',
      error_code: 'quota_exceeded',
      is_priced: false,
      cost_micros: null,
    })
    expect(made.input_hash).not.toBe(sha256('shoes'))
    expect(await answerOf(ToolCall, await ask('/tool-calls', body, undefined, one))).toEqual(made)
    const list = async (filter: string) =>
      (await answerOf(ToolCalls, await ask(`/tool-calls${filter}`, undefined, undefined, one))).tool_calls
    expect(await list('')).toEqual([made])
    expect(await list('?tool=google_search_console&status=error')).toEqual([made])
    expect(await list('?status=ok')).toEqual([])
    expect(
      await problemOf(await ask('/tool-calls', { ...body, input: { query: 'shoes' } }, undefined, one)),
    ).toMatchObject({
      ...{ status: 422 },
    })
  })
})

describe('who reads what it costs', () => {
  it('a reviewer reads the calls, and neither the spend of the month nor the cap', async () => {
    const asReviewer = { token: reviewer.token }
    expect((await ask('/llm-calls', undefined, asReviewer)).status).toBe(200)
    expect(await problemOf(await ask('/spend', undefined, asReviewer))).toMatchObject({ status: 403 })
    expect(await problemOf(await ask('/llm-calls', wanted(), asReviewer))).toMatchObject({ status: 403 })
  })

  it.each([-1, 0.5, 2 ** 53, '10', undefined])('a cap of %s is 422', async (cap_micros) => {
    const response = await ask('/spend/cap', { cap_micros }, { token: owner.token, method: 'PUT' })
    expect(await problemOf(response)).toMatchObject({ status: 422 })
  })
})

describe('prices, over HTTP', () => {
  it('are set by the platform, and read by everyone signed in', async () => {
    const model = `routes-${freshKey()}`
    const set = (body: object) =>
      call('/usage/model-prices', { apikey: secretKey, body: { provider: 'test', model, ...body } })
    const first = await answerOf(ModelPrice, await set({ input_micros: 3, output_micros: 5 }))
    expect(first).toMatchObject({
      cached_input_micros: 3,
      cache_write_micros: 3,
      call_micros: 0,
      currency: 'USD',
    })
    const effective_at = new Date(Date.now() + 3_600_000).toISOString()
    const next = await answerOf(ModelPrice, await set({ input_micros: 4, effective_at }))
    const { model_prices } = await answerOf(
      ModelPrices,
      await call(`/usage/model-prices?provider=test&model=${model}`, { token: reviewer.token }),
    )
    expect(model_prices).toEqual([next, first])
    for (const bad of [
      ...[{ effective_at: '2026-01-01T00:00:00Z' }, { input_micros: -1 }, { output_micros: 0.5 }],
      ...[{ currency: 'CHF' }, { kind: 'tool', input_micros: 1 }, { provider: '*' }],
    ])
      expect(await problemOf(await set(bad)), JSON.stringify(bad)).toMatchObject({ status: 422 })
  })
})
