import { randomUUID } from 'node:crypto'
import type { Page } from 'playwright-core'
import { beforeEach, expect, inject, it } from 'vitest'
import { violationsOn } from '../kit/axe.ts'
import { describeInBrowser } from '../kit/browser.ts'
import { call } from '../kit/call.ts'
import { anonClient } from '../kit/clients.ts'
import { linkIn, mailTo } from '../kit/mailbox.ts'
import { makePerson } from '../kit/people.ts'
import { signUpConfirmed } from '../kit/sign-up.ts'
import { makeTenant } from '../kit/tenants.ts'
import { newVisitor } from './site.ts'

const stack = inject('stack')
const phone = { viewport: { width: 360, height: 740 } }

let email: string
let password: string
beforeEach(() => {
  email = `${randomUUID()}@example.com`
  password = randomUUID()
})
const signIn = (secret = password) => anonClient().auth.signInWithPassword({ email, password: secret })
const status = (page: Page) => page.getByRole('status').textContent()
const says = (page: Page, text: string) => page.getByRole('status').getByText(text).waitFor()

/** The session that the page hands over to the application. */
async function handedOver(page: Page): Promise<string> {
  const href = await page.getByRole('link', { name: 'Continue' }).getAttribute('href')
  const { access_token, refresh_token } = Object.fromEntries(
    new URLSearchParams(new URL(href!).hash.slice(1)),
  )
  const { data, error } = await anonClient().auth.setSession({
    access_token: access_token!,
    refresh_token: refresh_token!,
  })
  if (error) throw error
  expect(data.user?.email).toBe(email)
  return access_token!
}

describeInBrowser('a newcomer', (browser) => {
  it('signs up, finds the mail in the mailbox, presses two buttons, and accepts an invitation', async () => {
    const owner = await makePerson()
    const tenant = await makeTenant({ owner })
    const path = `/registry/tenants/${tenant.slug}/invitations`
    const invited = await call(path, { token: owner.token, body: { email } })
    const { token } = (await invited.json()) as { token: string }

    await anonClient().auth.signUp({ email, password })
    expect((await signIn()).error?.code).toBe('email_not_confirmed')
    const { page, errors } = await newVisitor(browser(), phone)
    await page.goto(`${stack.mail_url}?to=${encodeURIComponent(email)}`)
    await page.getByRole('link', { name: 'Confirm your address' }).click()
    const opened = page.waitForEvent('popup')
    await page.frameLocator('iframe').getByRole('link', { name: 'Confirm this address' }).click()
    const tab = await opened
    await tab.getByRole('button', { name: 'Confirm this address' }).click()
    await says(tab, 'Your address is confirmed.')
    expect((await signIn()).error).toBeNull()

    const accepted = await call('/registry/invitations/accept', {
      token: await handedOver(tab),
      body: { token },
    })
    expect(await accepted.json()).toMatchObject({ ref_id: tenant.ref_id })
    expect(errors).toEqual([])
  })

  it('opens the link as often as it pleases: only the button uses it up, once', async () => {
    await anonClient().auth.signUp({ email, password })
    const { url } = linkIn((await mailTo(email))[0])
    for (const _ of [1, 2]) {
      const { page } = await newVisitor(browser())
      await page.goto(url)
      await page.getByRole('button', { name: 'Confirm this address' }).waitFor()
      await page.reload()
    }
    expect((await signIn()).error?.code).toBe('email_not_confirmed')
    const { page, requests } = await newVisitor(browser())
    await page.goto(url)
    await page.getByRole('button').dblclick()
    await says(page, 'Your address is confirmed.')
    expect(requests.filter((each) => each.includes('/verify'))).toHaveLength(1)
    // The token is in no address that a server or the history has seen.
    expect(requests.filter((each) => each.split('#')[0]!.includes('token'))).toEqual([])
    expect(page.url()).toBe(`${stack.api_url}/confirm/`)

    const again = await newVisitor(browser())
    await again.page.goto(url)
    await again.page.getByRole('button').click()
    await says(again.page, 'This was used already, or it is too old.')
  })

  it('may enter the code instead, by keyboard', async () => {
    await anonClient().auth.signUp({ email, password })
    const { page } = await newVisitor(browser(), phone)
    await page.goto(`${stack.api_url}/confirm`)
    await page.getByLabel('Your e-mail address').focus()
    await page.keyboard.type(email)
    await page.keyboard.press('Tab')
    await page.keyboard.type('000000')
    await page.keyboard.press('Enter')
    await says(page, 'This was used already, or it is too old.')
    await page.getByLabel('The code').fill((await mailTo(email))[0]!.codes[0]!)
    await page.keyboard.press('Enter')
    await says(page, 'Your address is confirmed.')
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Continue')
    await handedOver(page)
  })
})

describeInBrowser('the page of the mails', (browser) => {
  it('lets whoever forgot the password choose a new one', async () => {
    await signUpConfirmed(anonClient(), email)
    await anonClient().auth.resetPasswordForEmail(email)
    const { page } = await newVisitor(browser(), phone)
    await page.goto(linkIn((await mailTo(email)).at(-1)).url)
    await page.getByRole('button', { name: 'Go on' }).click()
    await says(page, 'Now choose a password.')
    const field = page.getByLabel('New password')
    await field.fill('too short')
    await page.keyboard.press('Enter')
    expect(await field.evaluate((input: HTMLInputElement) => input.validity.valid)).toBe(false)
    // A space at an end belongs to the password.
    await field.fill(`${password} `)
    await page.keyboard.press('Enter')
    await says(page, 'Your new password is saved.')
    expect((await signIn(`${password} `)).error).toBeNull()
  })

  it('signs in, and waits for the other mailbox of a change', async () => {
    const client = anonClient()
    await signUpConfirmed(client, email)
    await anonClient().auth.signInWithOtp({ email })
    const { page } = await newVisitor(browser())
    await page.goto(linkIn((await mailTo(email)).at(-1)).url)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await says(page, 'You are signed in.')
    await handedOver(page)

    const wanted = `${randomUUID()}@example.com`
    await client.auth.updateUser({ email: wanted })
    for (const [address, said] of [
      [email, 'This mailbox has confirmed the change. Now confirm it in the mail to the other address.'],
      [wanted, 'Your new address is confirmed.'],
    ] as const) {
      const visit = await newVisitor(browser())
      await visit.page.goto(linkIn((await mailTo(address)).at(-1)).url)
      await visit.page.getByRole('button', { name: 'Confirm the change' }).click()
      await says(visit.page, said)
    }
    expect((await client.auth.getUser()).data.user?.email).toBe(wanted)
  })

  it.each([
    ['no such kind', '#type=__proto__&token_hash=0123456789abcdef0123'],
    ['markup for a token', '#type=signup&token_hash=<img src=x onerror=window.owned=1>'],
    ['nothing', ''],
  ])('with %s in its address asks for the code', async (_what, hash) => {
    const { page, errors } = await newVisitor(browser())
    await page.goto(`${stack.api_url}/confirm/${hash}`)
    await page.getByLabel('The code').waitFor()
    expect(await page.getByRole('button').count()).toBe(1)
    expect(await page.evaluate(() => 'owned' in window)).toBe(false)
    expect(errors).toEqual([])
  })

  it('finds the values also before the #, where some mail programs put them', async () => {
    await anonClient().auth.signUp({ email, password })
    const { page } = await newVisitor(browser())
    await page.goto(linkIn((await mailTo(email))[0]).url.replace('#', '?'))
    await page.getByRole('button').click()
    await says(page, 'Your address is confirmed.')
    expect(page.url()).toBe(`${stack.api_url}/confirm/`)
  })

  it('can be tried again when Auth is away or too busy', async () => {
    await anonClient().auth.signUp({ email, password })
    const { page } = await newVisitor(browser())
    await page.goto(linkIn((await mailTo(email))[0]).url)
    const verify = '**/auth/v1/verify'
    await page.route(verify, (route) => route.abort())
    await page.getByRole('button').click()
    await says(page, 'That did not work.')
    await page.route(verify, (route) => route.fulfill({ status: 429, body: '{}' }))
    await page.getByRole('button').click()
    await says(page, 'Too many attempts.')
    await page.unroute(verify)
    await page.getByRole('button').click()
    await says(page, 'Your address is confirmed.')
  })

  it('hands the session to no other site than its own', async () => {
    await anonClient().auth.signUp({ email, password })
    const { page } = await newVisitor(browser())
    const { url } = linkIn((await mailTo(email))[0])
    await page.goto(`${url}&redirect_to=https://evil.example/&tenantry-app=https://evil.example/`)
    await page.getByRole('button').click()
    await says(page, 'Your address is confirmed.')
    const href = await page.getByRole('link', { name: 'Continue' }).getAttribute('href')
    expect(new URL(href!).host).toBe(`console.localhost:${new URL(stack.api_url).port}`)
    expect(await status(page)).not.toContain('evil')
  })

  it.each(['light', 'dark'] as const)('has nothing that axe finds, on a phone: %s', async (colorScheme) => {
    const { page } = await newVisitor(browser(), { ...phone, colorScheme })
    for (const type of ['signup', 'recovery', 'email_change', '']) {
      await page.goto(`${stack.api_url}/confirm/#type=${type}&token_hash=0123456789abcdef0123`)
      await page.reload()
      await page.getByRole('button').waitFor()
      expect(await violationsOn(page)).toEqual([])
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360)
    }
  })
})
