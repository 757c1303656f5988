import { randomUUID } from 'node:crypto'
import type { Page } from 'playwright-core'
import { beforeEach, expect, it } from 'vitest'
import { describeInBrowser } from '../kit/browser.ts'
import { call } from '../kit/call.ts'
import { superuser } from '../kit/db.ts'
import { mailTo } from '../kit/mailbox.ts'
import { makePerson, type Person } from '../kit/people.ts'
import { makeTenant, type Tenant } from '../kit/tenants.ts'
import { byDomain, makeCompany, roleOf, setRule, signIn } from '../registry/joining/world.ts'
import { look, openConsole, phone } from './visit.ts'

let owner: Person
let member: Person
let tenant: Tenant
beforeEach(async () => {
  owner = await makePerson()
  member = await makePerson()
  tenant = await makeTenant({ owner, member })
})

const rolesOf = async () => {
  const answer = await call(`/registry/tenants/${tenant.slug}/members`, { token: owner.token })
  const { members } = (await answer.json()) as { members: { email: string; role: string }[] }
  return Object.fromEntries(members.map(({ email, role }) => [email, role]))
}
const row = (page: Page, email: string) => page.getByRole('listitem', { name: email })

describeInBrowser('people in the console', (browser) => {
  const opened = (person = owner, options = {}) =>
    openConsole(browser(), `/t/${tenant.slug}/people`, person, options)

  it('invites somebody, who gets a mail, and revokes it', async () => {
    const page = await opened()
    const email = `${randomUUID()}@example.com`
    await page.getByLabel('E-mail').fill(email)
    await page.getByLabel('Role', { exact: true }).selectOption('Reviewer')
    await page.getByRole('button', { name: 'Invite', exact: true }).click()
    await page.getByText(`An invitation was sent to ${email}.`).waitFor()
    await row(page, email).getByText('Reviewer').waitFor()
    await expect.poll(async () => (await mailTo(email)).length).toBe(1)
    await row(page, email).getByRole('button', { name: 'Revoke' }).click()
    await row(page, email).waitFor({ state: 'hidden' })
  })

  it('tells at its field that an address is wrong, keeps it, and takes the right one after that', async () => {
    const page = await opened()
    // Browsers take it for an address.
    await page.getByLabel('E-mail').fill('two..dots@example.com')
    await page.getByRole('button', { name: 'Invite', exact: true }).click()
    await expect.poll(() => page.getByLabel('E-mail').getAttribute('aria-invalid')).toBe('true')
    expect(await page.getByLabel('E-mail').inputValue()).toBe('two..dots@example.com')
    expect(await page.getByText('An invitation was sent').count()).toBe(0)
    // What is corrected can be sent.
    const email = `${randomUUID()}@example.com`
    await page.getByLabel('E-mail').fill(email)
    await page.getByRole('button', { name: 'Invite', exact: true }).click()
    await page.getByText(`An invitation was sent to ${email}.`).waitFor()
  })

  it('an owner hands the tenant over, after asking, and is an admin from then on', async () => {
    const page = await opened()
    await row(page, member.email).getByRole('button', { name: 'Make owner' }).click()
    const dialog = page.getByRole('dialog', { name: `Hand ${tenant.slug} over to` })
    await dialog.getByRole('button', { name: 'Make owner' }).click()
    await dialog.waitFor({ state: 'hidden' })
    await row(page, member.email).getByText('Owner').waitFor()
    expect(await rolesOf()).toEqual({ [owner.email]: 'admin', [member.email]: 'owner' })
    expect(await page.getByRole('button', { name: 'Make owner' }).count()).toBe(0)
  })

  it('changes a role and removes somebody, after asking', async () => {
    const page = await opened()
    await row(page, member.email).getByRole('combobox').selectOption('Admin')
    await expect.poll(async () => (await rolesOf())[member.email]).toBe('admin')
    await row(page, member.email).getByRole('button', { name: 'Remove' }).click()
    const dialog = page.getByRole('dialog', { name: `Remove ${member.email}?` })
    await dialog.getByRole('button', { name: 'Remove' }).click()
    // While it is open, nothing else of the page can be found.
    await dialog.waitFor({ state: 'hidden' })
    await row(page, member.email).waitFor({ state: 'hidden' })
    expect(await rolesOf()).toEqual({ [owner.email]: 'owner' })
  })

  it('says who joined by the rule of a provider, and offers to deactivate whom it would let in again', async () => {
    const company = await makeCompany()
    ;({ owner, tenant } = company)
    await setRule(company, byDomain)
    const email = `ada@${company.host}`
    const { id } = await signIn(company)
    const page = await opened()
    await row(page, email).getByText('By the rule of SAML').waitFor()
    expect(await row(page, owner.email).getByText('By the rule of').count()).toBe(0)
    await row(page, email).getByRole('button', { name: 'Remove' }).click()
    const dialog = page.getByRole('dialog', { name: `Remove ${email}?` })
    await dialog.getByText(/join again at their next sign-in/).waitFor()
    await look(page)
    await dialog.getByRole('button', { name: 'Deactivate' }).click()
    await dialog.waitFor({ state: 'hidden' })
    await row(page, email).getByText('Deactivated').waitFor()
    expect(await roleOf(company, id)).toBe('member, deactivated')
    await row(page, email).getByRole('button', { name: 'Activate' }).click()
    await row(page, email).getByText('Deactivated').waitFor({ state: 'hidden' })
    expect(await roleOf(company, id)).toBe('member')
  })

  it('a member changes nobody, and can leave', async () => {
    const page = await opened(member)
    await page.getByText('Only admins and owners invite people and change roles.').waitFor()
    expect(await page.getByRole('combobox').count()).toBe(0)
    expect(await row(page, owner.email).getByRole('button').count()).toBe(0)
    await row(page, member.email).getByRole('button', { name: 'Leave' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Leave' }).click()
    await expect.poll(rolesOf).toEqual({ [owner.email]: 'owner' })
  })

  it('shows a long list page by page', async () => {
    await superuser.query(
      `with person as (
         insert into auth.users (id, email) select gen_random_uuid(), 'many-' || n || '@' || $2 from generate_series(1, 120) as n returning id
       )
       insert into public.tenant_members (tenant_id, user_id, role) select $1, id, 'member' from person`,
      [tenant.id, `${tenant.slug}.example.com`],
    )
    const page = await opened()
    for (const count of [50, 100, 122]) {
      await expect.poll(() => page.getByRole('main').getByRole('listitem').count()).toBe(count)
      if (count === 50) {
        // If the next page cannot be had, that is said, and what is there stays.
        await page.route(/cursor=/, (route) => route.abort())
        await page.getByRole('button', { name: 'Show more' }).click()
        await page.getByRole('main').getByRole('alert').waitFor()
        expect(await page.getByRole('main').getByRole('listitem').count()).toBe(50)
        await page.unroute(/cursor=/)
      }
      if (count < 122) await page.getByRole('button', { name: 'Show more' }).click()
    }
    expect(await page.getByRole('main').getByRole('alert').count()).toBe(0)
    expect(await page.getByRole('button', { name: 'Show more' }).count()).toBe(0)
  })

  it('is accessible in light and dark, on a phone too', async () => {
    for (const options of [{}, phone]) {
      const page = await opened(owner, options)
      await row(page, member.email).waitFor()
      await look(page)
      await row(page, member.email).getByRole('button', { name: 'Remove' }).click()
      await page.getByRole('dialog').waitFor()
      await look(page)
    }
  })
})
