import { beforeAll, describe, expect, it } from 'vitest'
import { parseColor, toHex } from '../../../web/page/colors.js'
import { COLOR_NAMES, parseConfig } from '../../../web/page/config.js'
import { call } from '../../kit/call.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { changeBrand } from './editor.ts'

let owner: Person
let tenant: Tenant
beforeAll(async () => {
  owner = await makePerson()
  tenant = await makeTenant({ owner })
})

/** A value that the API accepts, and how all that read the brand spell it. */
const spellings = [
  ['#abc', '#aabbcc'],
  ['#ABC', '#aabbcc'],
  ['#0Fc', '#00ffcc'],
  ['#abcd', '#aabbccdd'],
  ['#ABCD', '#aabbccdd'],
  ['#1b4332', '#1b4332'],
  ['#1B43D2', '#1b43d2'],
  ['#1b433280', '#1b433280'],
  ['#1B4332FF', '#1b4332ff'],
] as const

const camelCase = (name: string) => name.replace(/_(.)/, (_, letter: string) => letter.toUpperCase())
const nested = (naming: (name: string) => string) => (value: string) => ({
  colors: Object.fromEntries(COLOR_NAMES.map((name) => [naming(name), value])),
})
const flat = (value: string) => ({ primary: value, accent: value, cream: value, sage: value })
const flatNames = ['primary', 'accent', 'background', 'secondary']

describe('a colour that the API accepts is a colour everywhere', () => {
  it.each(spellings)(
    '%s is %s: in the answer, the lookup, theme.css and on the page',
    async (sent, stored) => {
      for (const [spell, names] of [
        [nested((name) => name), COLOR_NAMES],
        [nested(camelCase), COLOR_NAMES],
        [flat, flatNames],
      ] as const) {
        const expected = Object.fromEntries(names.map((name) => [name, stored]))
        await change({ colors: null })
        expect((await change(spell(sent))).brand.colors).toEqual(expected)

        const config = await (await call(`/branding/by-slug/${tenant.slug}`)).json()
        expect(config.brand.colors).toEqual(expected)
        expect(parseConfig(config, 'https://page.example.com')?.colors).toEqual(expected)

        const css = await (await call(`/branding/by-slug/${tenant.slug}/theme.css`)).text()
        const declared = Object.fromEntries(
          [...css.matchAll(/--tenant-color-([a-z-]+): (.+);/g)].map(([, name, value]) => [
            name!.replaceAll('-', '_'),
            value,
          ]),
        )
        expect(declared).toEqual(expected)
      }
    },
  )

  it.each(spellings)(
    'the page reads %s as it reads %s, also where nobody has normalised it',
    (sent, stored) => {
      expect(toHex(parseColor(sent))).toBe(toHex(parseColor(stored)))
      const brand = { colors: { primary: sent } }
      expect(parseConfig({ display_name: 'A', brand }, 'https://page.example.com')?.colors.primary).toBe(sent)
    },
  )
})

async function change(brand: object): Promise<{ brand: { colors?: Record<string, string> } }> {
  const response = await changeBrand({ token: owner.token, tenant: tenant.slug }, { brand })
  expect(response.status).toBe(200)
  return response.json()
}
