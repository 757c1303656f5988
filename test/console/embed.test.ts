import { beforeEach, expect, it } from 'vitest'
import { violationsOn } from '../kit/axe.ts'
import { describeInBrowser } from '../kit/browser.ts'
import { call } from '../kit/call.ts'
import { admin, superuser } from '../kit/db.ts'
import { makeTenant } from '../kit/tenants.ts'
import { makeHistory } from '../webhooks/history.ts'
import { type Lender, makeLender, ownProduct } from './embed-scene.ts'
import { consoleUrl, phone } from './visit.ts'

const { openFrame } = ownProduct()
let own: Lender
beforeEach(async () => {
  own = await makeLender()
})

describeInBrowser('the console in frames of other sites', (browser) => {
  it('shows the webhooks of its tenant and of no other, uses no session, and keeps nothing', async () => {
    const other = await makeTenant({ owner: own.owner })
    await own.makePolled('Theirs', other)
    const endpoint = await own.makePolled('The CRM')
    const [message] = await makeHistory(own.tenant.id, [{ minutesAgo: 30, at: { [endpoint]: 'dead' } }])
    const token = await own.lend()
    const {
      page,
      frame: shown,
      asked,
    } = await openFrame(browser(), '/embed/webhooks', { token }, { beside: own.owner })
    await shown.getByRole('link', { name: 'The CRM' }).waitFor()
    // It is gone from the address.
    expect(shown.url()).toBe(consoleUrl('/embed/webhooks'))
    expect(await shown.getByText('Theirs').count()).toBe(0)
    // A token that may not write is offered nothing that does.
    expect(await shown.getByRole('button').allInnerTexts()).toEqual([])
    await shown.getByRole('link', { name: 'The CRM' }).click()
    await shown.getByRole('link', { name: 'What was delivered to it' }).click()
    await shown.getByRole('list', { name: 'Deliveries' }).getByRole('link').click()
    await shown.getByText(message!).waitFor()
    expect(await shown.getByRole('button', { name: 'Send it again' }).count()).toBe(0)
    await shown.getByRole('link', { name: 'Event types' }).click()
    await shown.getByRole('link', { name: 'member.joined' }).click()
    await shown.getByRole('region', { name: 'member.joined' }).getByText('"email"').first().waitFor()
    expect(asked.length).toBeGreaterThan(5)
    expect(new Set(asked)).toEqual(new Set([`Bearer ${token}`]))
    // Where a browser gives storage to frames of other sites, the router looks once whether it left a place to scroll to.
    const touched = (await shown.evaluate('touched')) as string[]
    expect(touched.filter((what) => !what.startsWith('getItem tsr-scroll-restoration'))).toEqual([])
    // Where somebody is in it is no part of the product's own history.
    expect(await page.evaluate('history.length')).toBeLessThan(6)
  })

  it('with can_write an endpoint is made, changed and deleted, and the log names the token', async () => {
    const { frame } = await openFrame(browser(), '/embed/webhooks', {
      token: await own.lend({ can_write: true }),
    })
    await frame.getByText('There is no endpoint yet.').waitFor()
    const making = frame.getByRole('form', { name: 'New endpoint' })
    await making.getByLabel('How messages get there').selectOption('poll')
    await making.getByLabel('Description').fill('Mine')
    await making.getByRole('button', { name: 'Make the endpoint' }).click()
    await frame.getByRole('dialog').getByRole('button', { name: 'I have kept it' }).click()
    await frame.getByRole('link', { name: 'Mine' }).click()
    await frame.getByRole('button', { name: 'Disable' }).click()
    await frame.getByText('Disabled by hand.').waitFor()
    // What somebody would need a token of their own for is not offered.
    expect(await frame.getByText('The same with curl').count()).toBe(0)
    await frame.getByRole('button', { name: 'Delete' }).click()
    await frame.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
    await frame.getByText('There is no endpoint yet.').waitFor()
    const { rows } = await superuser.query<{ action: string }>(
      `select action from public.audit_log where tenant_id = $1 and actor_type = 'portal_token' order by seq`,
      [own.tenant.id],
    )
    expect(rows.map(({ action }) => action)).toContain('webhook_endpoints.deleted')
  })

  it('shows the audit log, an entry of it, and neither its export nor its check', async () => {
    await admin.query(`insert into public.campaigns (tenant_id, name) values ($1, 'Spring')`, [own.tenant.id])
    const at = `/registry/tenants/${own.tenant.slug}/audit/viewer-tokens`
    const lent = await call(at, { token: own.owner.token, body: {} })
    const { token } = (await lent.json()) as { token: string }
    const { frame } = await openFrame(browser(), '/embed/audit', { token }, { locale: 'de-DE' })
    await frame.getByRole('heading', { name: 'Protokoll' }).waitFor()
    await frame.getByRole('link', { name: 'campaigns.created' }).click()
    await frame.getByRole('definition').getByText('campaign').first().waitFor()
    expect(await frame.getByRole('button').count()).toBe(0)
    expect(await frame.getByRole('navigation').getByRole('link').count()).toBe(1)
    // A token of the one portal opens no page of the other.
    const { frame: wrong } = await openFrame(browser(), '/embed/webhooks', { token })
    await wrong.getByText('This view was asked for something else than it shows.').waitFor()
  })

  it.each([
    ['light', '#ffd400'],
    ['dark', '#00308f'],
  ] as const)(
    'is accessible when it is asked to be %s, with any accent, on a phone too',
    async (theme, accent) => {
      const id = await own.makePolled('x'.repeat(80))
      await makeHistory(own.tenant.id, [{ minutesAgo: 30, at: { [id]: 'dead' } }])
      for (const options of [{}, phone]) {
        const token = await own.lend({ can_write: true })
        const colorScheme = theme === 'dark' ? 'light' : 'dark'
        const { frame } = await openFrame(
          browser(),
          '/embed/webhooks',
          { token, theme, accent },
          { ...options, colorScheme },
        )
        const look = async () => {
          expect(await violationsOn(frame)).toEqual([])
          expect(await frame.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
        }
        await frame.getByRole('button', { name: 'New endpoint' }).click()
        await frame.getByRole('form', { name: 'New endpoint' }).waitFor()
        await look()
        // Of the accent that was asked for, the nearest shade that can be read.
        const link = frame.getByRole('list', { name: 'Endpoints' }).getByRole('link')
        const ink = await link.evaluate((element) => getComputedStyle(element).color)
        expect(ink).toBe(theme === 'dark' ? 'rgb(127, 152, 199)' : 'rgb(128, 106, 0)')
        const paper = await frame.evaluate<string>('getComputedStyle(document.body).backgroundColor')
        expect(paper).toBe(theme === 'dark' ? 'rgb(21, 25, 23)' : 'rgb(251, 251, 249)')
        await frame.getByRole('list', { name: 'Endpoints' }).getByRole('link').click()
        await frame.getByRole('button', { name: 'Send its example' }).waitFor()
        await look()
      }
    },
  )
})
