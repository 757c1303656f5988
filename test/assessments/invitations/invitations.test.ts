import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { InvitationAnswer, ParticipantDetails } from '../../../lib/assessments/index.ts'
import { call, problemOf } from '../../kit/call.ts'
import { admin } from '../../kit/db.ts'
import { eventually } from '../../kit/eventually.ts'
import { mailTo } from '../../kit/mailbox.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { ada, type Campaign, configure, heroic, makeCampaign, Taker } from '../taking/taker.ts'

let member: Person
beforeAll(async () => {
  member = await makePerson()
})
let tenant: Tenant
let campaign: Campaign
let email: string
beforeEach(async () => {
  tenant = await makeTenant({ member })
  campaign = await makeCampaign(tenant)
  email = `ada-${tenant.slug}@example.com`
})

const invite = (people: unknown, one = campaign, of = tenant) =>
  call(`/assessments/campaigns/${one.ref_id}/invitations`, {
    token: member.token,
    tenant: of.slug,
    body: { people },
  })
async function invited(people: unknown = [{ email, full_name: 'Ada Example' }]) {
  const response = await invite(people)
  expect(response.status, await response.clone().text()).toBe(201)
  return InvitationAnswer.parse(await response.json()).invited
}
const mailed = (address: string, count = 1) =>
  eventually(async () => {
    const mails = await mailTo(address)
    expect(mails).toHaveLength(count)
    return mails
  })
const quizLink = (links: string[]) => new URL(links.find((link) => link.includes('campaign='))!)
const tokenOf = (link: URL) => new URLSearchParams(link.hash.slice(1)).get('t')!
const sessions = async () =>
  (
    await admin.query(
      'select ref_id, email, full_name, locale, client_status, mode, created_by from public.participant_sessions where tenant_id = $1 order by id',
      [tenant.id],
    )
  ).rows
/** Time goes by. */
const anHourLater = () =>
  admin.query(
    `update private.notification_jobs set created_at = created_at - interval '61 minutes' where tenant_id = $1`,
    [tenant.id],
  )

describe('an invitation', () => {
  it('is a mail with a link that opens a session of their own', async () => {
    const [found] = await invited()
    expect(await sessions()).toEqual([
      {
        ref_id: found!.participant,
        email,
        full_name: 'Ada Example',
        locale: null,
        client_status: 'registered',
        mode: 'likert',
        created_by: member.id,
      },
    ])
    const [mail] = await mailed(email)
    expect(mail!.subject).toBe(`${tenant.slug} invites you to “Spring intake”`)
    expect(mail!.text).toContain('Hello Ada Example')
    expect(mail!.headers.some(({ name }) => name.toLowerCase() === 'list-unsubscribe')).toBe(true)
    const link = quizLink(mail!.links)
    expect([link.pathname, link.searchParams.get('campaign'), link.searchParams.get('tenant')]).toEqual([
      '/quiz/',
      campaign.ref_id,
      tenant.slug,
    ])
    const taker = new Taker(campaign, tokenOf(link))
    await taker.save(heroic)
    await taker.result()
    expect((await taker.row('participant_sessions'))?.ref_id).toBe(found!.participant)
    const details = ParticipantDetails.parse(
      await (
        await call(`/assessments/participants/${found!.participant}`, {
          token: member.token,
          tenant: tenant.slug,
        })
      ).json(),
    )
    expect(details).toMatchObject({ client_status: 'completed', primary_id: 'hero' })
    // Who invited stands in the history, and nobody else after that.
    expect(details.moves.map(({ to_status, moved_by }) => [to_status, moved_by !== null])).toEqual([
      ['completed', false],
      ['started', false],
      ['registered', true],
    ])
  })

  it('is in the language of the person or else of the questions, and leads to the tenant’s own page', async () => {
    await configure(tenant, 'voice_overrides', { language: 'de' })
    await admin.query(
      `update public.tenant_brands set canonical_quiz_url = 'https://quiz.example.com/a?x=1' where tenant_id = $1`,
      [tenant.id],
    )
    const french = `fr-${email}`
    await invited([{ email }, { email: french, locale: 'fr-CH', full_name: '<b>Ada</b> {{link}}' }])
    const [german] = await mailed(email)
    expect(german!.subject).toBe(`${tenant.slug} lädt Sie zu «Spring intake» ein`)
    const [mail] = await mailed(french)
    expect(mail!.subject).toBe(`${tenant.slug} vous invite à « Spring intake »`)
    expect(mail!.html).toContain('&#60;b&#62;Ada&#60;/b&#62; {{link}}')
    const link = quizLink(mail!.links)
    expect(link.origin + link.pathname).toBe('https://quiz.example.com/a')
    expect([...link.searchParams.keys()]).toEqual(['x', 'campaign'])
  })

  it('that is repeated is the same session with another link, once an hour', async () => {
    const [first] = await invited()
    const before = tokenOf(quizLink((await mailed(email))[0]!.links))
    expect(await problemOf(await invite([{ email: `new-${email}` }, { email }]))).toEqual({
      status: 429,
      code: 'invited_too_soon',
      pointers: ['/people/1/email'],
    })
    expect(await sessions()).toHaveLength(1)
    await anHourLater()
    expect(await invited([{ email: email.toUpperCase() }])).toEqual([
      { email, participant: first!.participant, is_new: false },
    ])
    const after = tokenOf(quizLink((await mailed(email, 2))[1]!.links))
    expect(await problemOf(await new Taker(campaign, before).ask('GET', ''))).toMatchObject({ status: 404 })
    const taker = new Taker(campaign, after)
    await taker.save(heroic)
    await taker.result()
    // Whoever is through takes it anew.
    await anHourLater()
    expect((await invited())[0]).toMatchObject({ is_new: true })
    expect(await sessions()).toHaveLength(2)
  })

  it('by many at once is one session and one mail', async () => {
    const answers = await Promise.all(Array.from({ length: 5 }, () => invite([{ email }])))
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 429, 429, 429, 429])
    expect(await sessions()).toHaveLength(1)
    await mailed(email)
  })

  it('gives nobody the session that somebody began by themselves with the same address', async () => {
    const own = await Taker.begun(campaign, { ...ada, email }, heroic)
    expect((await invited())[0]).toMatchObject({ is_new: true })
    expect(await own.result()).toMatchObject({ answered_count: 5 })
  })

  it('still asks for the consent, where an address is needed', async () => {
    await configure(tenant, 'landing_overrides', { capture_gate: 'hard' })
    await invited()
    const taker = new Taker(campaign, tokenOf(quizLink((await mailed(email))[0]!.links)))
    await taker.save(heroic)
    expect(await problemOf(await taker.complete())).toMatchObject({ status: 422, code: 'contact_required' })
    await taker.identify({ has_consented: true })
    await taker.result()
  })
})

describe('nobody is invited', () => {
  const nothingDone = async () => {
    expect(await sessions()).toEqual([])
    const jobs = await admin.query('select from private.notification_jobs where tenant_id = $1', [tenant.id])
    expect(jobs.rowCount).toBe(0)
  }

  it('who has unsubscribed from the mails of the tenant', async () => {
    await admin.query(`select private.suppress($1, 'email', $2, 'unsubscribed')`, [tenant.id, email])
    expect(await problemOf(await invite([{ email: `new-${email}` }, { email }]))).toEqual({
      status: 409,
      code: 'address_suppressed',
      pointers: ['/people/1/email'],
    })
    await nothingDone()
  })

  it.each<[string, (address: string) => unknown, string]>([
    ['by no address', () => [{ email: 'ada' }], '/people/0/email'],
    [
      'by an address in other letters',
      (a) => [{ email: a }, { email: 'ada@bücher.example' }],
      '/people/1/email',
    ],
    ['twice at once', (a) => [{ email: a }, { email: a.toUpperCase() }], '/people/1/email'],
    ['with a line break in the name', (a) => [{ email: a, full_name: 'Ada\nBcc: x' }], '/people/0/full_name'],
    ['in words for a language', (a) => [{ email: a, locale: 'in German' }], '/people/0/locale'],
    ['with more than is asked', (a) => [{ email: a, client_status: 'converted' }], '/people/0/client_status'],
    ['with fifty others', (a) => Array.from({ length: 51 }, (_, n) => ({ email: `${n}${a}` })), '/people'],
    ['where nobody is named', () => [], '/people'],
  ])('%s', async (_, people, pointer) => {
    expect(await problemOf(await invite(people(email)))).toMatchObject({ status: 422, pointers: [pointer] })
    await nothingDone()
  })

  it('to a campaign that is closed, a draft, or another tenant’s', async () => {
    const foreign = await makeCampaign(await makeTenant())
    expect(await problemOf(await invite([{ email }], foreign))).toMatchObject({
      status: 404,
      code: 'campaign_not_found',
    })
    const draft = await makeCampaign(tenant, { status: 'draft' })
    expect((await problemOf(await invite([{ email }], draft))).code).toBe('campaign_not_found')
    const closed = await makeCampaign(tenant, { status: 'closed' })
    expect((await problemOf(await invite([{ email }], closed))).code).toBe('campaign_not_open')
    await nothingDone()
  })

  it('beyond the places of the plan, nor some of them', async () => {
    await admin.query(`update public.tenants set plan = 'starter' where id = $1`, [tenant.id])
    await admin.query(
      `insert into public.participant_sessions (tenant_id) select $1 from generate_series(1, 199)`,
      [tenant.id],
    )
    expect(await problemOf(await invite([{ email }, { email: `b-${email}` }]))).toMatchObject({
      status: 402,
      code: 'limit_reached',
    })
    expect(await sessions()).toHaveLength(199)
    await invited()
  })
})
