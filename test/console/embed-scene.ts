import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, BrowserContextOptions, Frame, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest'
import { call } from '../kit/call.ts'
import { makePerson, type Person } from '../kit/people.ts'
import { makeTenant, type Tenant } from '../kit/tenants.ts'
import { consoleUrl, signIn } from './visit.ts'

// A customer's own product: a page of another site, which shows the frame and hands over tokens.

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

/** What the product's server says beside its page: the example of the documents, as a product of its own. */
interface Product {
  page: string
  nextToken: () => Promise<string>
}

export const { origin } = new URL(consoleUrl())

interface Options extends BrowserContextOptions {
  /** Who is signed in at the console, in the same browser. */
  beside?: Person
}

/** The product's server, started for one file. */
export function ownProduct() {
  let product: Product | undefined
  const host = createServer(async ({ url }, response) => {
    const isToken = url === '/webhooks-token'
    response.setHeader('content-type', isToken ? 'text/plain' : 'text/html; charset=utf-8')
    response.end(isToken ? await product?.nextToken() : url === '/product' ? product?.page : hostPage)
  })
  beforeAll(() => new Promise<void>((done) => host.listen(0, '127.0.0.1', done)))
  afterAll(() => new Promise((done) => host.close(done)))
  const url = (path = '') => `http://127.0.0.1:${(host.address() as AddressInfo).port}/${path}`
  return {
    /** Has the server sell this, and gives its address. */
    sell(wanted: Product): string {
      product = wanted
      return url('product')
    },
    openFrame: (browser: Browser, path: string, fragment: object, options?: Options) =>
      openFrame(url(), browser, path, fragment, options),
  }
}

/** Opens the product's page, and in it the frame. Nothing may be refused by the content security policy, or be thrown. */
async function openFrame(
  hostUrl: string,
  browser: Browser,
  path: string,
  fragment: object,
  options: Options = {},
) {
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

/** What the page around was told by the frame. */
export const heard = (page: Page) => page.evaluate<{ type: string; reason: string }[]>('heard')

export interface Lender {
  owner: Person
  tenant: Tenant
  /** A token of the portal of webhooks. */
  lend(body?: object): Promise<string>
  makePolled(description: string, of?: Tenant): Promise<string>
}

export async function makeLender(): Promise<Lender> {
  const owner = await makePerson()
  const tenant = await makeTenant({ owner })
  return {
    ...{ owner, tenant },
    async lend(body = {}) {
      const lent = await call('/webhooks/portal-tokens', { token: owner.token, tenant: tenant.slug, body })
      return ((await lent.json()) as { token: string }).token
    },
    async makePolled(description, of = tenant) {
      const body = { kind: 'poll', event_types: ['campaign.created'], description }
      const made = await call('/webhooks/endpoints', { token: owner.token, tenant: of.slug, body })
      return ((await made.json()) as { ref_id: string }).ref_id
    },
  }
}
