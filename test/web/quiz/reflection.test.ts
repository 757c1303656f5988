import { beforeEach, expect, it } from 'vitest'
import { type Campaign, configure, makeCampaign } from '../../assessments/taking/taker.ts'
import { describeInBrowser } from '../../kit/browser.ts'
import { admin } from '../../kit/db.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { ownLlm, useModel } from '../../usage/models/model-scene.ts'
import { newVisitor } from '../site.ts'
import { addressOf, expectNoBarriers, heading, phone, press, saved } from './visit.ts'

const llm = ownLlm()
let tenant: Tenant
let campaign: Campaign
beforeEach(async () => {
  tenant = await makeTenant()
  await admin.query('update public.tenant_brands set is_active = true where tenant_id = $1', [tenant.id])
  await configure(tenant, 'providers', { reflection: { is_enabled: true } })
  await configure(tenant, 'landing_overrides', { capture_gate: 'none' })
  const left = Array.from({ length: 15 }, (_, n) => [`l${String(n + 2).padStart(2, '0')}`, null])
  await configure(tenant, 'mode_overrides', { likert: { items: Object.fromEntries(left) } })
  await useModel(tenant, llm.server())
  campaign = await makeCampaign(tenant, { mode: 'likert' })
})

const title = 'What this may mean'

describeInBrowser('what a model writes about a result', (browser) => {
  async function visit() {
    const visitor = await newVisitor(browser(), phone)
    await visitor.page.goto(addressOf(campaign))
    await press(visitor.page, 'Start')
    await visitor.page.getByText('Question 1 of 1').waitFor()
    await visitor.page.keyboard.press('5')
    return visitor
  }

  it('is marked with its own language, where that is not the page’s nor that of the questions', async () => {
    await configure(tenant, 'voice_overrides', { language: 'de' })
    await admin.query(`update public.tenants set locale = 'en-GB' where id = $1`, [tenant.id])
    const { page } = await visit()
    await saved(page)
    // The participant has another language than the page.
    await admin.query(`update public.participant_sessions set locale = 'fr' where tenant_id = $1`, [
      tenant.id,
    ])
    await press(page, 'See my result')
    const text = page.getByRole('region', { name: title }).getByText('This is a sample')
    await text.waitFor()
    expect(await text.getAttribute('lang')).toBe('fr')
    expect(await page.locator('.part.leading h2').getAttribute('lang')).toBe('de')
    await expectNoBarriers(page)
  })

  it('comes after the result, says that no person wrote it, and is there again after a reload', async () => {
    const { page, errors } = await visit()
    let goOn = () => {}
    const isHeld = new Promise<void>((resolve) => {
      goOn = resolve
    })
    await page.route('**/current/reflection', async (route) => {
      await isHeld
      await route.continue()
    })
    await press(page, 'See my result')
    await heading(page, 'Your result')
    await page.getByText('A text about your result is being written').waitFor()
    await expectNoBarriers(page)
    goOn()
    const written = page.getByRole('region', { name: title })
    await written.getByText('This is a sample').waitFor()
    await written.getByText('Written by a language model (AI)').waitFor()
    await expectNoBarriers(page)
    const asked = llm.server().asked.length
    await page.reload()
    await written.getByText('This is a sample').waitFor()
    expect(llm.server().asked.length).toBe(asked)
    expect(errors).toEqual([])
  })

  it('is left out if there is none, and the result is as ever', async () => {
    await useModel(tenant, llm.server(), { model: 'fail' })
    const { page } = await visit()
    const answer = page.waitForResponse((response) => response.url().endsWith('/reflection'))
    await press(page, 'See my result')
    await heading(page, 'Your result')
    expect(await (await answer).json()).toMatchObject({ reflection: { status: 'off' } })
    await page.getByText('A text about your result is being written').waitFor({ state: 'detached' })
    expect(await page.getByRole('heading', { name: title }).count()).toBe(0)
    await page.getByRole('heading', { name: 'All scores' }).waitFor()
  })

  it('a remark on an answer comes by the way, and holds nothing up', async () => {
    await configure(tenant, 'providers', { micro_insight: { is_enabled: true } })
    const left = Array.from({ length: 14 }, (_, n) => [`l${String(n + 3).padStart(2, '0')}`, null])
    await configure(tenant, 'mode_overrides', { likert: { items: Object.fromEntries(left) } })
    campaign = await makeCampaign(tenant, { mode: 'likert' })
    const { page, errors } = await newVisitor(browser(), phone)
    let goOn = () => {}
    const isHeld = new Promise<void>((resolve) => {
      goOn = resolve
    })
    await page.route('**/current/insights', async (route) => {
      await isHeld
      await route.continue()
    })
    await page.goto(addressOf(campaign))
    await press(page, 'Start')
    await page.getByText('Question 1 of 2').waitFor()
    await page.keyboard.press('5')
    // The model has not answered, and the next question is there.
    await page.getByText('Question 2 of 2').waitFor()
    goOn()
    const remark = page.getByRole('complementary', { name: 'About your last answer' })
    await remark.getByText('This is a sample').waitFor()
    await remark.getByText('Written by a language model (AI)').waitFor()
    await expectNoBarriers(page)
    expect(errors).toEqual([])
  })
})
