import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, BrowserContextOptions, Frame, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, expect, inject, it, onTestFinished } from 'vitest'
import { violationsOn } from '../kit/axe.ts'
import { describeInBrowser } from '../kit/browser.ts'
import { call } from '../kit/call.ts'
import { admin, superuser } from '../kit/db.ts'
import { makePerson, type Person } from '../kit/people.ts'
import { makeTenant, type Tenant } from '../kit/tenants.ts'
import { makeHistory } from '../webhooks/history.ts'
import { consoleUrl, phone, signIn } from './visit.ts'

// A customer's own product: a page of another site, which shows the frame and hands over tokens.

const docs = await readFile('docs/console.md', 'utf8')
/** The first example of the documents in this language. */
const exampleIn = (language: string) => new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\``, 'm').exec(docs)![1]!

const hostPage = `<!doctype html><html lang="en"><meta charset="utf-8"><title>A product</title>
<style>html, body { margin: 0 } iframe { border: 0; width: 100%; height: 700px }</style>
<iframe title="Webhooks" allow="clipboard-write"></iframe>
<script>
  const frame = document.querySelector('iframe')
  const origin = new URLSearchParams(location.search).get('console')
  window.heard = []
  addEventListener('message', (event) => {
    if (event.source !== frame.contentWindow || event.origin !== origin) return
    heard.push(event.data)
    if (event.data.type === 'tenantry:token-needed' && window.next)
      frame.contentWindow.postMessage({ type: 'tenantry:token', token: window.next }, origin)
  })
</script></html>`

let host: Server
/** The example of the documents, as a product of its own. */
let product: { page: string; nextToken: () => Promise<string> } | undefined
let hostUrl: string
beforeAll(async () => {
  host = createServer(async ({ url }, response) => {
    const isToken = url === '/webhooks-token'
    response.setHeader('content-type', isToken ? 'text/plain' : 'text/html; charset=utf-8')
    response.end(isToken ? await product?.nextToken() : url === '/product' ? product?.page : hostPage)
  })
  await new Promise<void>((done) => host.listen(0, '127.0.0.1', done))
  hostUrl = `http://127.0.0.1:${(host.address() as AddressInfo).port}/`
})
afterAll(() => new Promise((done) => host.close(done)))

let owner: Person
let tenant: Tenant
beforeEach(async () => {
  owner = await makePerson()
  tenant = await makeTenant({ owner })
})

const { origin } = new URL(consoleUrl())

const lend = async (body: object = {}, of = tenant): Promise<string> => {
  const lent = await call('/webhooks/portal-tokens', { token: owner.token, tenant: of.slug, body })
  return ((await lent.json()) as { token: string }).token
}
const makePolled = async (description: string, of = tenant): Promise<string> => {
  const body = { kind: 'poll', event_types: ['campaign.created'], description }
  const made = await call('/webhooks/endpoints', { token: owner.token, tenant: of.slug, body })
  return ((await made.json()) as { ref_id: string }).ref_id
}

interface Options extends BrowserContextOptions {
  /** Who is signed in at the console, in the same browser. */
  beside?: Person
}

/** Opens the product's page, and in it the frame. Nothing may be refused by the content security policy, or be thrown. */
async function openFrame(browser: Browser, path: string, fragment: object, options: Options = {}) {
  const { beside, ...rest } = options
  const context = await browser.newContext({ reducedMotion: 'reduce', locale: 'en-GB', ...rest })
  const faults: string[] = []
  onTestFinished(async () => {
    await context.close()
    expect(faults).toEqual([])
  })
  const page = await context.newPage()
  page.on('pageerror', (error) => faults.push(error.message))
  page.on('console', (message) => {
    if (/content security policy|trusted/i.test(message.text())) faults.push(message.text())
  })
  page.setDefaultTimeout(90_000)
  if (beside) {
    const signedIn = await signIn(context, beside)
    await page.goto(consoleUrl('/preview.html'))
    await signedIn.dispose()
  }
  const asked: (string | undefined)[] = []
  page.on('request', (request) => {
    if (request.method() === 'GET' && request.url().includes('/functions/v1/'))
      asked.push(request.headers().authorization)
  })
  await page.addInitScript(() => {
    // Whatever asks for what a browser keeps is noted.
    const touched: string[] = []
    Object.assign(window, { touched })
    for (const method of ['getItem', 'setItem', 'removeItem'] as const) {
      const real = Storage.prototype[method] as (...given: string[]) => unknown
      Storage.prototype[method] = function (this: Storage, ...given: string[]) {
        touched.push(`${method} ${given[0]}`)
        return real.apply(this, given)
      } as never
    }
  })
  await page.goto(`${hostUrl}?console=${encodeURIComponent(origin)}`)
  const frame = await pointAt(page, path, fragment)
  return { page, frame, asked }
}

/** Has the frame show this page. */
async function pointAt(page: Page, path: string, fragment: object): Promise<Frame> {
  const hash = new URLSearchParams(Object.entries(fragment) as [string, string][])
  const src = `${consoleUrl(path)}#${hash}`
  await page.evaluate((to) => {
    document.querySelector('iframe')!.src = to
  }, src)
  const element = await page.waitForSelector('iframe')
  await page.waitForFunction(() => window.frames.length === 1)
  const frame = (await element.contentFrame())!
  await frame.waitForURL(consoleUrl(path))
  return frame
}

const heard = (page: Page) => page.evaluate<{ type: string; reason: string }[]>('heard')

describeInBrowser('the console in frames of other sites', (browser) => {
  it('shows the webhooks of its tenant and of no other, uses no session, and keeps nothing', async () => {
    const other = await makeTenant({ owner })
    await makePolled('Theirs', other)
    const endpoint = await makePolled('The CRM')
    const [message] = await makeHistory(tenant.id, [{ minutesAgo: 30, at: { [endpoint]: 'dead' } }])
    const token = await lend()
    const {
      page,
      frame: shown,
      asked,
    } = await openFrame(browser(), '/embed/webhooks', { token }, { beside: owner })
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
    expect(await shown.evaluate('touched')).toEqual([])
    // Where somebody is in it is no part of the product's own history.
    expect(await page.evaluate('history.length')).toBeLessThan(6)
  })

  it('with can_write an endpoint is made, changed and deleted, and the log names the token', async () => {
    const { frame } = await openFrame(browser(), '/embed/webhooks', {
      token: await lend({ can_write: true }),
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
      [tenant.id],
    )
    expect(rows.map(({ action }) => action)).toContain('webhook_endpoints.deleted')
  })

  it('shows the audit log, an entry of it, and neither its export nor its check', async () => {
    await admin.query(`insert into public.campaigns (tenant_id, name) values ($1, 'Spring')`, [tenant.id])
    const at = `/registry/tenants/${tenant.slug}/audit/viewer-tokens`
    const lent = await call(at, { token: owner.token, body: {} })
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

  it('says that a token has ended and asks the page around for another, which it takes from nobody else', async () => {
    await makePolled('The CRM')
    const { page, frame } = await openFrame(browser(), '/embed/webhooks', { token: await lend() })
    await frame.getByRole('link', { name: 'The CRM' }).waitFor()
    await call('/webhooks/portal-tokens', { method: 'DELETE', token: owner.token, tenant: tenant.slug })
    await frame.getByRole('link', { name: 'Deliveries' }).click()
    await frame.getByRole('alert').getByText('What you see here has ended.').first().waitFor()
    await expect.poll(() => heard(page)).toEqual([{ type: 'tenantry:token-needed', reason: 'ended' }])
    const next = await lend()
    // Not from itself, and nothing that is no token.
    await frame.evaluate((token) => postMessage({ type: 'tenantry:token', token }, '*'), next)
    await page.evaluate(
      `frame.contentWindow.postMessage({ type: 'tenantry:token', token: 'tk_live_x' }, '*')`,
    )
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(done)))
    expect(await frame.getByText('What you see here has ended.').count()).toBe(1)
    await page.evaluate(
      ([token, to]) =>
        document.querySelector('iframe')!.contentWindow!.postMessage({ type: 'tenantry:token', token }, to!),
      [next, origin],
    )
    await frame.getByText('There is no such delivery.').waitFor()
    await expect.poll(() => frame.getByText('What you see here has ended.').count()).toBe(0)
    expect(await heard(page)).toHaveLength(1)
  })

  it('asks for the next token before this one ends, and goes on where somebody was', async () => {
    const endpoint = await makePolled('The CRM')
    const { page, frame } = await openFrame(browser(), '/embed/webhooks', { token: await lend() })
    await frame.getByRole('link', { name: 'The CRM' }).click()
    await frame.getByRole('heading', { name: 'The CRM' }).waitFor()
    const next = await lend({ can_write: true })
    // One that ends in two seconds is asked for halfway.
    const brief = await lend()
    await superuser.query(
      `update private.portal_tokens set expires_at = now() + interval '4 seconds'
       where token_hash = sha256(convert_to($1, 'UTF8'))`,
      [brief],
    )
    await page.evaluate((token) => Object.assign(window, { next: token }), next)
    await page.evaluate(
      ([token, to]) =>
        document.querySelector('iframe')!.contentWindow!.postMessage({ type: 'tenantry:token', token }, to!),
      [brief, origin],
    )
    await frame.getByRole('button', { name: 'Send its example' }).waitFor()
    expect(await heard(page)).toEqual([{ type: 'tenantry:token-needed', reason: 'ending' }])
    expect(await frame.getByRole('heading', { name: 'The CRM' }).count()).toBe(1)
    expect(endpoint).toBeTruthy()
  })

  it('the example of the documents works as it stands', async () => {
    await makePolled('The CRM')
    const scopes = [
      'endpoints:read',
      'event_types:read',
      'deliveries:read',
      'endpoints:write',
      'replays:write',
    ]
    const body = { name: 'Portal', scopes }
    const made = await call(`/registry/tenants/${tenant.slug}/api-keys`, { token: owner.token, body })
    const { key } = (await made.json()) as { key: string }
    const script = exampleIn('js').replace('https://<ref>.supabase.co', inject('stack').api_url)
    const { webhooksToken } = (await import(`data:text/javascript,${encodeURIComponent(script)}`)) as {
      webhooksToken(apiKey: string): Promise<string>
    }
    const context = await browser().newContext({ locale: 'en-GB' })
    onTestFinished(() => context.close())
    const page = await context.newPage()
    page.setDefaultTimeout(90_000)
    const example = exampleIn('html').replace('https://console.example.com', origin)
    product = {
      page: `<!doctype html><html lang="en"><meta charset="utf-8"><title>A product</title>${example}</html>`,
      nextToken: () => webhooksToken(key),
    }
    await page.goto(`${hostUrl}product`)
    const frame = page.frameLocator('iframe')
    await frame.getByRole('link', { name: 'The CRM' }).waitFor()
    await call('/webhooks/portal-tokens', { method: 'DELETE', token: key })
    await frame.getByRole('link', { name: 'Deliveries' }).click()
    // It asked, and was given the next one.
    await frame.getByText('There is no such delivery.').waitFor()
    await frame.getByRole('link', { name: 'Endpoints' }).click()
    await frame.getByRole('button', { name: 'New endpoint' }).waitFor()
  })

  it('without a token it asks for one, and the rest of the console stands in no frame', async () => {
    const { page, frame } = await openFrame(browser(), '/embed/webhooks', {})
    await frame.getByRole('alert').waitFor()
    await expect.poll(() => heard(page)).toEqual([{ type: 'tenantry:token-needed', reason: 'ended' }])
    for (const [path, ancestors] of [
      ['/', "frame-ancestors 'self'"],
      ['/t/x/webhooks', "frame-ancestors 'self'"],
      ['/embed', "frame-ancestors 'self'"],
      ['/embed.html', "frame-ancestors 'self'"],
      ['/embed/webhooks', 'frame-ancestors *'],
      ['/embed/audit/', 'frame-ancestors *'],
    ]) {
      const response = await page.goto(consoleUrl(path))
      expect([path, response?.headers()['content-security-policy']]).toEqual([
        path,
        expect.stringContaining(`${ancestors};`),
      ])
    }
  })

  it.each([
    ['light', '#ffd400'],
    ['dark', '#00308f'],
  ] as const)(
    'is accessible when it is asked to be %s, with any accent, on a phone too',
    async (theme, accent) => {
      const id = await makePolled('x'.repeat(80))
      await makeHistory(tenant.id, [{ minutesAgo: 30, at: { [id]: 'dead' } }])
      for (const options of [{}, phone]) {
        const token = await lend({ can_write: true })
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
