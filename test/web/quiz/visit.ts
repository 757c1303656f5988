import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { type Campaign, Taker } from '../../assessments/taking/taker.ts'
import { violationsOn } from '../../kit/axe.ts'
import { tenantUrl } from '../site.ts'

export const phone = { viewport: { width: 360, height: 740 }, isMobile: false }
export const addressOf = ({ slug, ref_id }: Campaign): string => `${tenantUrl(slug)}quiz/?campaign=${ref_id}`
export const heading = (page: Page, name: string | RegExp) => page.getByRole('heading', { name }).waitFor()
export const press = (page: Page, name: string) =>
  page.getByRole('button', { name, exact: true }).press('Enter')

/** Once nothing waits to be sent. */
export const saved = (page: Page) => page.locator('.saving.saved').waitFor()

/** Presses Tab until this has the focus, as somebody does who has no mouse. */
export async function tabTo(page: Page, name: string): Promise<void> {
  for (let stop = 0; stop < 15; stop++) {
    await page.keyboard.press('Tab')
    const focused = page.locator(':focus')
    if ((await focused.textContent())?.trim() === name) return
  }
  throw new Error(`The focus does not reach "${name}".`)
}

/** What this browser would send with its next request, and what the server knows of that session. */
export async function takerOf(page: Page, campaign: Campaign): Promise<Taker> {
  const stored = await page.evaluate(() => Object.values(localStorage)[0] ?? 'null')
  return new Taker(campaign, (JSON.parse(stored) as { token: string }).token)
}

export async function savedAnswers(page: Page, campaign: Campaign): Promise<Record<string, unknown>> {
  const answer = await (await takerOf(page, campaign)).ask('GET', '')
  return ((await answer.json()) as { session: { answers: Record<string, unknown> } }).session.answers
}

/** Nothing for axe to say, and nothing beyond the edge of the screen. */
export async function expectNoBarriers(page: Page): Promise<void> {
  expect(await violationsOn(page), await page.title()).toEqual([])
  // As wide as a screen of 1280 pixels that is enlarged four times.
  const size = page.viewportSize()!
  await page.setViewportSize({ width: 320, height: size.height })
  expect(await page.evaluate(() => document.documentElement.scrollWidth), await page.title()).toBe(320)
  await page.setViewportSize(size)
}
