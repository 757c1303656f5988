// npm run pictures: the README's pictures, made of the running stack.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium, type Page } from 'playwright-core'
import { chromiumArguments, findChromium } from '../processes/chromium.ts'
import { readOptions } from './options.ts'
import { status } from './status.ts'

const folder = fileURLToPath(new URL('../../docs/pictures', import.meta.url))
const executablePath = findChromium()
const stack = await status(readOptions(['status', ...process.argv.slice(2)]))
const coach = stack?.coaches.find(({ tenant_slug }) => tenant_slug === 'leadingwithmeaning')
if (!stack || !coach || !executablePath) {
  console.error(
    executablePath
      ? 'No stack runs with the demo tenants: "npm start" starts one.'
      : 'No Chromium found: install it, or set CHROME_PATH to one.',
  )
  process.exit(1)
}
const { port } = new URL(stack.api_url)
const site = (host: string, path = '/') => `http://${host}.localhost:${port}${path}`

async function signIn(page: Page, { email, password }: { email: string; password: string }): Promise<void> {
  await page.getByLabel('E-mail').fill(email)
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
}

await mkdir(folder, { recursive: true })
const browser = await chromium.launch({ executablePath, args: chromiumArguments() })
try {
  const page = await browser.newPage({
    viewport: { width: 1280, height: 800 },
    reducedMotion: 'reduce',
    locale: 'en-GB',
  })
  const take = async (name: string) => {
    await page.evaluate('document.fonts.ready')
    await page.screenshot({ path: join(folder, `${name}.jpg`), quality: 82 })
    console.log(`docs/pictures/${name}.jpg`)
  }
  const room = (path: string) => site('console', `/t/${coach.tenant_slug}${path}`)
  await page.goto(room('/brand'))
  await signIn(page, coach)
  await page.frameLocator('iframe').getByRole('heading').first().waitFor()
  await take('console-brand')
  for (const name of ['campaigns', 'participants', 'usage', 'audit']) {
    await page.goto(room(`/${name}`))
    await page.getByRole('heading', { level: 1 }).waitFor()
    // All that the screen asks for has been answered.
    await page.waitForLoadState('networkidle')
    await take(`console-${name}`)
  }
} finally {
  await browser.close()
}
