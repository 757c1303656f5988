import { beforeAll, describe, expect, it } from 'vitest'
import { SessionAnswer, TakenResultAnswer } from '../../../lib/assessments/index.ts'
import { problemOf } from '../../kit/call.ts'
import { admin } from '../../kit/db.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { ada, type Campaign, configure, heroic, makeCampaign, offerOf, Taker } from './taker.ts'

let tenant: Tenant
let campaign: Campaign
beforeAll(async () => {
  tenant = await makeTenant()
  campaign = await makeCampaign(tenant)
})

describe('the result', () => {
  it('is shown in full, as a person can work it out', async () => {
    const taker = await Taker.begun(campaign, {}, heroic)
    const response = await taker.complete()
    expect(response.headers.get('cache-control')).toBe('no-store')
    const { result } = TakenResultAnswer.parse(await response.json())
    // Hero: l01 2 x 1, l02 2 x 1, l13 1 x 0.75 of 5. Ruler: l02 1 x 1, l13 2 x 0.75, l14 2 x 0.25 of 5.
    expect(result.scores?.find(({ id }) => id === 'hero')).toMatchObject({ score: 95, band: { id: 'high' } })
    expect(result.scores?.find(({ id }) => id === 'ruler')).toMatchObject({
      score: 60,
      band: { id: 'medium' },
    })
    expect(result).toMatchObject({
      disclosure: 'full',
      answered_count: 5,
      item_count: 16,
      chart: true,
      scale: { min: 0, max: 100 },
    })
    expect(result.primary?.strengths?.length).toBeGreaterThan(0)
    expect(result.scores?.length).toBe(8)
  })

  it('is as much of it as the campaign shows, also if that changes later', async () => {
    const shy = await makeCampaign(tenant, { results_disclosure: 'none' })
    const taker = await Taker.begun(shy, {}, heroic)
    expect(await taker.result()).toEqual({
      disclosure: 'none',
      has_reflection: false,
      answered_count: 5,
      item_count: 16,
      chart: false,
      booking_url: null,
    })
    await admin.query(`update public.campaigns set results_disclosure = 'summary' where id = $1`, [shy.id])
    const response = await taker.ask('GET', '/result')
    const { result } = TakenResultAnswer.parse(await response.json())
    expect(Object.keys(result.primary!)).toEqual(['id', 'name', 'colour', 'emoji', 'description'])
    expect(result.scores).toBeUndefined()
    expect(JSON.stringify(result)).not.toMatch(/"score"|strengths|shadows/)
  })

  it('is there once, however often and from wherever it is asked for', async () => {
    const taker = await Taker.begun(campaign, ada, heroic)
    const results = await Promise.all(Array.from({ length: 10 }, () => taker.result()))
    expect(new Set(results.map((one) => JSON.stringify(one))).size).toBe(1)
    const { rows } = await admin.query(
      `select count(*)::int as n from public.assessment_results as r join public.participant_sessions as s
         on s.tenant_id = r.tenant_id and s.id = r.session_id where s.token_hash = sha256($1)`,
      [taker.token],
    )
    expect(rows[0].n).toBe(1)
  })

  it('is of the answers that are kept, while another device goes on answering', async () => {
    const taker = await Taker.begun(campaign, {}, { l01: 1 })
    const [result] = await Promise.all([
      taker.result(),
      ...[2, 3, 4, 5].map((point) => taker.save({ l01: point, l02: point })),
    ])
    const answers = (await taker.row('participant_answers'))?.answers as Record<string, number>
    expect(result.answered_count).toBe(Object.keys(answers).length)
    expect(result.scores?.find(({ id }) => id === 'hero')?.score).toBe(((answers.l01! - 1) / 4) * 100)
  })

  it('leaves out answers to what is not asked any more', async () => {
    const changing = await makeTenant()
    const one = await makeCampaign(changing)
    const taker = await Taker.begun(one, {}, heroic)
    await configure(changing, 'mode_overrides', { likert: { items: { l14: null, l01: { position: 9 } } } })
    // The offer of this isolate may be five seconds old.
    await expect.poll(async () => (await (await offerOf(one)).text()).includes('"l14"')).toBe(false)
    expect(await taker.result()).toMatchObject({ answered_count: 4, item_count: 15 })
    expect(await taker.row('assessment_results')).toMatchObject({ config_version: 0 })
  })

  it.each([
    ['without an answer', {}, undefined, 'nothing_answered'],
    ['before it is completed', {}, heroic, 'session_not_completed'],
  ])('is refused %s', async (_, more, answers, code) => {
    const taker = await Taker.begun(campaign, more, answers)
    const refused =
      code === 'session_not_completed' ? await taker.ask('GET', '/result') : await taker.complete()
    expect((await problemOf(refused)).code).toBe(code)
  })

  it('needs a contact where the tenant insists on one', async () => {
    const strict = await makeTenant()
    await configure(strict, 'landing_overrides', { capture_gate: 'hard' })
    const taker = await Taker.begun(await makeCampaign(strict), {}, heroic)
    expect(await problemOf(await taker.complete())).toMatchObject({ status: 422, code: 'contact_required' })
    expect(await problemOf(await taker.identify({ email: 'ada@example.com' }))).toMatchObject({
      pointers: ['/has_consented'],
    })
    expect((await taker.identify(ada)).status).toBe(200)
    expect((await taker.result()).disclosure).toBe('full')
  })

  it('opens to its own token alone', async () => {
    const [mine, other] = [
      await Taker.begun(campaign, ada, heroic),
      await Taker.begun(campaign, {}, { l05: 5 }),
    ]
    await mine.result()
    expect((await problemOf(await other.ask('GET', '/result'))).code).toBe('session_not_completed')
    const { session } = SessionAnswer.parse(await (await other.ask('GET', '')).json())
    expect(session).toMatchObject({ email: null, answers: { l05: 5 } })
  })
})
