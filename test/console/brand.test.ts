import { beforeEach, expect, it } from 'vitest'
import { violationsOn } from '../kit/axe.ts'
import { describeInBrowser } from '../kit/browser.ts'
import { call } from '../kit/call.ts'
import { makePerson, type Person } from '../kit/people.ts'
import { makeTenant, type Tenant } from '../kit/tenants.ts'
import { samples } from '../storage/samples.ts'
import { edit, openBrand, preview, publicPageOf, save, saved } from './brand-screen.ts'
import { consoleUrl, look, openConsole, phone } from './visit.ts'

let owner: Person
let tenant: Tenant
beforeEach(async () => {
  owner = await makePerson()
  tenant = await makeTenant({ owner })
})

const brandOf = (who = owner, slug = tenant.slug) =>
  call('/branding/brand', { token: who.token, tenant: slug })
const pageOf = (slug = tenant.slug) => publicPageOf(slug)

/** Another person's change, past this window. */
async function changeElsewhere(body: unknown) {
  const etag = (await brandOf()).headers.get('etag') ?? ''
  const headers = { 'if-match': etag }
  const answer = await call('/branding/brand', {
    method: 'PATCH',
    token: owner.token,
    tenant: tenant.slug,
    headers,
    body,
  })
  expect(answer.status).toBe(200)
}

const path = (slug = tenant.slug) => `/t/${slug}/brand`

describeInBrowser('the brand in the console', (browser) => {
  const opened = (person = owner, options = {}) => openBrand(openConsole(browser(), path(), person, options))

  it('shows an edit in the preview before it is saved, and to visitors after that', async () => {
    const page = await opened()
    await preview(page).getByRole('heading', { name: tenant.slug }).waitFor()
    await edit(page, 'Name', 'Harbour Coaching')
    await edit(page, 'Tagline', 'Calm water')
    await edit(page, 'Main colour', '#7A1F5C')
    await preview(page).getByRole('heading', { name: 'Harbour Coaching' }).waitFor()
    await preview(page).getByText('Calm water').waitFor()
    await expect
      .poll(() =>
        preview(page)
          .locator(':root')
          .evaluate((root) => root.style.getPropertyValue('--tenant-color-primary')),
      )
      .toBe('#7a1f5c')
    expect(await pageOf()).toMatchObject({ display_name: tenant.slug })
    await page.getByText('3 changes are not saved.').waitFor()

    await save(page)
    await saved(page)
    expect(await pageOf()).toMatchObject({
      display_name: 'Harbour Coaching',
      brand: { tagline: 'Calm water', colors: { primary: '#7a1f5c' } },
    })
    expect(await page.getByLabel('Main colour', { exact: true }).inputValue()).toBe('#7a1f5c')
  })

  it('tells what is wrong at its field, and keeps what was typed', async () => {
    const page = await opened()
    await edit(page, 'Name', 'Harbour')
    await edit(page, 'Main colour', 'reddish')
    await save(page)
    const field = page.getByLabel('Main colour', { exact: true })
    await page.getByText('must be a hex colour such as #401405').waitFor()
    expect(await field.getAttribute('aria-invalid')).toBe('true')
    expect(await field.inputValue()).toBe('reddish')
    expect((await (await brandOf()).json()).display_name).toBe(tenant.slug)
    await edit(page, 'Main colour', '#112233')
    await save(page)
    await saved(page)
    expect((await (await brandOf()).json()).display_name).toBe('Harbour')
  })

  it('of two people who change the same, the second is told, compares and decides', async () => {
    const page = await opened()
    await edit(page, 'Name', 'Mine')
    await edit(page, 'Tagline', 'My line')
    await edit(page, 'Name of the coach', 'My coach')
    await changeElsewhere({
      display_name: 'Theirs',
      brand: { tagline: 'Their line' },
      coach_title: 'Their title',
    })
    await save(page)
    const dialog = page.getByRole('dialog', { name: 'Somebody else changed the brand' })
    await dialog.waitFor()
    expect(await violationsOn(page)).toEqual([])
    expect((await (await brandOf()).json()).display_name).toBe('Theirs')
    await dialog.getByRole('group', { name: 'Name', exact: true }).getByLabel('Keep mine: Mine').check()
    await dialog.getByRole('group', { name: 'Tagline' }).getByLabel('Take theirs: Their line').check()
    await dialog.getByRole('button', { name: 'Continue' }).click()
    await page.getByText('2 changes are not saved.').waitFor()
    await save(page)
    await saved(page)
    expect(await (await brandOf()).json()).toMatchObject({
      display_name: 'Mine',
      brand: { tagline: 'Their line' },
      coach_name: 'My coach',
      coach_title: 'Their title',
    })
  })

  it('of two people who change different things, nobody is asked and nothing is lost', async () => {
    const page = await opened()
    await edit(page, 'Name', 'Mine')
    await changeElsewhere({ coach_title: 'Their title' })
    await save(page)
    await saved(page)
    expect(await (await brandOf()).json()).toMatchObject({ display_name: 'Mine', coach_title: 'Their title' })
    expect(await page.getByLabel('Title of the coach').inputValue()).toBe('Their title')
  })

  it('says that the network was cut while it saved, and saves once after that', async () => {
    const page = await opened()
    const before = (await (await brandOf()).json()).version
    await edit(page, 'Name', 'Harbour')
    let cut = true
    await page.route('**/branding/brand', async (route) => {
      if (!cut || route.request().method() !== 'PATCH') return route.continue()
      cut = false
      // It arrives, and the answer is lost.
      await changeElsewhere(route.request().postDataJSON())
      await route.abort('connectionreset')
    })
    await save(page)
    await page.getByText('There is no connection. Check your network, and try again.').waitFor()
    expect(await page.getByLabel('Name', { exact: true }).inputValue()).toBe('Harbour')
    await save(page)
    await saved(page)
    expect((await (await brandOf()).json()).version).toBe(before + 1)
  })

  it.each([
    ['a reviewer', { status: 'active' }, 'Only admins and owners can change the brand.'],
    ['the owner of a frozen tenant', { status: 'frozen' }, 'This practice is frozen.'],
  ] as const)('%s can look at it and change nothing', async (who, { status }, sentence) => {
    const reviewer = await makePerson()
    tenant = await makeTenant({ owner, reviewer, status })
    const page = await opened(who === 'a reviewer' ? reviewer : owner)
    await page.getByText(sentence).waitFor()
    expect(await page.getByLabel('Name', { exact: true }).isDisabled()).toBe(true)
    expect(await page.getByRole('button', { name: 'Save' }).count()).toBe(0)
  })

  it('a picture shows at once, beside what is not saved yet, and can be taken away', async () => {
    const page = await opened()
    await edit(page, 'Tagline', 'Calm water')
    const choose = (buffer: Buffer) =>
      page
        .getByLabel('Logo', { exact: true })
        .setInputFiles({ name: 'logo.png', mimeType: 'image/png', buffer })
    await choose(Buffer.from('no picture'))
    await page.getByRole('alert').waitFor()
    await choose(Buffer.from(samples['image/png']))
    await page.getByRole('button', { name: 'Remove: Logo' }).waitFor()
    const shown = async () => ((await pageOf()) as { brand: { logo?: { url: string } } }).brand.logo?.url
    expect(await shown()).toMatch(/^\/storage\/v1\/object\/public\/brands\//)
    expect(await violationsOn(page)).toEqual([])
    // The version is the one after the picture, so the rest can still be saved.
    await save(page)
    await expect.poll(pageOf).toMatchObject({ brand: { tagline: 'Calm water' } })
    await page.getByRole('button', { name: 'Remove: Logo' }).click()
    await expect.poll(shown).toBeUndefined()
    expect(await pageOf()).toMatchObject({ brand: { tagline: 'Calm water' } })
  })

  it('hostile text stays text, in the editor and in the preview', async () => {
    const hostile = `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>{{7*7}}`
    await changeElsewhere({ display_name: hostile, coach_name: hostile, brand: { tagline: hostile } })
    const page = await opened()
    expect(await page.getByLabel('Name', { exact: true }).inputValue()).toBe(hostile)
    await preview(page).getByRole('heading', { name: hostile }).first().waitFor()
    expect(await page.title()).not.toContain('owned')
    expect(await preview(page).locator('script:not([src]), img[src="x"]').count()).toBe(0)
  })

  it('the command that it shows makes the same change', async () => {
    const page = await opened()
    await edit(page, 'Name', `Mara's "practice" \\ $HOME`)
    await page.getByText('The same with curl').click()
    const command = (await page.locator('details pre').textContent()) ?? ''
    const [, etag] = /if-match: ([^']+)'/.exec(command)!
    const [, body] = /-d '([\s\S]*)'$/.exec(command)!
    const answer = await call('/branding/brand', {
      ...{ method: 'PATCH', token: owner.token, tenant: tenant.slug, headers: { 'if-match': etag! } },
      body: JSON.parse(body!.replaceAll(`'\\''`, `'`)),
    })
    expect((await answer.json()).display_name).toBe(`Mara's "practice" \\ $HOME`)
  })

  it('asks before unsaved changes are left, and leaving one tenant for another shows nothing of the first', async () => {
    const other = await makeTenant({ owner })
    const page = await opened()
    await edit(page, 'Name', 'Not saved')
    page.once('dialog', (dialog) => dialog.dismiss())
    await page.getByRole('link', { name: 'Your practices' }).click()
    expect(await page.getByLabel('Name', { exact: true }).inputValue()).toBe('Not saved')
    page.once('dialog', (dialog) => dialog.accept())
    await page.getByRole('link', { name: 'Your practices' }).click()
    await page.getByRole('link', { name: other.slug }).click()
    await page.getByRole('link', { name: 'Brand' }).click()
    await preview(page).getByRole('heading', { name: other.slug }).waitFor()
    expect(page.url()).toBe(consoleUrl(path(other.slug)))
    expect(await page.getByLabel('Name', { exact: true }).inputValue()).toBe(other.slug)
    const text = `${await page.content()}${await preview(page).locator('body').innerHTML()}`
    for (const trace of ['Not saved', tenant.slug]) expect(text).not.toContain(trace)
  })

  it('somebody who does not belong to a tenant sees that there is nothing', async () => {
    const stranger = await makePerson()
    const page = await openConsole(browser(), path(), stranger)
    await page.getByRole('alert').waitFor()
    expect(await page.content()).not.toContain('<input')
  })

  it('is accessible in light and dark, on a phone too', async () => {
    for (const options of [{}, phone]) {
      const page = await opened(owner, options)
      await edit(page, 'Name', 'Changed')
      await preview(page).getByRole('heading', { name: 'Changed' }).waitFor()
      await look(page)
    }
  })
})
