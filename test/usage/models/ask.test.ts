import { randomUUID } from 'node:crypto'
import process from 'node:process'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import { callerDb, closeConnections } from '../../../lib/db/index.ts'
import { askModel, findModel } from '../../../lib/usage/index.ts'
import type { ModelQuestion } from '../../../lib/usage/models/ask.ts'
import { admin, rolledBack } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { priceModel, setCap, spendOf } from '../calls/scene.ts'
import { callsOf, creditsUsed, heldBy, ownLlm, useModel, withPlatformModel } from './model-scene.ts'

// Asked without an edge function, because no route lets a caller choose what is asked, or for how long.
const names = ['SUPABASE_DB_URL', 'TENANTRY_ALLOW_PRIVATE_URLS'] as const
const before = names.map((name) => process.env[name])
beforeAll(() => {
  process.env.SUPABASE_DB_URL = inject('stack').db_url
  process.env.TENANTRY_ALLOW_PRIVATE_URLS = 'loopback'
})
afterAll(async () => {
  await closeConnections()
  names.forEach((name, n) => {
    if (before[n] === undefined) delete process.env[name]
    else process.env[name] = before[n]
  })
})
const service = callerDb({ role: 'service_role' })

const llm = ownLlm()
let owner: Person
let tenant: Tenant
beforeEach(async () => {
  owner = await makePerson()
  tenant = await makeTenant({ owner })
})

const question = (more: Partial<ModelQuestion> = {}): ModelQuestion => ({
  agent: 'test',
  system: 'Be kind.',
  turns: [{ role: 'user', content: 'What now?' }],
  max_output_tokens: 100,
  idempotency_key: randomUUID(),
  timeoutMs: 5_000,
  ...more,
})
const ask = async (more: Partial<ModelQuestion> = {}) =>
  askModel(service, tenant.id, await findModel(service, tenant.id), question(more))
const refusal = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (thrown: { code?: string }) => thrown.code,
  )

it('what it took is priced, recorded and paid with credits, and nothing stays held', async () => {
  await priceModel('dear', { provider: 'custom', input: 1_000_000_000, output: 1_000_000_000 })
  await useModel(tenant, llm.server(), { model: 'dear' })
  const answer = await ask()
  const [row] = await callsOf(tenant)
  expect(row).toMatchObject({ status: 'ok', agent: 'test', input_tokens: answer.input_tokens })
  // A token costs a thousandth of a dollar, and a credit is a cent.
  expect(answer.cost_micros).toBe((answer.input_tokens + answer.output_tokens) * 1_000)
  expect(answer.credits).toBe(Math.ceil((answer.cost_micros ?? 0) / 10_000))
  expect(await creditsUsed(tenant)).toBe(answer.credits)
  expect(await spendOf(tenant.id)).toMatchObject({ spent: answer.cost_micros, held: 0 })
  expect(await heldBy(tenant)).toEqual({ micros: 0, credits: 0 })
})

it('a model without a price counts by the fallback, as every call', async () => {
  await useModel(tenant, llm.server(), { model: 'nobody-priced-this' })
  const answer = await ask()
  expect(answer.cost_micros).toBeNull()
  expect((await spendOf(tenant.id)).spent).toBeGreaterThan(0)
  expect(answer.credits).toBeGreaterThan(0)
})

it('hashes are kept of the prompt and the answer, and never the words', async () => {
  await useModel(tenant, llm.server())
  await ask({ system: 'A secret of Ada', turns: [{ role: 'user', content: 'Another secret' }] })
  const [row] = await callsOf(tenant)
  expect(row?.prompt_hash).toMatch(/^[0-9a-f]{64}$/)
  expect(row?.response_hash).toMatch(/^[0-9a-f]{64}$/)
  const { rows } = await admin.query<{ found: string }>(
    `select (select string_agg(c::text, ' ') from public.llm_calls as c where c.tenant_id = $1)
       || (select string_agg(h::text, ' ') from public.llm_call_holds as h where h.tenant_id = $1)
       || (select string_agg(u::text, ' ') from public.usage_events as u where u.tenant_id = $1) as found`,
    [tenant.id],
  )
  expect(rows[0]?.found).not.toMatch(/secret/)
})

describe('is refused before the model is asked', () => {
  const unasked = async (work: () => Promise<unknown>) => {
    const before = llm.server().asked.length
    const code = await refusal(work())
    expect(llm.server().asked.length).toBe(before)
    expect(await heldBy(tenant)).toEqual({ micros: 0, credits: 0 })
    return code
  }

  it('over the cap', async () => {
    await useModel(tenant, llm.server(), { model: 'nobody-priced-this' })
    await setCap(tenant.id, 100)
    expect(await unasked(ask)).toBe('spend_cap_reached')
  })

  it('without credits, and then it holds nothing of the cap', async () => {
    await useModel(tenant, llm.server(), { model: 'nobody-priced-this' })
    await admin.query(
      `select public.reserve_credits($1, b.credits_available - b.credits_reserved, 'all', 3600) from public.read_credits($1) as b`,
      [tenant.id],
    )
    const before = llm.server().asked.length
    expect(await refusal(ask())).toBe('insufficient_credits')
    expect(llm.server().asked.length).toBe(before)
    expect((await heldBy(tenant)).micros).toBe(0)
  })

  it('in a tenant that is frozen', async () => {
    await useModel(tenant, llm.server())
    const model = await findModel(service, tenant.id)
    await admin.query(`update public.tenants set status = 'frozen' where id = $1`, [tenant.id])
    expect(await unasked(() => askModel(service, tenant.id, model, question()))).toBe('tenant_frozen')
  })

  it('with a key that was used before, also by two at once', async () => {
    await useModel(tenant, llm.server(), { model: 'nobody-priced-this' })
    const before = llm.server().asked.length
    const idempotency_key = randomUUID()
    const codes = await Promise.all([1, 2, 3, 4].map(() => refusal(ask({ idempotency_key }))))
    expect(codes.toSorted()).toEqual([
      ...['idempotency_conflict', 'idempotency_conflict', 'idempotency_conflict'],
      undefined,
    ])
    expect(llm.server().asked.length).toBe(before + 1)
    expect(await callsOf(tenant)).toHaveLength(1)
  })
})

describe('a failure frees what was held', () => {
  it.each([
    ['refuse-key', 'llm_failed', 'credentials', false],
    ['busy', 'llm_busy', 'busy', false],
    ['fail', 'llm_failed', 'status_500', false],
    ['hang', 'llm_failed', 'too_slow', true],
    ['cut', 'llm_failed', 'unreachable', true],
    ['no-json', 'llm_failed', 'not_understood', true],
    ['huge', 'llm_failed', 'too_large', true],
  ])('of a model that behaves as %s', async (model, code, error_code, hasRead) => {
    await useModel(tenant, llm.server(), { model })
    expect(await refusal(ask({ timeoutMs: 500 }))).toBe(code)
    const [row] = await callsOf(tenant)
    expect(row).toMatchObject({ status: 'error', error_code, output_tokens: 0 })
    // What the provider may have read is charged there, so it counts here.
    expect(row!.input_tokens > 0).toBe(hasRead)
    expect(await heldBy(tenant)).toEqual({ micros: 0, credits: 0 })
  })

  it('of a server that is not there', async () => {
    await useModel(tenant, { ...llm.server(), url: 'http://127.0.0.1:9/v1' })
    expect(await refusal(ask())).toBe('llm_failed')
    expect(await heldBy(tenant)).toEqual({ micros: 0, credits: 0 })
  })

  it('says when to come back, as the provider says it', async () => {
    await useModel(tenant, llm.server(), { model: 'busy' })
    const thrown = await ask().catch((problem) => problem)
    expect(thrown.headers).toEqual({ 'retry-after': '7' })
  })
})

it('a process that is killed in between holds nothing once the hold is over', async () => {
  await rolledBack(admin, async (db) => {
    await db.query(
      `select private.begin_model_call($1, 'custom', 'nobody-priced-this', 1000, 1000, 'killed', 1, 'test', null)`,
      [tenant.id],
    )
    await db.query(`select pg_sleep(1.1)`)
    const { rows } = await db.query(
      `select private.expire_llm_calls(), private.settle_due_credits(),
         (select held_micros::int from public.read_spend($1)), (public.read_credits($1)).credits_reserved::int as credits`,
      [tenant.id],
    )
    expect(rows[0]).toMatchObject({ held_micros: 0, credits: 0 })
  })
})

it('a model that does not say what it took is counted by what was sent and answered', async () => {
  await useModel(tenant, llm.server(), { model: 'no-usage' })
  const answer = await ask()
  expect(answer.input_tokens).toBeGreaterThan(10)
  expect(answer.output_tokens).toBeGreaterThan(10)
})

it('a model that will not answer is recorded as that', async () => {
  await useModel(tenant, llm.server(), { model: 'decline' })
  expect(await ask()).toMatchObject({ isRefused: true, text: '' })
  expect(await callsOf(tenant)).toMatchObject([{ status: 'refused' }])
})

it('a key that is not accepted is not sent again, and the admins hear it once', async () => {
  await useModel(tenant, llm.server(), { model: 'refuse-key', key: 'sk-old' })
  const model = await findModel(service, tenant.id)
  for (const _ of [1, 2])
    expect(await refusal(askModel(service, tenant.id, model, question()))).toBe('llm_failed')
  await withPlatformModel(async () => {
    expect(await findModel(service, tenant.id)).toMatchObject({ is_own: false })
  })
  const { rows } = await admin.query(
    'select verified_at, last_error from public.llm_providers where tenant_id = $1',
    [tenant.id],
  )
  expect(rows[0]).toMatchObject({ verified_at: null, last_error: expect.stringContaining('401') })
  const told = await admin.query(
    `select from public.notifications where tenant_id = $1 and user_id = $2 and type = 'llm_provider.refused'`,
    [tenant.id, owner.id],
  )
  expect(told.rowCount).toBe(1)
})

it('words of any kind come through, and what no database stores does not', async () => {
  await useModel(tenant, llm.server())
  const odd = `ANSWER "ünï 🦊 \\ud83e \u202e ${'é'.repeat(50_000)}"`
  const answer = await ask({ turns: [{ role: 'user', content: odd }] })
  expect(answer.text).toContain('ünï 🦊')
  expect(await heldBy(tenant)).toEqual({ micros: 0, credits: 0 })
})
