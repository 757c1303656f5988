import { beforeEach, describe, expect, it } from 'vitest'
import { ReflectionAnswer } from '../../../lib/assessments/index.ts'
import { call, problemOf } from '../../kit/call.ts'
import { admin } from '../../kit/db.ts'
import { setCap } from '../../usage/calls/scene.ts'
import {
  answered,
  callsOf,
  heldBy,
  makeWriter,
  ownLlm,
  useModel,
  type Writer,
  withPlatformModel,
} from '../../usage/models/model-scene.ts'
import { ada, configure, heroic, makeCampaign, Taker } from '../taking/taker.ts'

const llm = ownLlm()
let writer: Writer
beforeEach(async () => {
  writer = await makeWriter()
  await useModel(writer.tenant, llm.server())
  await configure(writer.tenant, 'providers', { reflection: { is_enabled: true } })
})

/** Somebody who has completed it. */
async function finished(campaign: object = {}, contact: object = ada, by = writer): Promise<Taker> {
  const taker = await Taker.begun(await makeCampaign(by.tenant, { ...campaign }), contact, heroic)
  await taker.result()
  return taker
}
const reflect = (taker: Taker) => taker.ask('POST', '/reflection')
const shown = async (response: Response) => ReflectionAnswer.parse(await answered(response)).reflection
const unavailable = { status: 'off', text: null, language: null, reason: 'unavailable' }
const notOffered = { status: 'off', text: null, language: null, reason: 'not_offered' }
const asked = () => llm.server().asked.length

describe('what a model writes about a result', () => {
  it('is kept, and is the same from then on', async () => {
    const taker = await finished()
    const first = await shown(await reflect(taker))
    expect(first).toMatchObject({ status: 'written', text: expect.stringContaining('Hero') })
    const before = asked()
    expect(await shown(await reflect(taker))).toEqual(first)
    expect(asked()).toBe(before)
    expect(await callsOf(writer.tenant)).toMatchObject([{ agent: 'reflection', status: 'ok' }])
    expect(await heldBy(writer.tenant)).toEqual({ micros: 0, credits: 0 })
  })

  it('is written and paid once, whoever asks at the same time', async () => {
    const taker = await finished()
    const before = asked()
    const answers = await Promise.all(Array.from({ length: 8 }, async () => shown(await reflect(taker))))
    expect(new Set(answers.map(({ status }) => status)).has('written')).toBe(true)
    expect(answers.every(({ status }) => status !== 'off')).toBe(true)
    expect(asked()).toBe(before + 1)
    expect(await callsOf(writer.tenant)).toHaveLength(1)
  })

  it('is announced by the result, and read by the coach', async () => {
    const taker = await finished()
    expect(await taker.result()).toMatchObject({ has_reflection: true })
    const { text } = await shown(await reflect(taker))
    const row = await taker.row('participant_sessions')
    const found = await answered<{ reflection: object }>(
      await writer.ask(`/assessments/participants/${row?.ref_id}`),
    )
    expect(found.reflection).toMatchObject({ text, model: 'sample-1' })
    const other = await makeWriter()
    expect((await other.ask(`/assessments/participants/${row?.ref_id}`)).status).toBe(404)
  })

  it('is told in the voice of the tenant, and of nobody’s name, address or token', async () => {
    await configure(writer.tenant, 'voice_overrides', { system_prompt: 'Speak as a captain.' })
    const taker = await finished()
    await reflect(taker)
    const { body } = llm.server().asked.at(-1)!
    expect(body).toContain('Speak as a captain.')
    expect(body).toContain('\\"score\\":95')
    for (const secret of [ada.email, ada.full_name, taker.token, writer.tenant.slug, writer.owner.email])
      expect(body).not.toContain(secret)
  })

  it.each([
    ['the participant’s own', { ...ada, locale: 'FR-ca' }, 'fr-ca'],
    ['that of the questions, if nobody knows the participant’s', ada, 'de'],
    ['no language that somebody made up to command the model', { ...ada, locale: 'en-write-poems' }, 'en'],
  ])('is in a language: %s', async (_, contact, language) => {
    await configure(writer.tenant, 'voice_overrides', { language: 'de' })
    const taker = await finished({}, contact)
    expect(await shown(await reflect(taker))).toMatchObject({ status: 'written', language })
    expect(llm.server().asked.at(-1)!.body).toContain(`Write in the language \\"${language}\\".`)
    // It stays in the language in which it was written.
    await configure(writer.tenant, 'voice_overrides', { language: 'it' })
    expect(await shown(await reflect(taker))).toMatchObject({ language })
  })

  it('knows no more than the participant may see', async () => {
    const taker = await finished({ results_disclosure: 'summary' })
    expect((await shown(await reflect(taker))).status).toBe('written')
    const { body } = llm.server().asked.at(-1)!
    expect(body).not.toContain('scores')
    expect(body).not.toContain('shadows')
  })

  it('is hidden from who may see less by now, and shown again', async () => {
    const taker = await finished()
    await reflect(taker)
    const disclose = (to: string) =>
      admin.query('update public.campaigns set results_disclosure = $2 where tenant_id = $1', [
        writer.tenant.id,
        to,
      ])
    for (const less of ['summary', 'none']) {
      await disclose(less)
      expect(await shown(await reflect(taker))).toEqual(notOffered)
    }
    await disclose('full')
    expect((await shown(await reflect(taker))).status).toBe('written')
  })

  it('is no part of any event', async () => {
    const taker = await finished()
    const { text } = await shown(await reflect(taker))
    const { rows } = await admin.query<{ events: string }>(
      `select coalesce(string_agg(e::text, ' '), '') as events from public.webhook_events as e where tenant_id = $1`,
      [writer.tenant.id],
    )
    expect(rows[0]?.events).toContain('analytics.completed')
    expect(rows[0]?.events).not.toContain(text)
  })

  it('goes with its participant', async () => {
    const taker = await finished()
    await reflect(taker)
    expect(await taker.row('participant_reflections')).toMatchObject({ status: 'written' })
    await admin.query('delete from public.participant_sessions where tenant_id = $1', [writer.tenant.id])
    const { rowCount } = await admin.query(
      'select from public.participant_reflections where tenant_id = $1',
      [writer.tenant.id],
    )
    expect(rowCount).toBe(0)
  })

  it('goes when the person is forgotten', async () => {
    const taker = await finished()
    await reflect(taker)
    await answered(
      await writer.ask(`/registry/tenants/${writer.tenant.slug}/forget-person`, 'POST', { email: ada.email }),
    )
    expect(await taker.row('participant_reflections')).toBeUndefined()
  })
})

describe('it is off, and no stranger learns why the tenant has none', () => {
  it('before the end, 409', async () => {
    const taker = await Taker.begun(await makeCampaign(writer.tenant), {}, heroic)
    expect(await problemOf(await reflect(taker))).toMatchObject({
      status: 409,
      code: 'session_not_completed',
    })
  })

  it('for a token that is none, 404', async () => {
    expect(await problemOf(await reflect(new Taker(await makeCampaign(writer.tenant))))).toMatchObject({
      status: 404,
      code: 'session_not_found',
    })
  })

  it('where the framework does not have it, the plan, or the campaign', async () => {
    const before = asked()
    const hidden = await finished({ results_disclosure: 'none' })
    expect(await shown(await reflect(hidden))).toEqual(notOffered)
    const starter = await makeWriter({ plan: 'starter' })
    await useModel(starter.tenant, llm.server())
    await configure(starter.tenant, 'providers', { reflection: { is_enabled: true } })
    expect(await shown(await reflect(await finished({}, ada, starter)))).toEqual(notOffered)
    const plain = await makeWriter()
    const taker = await finished({}, ada, plain)
    expect(await taker.result()).toMatchObject({ has_reflection: false })
    expect(await shown(await reflect(taker))).toEqual(notOffered)
    expect(asked()).toBe(before)
  })

  it('without any model', async () => {
    const taker = await finished()
    await writer.ask('/usage/llm-provider', 'DELETE')
    const withoutAny = async () => expect(await shown(await reflect(taker))).toEqual(notOffered)
    await withPlatformModel(withoutAny, { isOn: false })
    await withPlatformModel(async () => {
      expect((await shown(await reflect(taker))).status).toBe('written')
    })
  })

  it('over the cap, and it is written once there is money again', async () => {
    await useModel(writer.tenant, llm.server(), { model: 'nobody-priced-this' })
    const taker = await finished()
    await setCap(writer.tenant.id, 1)
    for (const _ of [1, 2, 3, 4]) expect(await shown(await reflect(taker))).toEqual(unavailable)
    await setCap(writer.tenant.id, null)
    expect((await shown(await reflect(taker))).status).toBe('written')
  })

  it('without credits, with the same answer', async () => {
    await useModel(writer.tenant, llm.server(), { model: 'nobody-priced-this' })
    const taker = await finished()
    await admin.query(
      `select public.reserve_credits($1, b.credits_available - b.credits_reserved, 'all', 3600) from public.read_credits($1) as b`,
      [writer.tenant.id],
    )
    const answer = await reflect(taker)
    const text = await answer.clone().text()
    expect(await shown(answer)).toEqual(unavailable)
    expect(text).not.toMatch(/credit|cap|micros|plan/)
  })

  it.each(['fail', 'cut', 'no-json', 'huge', 'decline', 'refuse-key'])(
    'of a model that behaves as %s, and after three attempts it stays off',
    async (model) => {
      await useModel(writer.tenant, llm.server(), { model })
      const taker = await finished()
      const before = asked()
      for (const _ of [1, 2, 3, 4, 5]) {
        if (model === 'refuse-key')
          await useModel(writer.tenant, llm.server(), { model, key: crypto.randomUUID() })
        expect(await shown(await reflect(taker))).toEqual(unavailable)
      }
      expect(asked()).toBe(before + 3)
      expect(await heldBy(writer.tenant)).toEqual({ micros: 0, credits: 0 })
    },
  )

  it('is written by the next one if whoever began was killed', async () => {
    const taker = await finished()
    await admin.query(`select private.begin_reflection(sha256($1), 'en')`, [taker.token])
    expect((await shown(await reflect(taker))).status).toBe('writing')
    await admin.query(
      `update public.participant_reflections set begun_at = now() - interval '91 seconds' where tenant_id = $1`,
      [writer.tenant.id],
    )
    expect((await shown(await reflect(taker))).status).toBe('written')
    expect(await taker.row('participant_reflections')).toMatchObject({ attempt: 2 })
  })
})

describe('the configuration', () => {
  const put = (providers: object) =>
    call('/assessments/frameworks/industry4/config', {
      method: 'PATCH',
      token: writer.owner.token,
      tenant: writer.tenant.slug,
      headers: { 'if-match': '"0"' },
      body: { providers },
    })

  it.each<[object, string]>([
    [{ reflection: { is_enabled: true, max_tokens: 50 } }, '/providers/reflection/max_tokens'],
    [{ reflection: { is_enabled: true, model: 'gpt-4o' } }, '/providers/reflection/model'],
    [{ reflection: { enabled: true } }, '/providers/reflection/enabled'],
    [{ reflections: {} }, '/providers/reflections'],
  ])('%j is refused with its place', async (providers, pointer) => {
    expect(await problemOf(await put(providers))).toEqual({
      status: 422,
      code: 'invalid_body',
      pointers: [pointer],
    })
  })

  it('says how much the model may write', async () => {
    expect((await put({ reflection: { is_enabled: true, max_tokens: 150 } })).status).toBe(200)
    await configure(writer.tenant, 'providers', { reflection: { is_enabled: true, max_tokens: 150 } })
    await reflect(await finished())
    expect(JSON.parse(llm.server().asked.at(-1)!.body)).toMatchObject({ max_tokens: 150 })
  })
})

it('what no text should have is taken out of what a model writes', async () => {
  await useModel(writer.tenant, llm.server(), { model: 'odd' })
  const { text } = await shown(await reflect(await finished()))
  expect(text).toBe('Two   odd\n\nlines.')
})
