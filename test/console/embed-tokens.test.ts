import { readFile } from 'node:fs/promises'
import { beforeEach, expect, inject, it, onTestFinished } from 'vitest'
import { describeInBrowser } from '../kit/browser.ts'
import { call } from '../kit/call.ts'
import { superuser } from '../kit/db.ts'
import { heard, type Lender, makeLender, origin, ownProduct } from './embed-scene.ts'
import { consoleUrl } from './visit.ts'

const docs = await readFile('docs/console.md', 'utf8')
/** The first example of the documents in this language. */
const exampleIn = (language: string) => new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\``, 'm').exec(docs)![1]!

const { openFrame, sell } = ownProduct()
let own: Lender
beforeEach(async () => {
  own = await makeLender()
})

describeInBrowser('the tokens of frames of other sites', (browser) => {
  it('says that a token has ended and asks the page around for another, which it takes from nobody else', async () => {
    await own.makePolled('The CRM')
    const { page, frame } = await openFrame(browser(), '/embed/webhooks', { token: await own.lend() })
    await frame.getByRole('link', { name: 'The CRM' }).waitFor()
    await call('/webhooks/portal-tokens', {
      method: 'DELETE',
      token: own.owner.token,
      tenant: own.tenant.slug,
    })
    await frame.getByRole('link', { name: 'Deliveries' }).click()
    await frame.getByRole('alert').getByText('What you see here has ended.').first().waitFor()
    await expect.poll(() => heard(page)).toEqual([{ type: 'tenantry:token-needed', reason: 'ended' }])
    const next = await own.lend()
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
    const endpoint = await own.makePolled('The CRM')
    const { page, frame } = await openFrame(browser(), '/embed/webhooks', { token: await own.lend() })
    await frame.getByRole('link', { name: 'The CRM' }).click()
    await frame.getByRole('heading', { name: 'The CRM' }).waitFor()
    const next = await own.lend({ can_write: true })
    // One that ends in two seconds is asked for halfway.
    const brief = await own.lend()
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
    await own.makePolled('The CRM')
    const scopes = [
      'endpoints:read',
      'event_types:read',
      'deliveries:read',
      'endpoints:write',
      'replays:write',
    ]
    const body = { name: 'Portal', scopes }
    const made = await call(`/registry/tenants/${own.tenant.slug}/api-keys`, { token: own.owner.token, body })
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
    const url = sell({
      page: `<!doctype html><html lang="en"><meta charset="utf-8"><title>A product</title>${example}</html>`,
      nextToken: () => webhooksToken(key),
    })
    await page.goto(url)
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
})
