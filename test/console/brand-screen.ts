import type { Page } from 'playwright-core'
import { call } from '../kit/call.ts'

/** What visitors get of a tenant now. */
export const publicPageOf = async (slug: string) => (await call(`/branding/by-slug/${slug}`)).json()

export async function openBrand(page: Promise<Page>): Promise<Page> {
  const opened = await page
  await opened.getByLabel('Name', { exact: true }).waitFor()
  return opened
}
export const edit = (page: Page, label: string, value: string) =>
  page.getByLabel(label, { exact: true }).fill(value)
export const save = (page: Page) => page.getByRole('button', { name: 'Save' }).click()
/** "… are not saved." would be found too, because the case of letters does not count. */
export const saved = (page: Page) => page.getByText('Saved. Visitors see it within a minute.').waitFor()
export const preview = (page: Page) => page.frameLocator('iframe')
