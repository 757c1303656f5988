import { beforeEach, expect, it } from 'vitest'
import { makeCampaign } from '../assessments/taking/taker.ts'
import { violationsOn } from '../kit/axe.ts'
import { describeInBrowser } from '../kit/browser.ts'
import { admin } from '../kit/db.ts'
import { makePerson, type Person } from '../kit/people.ts'
import { makeTenant, type Tenant } from '../kit/tenants.ts'
import { edit, openBrand, preview, publicPageOf } from './brand-screen.ts'
import { openConsole } from './visit.ts'

let owner: Person
let tenant: Tenant
beforeEach(async () => {
  owner = await makePerson()
  tenant = await makeTenant({ owner })
})

describeInBrowser('the preview of a brand', (browser) => {
  const opened = () => openBrand(openConsole(browser(), `/t/${tenant.slug}/brand`, owner))

  it('shows the page as it is in the dark', async () => {
    const page = await opened()
    const scheme = () =>
      preview(page)
        .locator(':root')
        .evaluate((root) => getComputedStyle(root).colorScheme)
    await preview(page).getByRole('heading', { name: tenant.slug }).waitFor()
    expect(await scheme()).toBe('light')
    await page.getByLabel('Dark').check()
    await expect.poll(scheme).toBe('dark')
  })

  it('shows a mail in the brand that is not saved', async () => {
    const page = await opened()
    await page.getByLabel('Mail', { exact: true }).check()
    const mail = preview(page).frameLocator('iframe')
    await mail.getByText(`your account at ${tenant.slug} is ready`).waitFor()
    await edit(page, 'Name', 'Harbour Coaching')
    await edit(page, 'Main colour', '#7A1F5C')
    const head = mail.getByText('Harbour Coaching', { exact: true })
    await head.waitFor()
    await expect.poll(() => head.evaluate((node) => getComputedStyle(node).color)).toBe('rgb(122, 31, 92)')
    expect(await page.getByLabel('Dark').count()).toBe(0)
    expect(await violationsOn(page)).toEqual([])
    expect(await publicPageOf(tenant.slug)).toMatchObject({ display_name: tenant.slug })
    await page.getByLabel('Page', { exact: true }).check()
    await preview(page).getByRole('heading', { name: 'Harbour Coaching' }).waitFor()
  })

  it('shows a campaign in the brand that is not saved, and sends no answer of it', async () => {
    const page = await opened()
    await page.getByLabel('Questionnaire', { exact: true }).check()
    await page.getByText('No campaign is open yet').waitFor()
    await makeCampaign(tenant)
    await page.reload()
    await page.getByLabel('Name', { exact: true }).waitFor()
    await page.getByLabel('Questionnaire', { exact: true }).check()
    await edit(page, 'Name', 'Harbour Coaching')
    await edit(page, 'Main colour', '#7A1F5C')
    const quiz = preview(page)
    await quiz.getByText('Harbour Coaching').first().waitFor()
    await expect
      .poll(() =>
        quiz.locator(':root').evaluate((root) => root.style.getPropertyValue('--tenant-color-primary')),
      )
      .toBe('#7a1f5c')
    await quiz.getByRole('button', { name: 'Start' }).click()
    await quiz.locator('label.option').first().click()
    await quiz
      .getByText(/Question 2 of \d+/)
      .first()
      .waitFor()
    // A change of the brand does not lose the place.
    await edit(page, 'Name', 'Quay Coaching')
    await quiz.getByText('Quay Coaching').first().waitFor()
    await quiz
      .getByText(/Question 2 of \d+/)
      .first()
      .waitFor()
    const { rows } = await admin.query('select 1 from public.participant_sessions where tenant_id = $1', [
      tenant.id,
    ])
    expect(rows).toEqual([])
    expect(await violationsOn(page)).toEqual([])
  })
})
