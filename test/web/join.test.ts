import { randomUUID } from 'node:crypto'
import type { Page } from 'playwright-core'
import { beforeAll, beforeEach, expect, inject, it } from 'vitest'
import { violationsOn } from '../kit/axe.ts'
import { describeInBrowser } from '../kit/browser.ts'
import { call } from '../kit/call.ts'
import { anonClient } from '../kit/clients.ts'
import { eventually } from '../kit/eventually.ts'
import { type Mail, mailTo } from '../kit/mailbox.ts'
import { makePerson, type Person } from '../kit/people.ts'
import { signUpConfirmed } from '../kit/sign-up.ts'
import { makeTenant, type Tenant } from '../kit/tenants.ts'
import { newVisitor } from './site.ts'

const stack = inject('stack')
const phone = { viewport: { width: 360, height: 740 } }
const password = randomUUID()

let owner: Person
let tenant: Tenant
let email: string
beforeAll(async () => {
  owner = await makePerson()
  tenant = await makeTenant({ owner })
})
beforeEach(() => {
  email = `${randomUUID()}@example.com`
})

const heading = (page: Page, name: string) => page.getByRole('heading', { name }).waitFor()
const invite = (address = email) =>
  call(`/registry/tenants/${tenant.slug}/invitations`, { token: owner.token, body: { email: address } })
const codeTo = async (address: string) =>
  (await mailTo(address)).flatMap(({ codes, links }: Mail) =>
    links.some((link) => link.includes('/confirm/')) ? codes : [],
  )[0]

/** The link of the invitation, as it stands in the mail. */
async function linkTo(address: string): Promise<string> {
  return eventually(async () => {
    const link = (await mailTo(address)).flatMap(({ links }) => links).find((url) => url.includes('/join#'))
    if (!link) throw new Error('The invitation was not mailed.')
    return link
  })
}

async function signIn(page: Page, address = email): Promise<void> {
  await heading(page, 'You are invited')
  await page.getByLabel('E-mail address').fill(address)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Accept the invitation' }).click()
}
async function makeAccount(address: string): Promise<void> {
  const client = anonClient()
  await signUpConfirmed(client, address)
  const { error } = await client.auth.updateUser({ password })
  if (error) throw error
}
const isMember = async (address: string) => {
  const answer = await call(`/registry/tenants/${tenant.slug}/members`, { token: owner.token })
  return JSON.stringify(await answer.json()).includes(address)
}

describeInBrowser('the link of an invitation', (browser) => {
  it('leads whoever has no account into the tenant', async () => {
    await invite()
    const { page, errors, requests } = await newVisitor(browser(), phone)
    await page.goto(await linkTo(email))
    await signIn(page)
    await heading(page, 'Read your mail')
    await page.getByLabel('The code').fill((await codeTo(email))!)
    await page.getByRole('button', { name: 'Accept the invitation' }).click()
    await heading(page, 'Welcome')
    expect(await isMember(email)).toBe(true)
    // Nothing of the invitation is left in the address, and no server was told of it but the one that accepts it.
    expect(new URL(page.url()).hash).toBe('')
    expect(requests.filter((url) => url.includes('tinv_'))).toEqual([])
    expect(errors).toEqual([])
  })

  it('takes whoever has an account at once, and says when it is used up', async () => {
    await makeAccount(email)
    await invite()
    const link = await linkTo(email)
    const { page } = await newVisitor(browser(), phone)
    await page.goto(link)
    await signIn(page)
    await heading(page, 'Welcome')
    expect(await isMember(email)).toBe(true)
    const again = await newVisitor(browser(), phone)
    await again.page.goto(link)
    await signIn(again.page)
    await again.page.getByRole('status').getByText(/\w{5}/).waitFor()
    await heading(again.page, 'You are invited')
  })

  it('lets in nobody with another address', async () => {
    const other = `${randomUUID()}@example.com`
    await makeAccount(other)
    await invite()
    const { page } = await newVisitor(browser(), phone)
    await page.goto(await linkTo(email))
    await signIn(page, other)
    await page.getByRole('status').getByText('address').waitFor()
    expect(await isMember(other)).toBe(false)
  })

  it('that is cut short says so', async () => {
    const { page } = await newVisitor(browser(), phone)
    for (const rest of ['', '#', '#tinv_short', '#<script>'])
      await page
        .goto('about:blank')
        .then(() => page.goto(`${stack.api_url}/join/${rest}`))
        .then(() => heading(page, 'This link is not whole'))
  })

  it('opens a page without barriers', async () => {
    const { page } = await newVisitor(browser(), phone)
    await page.goto(`${stack.api_url}/join/#tinv_${'a'.repeat(43)}`)
    await heading(page, 'You are invited')
    expect(await violationsOn(page)).toEqual([])
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360)
  })
})
