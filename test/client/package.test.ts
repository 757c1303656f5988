import { execFile, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest'
import { findDeno } from '../../stack/processes/binaries.ts'
import { describeInBrowser } from '../kit/browser.ts'
import { signIn } from '../kit/clients.ts'
import { browserFiles, type InstalledPackage, installPackage } from './installed-package.ts'

const run = promisify(execFile)

let installed: InstalledPackage
let accessToken: string
beforeAll(async () => {
  installed = await installPackage()
  const coach = inject('stack').coaches.find(({ tenant_slug }) => tenant_slug === 'brightpath')!
  const { data } = await (await signIn(coach.email, coach.password)).auth.getSession()
  accessToken = data.session!.access_token
})
afterAll(() => installed?.remove())

/** One program for every runtime: an answer, a 304, a refusal, nobody at home. Given: url, token. */
const program = `
const brightpath = { params: { path: { slug: 'brightpath' } } }
const visitor = createClient({ url })
const { data, response } = await visitor.GET('/branding/by-slug/{slug}', brightpath)
const etag = response.headers.get('etag') ?? ''
const again = await visitor.GET('/branding/by-slug/{slug}', { ...brightpath, headers: { 'if-none-match': etag }, cache: 'no-store' })
const coach = createClient({ url, accessToken: token, tenant: 'brightpath' })
const brand = await coach.GET('/branding/brand')
const event = { id: crypto.randomUUID(), type: 'llm.call', tokens_used: 1 }
const logged = await coach.POST('/usage/events', { body: { events: [event] } })
const params = { header: { 'if-match': brand.response.headers.get('etag') ?? '' } }
const refused = await coach.PATCH('/branding/brand', { params, body: { brand: { colors: { primary: 'green' } } } }).catch((error) => error)
const nobody = createClient({ url: 'http://127.0.0.1:9', retry: { maxAttempts: 2, baseDelaySeconds: 0.01 } })
const unreachable = await nobody.GET('/registry/products').catch((error) => error)
const slugs = []
for await (const tenant of coach.list('/registry/tenants')) slugs.push(tenant.slug)
const found = {
  slugs, slug: data.slug, again: again.response.status, name: brand.data.display_name,
  logged: 'accepted' in logged.data && logged.data.accepted,
  refused: refused instanceof Problem && [refused.status, refused.code, refused.errors.length, refused.requestId !== undefined],
  unreachable: unreachable instanceof NetworkFault,
}
`
const imports = `import { createClient, NetworkFault, Problem } from '@tenantry/client'\n`
const expected = {
  slugs: ['brightpath'],
  slug: 'brightpath',
  again: 304,
  name: expect.stringMatching(/\w/),
  logged: 1,
  refused: [422, 'invalid_brand', expect.any(Number), true],
  unreachable: true,
}
const given = () => [inject('stack').api_url, accessToken]

describe('the tarball', () => {
  it('holds what runs, its types, a licence and a page about it', () => {
    expect(installed.files).toEqual(
      expect.arrayContaining([
        'LICENSE',
        'README.md',
        'package.json',
        'dist/index.js',
        'dist/index.d.ts',
        'dist/schema.d.ts',
      ]),
    )
    expect(
      installed.files.filter(
        (path) => !/^(LICENSE|README\.md|package\.json|dist\/[\w-]+(\.d\.ts|\.js))$/.test(path),
      ),
    ).toEqual([])
    expect(readFileSync('lib/client/LICENSE', 'utf8')).toBe(readFileSync('LICENSE', 'utf8'))
  })

  it('can be published, and pins what it needs', () => {
    const manifest = JSON.parse(
      readFileSync(join(installed.folder, 'node_modules/@tenantry/client/package.json'), 'utf8'),
    )
    expect(manifest).toMatchObject({ name: '@tenantry/client', license: 'Apache-2.0', type: 'module' })
    expect(manifest.private).toBeUndefined()
    for (const version of Object.values(manifest.dependencies)) expect(version).toMatch(/^\d+\.\d+\.\d+$/)
  })
})

describe.each([
  ['TypeScript 7', 'node_modules/typescript/bin/tsc'],
  ['TypeScript 5.9', 'lib/client/node_modules/typescript/bin/tsc'],
])('its types under %s', (_name, tsc) => {
  const check = async (code: string, settings: object) => {
    const compilerOptions = {
      strict: true,
      noEmit: true,
      target: 'es2022',
      lib: ['es2022', 'dom'],
      types: [],
      // Most of the time would go into the types of the browser, which are not ours.
      skipDefaultLibCheck: true,
      ...settings,
    }
    const source = `${imports}declare const url: string, token: string\n${code}\nexport { found }\n`
    await writeFile(join(installed.folder, 'program.ts'), source)
    await writeFile(
      join(installed.folder, 'tsconfig.json'),
      JSON.stringify({ compilerOptions, files: ['program.ts'] }),
    )
    const { status, stdout } = spawnSync(process.execPath, [resolve(tsc), '-p', installed.folder], {
      encoding: 'utf8',
    })
    return { status, stdout }
  }

  // A whole compilation takes seconds, so what is refused stands in the same program.
  const refused = `
// @ts-expect-error There is no such path.
coach.GET('/branding/brands')
// @ts-expect-error That path takes no such parameter.
visitor.GET('/branding/by-slug/{slug}', { params: { path: { slag: 'brightpath' } } })
`

  it.each([
    { module: 'nodenext' },
    { module: 'esnext', moduleResolution: 'bundler' },
    { module: 'nodenext', exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true },
  ])('are right with %j, and refuse what is wrong', async (settings) => {
    expect(await check(program + refused, settings)).toEqual({ status: 0, stdout: '' })
  })
})

describe('it runs', () => {
  it('in Node', async () => {
    const file = join(installed.folder, 'node.mjs')
    await writeFile(
      file,
      `${imports}const [url, token] = process.argv.slice(2)\n${program}console.log(JSON.stringify(found))`,
    )
    const { stdout } = await run(process.execPath, [file, ...given()], { cwd: installed.folder })
    expect(JSON.parse(stdout)).toEqual(expected)
  })

  it('in Deno, from its types to its answers', async () => {
    const file = join(installed.folder, 'deno.ts')
    await writeFile(
      file,
      `${imports}const [url = '', token = ''] = Deno.args\n${program}console.log(JSON.stringify(found))`,
    )
    const args = [
      'run',
      '--check',
      '--no-prompt',
      '--no-lock',
      '--cached-only',
      '--node-modules-dir=manual',
      '--allow-net',
      file,
    ]
    const { stdout } = await run(findDeno(), [...args, ...given()], { cwd: installed.folder })
    expect(JSON.parse(stdout)).toEqual(expected)
  })
})

describeInBrowser('it runs in a browser', (browser) => {
  it('as modules, from an origin of its own', async () => {
    const files = await browserFiles(installed.folder)
    const map = { imports: { '@tenantry/client': '/client/index.js', 'openapi-fetch': '/openapi-fetch.js' } }
    files.set(
      '/',
      `<!doctype html><script type="importmap">${JSON.stringify(map)}</script><link rel="icon" href="data:,">`,
    )
    const server = createServer((request, response) => {
      const body = files.get(request.url ?? '')
      const type = request.url === '/' ? 'text/html' : 'text/javascript'
      response.writeHead(body === undefined ? 404 : 200, { 'content-type': type }).end(body)
    })
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    const page = await browser().newPage()
    onTestFinished(async () => {
      await page.close()
      server.closeAllConnections()
      server.close()
    })
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
    const code = `import('@tenantry/client').then(async ({ createClient, NetworkFault, Problem }) => {
      const [url, token] = ${JSON.stringify(given())}
      ${program}
      return found
    })`
    expect(await page.evaluate(code)).toEqual(expected)
  })
})
