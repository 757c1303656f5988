import { randomUUID } from 'node:crypto'
import type { Page } from 'playwright-core'
import { beforeEach, expect, inject, it } from 'vitest'
import { violationsOn } from '../kit/axe.ts'
import { describeInBrowser } from '../kit/browser.ts'
import { call } from '../kit/call.ts'
import { anonClient } from '../kit/clients.ts'
import { linkIn, mailTo } from '../kit/mailbox.ts'
import { makePerson } from '../kit/people.ts'
import { createTenant, signUpPerson } from '../kit/sign-up.ts'
import { freshSlug, makeTenant } from '../kit/tenants.ts'
import { closeTenant } from '../onboarding/contracts/world.ts'
import { consoleUrl, openConsole, phone } from './visit.ts'

let email: string
let password: string
beforeEach(() => {
  email = `${randomUUID()}@example.com`
  password = randomUUID()
})

const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click()
const codeOf = async (address: string) => (await mailTo(address)).at(-1)!.codes[0]!
const canSignIn = async (address: string, secret: string) =>
  (await anonClient().auth.signInWithPassword({ email: address, password: secret })).error === null

async function makeAccount(page: Page) {
  await press(page, 'Make an account')
  await page.getByLabel('E-mail').fill(email)
  await page.getByLabel('Password').fill(password)
  await press(page, 'Make an account')
  await page.getByText(`We sent a code to ${email}.`).waitFor()
  await page.getByLabel('Code').fill(await codeOf(email))
  await press(page, 'Continue')
}

describeInBrowser('a new account in the console', (browser) => {
  it('is made with the code of the mail, and makes a practice', async () => {
    const page = await openConsole(browser(), '/', null, phone)
    await makeAccount(page)
    await page.getByText('You belong to no practice yet.').waitFor()
    await press(page, 'New practice')
    const slug = freshSlug()
    await page.getByLabel('Name', { exact: true }).fill('Lighthouse')
    await page.getByLabel('Short name').fill('api')
    await press(page, 'Make the practice')
    await expect.poll(() => page.getByLabel('Short name').getAttribute('aria-invalid')).toBe('true')
    await page.getByLabel('Short name').fill(slug)
    expect(await violationsOn(page)).toEqual([])
    await press(page, 'Make the practice')
    await page.getByRole('heading', { name: 'Lighthouse' }).waitFor()
    expect(new URL(page.url()).pathname).toBe(`/t/${slug}`)
  })

  it('of an address that has one already is answered as every other, and nothing of it changes', async () => {
    const owner = await signUpPerson()
    await owner.client.auth.updateUser({ password })
    const page = await openConsole(browser(), '/')
    await press(page, 'Make an account')
    await page.getByLabel('E-mail').fill(owner.email)
    await page.getByLabel('Password').fill(`${password}-other`)
    await press(page, 'Make an account')
    await page.getByText(/If it has an account already, no mail comes/).waitFor()
    expect([
      await canSignIn(owner.email, password),
      await canSignIn(owner.email, `${password}-other`),
    ]).toEqual([true, false])
  })
})

describeInBrowser('a forgotten password', (browser) => {
  it('is replaced after the code of the mail, and not before', async () => {
    const owner = await signUpPerson()
    await createTenant(owner)
    const page = await openConsole(browser(), '/')
    await page.getByLabel('E-mail').fill(owner.email)
    await press(page, 'Continue')
    await press(page, 'I forgot my password')
    await page.getByText(`We sent a code to ${owner.email}.`).waitFor()
    await page.getByLabel('Code').fill('000000')
    await press(page, 'Continue')
    await page.getByText('The code is wrong, or it has expired.').waitFor()
    await page.getByLabel('Code').fill(await codeOf(owner.email))
    await press(page, 'Continue')
    await page.getByRole('heading', { name: 'Choose a new password' }).waitFor()
    await page.getByLabel('Password').fill(password)
    expect(await violationsOn(page)).toEqual([])
    await press(page, 'Save the password')
    await page.getByRole('link', { name: 'Made by a test' }).waitFor()
    expect(await canSignIn(owner.email, password)).toBe(true)
  })
})

describeInBrowser('an invitation', (browser) => {
  const invited = async (address: string) => {
    const owner = await makePerson()
    const tenant = await makeTenant({ owner })
    const answer = await call(`/registry/tenants/${tenant.slug}/invitations`, {
      token: owner.token,
      body: { email: address, role: 'reviewer' },
    })
    const { token } = (await answer.json()) as { token: string }
    return { tenant, token }
  }

  it('leads a stranger over a new account into the practice', async () => {
    const { tenant, token } = await invited(email)
    const page = await openConsole(browser(), `/join#${token}`)
    await page.getByText(/^You are invited\. Sign in with the address/).waitFor()
    expect(page.url()).not.toContain('tinv_')
    await makeAccount(page)
    await page.getByRole('heading', { name: /^You are invited to .*, as: Reviewer\.$/ }).waitFor()
    expect(await violationsOn(page)).toEqual([])
    await press(page, 'Accept the invitation')
    await page.getByRole('navigation').getByRole('link', { name: 'Overview' }).waitFor()
    expect(new URL(page.url()).pathname).toBe(`/t/${tenant.slug}`)
    expect(
      await page.evaluate('Object.keys(sessionStorage).filter((key) => key.startsWith("tenantry"))'),
    ).toEqual([])
  })

  it('that is not for the account that is signed in says so, and waits for the right one', async () => {
    const right = await signUpPerson()
    await right.client.auth.updateUser({ password })
    const { tenant, token } = await invited(right.email)
    const page = await openConsole(browser(), `/join#${token}`, await makePerson())
    await press(page, 'Accept the invitation')
    await page.getByRole('alert').waitFor()
    await press(page, 'Use another account')
    await page.getByLabel('E-mail').fill(right.email)
    await press(page, 'Continue')
    await page.getByLabel('Password').fill(password)
    await press(page, 'Sign in')
    await press(page, 'Accept the invitation')
    await page.getByRole('navigation').getByRole('link', { name: 'Overview' }).waitFor()
    expect(new URL(page.url()).pathname).toBe(`/t/${tenant.slug}`)
  })

  it('whose link is broken says so', async () => {
    const page = await openConsole(browser(), '/join#tinv_short', await makePerson())
    await page.getByText('This link is not whole, or it was used.').waitFor()
  })
})

describeInBrowser('a session that another page hands over', (browser) => {
  it('is asked about, and used after a press', async () => {
    await anonClient().auth.signUp({ email, password })
    const page = await openConsole(browser(), '/')
    // It opens the mail's link in a tab of its own.
    await page.goto(linkIn((await mailTo(email))[0]).url)
    await press(page, 'Confirm this address')
    await page.getByRole('link', { name: 'Continue' }).click()
    await page.getByRole('heading', { name: 'Sign in here?' }).waitFor()
    expect(page.url()).toBe(consoleUrl())
    expect(await violationsOn(page)).toEqual([])
    await press(page, `Continue as ${email}`)
    await page.getByText('You belong to no practice yet.').waitFor()
  })

  it('takes nobody out of their own account unasked', async () => {
    const [owner, stranger] = [await makePerson(), await signUpPerson()]
    const { data } = await stranger.client.auth.getSession()
    const { access_token, refresh_token } = data.session!
    const handed = new URLSearchParams({ access_token, refresh_token })
    const page = await openConsole(browser(), `/#${handed}`, owner)
    await press(page, 'No, not as this person')
    await page.getByText(owner.email).waitFor()
    expect(await page.evaluate('localStorage.getItem("tenantry-session")')).toContain(owner.email)
  })
})

describeInBrowser('a contract', (browser) => {
  it('is what a closed practice leads to, and opens it when it is accepted', async () => {
    const owner = await makePerson()
    const tenant = await makeTenant({ owner })
    await closeTenant(tenant)
    const page = await openConsole(browser(), `/t/${tenant.slug}`, owner, phone)
    await page.getByRole('link', { name: 'Go to the contract' }).click()
    const pdf = await page.getByRole('link', { name: 'Read the contract (PDF)' }).getAttribute('href')
    const read = await fetch(new URL(pdf!, inject('stack').api_url))
    expect(new TextDecoder().decode((await read.arrayBuffer()).slice(0, 5))).toBe('%PDF-')
    expect(await page.getByRole('button', { name: 'Accept the contract' }).isDisabled()).toBe(true)
    await page.getByLabel('I have read the contract').check()
    expect(await violationsOn(page)).toEqual([])
    await press(page, 'Accept the contract')
    await page.getByText(/^It was accepted on/).waitFor()
    const brand = await call('/branding/brand', { token: owner.token, tenant: tenant.slug })
    expect(brand.status).toBe(200)
    await page.getByRole('button', { name: 'Menu' }).click()
    await page.getByRole('link', { name: 'Overview' }).click()
    await page.getByRole('heading', { name: 'What needs doing' }).waitFor()
  })
})
