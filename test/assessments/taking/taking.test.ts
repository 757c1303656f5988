import { beforeAll, describe, expect, it } from 'vitest'
import { Offer, SessionAnswer } from '../../../lib/assessments/index.ts'
import { call, problemOf } from '../../kit/call.ts'
import { admin } from '../../kit/db.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { ada, type Campaign, configure, heroic, makeCampaign, offerOf, Taker } from './taker.ts'

let tenant: Tenant
let campaign: Campaign
beforeAll(async () => {
  tenant = await makeTenant()
  campaign = await makeCampaign(tenant)
})

describe('a campaign, as a stranger sees it,', () => {
  it('has its questions in order, and nothing by which a result could be chosen', async () => {
    const response = await offerOf(campaign)
    const text = await response.clone().text()
    const offer = Offer.parse(await response.json())
    expect(offer.campaign).toMatchObject({ name: 'Spring intake', is_open: true, results_disclosure: 'full' })
    expect(offer.framework).toEqual({
      framework_id: 'money-archetypes',
      name: 'Money archetypes',
      language: 'en',
    })
    expect(offer.modes.map(({ id }) => id)).toEqual(['likert', 'deal', 'game', 'qa', 'realm'])
    expect(offer.modes[0]?.items.map(({ id }) => id).slice(0, 3)).toEqual(['l01', 'l02', 'l03'])
    expect(offer.modes[3]?.items[0]?.options?.map(({ id }) => id)).toEqual(['a', 'b', 'c', 'd'])
    expect(text).not.toMatch(/weights|severity|test_clients|system_prompt|tenant_id/)
  })

  it('is not sent again to whoever has it', async () => {
    const etag = (await offerOf(campaign)).headers.get('etag')!
    const again = await offerOf(campaign, { 'if-none-match': etag })
    expect([again.status, await again.text()]).toEqual([304, ''])
    expect(again.headers.get('cache-control')).toBe('public, max-age=60')
  })

  it('has the words of its own and of the tenant, and the formats that are on', async () => {
    const other = await makeTenant()
    await configure(other, 'landing_overrides', { headline: 'Ours', capture_gate: 'hard' })
    await configure(other, 'mode_overrides', { realm: { is_enabled: false }, likert: { title: 'Sixteen' } })
    const plain = Offer.parse(await (await offerOf(await makeCampaign(other))).json())
    expect(plain.landing).toMatchObject({ headline: 'Ours', capture_gate: 'hard' })
    expect(plain.modes.map(({ title }) => title)).not.toContain('The journey')
    expect(plain.modes[0]?.title).toBe('Sixteen')
    const own = await makeCampaign(other, {
      mode: 'qa',
      landing: { headline: 'For managers', intro: 'Ten minutes.' },
    })
    const special = Offer.parse(await (await offerOf(own)).json())
    expect(special.landing).toMatchObject({ headline: 'For managers', intro: 'Ten minutes.' })
    expect(special.modes.map(({ id }) => id)).toEqual(['qa'])
  })

  it('is the same under a slug that was given up', async () => {
    const moved = await makeTenant()
    const old = await makeCampaign(moved)
    await admin.query(`update public.tenants set slug = $2 where id = $1`, [moved.id, `${moved.slug}-new`])
    expect((await offerOf(old)).status).toBe(200)
    expect((await offerOf({ ...old, slug: old.slug.toUpperCase() })).status).toBe(200)
  })

  it.each([
    ['of another tenant', async () => ({ ...campaign, slug: (await makeTenant()).slug })],
    ['of nobody', async () => ({ ...campaign, slug: 'nobody-at-all' })],
    ['that is a draft', () => makeCampaign(tenant, { status: 'draft' })],
    ['with a broken ref_id', async () => ({ ...campaign, ref_id: `${campaign.ref_id.slice(0, 25)}I` })],
    ['of an archived tenant', async () => makeCampaign(await makeTenant({ status: 'archived' }))],
  ])('is not found, if it is one %s', async (_, make) => {
    const one = await make()
    expect(await problemOf(await offerOf(one))).toMatchObject({ status: 404, code: 'campaign_not_found' })
    expect(await problemOf(await new Taker(one).begin())).toMatchObject({
      status: 404,
      code: 'campaign_not_found',
    })
  })
})

describe('beginning', () => {
  it('twice with one token is one session and one place of the plan', async () => {
    const taker = new Taker(campaign)
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => taker.begin({ ...ada, locale: 'de-CH' })),
    )
    const sessions = await Promise.all(
      answers.map(async (one) => SessionAnswer.parse(await one.json()).session),
    )
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(201))
    expect(new Set(sessions.map(({ ref_id }) => ref_id)).size).toBe(1)
    expect(sessions[0]).toMatchObject({
      client_status: 'registered',
      mode: 'likert',
      locale: 'de-CH',
      email: 'ada@example.com',
      has_consented: true,
      answers: {},
      item_count: 16,
      campaign: { ref_id: campaign.ref_id, tenant_slug: tenant.slug },
    })
  })

  it('keeps the token as a hash only', async () => {
    const taker = await Taker.begun(campaign, ada, heroic)
    const { rows } = await admin.query(
      `select count(*)::int as n from public.participant_sessions as s where s::text like '%' || $1 || '%'`,
      [taker.token],
    )
    expect(rows[0].n).toBe(0)
    expect(await taker.row('participant_sessions')).toBeDefined()
  })

  it.each([
    ['before it opens', { opens_at: '2999-01-01' }],
    ['after it has closed', { closes_at: '2001-01-01' }],
    ['when it was closed by hand', { status: 'closed' }],
    ['when the plan has switched it off', { switched_off_at: '2026-01-01' }],
  ])('is refused %s, and the page says so', async (_, set) => {
    const closed = await makeCampaign(tenant, set)
    expect(Offer.parse(await (await offerOf(closed)).json()).campaign.is_open).toBe(false)
    expect(await problemOf(await new Taker(closed).begin())).toMatchObject({
      status: 409,
      code: 'campaign_not_open',
    })
  })

  it.each([
    ['a frozen tenant', { status: 'frozen' as const }],
    ['a tenant whose trial has ended', { status: 'trial' as const, plan: 'trial' }],
  ])('is refused for %s', async (_, options) => {
    const closed = await makeCampaign(await makeTenant(options))
    expect(await problemOf(await new Taker(closed).begin())).toMatchObject({
      status: 409,
      code: 'campaign_not_open',
    })
  })

  it('is refused when the plan has no place left, without a word about the plan', async () => {
    const small = await makeTenant({ plan: 'starter' })
    const full = await makeCampaign(small)
    await admin.query(
      `insert into public.participant_sessions (tenant_id, campaign_id) select $1, $2 from generate_series(1, 200)`,
      [small.id, full.id],
    )
    const refused = await new Taker(full).begin()
    const text = await refused.clone().text()
    expect(await problemOf(refused)).toMatchObject({ status: 409, code: 'campaign_not_open' })
    expect(text).not.toMatch(/plan|starter|200|limit/)
  })

  it('is refused with the token of another campaign', async () => {
    const taker = await Taker.begun(campaign)
    const other = new Taker(await makeCampaign(tenant), taker.token)
    expect(await problemOf(await other.begin())).toMatchObject({ status: 409, code: 'token_taken' })
    const foreign = new Taker(await makeCampaign(await makeTenant()), taker.token)
    expect(await problemOf(await foreign.begin())).toMatchObject({ status: 409, code: 'token_taken' })
  })

  it('is refused beyond 600 in an hour from one address', async () => {
    const busy = await makeTenant()
    const one = await makeCampaign(busy)
    expect((await new Taker(one).begin()).status).toBe(201)
    await admin.query(`update private.tenant_turns set turn_count = 600 where tenant_id = $1`, [busy.id])
    const refused = await new Taker(one).begin()
    expect(refused.headers.get('retry-after')).toBe('3600')
    expect(await problemOf(refused)).toMatchObject({ status: 429, code: 'too_many_sessions' })
  })

  it.each([
    [{ token: 'short' }, '/token'],
    [{ token: undefined }, '/token'],
    [{ mode: 'poker' }, '/mode'],
    [{ mode: '__proto__' }, '/mode'],
    [{ locale: 'english please' }, '/locale'],
    [{ ...ada, email: 'ada' }, '/email'],
    [{ email: 'ada@example.com' }, '/has_consented'],
    [{ ...ada, full_name: ' ' }, '/full_name'],
    [{ ...ada, full_name: 'a\u0007b' }, '/full_name'],
    [{ ...ada, client_status: 'converted' }, '/client_status'],
  ])('is refused with %j', async (more, pointer) => {
    expect(await problemOf(await new Taker(campaign).begin(more))).toMatchObject({
      status: 422,
      pointers: [pointer],
    })
  })
})

describe('answers', () => {
  it('are kept as they come, and are there on another device', async () => {
    const taker = await Taker.begun(campaign)
    expect(await (await taker.save({ l01: 5 })).json()).toMatchObject({ answered_count: 1, item_count: 16 })
    await taker.save({ l02: 2, l03: 3 })
    await taker.save({ l01: 4, l03: null })
    const elsewhere = new Taker(campaign, taker.token)
    const { session } = SessionAnswer.parse(await (await elsewhere.ask('GET', '')).json())
    expect(session).toMatchObject({
      client_status: 'started',
      answers: { l01: 4, l02: 2 },
      answered_count: 2,
    })
    expect(session.started_at).not.toBeNull()
  })

  it('that are sent again, or from two devices at once, are all there', async () => {
    const taker = await Taker.begun(campaign)
    const ids = Array.from({ length: 16 }, (_, n) => `l${String(n + 1).padStart(2, '0')}`)
    await Promise.all([...ids, ...ids].map((id) => taker.save({ [id]: 3 })))
    const { session } = SessionAnswer.parse(await (await taker.ask('GET', '')).json())
    expect(session.answered_count).toBe(16)
  })

  it.each([
    ['a question that is not asked', { l99: 1 }, '/answers/l99'],
    ['a question of another format', { q01: 'a' }, '/answers/q01'],
    ['a point above the scale', { l01: 6 }, '/answers/l01'],
    ['half a point', { l01: 2.5 }, '/answers/l01'],
    ['words', { l01: 'very much' }, '/answers/l01'],
    ['taking back what was never asked', { zz: null }, '/answers/zz'],
    ['the name of a method', { constructor: 1 }, '/answers/constructor'],
  ])('are refused for %s, and nothing of them is kept', async (_, answers, pointer) => {
    const taker = await Taker.begun(campaign, {}, { l02: 2 })
    const refused = await problemOf(await taker.save({ l04: 1, ...answers }))
    expect(refused).toMatchObject({ status: 422, pointers: [pointer] })
    expect((await taker.row('participant_answers'))?.answers).toEqual({ l02: 2 })
  })

  it('with the name __proto__ are refused', async () => {
    const taker = await Taker.begun(campaign)
    const refused = await fetch((await taker.ask('GET', '')).url.concat('/answers'), {
      method: 'PATCH',
      headers: { 'content-type': 'application/json', 'x-session-token': taker.token },
      body: '{"answers": {"__proto__": 3, "l01": 2}}',
    })
    expect(await problemOf(refused)).toMatchObject({ status: 422, pointers: ['/answers/__proto__'] })
  })

  it('are refused after the end, and after the session has expired', async () => {
    const done = await Taker.begun(campaign, {}, heroic)
    await done.result()
    expect(await problemOf(await done.save({ l01: 1 }))).toMatchObject({
      status: 409,
      code: 'session_completed',
    })
    const late = await Taker.begun(campaign, {}, heroic)
    await admin.query(
      `update public.participant_sessions set expires_at = now() where token_hash = sha256($1)`,
      [late.token],
    )
    for (const refused of [await late.save({ l01: 1 }), await late.ask('GET', ''), await late.complete()])
      expect(await problemOf(refused)).toMatchObject({ status: 404, code: 'session_not_found' })
  })

  it('are refused in a tenant that is frozen meanwhile', async () => {
    const freezing = await makeTenant()
    const taker = await Taker.begun(await makeCampaign(freezing), ada, heroic)
    await admin.query(`update public.tenants set status = 'frozen' where id = $1`, [freezing.id])
    for (const refused of [await taker.save({ l01: 1 }), await taker.identify(ada), await taker.complete()])
      expect(await problemOf(refused)).toMatchObject({ status: 409, code: 'campaign_not_open' })
  })

  it('can be finished in a campaign that has closed meanwhile, and not in one that was deleted', async () => {
    const closing = await makeCampaign(tenant)
    const [first, second] = [await Taker.begun(closing, {}, heroic), await Taker.begun(closing, {}, heroic)]
    await admin.query(`update public.campaigns set status = 'closed' where id = $1`, [closing.id])
    expect((await first.result()).answered_count).toBe(5)
    await admin.query(`delete from public.campaigns where id = $1`, [closing.id])
    expect(await problemOf(await second.save({ l01: 1 }))).toMatchObject({ code: 'campaign_not_open' })
    expect((await first.result()).disclosure).toBe('none')
  })

  it.each([undefined, 'short', 'A'.repeat(43), `${'A'.repeat(42)}!`])(
    'with the token %s open nothing',
    async (token) => {
      const refused = await call('/assessments/sessions/current', {
        headers: token === undefined ? {} : { 'x-session-token': token },
      })
      expect(await problemOf(refused)).toMatchObject({ status: 404, code: 'session_not_found' })
    },
  )
})
