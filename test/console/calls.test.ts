import { beforeEach, expect, it } from 'vitest'
import { describeInBrowser } from '../kit/browser.ts'
import { admin } from '../kit/db.ts'
import { makePerson, type Person } from '../kit/people.ts'
import { makeTenant, type Tenant } from '../kit/tenants.ts'
import { finish, freshKey, priceModel, recordTool, start } from '../usage/calls/scene.ts'
import { look, openConsole, phone } from './visit.ts'

const hostile = '<img src=x onerror="document.title=1">'
let owner: Person
let tenant: Tenant
beforeEach(async () => {
  owner = await makePerson()
  tenant = await makeTenant({ owner })
})

/** A model that no other test has priced. */
const priced = async () => {
  const name = `round-${freshKey()}`
  await priceModel(name)
  return name
}
async function made(name: string, taken: Parameters<typeof finish>[2] = {}): Promise<void> {
  const { id } = await start(tenant.id, { name, input: 1_000, output: 1_000 })
  await finish(tenant.id, id, { input: 1_000, output: 20, ...taken })
}

describeInBrowser('calls of models and tools in the console', (browser) => {
  const opened = (path: string, person = owner, options = {}) =>
    openConsole(browser(), `/t/${tenant.slug}/usage${path}`, person, options)

  it('spend leads to its calls, which are narrowed and paged; text stays text', async () => {
    const name = await priced()
    await made(name, { cached: 500, duration: 1_500 })
    await made(name, { status: 'error', error: 'too_slow', output: 0 })
    await made(hostile)
    const page = await opened('?by=model_used')
    // As a member of the table of what was used.
    await page.getByRole('table', { name: 'Model' }).getByRole('link', { name: hostile }).click()
    const calls = page.getByRole('list', { name: 'Calls of models' }).getByRole('listitem')
    await calls.filter({ hasText: hostile }).getByText('no price').waitFor()
    expect(await calls.count()).toBe(1)
    expect(new URL(page.url()).searchParams.get('model')).toBe(hostile)

    await page.getByLabel('Model', { exact: true }).fill(name)
    await page.keyboard.press('Enter')
    await expect.poll(() => calls.count()).toBe(2)
    // 500 tokens of the prompt at 10 micros, 500 at one, and 20 of the answer at 100.
    const good = calls.filter({ hasText: '$0.0075' })
    await good.getByText('Tokens: 1,000 in, 20 out (500 from a cache)').waitFor()
    await good.getByText(/1\.5 s/).waitFor()
    await page.getByLabel('Outcome').selectOption('Failed')
    await expect.poll(() => calls.count()).toBe(1)
    await calls.getByText('too_slow').waitFor()
    await page.reload()
    await calls.getByText('too_slow').waitFor()
    await page.getByLabel('Until').fill('2020-01-01T00:00')
    await page.keyboard.press('Enter')
    await page.getByText(/^There is no such call\./).waitFor()
    await page.goBack()
    await calls.getByText('too_slow').waitFor()

    await calls.getByRole('link').click()
    const price = page.getByRole('list', { name: 'Prices' }).getByRole('listitem')
    await price.getByText('Per million tokens: $10.00 in ($1.00 from a cache), $100.00 out.').waitFor()
    expect(await price.count()).toBe(1)
    expect(await page.title()).not.toBe('1')
  })

  it('older calls come on demand, of tools too', async () => {
    await admin.query(
      `select public.record_tool_call($1, 'search', 'find ' || n, 'ok', 'key ' || n) from generate_series(1, 51) as n`,
      [tenant.id],
    )
    await recordTool(tenant.id, { tool: 'mail', method: hostile, status: 'refused', error: 'not_now' })
    const page = await opened('/tool-calls')
    const calls = page.getByRole('list', { name: 'Calls of tools' }).getByRole('listitem')
    await expect.poll(() => calls.count()).toBe(50)
    await calls.filter({ hasText: hostile }).getByText('not_now').waitFor()
    await page.getByRole('button', { name: 'Show more' }).click()
    await expect.poll(() => calls.count()).toBe(52)
    await page.getByLabel('Tool', { exact: true }).fill('mail')
    await page.keyboard.press('Enter')
    await expect.poll(() => calls.count()).toBe(1)
    // No tool is called that, and the address stays as it was written.
    await page.getByLabel('Tool', { exact: true }).fill('No Tool')
    await page.keyboard.press('Enter')
    await page.getByRole('alert').waitFor()
    expect(await page.getByLabel('Tool', { exact: true }).inputValue()).toBe('No Tool')
  })

  it('a reviewer of a frozen practice reads them, and of another practice nothing', async () => {
    const [reviewer, stranger] = [await makePerson(), await makePerson()]
    tenant = await makeTenant({ owner, reviewer })
    const name = await priced()
    await made(name)
    await admin.query(`update public.tenants set status = 'frozen' where id = $1`, [tenant.id])
    const page = await opened('/calls', reviewer)
    await page.getByRole('listitem', { name }).waitFor()
    const other = await makeTenant({ owner: stranger })
    const theirs = await openConsole(browser(), `/t/${other.slug}/usage/calls`, stranger)
    await theirs.getByText(/^There is no such call\./).waitFor()
  })

  it('is accessible in light and dark, on a phone too', async () => {
    await made(`round-${'long'.repeat(50)}`, { status: 'error', error: 'long'.repeat(20) })
    await recordTool(tenant.id, { tool: 'long'.repeat(20), method: 'long'.repeat(20) })
    for (const options of [{}, phone]) {
      const page = await opened('/calls', owner, options)
      const room = page.getByRole('navigation', { name: 'Plan and usage' })
      await page.getByRole('list', { name: 'Calls of models' }).getByRole('listitem').waitFor()
      await look(page)
      await room.getByRole('link', { name: 'Calls of tools' }).click()
      await page.getByRole('list', { name: 'Calls of tools' }).getByRole('listitem').waitFor()
      await look(page)
      await room.getByRole('link', { name: 'Prices' }).click()
      await page.getByRole('list', { name: 'Prices' }).getByRole('listitem').first().waitFor()
      await look(page)
    }
  })
})
