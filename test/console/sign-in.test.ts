import { randomUUID } from 'node:crypto'
import type { Page } from 'playwright-core'
import { beforeAll, expect, it } from 'vitest'
import { describeInBrowser } from '../kit/browser.ts'
import { mailTo } from '../kit/mailbox.ts'
import { createTenant, type Person, signUpPerson } from '../kit/sign-up.ts'
import { freshSlug } from '../kit/tenants.ts'
import { look, openConsole, phone } from './visit.ts'

let owner: Person
let slug: string
const password = randomUUID()
beforeAll(async () => {
  owner = await signUpPerson()
  slug = (await createTenant(owner, freshSlug())).slug
  await owner.client.auth.updateUser({ password })
})

async function sayWho(page: Page, email = owner.email) {
  await page.getByLabel('E-mail').fill(email)
  await page.getByRole('button', { name: 'Continue' }).click()
}

describeInBrowser('signing in to the console', (browser) => {
  it.each([
    ['a wide window', {}],
    ['a phone', phone],
  ])('goes by the keyboard alone, with a password, on %s', async (_, options) => {
    const page = await openConsole(browser(), '/', null, options)
    await page.getByLabel('E-mail').waitFor()
    await page.keyboard.press('Tab')
    await page.keyboard.type(owner.email)
    await page.keyboard.press('Enter')
    await page.getByLabel('Password').waitFor()
    await page.keyboard.press('Tab')
    await page.keyboard.press('Tab')
    await page.keyboard.type(password)
    await page.keyboard.press('Enter')
    await page.getByRole('link', { name: 'Made by a test' }).waitFor()
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
  })

  it('tells a wrong password in a sentence, keeps the address, and lets in after that', async () => {
    const page = await openConsole(browser(), '/')
    await sayWho(page)
    await page.getByLabel('Password').fill('not the password')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByText('The e-mail address or the password is wrong.').waitFor()
    await page.getByText(owner.email).waitFor()
    await page.getByLabel('Password').fill(password)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('link', { name: 'Made by a test' }).waitFor()
  })

  it('takes the code that was mailed', async () => {
    const page = await openConsole(browser(), '/')
    await sayWho(page)
    await page.getByRole('button', { name: 'Send me a code instead' }).click()
    await page.getByText(`We sent a code to ${owner.email}.`).waitFor()
    const mail = (await mailTo(owner.email)).at(-1)!
    await page.getByLabel('Code').fill(mail.codes[0]!)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('link', { name: 'Made by a test' }).waitFor()
  })

  it('says the same of a code for an address that nobody has', async () => {
    const page = await openConsole(browser(), '/')
    const nobody = `${randomUUID()}@example.com`
    await sayWho(page, nobody)
    await page.getByRole('button', { name: 'Send me a code instead' }).click()
    await page.getByText(`We sent a code to ${nobody}.`).waitFor()
    expect(await mailTo(nobody)).toEqual([])
  })

  it('leads to the address that was asked for, and signing out forgets everything', async () => {
    const page = await openConsole(browser(), `/t/${slug}/brand`)
    await sayWho(page)
    await page.getByLabel('Password').fill(password)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('heading', { name: 'Brand', exact: true }).waitFor()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByLabel('E-mail').waitFor()
    expect(await page.evaluate('Object.keys(localStorage)')).toEqual([])
    await page.reload()
    await page.getByLabel('E-mail').waitFor()
  })

  it('is accessible in light and dark, on a phone too', async () => {
    for (const options of [{}, phone]) {
      const page = await openConsole(browser(), '/', null, options)
      await page.getByLabel('E-mail').waitFor()
      await look(page)
      await sayWho(page)
      await page.getByLabel('Password').waitFor()
      await look(page)
    }
  })

  it.each([
    ['de-CH', 'Anmelden'],
    ['fr', 'Se connecter'],
    ['es-MX', 'Iniciar sesión'],
    ['it-IT', 'Accedi'],
    ['pt-BR', 'Sign in'],
  ])('speaks the language of a browser that wants %s', async (locale, title) => {
    const page = await openConsole(browser(), '/', null, { locale })
    await page.getByRole('heading', { name: title }).waitFor()
    const language = await page.evaluate('document.documentElement.lang')
    expect(language).toBe(locale === 'pt-BR' ? 'en' : locale.slice(0, 2))
  })
})
