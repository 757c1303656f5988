import { beforeEach, expect, inject, it } from 'vitest'
import { type Campaign, configure, makeCampaign, Taker } from '../../assessments/taking/taker.ts'
import { describeInBrowser } from '../../kit/browser.ts'
import { admin } from '../../kit/db.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { newVisitor, tenantUrl } from '../site.ts'
import {
  addressOf,
  expectNoBarriers,
  heading,
  phone,
  press,
  saved,
  savedAnswers,
  tabTo,
  takerOf,
} from './visit.ts'

let tenant: Tenant
let campaign: Campaign
beforeEach(async () => {
  tenant = await makeTenant()
  await admin.query(
    `update public.tenant_brands set display_name = 'Ada <b>& Co', is_active = true, brand =
       '{"colors": {"primary": "#1b4332"}, "messages": {"completion": "See you soon."}}' where tenant_id = $1`,
    [tenant.id],
  )
  campaign = await makeCampaign(tenant)
})

const sessions = async () =>
  (
    await admin.query(
      'select email, full_name, client_status, consented_at is not null as has_consented from public.participant_sessions where tenant_id = $1',
      [tenant.id],
    )
  ).rows

describeInBrowser('a campaign', (browser) => {
  it('is taken by keyboard alone on a phone, offline in between, and each answer is saved once', async () => {
    const left = Object.fromEntries(
      ['l07', 'l08', 'l09', 'l10', 'l11', 'l12', 'l13', 'l14', 'l15', 'l16'].map((id) => [id, null]),
    )
    await configure(tenant, 'mode_overrides', { likert: { items: left } })
    const { page, errors, requests } = await newVisitor(browser(), phone)
    // The first reply is lost on its way, so the page cannot know that its session has begun.
    let isLost = false
    await page.route('**/sessions', async (route) => {
      if (isLost) return route.continue()
      isLost = true
      // Node does not know the names of tenants' hosts.
      await route.fetch({ url: inject('stack').api_url + new URL(route.request().url()).pathname })
      await route.abort()
    })
    await page.goto(addressOf(campaign))
    await heading(page, 'Which money archetype leads you?')
    expect(await page.locator('.tenant').textContent()).toBe('Ada <b>& Co')
    await expectNoBarriers(page)
    await tabTo(page, 'Start')
    await page.keyboard.press('Enter')

    await page.getByText('Question 1 of 6').waitFor()
    await expectNoBarriers(page)
    await page.keyboard.press('5')
    await page.getByText('Question 2 of 6').waitFor()
    await saved(page)
    expect(await savedAnswers(page, campaign)).toEqual({ l01: 5 })

    await page.context().setOffline(true)
    // The arrow keys choose, and do not lead on.
    await page.keyboard.press('Tab')
    for (const _ of [2, 3]) await page.keyboard.press('ArrowRight')
    expect(await page.getByRole('radio', { name: '3, Partly' }).isChecked()).toBe(true)
    await page.keyboard.press('Enter')
    for (let at = 3; at <= 5; at++) {
      await page.getByText(`Question ${at} of 6`).waitFor()
      await page.keyboard.press(String(1 + (at % 5)))
    }
    await page.getByText('Question 6 of 6').waitFor()
    await page.locator('.saving', { hasText: 'Waiting for the network' }).waitFor()
    expect(await page.getByRole('status').textContent()).toContain('safe on this device')
    await expectNoBarriers(page)
    expect(await savedAnswers(page, campaign)).toEqual({ l01: 5 })

    await page.context().setOffline(false)
    await saved(page)
    expect(Object.keys(await savedAnswers(page, campaign))).toHaveLength(5)
    expect(await page.getByRole('status').textContent()).toBe('Saved')

    // One is left out on purpose.
    await tabTo(page, 'Next')
    await page.keyboard.press('Enter')
    await heading(page, 'Some questions have no answer yet')
    await expectNoBarriers(page)
    await tabTo(page, 'Continue without them')
    await page.keyboard.press('Enter')

    await heading(page, 'How may we reach you?')
    await tabTo(page, 'See my result')
    await page.keyboard.press('Enter')
    expect(await page.locator(':focus').getAttribute('aria-describedby')).toBe('email-error')
    await expectNoBarriers(page)
    await page.keyboard.type('ada@example.com')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Space')
    await page.keyboard.press('Enter')

    await heading(page, 'Your result')
    await expectNoBarriers(page)
    const shown = await page.locator('.scores .name').allTextContents()
    const { scores, primary } = await (await takerOf(page, campaign)).result()
    expect(shown).toEqual(scores!.map(({ name }) => name))
    expect(await page.locator('.part.leading h2').textContent()).toContain(primary!.name)
    expect(await page.getByRole('img', { name: 'Chart of 8 values' }).count()).toBe(1)
    expect(await page.getByText('See you soon.').count()).toBe(1)
    expect(await sessions()).toEqual([
      { email: 'ada@example.com', full_name: null, client_status: 'completed', has_consented: true },
    ])

    const { token } = await takerOf(page, campaign)
    expect(requests.filter((url) => url.includes(token))).toEqual([])
    expect(requests.filter((url) => !url.startsWith(tenantUrl(tenant.slug)))).toEqual([])
    expect(errors).toEqual([])

    await page.reload()
    await heading(page, 'Your result')
    await press(page, 'Remove from this device')
    await heading(page, 'Which money archetype leads you?')
    expect(await page.evaluate(() => localStorage.length)).toBe(0)
  })

  it('continues on another device, when its owner says so', async () => {
    await admin.query(`update public.campaigns set mode = 'qa' where tenant_id = $1`, [tenant.id])
    const first = await newVisitor(browser(), phone)
    await first.page.goto(addressOf(campaign))
    await first.page.getByRole('button', { name: 'Start' }).click()
    await first.page.getByText('I hope that it comes.').click()
    await first.page.getByText('Question 2 of 4').waitFor()
    await saved(first.page)
    await first.page.getByText('Continue on another device').click()
    const link = await first.page.getByLabel('Continue on another device').inputValue()
    expect(new URL(link).searchParams.size).toBe(1)

    // What waits to be sent waits through a reload.
    await first.page.route('**/current/answers', (route) => route.abort())
    await first.page.locator('fieldset').press('b')
    await first.page.getByText('Question 3 of 4').waitFor()
    await first.page.locator('.saving', { hasText: 'Waiting for the network' }).waitFor()
    await first.page.reload()
    await first.page.getByText('Question 3 of 4').waitFor()
    expect(await savedAnswers(first.page, campaign)).toEqual({ q01: 'c' })
    await first.page.unroute('**/current/answers')
    await first.page.evaluate(() => window.dispatchEvent(new Event('online')))
    await saved(first.page)
    expect(await savedAnswers(first.page, campaign)).toEqual({ q01: 'c', q02: 'b' })

    const second = await newVisitor(browser(), phone)
    await second.page.goto(link)
    await heading(second.page, 'Continue where you stopped')
    await second.page.getByText('2 of 4 questions are answered.').waitFor()
    expect(second.page.url()).toBe(addressOf(campaign))
    await expectNoBarriers(second.page)
    await press(second.page, 'Continue')
    await second.page.getByText('Question 3 of 4').waitFor()
    await second.page.keyboard.press('a')
    await second.page.getByText('Question 4 of 4').waitFor()
    await saved(second.page)
    expect(await savedAnswers(first.page, campaign)).toEqual({ q01: 'c', q02: 'b', q03: 'a' })

    // The first device has it when it is looked at again.
    await first.page.reload()
    await first.page.getByText('Question 3 of 4').waitFor()
    await expect.poll(() => first.page.getByRole('radio').nth(0).isChecked()).toBe(true)

    // A link that is somebody else's takes nothing away from whoever opens it.
    const other = await Taker.begun(campaign, { mode: 'qa' })
    await first.page.goto('about:blank')
    await first.page.goto(`${addressOf(campaign)}#t=${other.token}`)
    await press(first.page, 'This is not mine')
    await first.page.getByText('Question 3 of 4').waitFor()
    expect((await takerOf(first.page, campaign)).token).not.toBe(other.token)
    expect(first.errors.concat(second.errors)).toEqual([])
  })

  it('keeps the other answers when one is refused, and all when the session has expired', async () => {
    await admin.query(`update public.campaigns set mode = 'game' where tenant_id = $1`, [tenant.id])
    const { page, errors } = await newVisitor(browser(), phone)
    await page.goto(addressOf(campaign))
    await page.getByRole('button', { name: 'Start' }).click()
    // The answer to the first question becomes one that the server does not know.
    await page.route('**/current/answers', (route) =>
      route.continue({ postData: (route.request().postData() ?? '').replace('"g01":"a"', '"g01":"zz"') }),
    )
    await page.getByText('Question 1 of 3').waitFor()
    await page.context().setOffline(true)
    await page.keyboard.press('a')
    await page.getByText('Question 2 of 3').waitFor()
    await page.keyboard.press('b')
    await page.getByText('Question 3 of 3').waitFor()
    await page.context().setOffline(false)
    await saved(page)
    expect(await savedAnswers(page, campaign)).toEqual({ g02: 'b' })
    await press(page, 'Back')
    await page.getByText('Question 2 of 3').waitFor()
    await press(page, 'Back')
    await page.getByRole('alert').getByText('This answer could not be saved.').waitFor()
    await expectNoBarriers(page)
    await page.unroute('**/current/answers')

    await admin.query('delete from public.participant_sessions where tenant_id = $1', [tenant.id])
    await page.locator('fieldset').press('b')
    await heading(page, 'Your session has expired')
    await expectNoBarriers(page)
    await press(page, 'Start again')
    await page.getByText('Question 3 of 3').waitFor()
    await expect.poll(() => savedAnswers(page, campaign)).toEqual({ g01: 'b', g02: 'b' })
    expect(errors).toEqual([])
  })

  it('asks for an address where the tenant needs one, and shows no result where it discloses none', async () => {
    await admin.query(
      `update public.campaigns set mode = 'game', results_disclosure = 'none' where tenant_id = $1`,
      [tenant.id],
    )
    await configure(tenant, 'landing_overrides', { capture_gate: 'hard' })
    const { page } = await newVisitor(browser(), { ...phone, colorScheme: 'dark' })
    await page.goto(addressOf(campaign))
    await page.getByRole('button', { name: 'Start' }).click()
    await page.getByText('Question 1 of 3').waitFor()
    for (const name of ['Skip', 'Skip', 'Next', 'Answer them']) await press(page, name)
    await page.keyboard.press('a')
    for (const name of ['Skip', 'Next', 'Continue without them']) await press(page, name)
    await heading(page, 'How may we reach you?')
    await expectNoBarriers(page)
    expect(await page.getByRole('button', { name: 'Continue without' }).count()).toBe(0)
    await page.getByLabel('E-mail address').fill('ada@example.com')
    await page.getByRole('button', { name: 'Send my answers' }).click()
    await page.getByText('Tick the box if you agree').waitFor()
    expect(await sessions()).toMatchObject([{ email: null }])
    await page.getByRole('checkbox').check()
    await page.getByRole('button', { name: 'Send my answers' }).click()
    await heading(page, 'Thank you')
    await expectNoBarriers(page)
    expect(await page.locator('.scores, .part').count()).toBe(0)
    expect(await sessions()).toMatchObject([{ email: 'ada@example.com', client_status: 'completed' }])
  })

  it('keeps an answer that is saved while the page asks for the state of before', async () => {
    await admin.query(`update public.campaigns set mode = 'game' where tenant_id = $1`, [tenant.id])
    const { page } = await newVisitor(browser(), phone)
    await page.goto(addressOf(campaign))
    await page.getByRole('button', { name: 'Start' }).click()
    await page.getByText('Question 1 of 3').waitFor()
    await saved(page)
    let letGo = () => {}
    const isSaved = new Promise<void>((resolve) => {
      letGo = resolve
    })
    await page.route('**/sessions/current', async (route) => {
      const response = await route.fetch({
        url: inject('stack').api_url + new URL(route.request().url()).pathname,
      })
      await isSaved
      await route.fulfill({ response })
    })
    const asked = page.waitForRequest('**/sessions/current')
    await page.evaluate(() => window.dispatchEvent(new Event('online')))
    await asked
    await page.locator('fieldset').press('b')
    await page.getByText('Question 2 of 3').waitFor()
    await saved(page)
    const answered = page.waitForResponse('**/sessions/current')
    letGo()
    await answered
    await press(page, 'Back')
    await page.getByText('Question 1 of 3').waitFor()
    expect(await page.getByRole('radio').nth(1).isChecked()).toBe(true)
  })
})
