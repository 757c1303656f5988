import type { Browser, Page } from 'playwright-core'
import { beforeEach, expect, it } from 'vitest'
import { type Campaign, configure, makeCampaign } from '../../assessments/taking/taker.ts'
import { describeInBrowser } from '../../kit/browser.ts'
import { admin } from '../../kit/db.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { newVisitor } from '../site.ts'
import { addressOf, expectNoBarriers, heading, phone, press, saved, takerOf } from './visit.ts'

const personas = [{ id: 'founder', name: 'Founders', description: 'They own the till.' }]
const title = 'Which money archetype leads you?'

let tenant: Tenant
beforeEach(async () => {
  tenant = await makeTenant()
  await admin.query('update public.tenant_brands set is_active = true where tenant_id = $1', [tenant.id])
})

async function campaignAt(traffic_split: number): Promise<Campaign> {
  await configure(tenant, 'landing_overrides', { personas, traffic_split })
  return makeCampaign(tenant, { mode: 'likert' })
}

async function visit(browser: Browser, campaign: Campaign): Promise<Page> {
  const { page } = await newVisitor(browser, phone)
  await page.goto(addressOf(campaign))
  await heading(page, title)
  return page
}
const seen = async (page: Page) => ((await page.getByText('Founders').count()) > 0 ? 'personas' : 'plain')

async function storedOf(page: Page, campaign: Campaign) {
  await press(page, 'Start')
  await page.getByText('Question 1 of 16').waitFor()
  await saved(page)
  return (await (await takerOf(page, campaign)).row('participant_sessions'))?.landing_variant
}

describeInBrowser('the test of a landing', (browser) => {
  it('shows some the personas and others none, each device always the same, and keeps which', async () => {
    const campaign = await campaignAt(0.5)
    const found = new Set<unknown>()
    // Of 20 visitors all see the same once in half a million times.
    for (let n = 0; n < 20 && found.size < 2; n++) {
      const page = await visit(browser(), campaign)
      const first = await seen(page)
      if (found.has(first)) continue
      found.add(first)
      await expectNoBarriers(page)
      for (const _ of [1, 2]) {
        await page.reload()
        await heading(page, title)
        expect(await seen(page)).toBe(first)
      }
      expect(await storedOf(page, campaign)).toBe(first)
    }
    expect(found).toEqual(new Set(['personas', 'plain']))
  })

  it.each([
    [0, 'plain'],
    [1, 'personas'],
  ])('with a share of %d shows all the same: %s', async (share, variant) => {
    const campaign = await campaignAt(share)
    for (const _ of [1, 2]) {
      const page = await visit(browser(), campaign)
      expect(await seen(page)).toBe(variant)
      expect(await storedOf(page, campaign)).toBe(variant)
    }
  })

  it('is none without personas, and leaves nothing on a device from which it is removed', async () => {
    const plain = await makeCampaign(tenant, { mode: 'likert' })
    const first = await visit(browser(), plain)
    expect(await first.evaluate(() => localStorage.length)).toBe(0)
    expect(await storedOf(first, plain)).toBeNull()

    const page = await visit(browser(), await campaignAt(1))
    await press(page, 'Start')
    await page.getByText('Question 1 of 16').waitFor()
    await page.keyboard.press('5')
    await page.getByText('Question 2 of 16').waitFor()
    for (let at = 3; at <= 16; at++) {
      await press(page, 'Skip')
      await page.getByText(`Question ${at} of 16`).waitFor()
    }
    for (const name of ['Next', 'Continue without them', 'Continue without an address'])
      await press(page, name)
    await heading(page, 'Your result')
    await press(page, 'Remove from this device')
    await heading(page, title)
    expect(await page.evaluate(() => localStorage.length)).toBe(0)
  })
})
