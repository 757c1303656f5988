import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { inject, onTestFinished } from 'vitest'

/** The public config as far as these tests read it. */
export type Config = {
  ref_id: string
  slug: string
  display_name: string
  tenant_type: string
  locale: string
  brand: {
    colors: Record<string, string>
    fonts: {
      heading?: string | null
      body?: string | null
      fallbacks?: { heading: string | null; body: string | null }
      served?: string[]
    }
    logo: { url: string; alt: string; width: number | null } | null
    theme_mode: string
    tagline: string | null
    messages: { welcome: string | null; completion: string | null }
    show_powered_by: boolean
  }
  coach: { name: string; title: string | null; photo: string | null } | null
  links: { site: string | null; booking: string | null; quiz: string | null }
  enabled_assessments: string[]
}

export const LOOKUP = '**/functions/v1/branding/resolve*'

/** @param host `<slug>.localhost` or a custom domain */
export const siteUrl = (host: string): string => `http://${host}:${new URL(inject('stack').api_url).port}/`

export const tenantUrl = (slug: string): string => siteUrl(`${slug}.localhost`)

export async function fetchConfig(slug: string): Promise<Config> {
  const response = await fetch(`${inject('stack').api_url}/functions/v1/branding/by-slug/${slug}`)
  if (!response.ok) throw new Error(`by-slug/${slug} answered ${response.status}`)
  return (await response.json()) as Config
}

export const seededSlugs = (): string[] => [
  ...new Set(inject('stack').coaches.map((coach) => coach.tenant_slug)),
]

/** Seeded tenants that wear their own theme. */
export async function brandedTenants(): Promise<Config[]> {
  const configs = await Promise.all(seededSlugs().map(fetchConfig))
  return configs.filter((config) => config.brand.theme_mode === 'override' && config.brand.colors.primary)
}

export type Visit = { page: Page; errors: string[]; requests: string[] }

/** A fresh visitor, gone when the test ends. `errors` are exceptions of the page, `requests` all it asked for. */
export async function newVisitor(browser: Browser, options: BrowserContextOptions = {}): Promise<Visit> {
  const context = await browser.newContext({ reducedMotion: 'reduce', locale: 'en-GB', ...options })
  onTestFinished(() => context.close())
  const page = await context.newPage()
  const errors: string[] = []
  const requests: string[] = []
  page.on('pageerror', (error) => errors.push(error.message))
  page.on('request', (request) => requests.push(request.url()))
  return { page, errors, requests }
}

/** Opens a page and waits until it has made up its mind. */
export async function open(page: Page, url: string): Promise<void> {
  await page.goto(url)
  await page.locator('#page:not([aria-busy])').waitFor()
}

/** Has the lookup answer with this instead, whatever the database would allow. */
export async function answerWith(page: Page, body: unknown, status = 200): Promise<void> {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  await page.route(LOOKUP, (route) => route.fulfill({ status, contentType: 'application/json', body: text }))
}

/** One computed style of the first match. */
export const styleOf = (page: Page, selector: string, property: string): Promise<string> =>
  page
    .locator(selector)
    .first()
    .evaluate((element, name) => getComputedStyle(element).getPropertyValue(name), property)

/** `#1b4332` as computed styles spell it. */
export function rgb(hex: string | undefined): string {
  const channel = (at: number) => Number.parseInt((hex ?? '').slice(at, at + 2), 16)
  return `rgb(${channel(1)}, ${channel(3)}, ${channel(5)})`
}

/** A whole, harmless answer to vary. */
export const sampleConfig: Config = {
  ref_id: '01JZ0000000000000000000000',
  slug: 'sample',
  display_name: 'Sample Practice',
  tenant_type: 'coach',
  locale: 'en',
  brand: {
    colors: { primary: '#1b4332', accent: '#d4af37', background: '#fffdf7', text: '#1c2b24' },
    fonts: { heading: 'Playfair Display', body: 'Lato' },
    logo: null,
    theme_mode: 'override',
    tagline: 'A line about us',
    messages: { welcome: 'Welcome in.', completion: null },
    show_powered_by: true,
  },
  coach: { name: 'Sample Coach', title: 'Coach', photo: null },
  links: {
    site: 'https://sample.example.com/',
    booking: 'https://sample.example.com/book',
    quiz: 'https://sample.example.com/quiz',
  },
  enabled_assessments: ['industry4'],
}
