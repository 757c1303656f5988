import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { expect, inject, onTestFinished } from 'vitest'
import { violationsOn } from '../kit/axe.ts'
import type { Person } from '../kit/people.ts'

const { port } = new URL(inject('stack').api_url)
export const consoleUrl = (path = '/') => `http://console.localhost:${port}${path}`
export const phone = { viewport: { width: 360, height: 740 } }

/**
 * Opens the console, as somebody who is signed in or as a stranger. When the test ends, nothing may have been refused by
 * the content security policy, and the page may have thrown nothing.
 */
export async function openConsole(
  browser: Browser,
  path: string,
  person: Person | null = null,
  options: BrowserContextOptions = {},
): Promise<Page> {
  const context = await browser.newContext({ reducedMotion: 'reduce', locale: 'en-GB', ...options })
  const faults: string[] = []
  onTestFinished(async () => {
    await context.close()
    expect(faults).toEqual([])
  })
  const page = await context.newPage()
  page.on('pageerror', (error) => faults.push(error.message))
  page.on('console', (message) => {
    if (/content security policy|trusted/i.test(message.text())) faults.push(message.text())
  })
  // The build takes some seconds for the first who asks.
  page.setDefaultTimeout(90_000)
  const signedIn = person && (await signIn(context, person))
  await page.goto(consoleUrl(path))
  await signedIn?.dispose()
  return page
}

/** What a page shows now is accessible in both colour schemes, and no wider than the window. */
export async function look(page: Page): Promise<void> {
  // Only styles know of the scheme, so what is shown need not be made once more for each.
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    expect(await violationsOn(page), `${page.url()}, ${colorScheme}`).toEqual([])
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), page.url()).toBe(true)
  }
}

/** Puts a session where the console keeps it, whenever a page of it opens and until this is disposed of. */
export const signIn = (context: BrowserContext, person: Person) =>
  context.addInitScript(
    ([host, value]) => {
      if (location.host === host) localStorage.setItem('tenantry-session', value)
    },
    [new URL(consoleUrl()).host, sessionOf(person)] as const,
  )

/** What the console keeps of a session. The token is as Auth would have issued it. */
function sessionOf({ id, email, token }: Person): string {
  return JSON.stringify({
    ...{ access_token: token, refresh_token: 'none', token_type: 'bearer', expires_in: 600 },
    expires_at: Math.floor(Date.now() / 1000) + 600,
    user: { id, email, aud: 'authenticated', app_metadata: {}, user_metadata: {}, created_at: '' },
  })
}
