import { readFileSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest'
import { Fonts } from '../../../lib/branding/index.ts'
import { writeFonts } from '../../../stack/fonts.ts'
import { call } from '../../kit/call.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { changeBrand } from '../brand/editor.ts'

const { api_url } = inject('stack')
let owner: Person
let tenant: Tenant
let families: Fonts['fonts']
beforeAll(async () => {
  owner = await makePerson()
  tenant = await makeTenant({ owner })
  families = Fonts.parse(await (await call('/branding/fonts', { token: owner.token })).json()).fonts
})

interface Answer {
  warnings: { pointer: string; detail: string }[]
}
async function change(body: object): Promise<Answer> {
  const response = await changeBrand({ token: owner.token, tenant: tenant.slug }, body)
  expect(response.status).toBe(200)
  return response.json()
}
const setFonts = async (heading: string, body: string) =>
  (await change({ brand: { fonts: { heading, body } } })).warnings
const publicFonts = async () => (await (await call(`/branding/by-slug/${tenant.slug}`)).json()).brand.fonts
const font = (path: string, headers = {}) => fetch(`${api_url}/fonts/${path}`, { headers })

describe('the fonts that are served', () => {
  it('are packages of @fontsource, pinned exactly, with an open licence', () => {
    const { devDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
      devDependencies: Record<string, string>
    }
    const pinned = Object.entries(devDependencies).filter(([name]) => name.startsWith('@fontsource/'))
    expect(families.map(({ font }) => `@fontsource/${font}`).toSorted()).toEqual(pinned.map(([name]) => name))
    for (const [name, version] of pinned) expect(version, name).toMatch(/^\d+\.\d+\.\d+$/)
    for (const { font, family } of families) {
      const metadata = JSON.parse(readFileSync(`node_modules/@fontsource/${font}/metadata.json`, 'utf8'))
      expect(metadata.family).toBe(family)
      expect(['OFL-1.1', 'Apache-2.0'], font).toContain(metadata.license.type)
    }
  })

  it('each have a style sheet that names files of this site alone, and shows text before they are there', async () => {
    for (const { font: name, family } of families) {
      const answer = await font(`${name}.css`)
      expect([answer.status, answer.headers.get('content-type')], name).toEqual([
        200,
        'text/css; charset=utf-8',
      ])
      const css = await answer.text()
      const faces = css.split('@font-face').slice(1)
      expect(faces.length, name).toBeGreaterThan(0)
      for (const face of faces) {
        expect(face).toContain(`font-family: "${family}"`)
        expect(face).toContain('font-display: swap')
        expect(face).toMatch(/unicode-range: U\+/)
        expect(face).toMatch(/src: url\("[a-z0-9-]+-\d+\.\d+\.\d+\/[a-z0-9-]+\.woff2"\) format\("woff2"\)/)
      }
    }
  })

  it('have files that are kept for ever, and a licence', async () => {
    const css = await (await font('lato.css')).text()
    const [, path] = /url\("([^"]+latin-400\.woff2)"\)/.exec(css) ?? []
    const file = await font(path!)
    expect(file.headers.get('content-type')).toBe('font/woff2')
    expect(file.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
    expect(Buffer.from(await file.arrayBuffer()).toString('latin1', 0, 4)).toBe('wOF2')
    const again = await font(path!, { 'if-none-match': file.headers.get('etag') ?? '' })
    expect(again.status).toBe(304)
    const licence = await font(path!.replace(/\/.*/, '/LICENSE.txt'))
    expect(await licence.text()).toContain('SIL OPEN FONT LICENSE')
  })

  it.each([
    '',
    'lato',
    'comic-sans.css',
    '../page.css',
    'lato.css/x',
    '%2e%2e/package.json',
    'lato-0.0.0/latin-400.woff2',
  ])('are nothing else: %j', async (path) => {
    expect((await font(path)).status).toBe(path === '../page.css' ? 200 : 404)
    expect((await fetch(`${api_url}/fonts/lato.css`, { method: 'POST' })).status).toBe(405)
  })

  it('are the same files on a static host', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fonts-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    expect(await writeFonts('.', folder)).toBeLessThan(8e6)
    const written = (await readdir(join(folder, 'fonts'), { recursive: true })).filter(
      (name) => /\.\w+$/.test(name) && !/\d$/.test(name),
    )
    expect(written.filter((name) => name.endsWith('.css')).toSorted()).toEqual(
      families.map(({ font }) => `${font}.css`).toSorted(),
    )
    for (const name of written.filter((path) => path.startsWith('lato'))) {
      const served = Buffer.from(await (await font(name)).arrayBuffer())
      expect(served.equals(await readFile(join(folder, 'fonts', name))), name).toBe(true)
    }
  })
})

describe('the fonts of a brand', () => {
  it('are served whatever the spelling of their name, and nothing is warned of', async () => {
    expect(await setFonts('playfair display', 'LATO')).toEqual([])
    expect(await publicFonts()).toEqual({
      heading: 'playfair display',
      body: 'LATO',
      fallbacks: { heading: 'serif', body: 'sans-serif' },
      served: ['lato', 'playfair-display'],
    })
  })

  it('that are not served are kept, with a warning and what is shown instead', async () => {
    const warnings = await setFonts('Playfair Dispaly Serif', 'Comic Sans MS')
    expect(warnings.map(({ pointer }) => pointer)).toEqual(['/brand/fonts/body', '/brand/fonts/heading'])
    expect(warnings[0]?.detail).toContain('"Comic Sans MS" is not one of the fonts that are served')
    expect(await publicFonts()).toEqual({
      heading: 'Playfair Dispaly Serif',
      body: 'Comic Sans MS',
      fallbacks: { heading: 'serif', body: 'sans-serif' },
      served: [],
    })
    const read = await call('/branding/brand', { token: owner.token, tenant: tenant.slug })
    expect(((await read.json()) as Answer).warnings).toEqual(warnings)
    expect(await (await call(`/branding/by-slug/${tenant.slug}/theme.css`)).text()).toContain(
      '--tenant-font-heading: "Playfair Dispaly Serif", serif;',
    )
  })

  it('may be those of the device, and may be missing', async () => {
    expect(await setFonts('system-ui', 'serif')).toEqual([])
    expect((await change({ brand: { fonts: null } })).warnings).toEqual([])
    expect(await publicFonts()).toEqual({
      heading: null,
      body: null,
      fallbacks: { heading: null, body: null },
      served: [],
    })
  })

  it('are served for each demo tenant', async () => {
    for (const slug of ['leadingwithmeaning', 'moneystory', 'brightpath', 'kassangas', 'demo-coaching']) {
      const config = await (await call(`/branding/by-slug/${slug}`)).json()
      expect(config.brand.fonts.served.length, slug).toBe(2)
    }
  })
})
