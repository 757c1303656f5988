import { readdir, readFile, rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { makeTempDir, runStack } from '../kit/stack.ts'

const script = fileURLToPath(new URL('../../stack/cli/console.ts', import.meta.url))
const api = 'https://abcdefghijklmnopqrst.supabase.co'
const key = 'sb_publishable_0123456789abcdefghijkl'

let out: string
beforeAll(async () => {
  out = `${await makeTempDir()}/console`
  const { code, stderr } = await runStack(['--api', api, '--key', key, '--out', out], script)
  expect(code, stderr).toBe(0)
})
afterAll(() => rm(`${out}/..`, { recursive: true, force: true }))

const read = (name: string) => readFile(`${out}/${name}`, 'utf8')

/** The scripts and style sheets that a file needs before it runs. */
async function neededBy(name: string, found = new Set<string>()): Promise<Set<string>> {
  if (found.has(name)) return found
  found.add(name)
  for (const [, other] of (await read(`assets/${name}`)).matchAll(/(?:from|import)"\.\/([\w-]+\.js)"/g))
    await neededBy(other!, found)
  return found
}

/** Kilobytes as they are sent. */
async function weigh(names: Iterable<string>): Promise<number> {
  const sizes = await Promise.all(
    [...names].map(async (name) => gzipSync(await readFile(`${out}/assets/${name}`)).length),
  )
  return sizes.reduce((sum, size) => sum + size, 0) / 1_000
}

/** What a page itself loads, and then each of these chunks. */
async function loadedBy(page: string, ...chunks: string[]) {
  const all = await readdir(`${out}/assets`)
  const chunk = (name: string) => {
    const found = all.filter((each) => each.startsWith(`${name}-`) && each.endsWith('.js'))
    if (found.length === 0) throw new Error(`There is no chunk ${name}.`)
    return found
  }
  const [entry] = /[\w-]+\.js/.exec((await read(page)).match(/<script [^>]+>/)![0].split('/assets/')[1]!)!
  const needed = await neededBy(entry!)
  // The console's first file imports none of them, because it only asks for them.
  const asked = page === 'index.html' ? ['main'] : []
  for (const name of [...asked, ...chunks].flatMap(chunk)) await neededBy(name, needed)
  return needed
}
const weightOf = async (...chunks: string[]) => weigh(await loadedBy('index.html', ...chunks))

it('signing in is at most 130 KB, and the first screen 190', async () => {
  const [signIn, overview] = [await weightOf('sign-in'), await weightOf('console', 'home')]
  expect(signIn).toBeGreaterThan(40)
  expect(signIn).toBeLessThanOrEqual(130)
  expect(overview).toBeLessThanOrEqual(190)
})

it.each([
  ...['address', 'sso', 'usage', 'credits', 'settings', 'isolation'],
  ...['meters', 'meter', 'calls', 'prices', 'model'],
  ...['endpoints', 'endpoint', 'deliveries', 'delivery', 'events', 'webhook-inbox', 'log', 'entry', 'check'],
  ...['brand', 'campaigns', 'campaign', 'participants', 'participant'],
  ...['questionnaires', 'framework', 'publish', 'try', 'versions', 'version'],
  ...['inbox', 'preferences', 'template', 'providers'],
  ...[
    'bots',
    'shop',
    'conversations',
    'conversation',
    'behaviour',
    'bot-templates',
    'bot-template',
    'training',
    'training-row',
    'playground',
  ],
])('the screen %s is at most 30 KB more', async (name) => {
  // What forms are made of is loaded once, by the first screen that has one.
  const more =
    (await weightOf('console', 'home', 'forms', name)) - (await weightOf('console', 'home', 'forms'))
  expect(more).toBeGreaterThan(0.5)
  expect(more).toBeLessThanOrEqual(30)
})

it('a frame is at most 150 KB with its first screen, and has nothing in it that knows of a session', async () => {
  for (const [page, screen] of [
    ['embed/webhooks/index.html', 'endpoints'],
    ['embed/audit/index.html', 'log'],
  ] as const) {
    const loaded = await loadedBy(page, screen)
    expect(await weigh(loaded)).toBeGreaterThan(40)
    expect(await weigh(loaded)).toBeLessThanOrEqual(150)
    for (const name of loaded)
      expect(await read(`assets/${name}`)).not.toMatch(/tenantry-session|localStorage/)
  }
})

it('all style sheets together are at most 15 KB', async () => {
  const sheets = (await readdir(`${out}/assets`)).filter((name) => name.endsWith('.css'))
  expect(await weigh(sheets)).toBeLessThanOrEqual(15)
})

const embeds = ['embed/webhooks/index.html', 'embed/audit/index.html']

it('names the project in all pages, and lets them ask nobody else', async () => {
  for (const page of ['index.html', '404.html', 'preview.html', 'quiz-preview.html', ...embeds])
    expect(await read(page)).toContain(`<meta name="tenantry-api" content="${api}">`)
  expect(await read('index.html')).toContain(`<meta name="tenantry-key" content="${key}">`)
  const headers = await read('_headers')
  expect(headers).toContain(`connect-src 'self' ${api};`)
  for (const part of ["default-src 'none'", "frame-ancestors 'self'", "trusted-types 'none'"])
    expect(headers).toContain(part)
  // Other sites may frame what is made for it, and nothing else.
  const policyOf = (path: string) =>
    headers.split(`${path}\n  ! content-security-policy\n  content-security-policy: `)[1]?.split('\n')[0]
  expect(policyOf('/embed/*')).toContain('frame-ancestors *;')
  expect(headers.match(/frame-ancestors \*/g)).toHaveLength(1)
  // Styles in attributes are for mails only, and what shows them asks nobody.
  expect(policyOf('/mail-preview*')).toMatch(/'unsafe-inline'.*connect-src 'none'.*frame-ancestors 'self'/)
  expect(headers.match(/unsafe-inline/g)).toHaveLength(1)
})

it('asks for what it shows itself with, and for the API, with the page', async () => {
  const html = await read('index.html')
  for (const file of ['main', 'styles', 'session'])
    expect(html).toMatch(new RegExp(`<link rel="(modulepreload|stylesheet)" [^>]*href="/assets/${file}-`))
  expect(html).toContain(`<link rel="preconnect" href="${api}" crossorigin>`)
})

it('has no script or style inside its pages, which the policy would refuse', async () => {
  for (const page of ['index.html', 'preview.html', 'quiz-preview.html', 'mail-preview.html', ...embeds]) {
    const html = await read(page)
    expect(html).not.toMatch(/<script(?![^>]* src=)|<style| style=| on[a-z]+=/)
  }
})

it('has the fonts that brands name, for the preview', async () => {
  expect(await read('fonts/lato.css')).toContain('@font-face')
})

it.each([
  [[], /--api is the address of your Supabase project/],
  [['--api', 'abc', '--key', key], /--api is the address/],
  [['--api', api, '--key', 'sb_secret_0123456789abcdefghijkl'], /--key is a secret key\. Everybody/],
  [['--api', api, '--key', '"><script>'], /--key is the publishable key/],
])('%j is refused with what would be right', async (args, sentence) => {
  const { code, stderr } = await runStack([...args, '--out', `${out}-none`], script)
  expect(code).toBe(1)
  expect(stderr).toMatch(sentence)
})
