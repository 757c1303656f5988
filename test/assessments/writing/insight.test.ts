import { beforeEach, expect, it } from 'vitest'
import { InsightAnswer, ParticipantDetails, Participants } from '../../../lib/assessments/index.ts'
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
} from '../../usage/models/model-scene.ts'
import { ada, configure, heroic, makeCampaign, Taker } from '../taking/taker.ts'

const llm = ownLlm()
let writer: Writer
beforeEach(async () => {
  writer = await makeWriter()
  await useModel(writer.tenant, llm.server())
  await configure(writer.tenant, 'providers', { micro_insight: { is_enabled: true, max_per_session: 2 } })
})

const begun = async (by = writer, campaign = {}) =>
  Taker.begun(await makeCampaign(by.tenant, campaign), ada, heroic)
const remark = (taker: Taker, item = 'l01') => taker.ask('POST', '/insights', { item })
const shown = async (response: Response) => InsightAnswer.parse(await answered(response)).insight
const notOffered = { status: 'off', text: null, language: null, reason: 'not_offered' }
const unavailable = { status: 'off', text: null, language: null, reason: 'unavailable' }
const asked = () => llm.server().asked.length

it('is written once for each question and answer, whoever asks at the same time', async () => {
  const taker = await begun()
  const before = asked()
  const answers = await Promise.all([1, 2, 3, 4].map(async () => shown(await remark(taker))))
  expect(answers.map(({ status }) => status)).toContain('written')
  expect(answers.every(({ status }) => status !== 'off')).toBe(true)
  const first = await shown(await remark(taker))
  expect(first.text).toContain('sample')
  expect(asked()).toBe(before + 1)
  await taker.save({ l01: 1 })
  expect((await shown(await remark(taker))).status).toBe('written')
  expect(asked()).toBe(before + 2)
  expect(await callsOf(writer.tenant)).toMatchObject([{ agent: 'micro_insight' }, { agent: 'micro_insight' }])
  expect(await heldBy(writer.tenant)).toEqual({ micros: 0, credits: 0 })

  const as = { token: writer.owner.token, tenant: writer.tenant.slug }
  const listed = Participants.parse(await (await call('/assessments/participants', as)).json())
  const read = await call(`/assessments/participants/${listed.participants[0]?.ref_id}`, as)
  expect(ParticipantDetails.parse(await read.json()).remarks).toEqual([
    { item_id: 'l01', answer: String(heroic.l01), text: first.text, model: expect.any(String) },
    { item_id: 'l01', answer: '1', text: expect.any(String), model: expect.any(String) },
  ])
})

it('is so many in a session, by how many are asked for at once too', async () => {
  const taker = await begun()
  const answers = await Promise.all(Object.keys(heroic).map(async (item) => shown(await remark(taker, item))))
  expect(answers.filter(({ status }) => status === 'written')).toHaveLength(2)
  expect(answers.filter(({ reason }) => reason === 'not_offered')).toHaveLength(3)
})

it.each([
  ['the participant’s own', { locale: 'es' }, 'es'],
  ['that of the questions, if nobody knows the participant’s', {}, 'de'],
])('is in a language: %s', async (_, more, language) => {
  await configure(writer.tenant, 'voice_overrides', { language: 'de' })
  const taker = await Taker.begun(await makeCampaign(writer.tenant), { ...ada, ...more }, heroic)
  expect(await shown(await remark(taker))).toMatchObject({ status: 'written', language })
  expect(llm.server().asked.at(-1)!.body).toContain(`Write in the language \\"${language}\\".`)
  await configure(writer.tenant, 'voice_overrides', { language: 'it' })
  expect(await shown(await remark(taker))).toMatchObject({ status: 'written', language })
})

it('is about the question and the answer, and nothing of who gave it', async () => {
  const taker = await begun()
  await remark(taker)
  const { body } = llm.server().asked.at(-1)!
  expect(body).toContain('5 on a scale from 1 to 5')
  for (const secret of [ada.email, ada.full_name, taker.token, 'weights', writer.tenant.slug])
    expect(body).not.toContain(secret)
})

it('is of a saved answer to a question that there is', async () => {
  const taker = await begun()
  for (const item of ['l03', 'none', '__proto__'])
    expect(await problemOf(await remark(taker, item))).toEqual({
      status: 422,
      code: 'invalid_value',
      pointers: ['/item'],
    })
})

it('is off without the plan, where nothing is shown, and after the end', async () => {
  const before = asked()
  const starter = await makeWriter({ plan: 'starter' })
  await useModel(starter.tenant, llm.server())
  await configure(starter.tenant, 'providers', { micro_insight: { is_enabled: true } })
  expect(await shown(await remark(await begun(starter)))).toEqual(notOffered)
  expect(await shown(await remark(await begun(writer, { results_disclosure: 'none' })))).toEqual(notOffered)
  const taker = await begun()
  await taker.result()
  expect(await shown(await remark(taker))).toEqual(notOffered)
  expect(asked()).toBe(before)
})

it('is off over the cap, takes no place then, and is there once there is money again', async () => {
  await useModel(writer.tenant, llm.server(), { model: 'nobody-priced-this' })
  const taker = await begun()
  await setCap(writer.tenant.id, 1)
  for (const item of ['l01', 'l02', 'l13'])
    expect(await shown(await remark(taker, item))).toEqual(unavailable)
  await setCap(writer.tenant.id, null)
  expect((await shown(await remark(taker))).status).toBe('written')
})

it('that failed is not asked for again', async () => {
  await useModel(writer.tenant, llm.server(), { model: 'fail' })
  const taker = await begun()
  const before = asked()
  for (const _ of [1, 2]) expect(await shown(await remark(taker))).toEqual(unavailable)
  expect(asked()).toBe(before + 1)
  expect(await heldBy(writer.tenant)).toEqual({ micros: 0, credits: 0 })
})

it('goes with its participant, and is in no event', async () => {
  const taker = await begun()
  const { text } = await shown(await remark(taker))
  await taker.result()
  const { rows } = await admin.query<{ events: string }>(
    `select string_agg(e::text, ' ') as events from public.webhook_events as e where tenant_id = $1`,
    [writer.tenant.id],
  )
  expect(rows[0]?.events).not.toContain(text)
  await admin.query('delete from public.participant_sessions where tenant_id = $1', [writer.tenant.id])
  const left = await admin.query('select from public.participant_insights where tenant_id = $1', [
    writer.tenant.id,
  ])
  expect(left.rowCount).toBe(0)
})
