import { beforeEach, expect, it } from 'vitest'
import { describeInBrowser } from '../kit/browser.ts'
import { makePerson, type Person } from '../kit/people.ts'
import { makeTenant, type Tenant } from '../kit/tenants.ts'
import { openConsole, signIn } from './visit.ts'

let owner: Person
let member: Person
let tenant: Tenant
beforeEach(async () => {
  owner = await makePerson()
  member = await makePerson()
  tenant = await makeTenant({ owner, member })
})

describeInBrowser('what a screen asks for', (browser) => {
  const tenantAt = () => `/registry/tenants/${tenant.slug}`
  it.each([
    ['brand', 'Brand', () => ['/branding/brand', '/branding/fonts', tenantAt()]],
    ['people', 'People', () => [tenantAt(), `${tenantAt()}/invitations`, `${tenantAt()}/members`]],
  ])('is asked for while the code of %s is on its way, and once', async (file, title, wanted) => {
    const page = await openConsole(browser(), '/')
    await signIn(page.context(), owner)
    const asked: string[] = []
    page.on('request', (request) => {
      const [, path] = new URL(request.url()).pathname.split('/functions/v1')
      if (path && request.method() === 'GET' && wanted().includes(path)) asked.push(path)
    })
    let arrive = () => {}
    const arrived = new Promise<void>((resolve) => {
      arrive = resolve
    })
    let isHeld = false
    await page.route(new RegExp(`/assets/${file}-[\\w-]+\\.js`), async (route) => {
      isHeld = true
      await arrived
      await route.continue()
    })
    await page.goto(new URL(`/t/${tenant.slug}/${file}`, page.url()).href)
    await expect.poll(() => asked.toSorted(), { timeout: 30_000 }).toEqual(wanted())
    expect(isHeld).toBe(true)
    expect(await page.getByRole('heading', { level: 1 }).count()).toBe(0)
    arrive()
    await page.getByRole('heading', { level: 1, name: title }).waitFor()
    await page.waitForLoadState('networkidle')
    expect(asked.toSorted()).toEqual(wanted())
  })

  it('is not asked for by those who may not', async () => {
    const page = await openConsole(browser(), '/')
    await signIn(page.context(), member)
    const refused: string[] = []
    page.on('response', (response) => {
      if (response.status() >= 400) refused.push(response.url())
    })
    await page.goto(new URL(`/t/${tenant.slug}/people`, page.url()).href)
    await page.getByRole('heading', { name: 'Members' }).waitFor()
    await page.waitForLoadState('networkidle')
    expect(refused).toEqual([])
  })
})
