import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createTransport, type SendMailOptions } from 'nodemailer'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, inject, it, onTestFinished } from 'vitest'
import { violationsOn } from '../../kit/axe.ts'
import { describeInBrowser } from '../../kit/browser.ts'
import { mailTo } from '../../kit/mailbox.ts'

const stack = inject('stack')

/** Sends a mail, and gives the address of its page. */
async function sent(message: SendMailOptions): Promise<{ to: string; url: string }> {
  const to = `${randomUUID()}@example.com`
  const transport = createTransport({ host: '127.0.0.1', port: stack.smtp_port, ignoreTLS: true })
  await transport.sendMail({ from: 'shop@example.com', to, ...message })
  const [mail] = await mailTo(to)
  return { to, url: `${stack.mail_url}messages/${mail!.id}` }
}

/** Somebody else's server: what anybody asked it for, and the page that it shows. */
const asked: string[] = []
let attack = ''
const outside = createServer((request, response) => {
  asked.push(request.url ?? '')
  if (request.url === '/attack') {
    response.writeHead(200, { 'content-type': 'text/html' }).end(attack)
    return
  }
  response.writeHead(200, { 'access-control-allow-origin': '*' }).end('window.owned = 1')
})
let evil = ''
beforeAll(async () => {
  outside.listen(0, '127.0.0.1')
  await once(outside, 'listening')
  evil = `http://evil.example:${(outside.address() as AddressInfo).port}`
})
afterAll(() => outside.close())

/** A phone's width. */
async function visit(browser: Browser): Promise<{ page: Page; errors: string[] }> {
  const context = await browser.newContext({ viewport: { width: 360, height: 740 } })
  onTestFinished(() => context.close())
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  const page = await context.newPage()
  const errors: string[] = []
  page.on('pageerror', (error) => errors.push(error.message))
  return { page, errors }
}

const owned = (page: Page) =>
  Promise.all(page.frames().map((frame) => frame.evaluate(() => 'owned' in window).catch(() => false)))

const markup = '"><img src=x onerror="top.owned=window.owned=1"><script>top.owned=window.owned=1</script>'
const hostileHtml = (evil: string) => `${markup}
  <base href="${evil}/"><meta http-equiv="refresh" content="0;url=${evil}/refresh">
  <link rel="stylesheet" href="${evil}/a.css"><style>@import url(${evil}/b.css); body { background: url(${evil}/c) }</style>
  <img src="${evil}/pixel"><iframe src="${evil}/frame"></iframe><iframe srcdoc="<script>top.owned=1</script>"></iframe>
  <object data="${evil}/o"></object><svg onload="top.owned=1"></svg><video src="${evil}/v" autoplay></video>
  <form action="/delete-all" method="post" id="form"><button>Win</button></form>
  <a id="script" href="javascript:top.owned=1">script</a> <a id="top" target="_top" href="/delete-all">top</a>
  <input autofocus onfocus="top.owned=1"><p id="last">Read me</p>`

describeInBrowser('the mailbox in a browser', (browser) => {
  it('shows a hostile message as text, and nothing of it runs, is fetched or is sent', async () => {
    const { to, url } = await sent({
      subject: markup,
      html: hostileHtml(evil),
      text: `${markup} javascript:alert(1) https://a.example/"onmouseover="top.owned=1`,
      attachments: [
        { filename: `${markup}.html`, content: '<script>top.owned=1</script>', contentType: 'text/html' },
      ],
    })
    const { page, errors } = await visit(browser())
    await page.goto(url)
    expect(await page.locator('h1').textContent()).toBe(markup)
    const frame = page.frameLocator('iframe')
    await frame.locator('#last').waitFor()
    await frame.locator('#form button').click()
    await frame.locator('#script').click()
    await page.waitForTimeout(300)
    expect(await owned(page)).not.toContain(true)
    expect(page.url()).toBe(url)
    expect(await mailTo(to)).toHaveLength(1)

    // The list, and the message opened alone.
    const list = `${stack.mail_url}?to=${encodeURIComponent(to)}`
    for (const address of [list, `${url}/html`, `${url}/raw`]) {
      await page.goto(address)
      await page.waitForTimeout(200)
      expect(await owned(page)).not.toContain(true)
      expect(page.url()).toBe(address)
    }
    expect(asked).toEqual([])
    // The server would have answered.
    await page.goto(`${evil}/reachable`)
    expect(asked[0]).toBe('/reachable')
    expect(errors).toEqual([])
    expect(await mailTo(to)).toHaveLength(1)
  })

  it('opens a link of a message in a tab of its own, which knows nothing of where it came from', async () => {
    const { url } = await sent({ subject: 'Link', html: `<a href="${stack.api_url}/confirm/#x=1">go</a>` })
    const { page } = await visit(browser())
    await page.goto(url)
    const opened = page.waitForEvent('popup')
    await page.frameLocator('iframe').getByText('go').click()
    const tab = await opened
    await tab.waitForLoadState()
    expect(tab.url()).toBe(`${stack.api_url}/confirm/#x=1`)
    expect(await tab.evaluate(() => [document.referrer, window.opener])).toEqual(['', null])
    expect(page.url()).toBe(url)
  })

  it('is no frame of another page, and another page neither reads it nor deletes in it', async () => {
    const { to, url } = await sent({ subject: 'Private', text: 'Your code is 424242' })
    const { page } = await visit(browser())
    attack = `<form method="post" action="${url}/delete"><button>x</button></form><iframe src="${url}"></iframe>`
    await page.goto(`${evil}/attack`)
    const told = await page.evaluate(async (address) => {
      const tries = [
        fetch(`${address}?x`, { mode: 'cors' }),
        fetch(`${address}/delete`, { method: 'POST', mode: 'no-cors' }),
        fetch(new URL('/api/messages', address), { method: 'DELETE' }),
      ]
      return (await Promise.allSettled(tries)).map((one) =>
        one.status === 'fulfilled' ? one.value.type : 'refused',
      )
    }, url)
    expect(told).toEqual(['refused', 'refused', 'refused'])
    expect(page.frames()[1]?.url()).toMatch(/^chrome-error:/)
    await page.locator('button').click()
    await page.waitForURL(`${url}/delete`)
    expect(await page.locator('body').textContent()).toContain('Only the mailbox itself may ask for this.')
    expect(await mailTo(to)).toHaveLength(1)
  })

  it('is used by keyboard: a message is opened, its code copied, and it is deleted', async () => {
    const { to } = await sent({ subject: 'By keyboard', text: 'Your code is 135790' })
    const { page, errors } = await visit(browser())
    await page.goto(`${stack.mail_url}?to=${encodeURIComponent(to)}`)
    const tabTo = async (name: RegExp) => {
      for (let press = 0; press < 30; press++) {
        await page.keyboard.press('Tab')
        const focused = await page.evaluate(() => document.activeElement?.textContent ?? '')
        if (name.test(focused)) return page.keyboard.press('Enter')
      }
      throw new Error(`Tab never reached ${name}.`)
    }
    await tabTo(/^By keyboard$/)
    await page.waitForURL(/messages/)
    await tabTo(/^Copy/)
    await page.getByText('Copied').waitFor()
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe('135790')
    await tabTo(/^Delete this message$/)
    await page.waitForURL(stack.mail_url)
    expect([await mailTo(to), errors]).toEqual([[], []])
  })

  it('says when new mail has come', async () => {
    const to = `${randomUUID()}@example.com`
    const { page } = await visit(browser())
    await page.goto(`${stack.mail_url}?to=${encodeURIComponent(to)}`)
    await page.getByText('No mail to this address is here.').waitFor()
    await sent({ to, subject: 'News' }).catch(() => {})
    await page.getByText('New mail has come. Show it.').click()
    await page.getByText('News').waitFor()
  })

  it.each(['light', 'dark'] as const)(
    'axe finds nothing, and nothing is too wide for a phone: %s',
    async (colorScheme) => {
      const long = 'x'.repeat(300)
      const { to, url } = await sent({
        subject: long,
        html: `<p>123456 <a href="https://a.example/${long}">${long}</a></p>`,
      })
      const { page } = await visit(browser())
      await page.emulateMedia({ colorScheme })
      for (const address of [
        `${stack.mail_url}?to=${encodeURIComponent(to)}`,
        url,
        `${stack.mail_url}nothing`,
      ]) {
        await page.goto(address)
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360)
        expect(await violationsOn(page, '{ iframes: false }')).toEqual([])
      }
    },
  )
})
