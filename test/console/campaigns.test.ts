import type { Page } from 'playwright-core'
import { beforeEach, expect, it } from 'vitest'
import type { Campaign } from '../../lib/assessments/index.ts'
import { makeCampaign } from '../assessments/taking/taker.ts'
import { describeInBrowser } from '../kit/browser.ts'
import { call } from '../kit/call.ts'
import { admin } from '../kit/db.ts'
import { mailTo } from '../kit/mailbox.ts'
import { makePerson, type Person } from '../kit/people.ts'
import { makeTenant, type Tenant } from '../kit/tenants.ts'
import { look, openConsole, phone } from './visit.ts'

let owner: Person
let tenant: Tenant
beforeEach(async () => {
  owner = await makePerson()
  tenant = await makeTenant({ owner })
})

async function campaigns(): Promise<Campaign[]> {
  const answer = await call('/assessments/campaigns', { token: owner.token, tenant: tenant.slug })
  return ((await answer.json()) as { campaigns: Campaign[] }).campaigns
}
const hostile = '<img src=x onerror="document.title=1">'
const form = (page: Page, name: string) => page.getByRole('form', { name })

describeInBrowser('campaigns in the console', (browser) => {
  const opened = (path = '', person = owner, options = {}) =>
    openConsole(browser(), `/t/${tenant.slug}/campaigns${path}`, person, options)

  it('a campaign is made, changed and opened, and its link leads to the assessment', async () => {
    const page = await opened()
    await page.getByText('There is no campaign here.').waitFor()
    await page.getByLabel('Name').fill(hostile)
    await page.getByLabel('Assessment', { exact: true }).selectOption('Money archetypes')
    await page.getByRole('button', { name: 'Switch it on' }).click()
    await page.getByText('is not switched on').waitFor({ state: 'hidden' })
    await page.getByRole('button', { name: 'Make a draft' }).click()

    await page.getByRole('heading', { name: hostile }).waitFor()
    await page.getByLabel('What participants see of the result').selectOption('What leads')
    await page.getByLabel('Opens').fill('2026-01-31T09:30')
    await page.getByLabel('Closes').fill('2026-01-31T09:00')
    await page.getByLabel('Headline').fill(hostile)
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('must be after it opens').waitFor()
    await page.getByLabel('Closes').fill('')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Saved.').waitFor()
    await page.getByRole('button', { name: 'Open it' }).click()
    await page.getByText('Status: Open').waitFor()

    const [made] = await campaigns()
    const clock = await page.evaluate(`new Date('2026-01-31T09:30').toISOString()`)
    expect(made).toMatchObject({
      ...{
        name: hostile,
        assessment_type: 'money-archetypes',
        status: 'open',
        results_disclosure: 'summary',
      },
      ...{ opens_at: clock, closes_at: null, landing: { headline: hostile } },
    })
    expect(await page.getByText(made!.url!).count()).toBe(1)
    expect(await page.title()).not.toBe('1')
    const offered = await call(`/assessments/take/${tenant.slug}/${made!.ref_id}`)
    expect(await offered.json()).toMatchObject({ campaign: { is_open: true } })

    await page.getByRole('button', { name: 'Close it' }).click()
    await page.getByText('Status: Closed').waitFor()
    expect(await form(page, 'Invite by mail').count()).toBe(0)
    await page.getByRole('button', { name: 'Delete' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
    await page.getByText('There is no campaign here.').waitFor()
    expect(await campaigns()).toEqual([])
  })

  it('people are invited, all or nobody, and a wrong line is told at its place', async () => {
    const campaign = await makeCampaign(tenant)
    const page = await opened(`/${campaign.ref_id}`)
    const [ada, bob] = [`ada-${tenant.slug}@example.com`, `bob-${tenant.slug}@example.com`]
    const invite = form(page, 'Invite by mail')
    const people = invite.getByLabel('Who')
    const press = () => invite.getByRole('button', { name: 'Invite', exact: true }).click()
    await people.fill(`Ada Example <${ada}>\n\n nobody\n${bob}`)
    await press()
    await invite.getByText('Line 3: there is no address').waitFor()
    await people.fill(`Ada Example <${ada}>\n\ntwo..dots@example.com\n${ada.toUpperCase()}; Ada`)
    await press()
    await invite.getByText(/^Line 3: /).waitFor()
    await people.fill(`Ada Example <${ada}>\n\n${ada.toUpperCase()}; Ada\n${bob}`)
    await press()
    await invite.getByText('Line 3: is in the list twice').waitFor()
    expect((await mailTo(ada)).length).toBe(0)

    await people.fill(`Ada Example <${ada}>\n${bob}`)
    await invite.getByLabel('Language of the mail').selectOption('German')
    await press()
    await invite.getByText('2 people were invited.').waitFor()
    await expect.poll(async () => (await mailTo(ada))[0]?.subject).toContain('lädt Sie zu')
    await expect.poll(async () => (await mailTo(bob)).length).toBe(1)
    // As after a lost answer: nobody is mailed twice.
    await people.fill(bob)
    await press()
    await invite.getByText('Line 1: was invited less than an hour ago').waitFor()
    expect(await people.inputValue()).toBe(bob)
  })

  it('shows what became of its participants, by what they saw of the landing', async () => {
    const campaign = await makeCampaign(tenant)
    await admin.query(
      `insert into public.participant_sessions (tenant_id, campaign_id, client_status, landing_variant, started_at, completed_at)
       select $1, $2, case when n < 3 then 'started' else 'completed' end, case n % 2 when 0 then 'plain' else 'personas' end, now(),
         case when n >= 3 then now() end from generate_series(1, 4) as n`,
      [tenant.id, campaign.id],
    )
    const page = await opened(`/${campaign.ref_id}`)
    const rows = page.getByRole('row')
    await rows.nth(2).waitFor()
    expect(await rows.allInnerTexts()).toEqual([
      expect.stringMatching(/began\s+completed\s+became clients/),
      expect.stringMatching(/With personas\s+2\s+1\s+0/),
      expect.stringMatching(/Without\s+2\s+1\s+0/),
    ])
    await page.getByRole('link', { name: 'Show its participants' }).click()
    await page.getByRole('heading', { name: 'Participants', level: 1 }).waitFor()
    expect(new URL(page.url()).searchParams.get('campaign')).toBe(campaign.ref_id)
  })

  it('a plan without a place is told, and what was typed stays', async () => {
    tenant = await makeTenant({ owner, plan: 'starter' })
    for (let n = 0; n < 5; n++) await makeCampaign(tenant, { name: `Number ${n}`, status: 'draft' })
    const page = await opened('?status=open')
    await page.getByText('There is no campaign here.').waitFor()
    await page.getByLabel('Status').selectOption('Draft')
    await expect.poll(() => page.getByRole('main').getByRole('listitem').count()).toBe(5)
    await page.getByLabel('Name').fill('Sixth')
    await page.getByRole('button', { name: 'Make a draft' }).click()
    await page.getByRole('alert').waitFor()
    expect(await page.getByLabel('Name').inputValue()).toBe('Sixth')
    expect(await campaigns()).toHaveLength(5)
  })

  it('a reviewer looks and changes nothing', async () => {
    const reviewer = await makePerson()
    tenant = await makeTenant({ owner, reviewer })
    const campaign = await makeCampaign(tenant)
    const page = await opened(`/${campaign.ref_id}`, reviewer)
    await page.getByText('Reviewers look at campaigns, and do not change them.').waitFor()
    await page.getByLabel('Headline').waitFor()
    expect(await page.getByLabel('Headline').isDisabled()).toBe(true)
    for (const name of ['Close it', 'Delete', 'Save', 'Invite'])
      expect(await page.getByRole('button', { name }).count()).toBe(0)
  })

  it('is accessible in light and dark, on a phone too', async () => {
    const campaign = await makeCampaign(tenant)
    await admin.query(
      `insert into public.participant_sessions (tenant_id, campaign_id, landing_variant) values ($1, $2, 'plain')`,
      [tenant.id, campaign.id],
    )
    for (const options of [{}, phone]) {
      const page = await opened('', owner, options)
      await page.getByRole('link', { name: 'Spring intake' }).waitFor()
      await look(page)
      await page.getByRole('link', { name: 'Spring intake' }).click()
      await page.getByRole('row').nth(2).waitFor()
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
      await page.getByRole('button', { name: 'Delete' }).click()
      await page.getByRole('dialog').waitFor()
      await look(page)
    }
  })
})
