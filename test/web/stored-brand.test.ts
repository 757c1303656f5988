import { afterAll, expect, it } from 'vitest'
import { changeBrand } from '../branding/brand/editor.ts'
import { describeInBrowser } from '../kit/browser.ts'
import { call } from '../kit/call.ts'
import { admin } from '../kit/db.ts'
import { makePerson } from '../kit/people.ts'
import { makeTenant } from '../kit/tenants.ts'
import { exif, jpegSegment, jpegWith, samples } from '../storage/samples.ts'
import { newVisitor, open, rgb, siteUrl, styleOf, tenantUrl } from './site.ts'

const MARKUP = '<img src=x onerror="window.owned=1">'
const CLOSERS = '</title></style></script><style>body{display:none}</style>'

describeInBrowser('a brand in the database', (browser) => {
  const slugs: string[] = []
  afterAll(async () => {
    await admin.query('delete from public.tenants where slug = any ($1)', [slugs])
  })

  /** A published tenant that nobody has looked up before, so no cache stands in the way. */
  async function newTenant(slug: string, brand: object, columns: Record<string, string> = {}): Promise<void> {
    slugs.push(slug)
    await makeTenant({ slug })
    await admin.query(
      `update public.tenant_brands set brand = $2, display_name = coalesce($3, display_name),
         coach_name = $4, coach_title = $5
       where tenant_id = (select id from public.tenants where slug = $1)`,
      [slug, brand, columns.display_name, columns.coach_name, columns.coach_title],
    )
  }

  it('with markup and CSS in every text the database takes stays text', async () => {
    const messages = { welcome: `${MARKUP}${CLOSERS}` }
    const brand = { tagline: CLOSERS, messages, logo: { url: 'https://logo.example.com/a.svg', alt: MARKUP } }
    const columns = { display_name: MARKUP, coach_name: CLOSERS, coach_title: MARKUP }
    await newTenant('web-markup', brand, columns)
    const { page, errors } = await newVisitor(browser())
    await open(page, tenantUrl('web-markup'))

    expect(await page.locator('h1').textContent()).toBe(MARKUP)
    expect(await page.locator('.tagline').textContent()).toBe(CLOSERS)
    expect(await page.locator('.welcome p').textContent()).toBe(messages.welcome)
    expect(await page.locator('.coach h2').textContent()).toBe(CLOSERS)
    expect(await page.title()).toBe(`${MARKUP} – ${CLOSERS}`)
    expect(await page.locator('#page :is(script, style, [onerror])').count()).toBe(0)
    expect(await styleOf(page, 'body', 'display')).toBe('block')
    expect(await page.evaluate(() => 'owned' in window)).toBe(false)
    expect(errors).toEqual([])
  })

  it.each([
    { colors: { primary: '#1b4332;}body{display:none}' } },
    { colors: { primary: 'url(https://evil.example.com/)' } },
    { fonts: { heading: 'Lato"; } body { display: none } /*' } },
    { logo: { url: 'javascript:alert(1)' } },
    { logo: { url: 'data:image/svg+xml,<svg onload=alert(1)>' } },
  ])('is refused before it reaches any page: %j', async (brand) => {
    const update = admin.query(
      "update public.tenant_brands set brand = $1 where tenant_id = (select id from public.tenants where slug = 'demo-coaching')",
      [brand],
    )
    await expect(update).rejects.toThrow('invalid_brand')
  })

  it('shows on the page when a colour of it changes', async () => {
    await newTenant('web-repaint', { colors: { primary: '#1b4332' } })
    const { page } = await newVisitor(browser(), { colorScheme: 'light' })
    await open(page, tenantUrl('web-repaint'))
    expect(await styleOf(page, '.hero', 'background-color')).toBe(rgb('#1b4332'))

    await admin.query(
      `update public.tenant_brands set brand = '{"colors": {"primary": "#713"}}'
       where tenant_id = (select id from public.tenants where slug = 'web-repaint')`,
    )
    // A write past the API is seen once the function's short memory has run out.
    await expect
      .poll(
        async () => {
          await open(page, tenantUrl('web-repaint'))
          return styleOf(page, '.hero', 'background-color')
        },
        { interval: 1_000 },
      )
      .toBe(rgb('#771133'))
  })

  it('shows the logo and the photo that its tenant uploads', async () => {
    const owner = await makePerson()
    const { slug } = await makeTenant({ owner })
    slugs.push(slug)
    const ask = (path: string, method: string, body: unknown, type = 'application/json') =>
      call(`/branding/brand${path}`, {
        method,
        token: owner.token,
        tenant: slug,
        headers: { 'content-type': type },
        body,
      })
    const { page, errors } = await newVisitor(browser())
    await open(page, tenantUrl(slug))
    expect(await page.locator('main img, .logo img').count()).toBe(0)

    await ask('/logo', 'PUT', samples['image/webp'], 'image/webp')
    await ask('/coach-photo', 'PUT', jpegWith(jpegSegment(0xe1, exif(6))), 'image/jpeg')
    await changeBrand({ token: owner.token, tenant: slug }, { coach_name: 'Ada' })
    await open(page, tenantUrl(slug))
    const sizes = () =>
      page
        .locator('.logo img, .portrait img')
        .evaluateAll((all) => (all as HTMLImageElement[]).map((img) => [img.naturalWidth, img.naturalHeight]))
    // The photo lies on its side in the file.
    await expect.poll(sizes).toEqual([
      [24, 16],
      [16, 24],
    ])
    expect(errors).toEqual([])
  })

  it('follows its tenant to a new slug, for those who come with the old one', async () => {
    await newTenant('web-old-name', { tagline: 'Still us' })
    await admin.query("update public.tenants set slug = 'web-new-name' where slug = 'web-old-name'")
    slugs.push('web-new-name')
    const { page } = await newVisitor(browser())
    await open(page, tenantUrl('web-old-name'))
    expect(await page.locator('.tagline').textContent()).toBe('Still us')
  })

  it('is worn on a verified custom domain, and not on one that is only claimed', async () => {
    const { rows } = await admin.query<{ host: string; display_name: string; status: string }>(
      `select distinct on (d.status) d.host, b.display_name, d.status
       from public.tenant_domains as d join public.tenant_brands as b using (tenant_id)
       where d.host in ('leadingwithmeaning.test', 'brightpath.test') order by d.status, d.host`,
    )
    const verified = rows.find(({ status }) => status === 'verified')
    const pending = rows.find(({ status }) => status === 'pending')

    const visitor = await newVisitor(browser())
    await open(visitor.page, siteUrl(verified?.host ?? 'missing.test'))
    expect(await visitor.page.locator('h1').textContent()).toBe(verified?.display_name)

    await open(visitor.page, siteUrl(pending?.host ?? 'missing.test'))
    expect(await visitor.page.locator('h1').textContent()).toBe('There is nothing here yet')
  })

  it('that inherits its look from the site around it keeps its colours and fonts to itself', async () => {
    await newTenant('web-inherit', {
      theme_mode: 'inherit',
      colors: { primary: '#ff0000', background: '#00ff00' },
      fonts: { heading: 'Playfair Display', body: 'Lato' },
    })
    const { page } = await newVisitor(browser(), { colorScheme: 'light' })
    await open(page, tenantUrl('web-inherit'))
    expect(await styleOf(page, 'body', 'background-color')).toBe('rgb(255, 255, 255)')
    expect(await styleOf(page, 'h1', 'font-family')).not.toContain('Playfair')
    expect(await styleOf(page, 'html', '--tenant-color-primary')).toBe('')
  })
})
