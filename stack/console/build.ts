import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { copyFile, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { fontFiles } from '../fonts.ts'

/** What the console is made of. */
const sources = [
  'web/console',
  'web/page',
  'web/quiz',
  'lib/audit/chain.ts',
  'lib/client',
  'package-lock.json',
  'tsconfig.json',
]

/**
 * The folder of the built console. It is built once for each state of its sources, which takes some seconds, and kept
 * beside the packages.
 */
export async function builtConsole(root: string, say: (line: string) => void): Promise<string> {
  const kept = join(root, 'node_modules/.cache/tenantry-console')
  const folder = join(kept, hashOf(root))
  if (existsSync(folder)) return folder
  say('           building the console ...')
  const since = performance.now()
  // Two stacks may build at once. Each has a folder of its own, and a rename shows it whole.
  const mine = `${folder}.${process.pid}`
  await build(root, mine)
  await rename(mine, folder).catch(() => rm(mine, { recursive: true, force: true }))
  say(`           built the console in ${((performance.now() - since) / 1000).toFixed(1)} s`)
  for (const name of await readdir(kept))
    if (!folder.endsWith(name) && !name.includes('.'))
      await rm(join(kept, name), { recursive: true, force: true })
  return folder
}

async function build(root: string, outDir: string): Promise<void> {
  // Takes a moment to load, and most starts build nothing.
  const vite = await import('vite')
  // Wherever this runs, people get the libraries without what helps to develop.
  const before = process.env.NODE_ENV
  process.env.NODE_ENV = 'production'
  try {
    await vite.build({
      configFile: join(root, 'web/console/vite.config.ts'),
      logLevel: 'warn',
      build: { outDir, emptyOutDir: true },
    })
  } finally {
    if (before === undefined) delete process.env.NODE_ENV
    else process.env.NODE_ENV = before
  }
}

/** What was hashed last, by its root. */
const hashed = new Map<string, { stamp: string; hash: string }>()

/** Of what the sources hold, so that a checkout that changes only their times builds nothing. */
function hashOf(root: string): string {
  const files = sources.flatMap((source) => filesOf(root, source))
  // Each page that is opened asks this. To look at the times of files takes a tenth of what reading them takes.
  const stamp = files.map((file) => `${file} ${stampOf(join(root, file))}`).join('\n')
  const known = hashed.get(root)
  if (known?.stamp === stamp) return known.hash
  const read = createHash('sha256')
  for (const file of files) read.update(`${file}\0`).update(readFileSync(join(root, file)))
  const hash = read.digest('hex').slice(0, 16)
  hashed.set(root, { stamp, hash })
  return hash
}

const filesOf = (root: string, source: string): string[] =>
  source.includes('.')
    ? [source]
    : readdirSync(join(root, source), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && !entry.parentPath.includes('node_modules'))
        .map((entry) => relative(root, join(entry.parentPath, entry.name)))
        .sort()

/** An editor may write a file within a tick of its clock, so its size and its number count too. */
function stampOf(path: string): string {
  const { mtimeNs, ctimeNs, size, ino } = statSync(path, { bigint: true })
  return `${mtimeNs} ${ctimeNs} ${size} ${ino}`
}

/** The pages for frames of other sites, which know a token and no session. Both are embed.html. */
export const embedPaths = ['/embed/audit', '/embed/webhooks']

/**
 * Nobody but the API is asked, and nobody may put a page of the console into a frame but the console itself. Pages that are
 * made for frames may stand in any.
 *
 * @param changed directives that are different for some pages
 */
export function consolePolicy(api: string, changed: Record<string, string> = {}): string {
  const directives: Record<string, string> = {
    'default-src': "'none'",
    'script-src': "'self'",
    'style-src': "'self'",
    // Logos and photos of brands lie anywhere on https.
    'img-src': `'self' https: data: ${api}`.trim(),
    'font-src': "'self'",
    'connect-src': `'self' ${api}`.trim(),
    'frame-src': "'self'",
    'base-uri': "'none'",
    'form-action': "'none'",
    'frame-ancestors': "'self'",
    'require-trusted-types-for': "'script'",
    'trusted-types': "'none'",
    ...changed,
  }
  return Object.entries(directives)
    .map(([name, value]) => `${name} ${value}`)
    .join('; ')
}

export const embedPolicy = (api: string) => consolePolicy(api, { 'frame-ancestors': '*' })

/** Mails have styles in their attributes. They are shown in a frame, by a page that does nothing else and asks nobody. */
export const mailPath = '/mail-preview.html'
export const mailPolicy = (api: string) =>
  consolePolicy(api, {
    'style-src': "'self' 'unsafe-inline'",
    'connect-src': "'none'",
    'frame-src': 'blob:',
  })

/** Puts the address of the project and its publishable key into a page. */
export function withProject(html: string, { api, key }: { api: string; key: string }): string {
  return (
    html
      .replace('<meta name="tenantry-api" content="">', `<meta name="tenantry-api" content="${api}">`)
      .replace('<meta name="tenantry-key" content="">', `<meta name="tenantry-key" content="${key}">`)
      // A connection to another site is several trips there and back, so it begins with the page.
      .replace('<title>', api ? `<link rel="preconnect" href="${api}" crossorigin>\n    <title>` : '<title>')
  )
}

const headersOf = (api: string) => `/*
  content-security-policy: ${consolePolicy(api)}
  referrer-policy: no-referrer
  x-content-type-options: nosniff
  cross-origin-opener-policy: same-origin
/embed/*
  ! content-security-policy
  content-security-policy: ${embedPolicy(api)}
/mail-preview*
  ! content-security-policy
  content-security-policy: ${mailPolicy(api)}
/assets/*
  cache-control: public, max-age=31536000, immutable
`

/**
 * Writes the console as a folder for any static host: _headers for those that read it, and 404.html, because every
 * address of the console is one page.
 */
export async function writeConsole(root: string, outDir: string, project: { api: string; key: string }) {
  await build(root, outDir)
  for (const name of ['index.html', 'preview.html', 'quiz-preview.html', 'embed.html']) {
    const path = join(outDir, name)
    await writeFile(path, withProject(await readFile(path, 'utf8'), project))
  }
  await writeFile(join(outDir, '404.html'), await readFile(join(outDir, 'index.html')))
  for (const path of embedPaths) {
    await mkdir(join(outDir, path), { recursive: true })
    await copyFile(join(outDir, 'embed.html'), join(outDir, path, 'index.html'))
  }
  await rm(join(outDir, 'embed.html'))
  await writeFile(join(outDir, '_headers'), headersOf(new URL(project.api).origin))
  await rm(join(outDir, '.vite'), { recursive: true, force: true })
  // The preview shows brands in the fonts that they name.
  for (const [name, read] of fontFiles(root)) {
    const path = join(outDir, 'fonts', name)
    await mkdir(join(path, '..'), { recursive: true })
    await writeFile(path, read())
  }
}
