import { beforeAll, describe, expect, it } from 'vitest'
import { Brand } from '../../../lib/branding/index.ts'
import { call, problemOf } from '../../kit/call.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { changeBrand } from './editor.ts'

let owner: Person
let tenant: Tenant
beforeAll(async () => {
  owner = await makePerson()
  tenant = await makeTenant({ owner })
})

const change = (body: unknown, token = owner.token, slug = tenant.slug) =>
  changeBrand({ token, tenant: slug }, body)
const changed = async (body: unknown) => {
  const response = await change(body)
  expect(response.status).toBe(200)
  return Brand.parse(await response.json())
}

describe('reading the brand', () => {
  it('shows all of it, and is 304 when it is held', async () => {
    const response = await call('/branding/brand', { token: owner.token })
    expect(response.headers.get('cache-control')).toBe('private, no-cache')
    expect(Brand.parse(await response.json())).toMatchObject({
      ref_id: tenant.ref_id,
      display_name: tenant.slug,
      is_active: true,
    })
    const headers = { 'if-none-match': response.headers.get('etag') ?? '' }
    expect((await call('/branding/brand', { token: owner.token, headers })).status).toBe(304)
  })
})

describe('changing the brand', () => {
  it('changes what is named, leaves the rest, and null takes away', async () => {
    await changed({
      brand: { colors: { primary: '#AABBCC', text: '#000' }, tagline: 'Lead' },
      coach_name: 'Mara',
      coach_title: 'Coach',
    })
    expect(
      await changed({ brand: { colors: { primary: '#abcdef' }, tagline: null }, coach_title: null }),
    ).toMatchObject({
      brand: { colors: { primary: '#abcdef', text: '#000000' } },
      coach_name: 'Mara',
      coach_title: null,
    })
    expect((await changed({ brand: { colors: null } })).brand).toEqual({})
  })
  it('takes the spellings of both requirement documents and keeps one', async () => {
    const { brand } = await changed({
      brand: {
        accent: '#FF8800',
        logoUrl: 'https://cdn.example.com/a.svg',
        fontHeading: 'Lato',
        colors: { primaryHover: '#111111' },
        welcomeMessage: 'Hello',
        showPoweredBy: false,
      },
    })
    expect(brand).toMatchObject({
      colors: { accent: '#ff8800', primary_hover: '#111111' },
      logo: { url: 'https://cdn.example.com/a.svg' },
      fonts: { heading: 'Lato' },
      messages: { welcome: 'Hello' },
      show_powered_by: false,
    })
  })
  it('merges the e-mail settings, and null takes away', async () => {
    await changed({ email_config: { reply_to: 'coach@example.com', from_name: 'Mara' } })
    expect((await changed({ email_config: { from_name: null } })).email_config).toEqual({
      reply_to: 'coach@example.com',
    })
  })
  it('keeps markup in a text as text', async () => {
    const tagline = '</style><script>alert("1")</script>'
    expect((await changed({ brand: { tagline } })).brand.tagline).toBe(tagline)
  })

  it.each<[unknown, string, string[]]>([
    [{}, 'invalid_body', ['']],
    [{ colour: 'x', is_active: true }, 'invalid_body', ['/colour']],
    [{ slug: 'other-slug', is_active: true }, 'invalid_body', ['/slug']],
    [{ tenant_id: 'x', is_active: 'yes' }, 'invalid_body', ['/is_active', '/tenant_id']],
    [{ display_name: ' ' }, 'invalid_body', ['/display_name']],
    [{ brand: 'green' }, 'invalid_body', ['/brand']],
    [{ brand: { colors: { primary: 'red' } } }, 'invalid_brand', ['/brand/colors/primary']],
    [{ brand: { colors: { primary: '#12345g' } } }, 'invalid_brand', ['/brand/colors/primary']],
    [{ brand: { colors: { primary: '#fff;}body{color:red' } } }, 'invalid_brand', ['/brand/colors/primary']],
    [{ brand: { colors: { primaryHover: 'url(x)' } } }, 'invalid_brand', ['/brand/colors/primaryHover']],
    [
      { brand: { colors: { primary: 7, 'a/b~c': '#fff' } } },
      'invalid_brand',
      ['/brand/colors/a~1b~0c', '/brand/colors/primary'],
    ],
    [{ brand: { logo: { url: 'javascript:alert(1)' } } }, 'invalid_brand', ['/brand/logo/url']],
    [{ brand: { logoUrl: 'data:text/html,x' } }, 'invalid_brand', ['/brand/logoUrl']],
    [{ brand: { logo: { url: 'http://cdn.example.com/a.svg' } } }, 'invalid_brand', ['/brand/logo/url']],
    [{ brand: { logo: { url: 'https://user:pass@example.com/' } } }, 'invalid_brand', ['/brand/logo/url']],
    [{ brand: { logo: { url: 'https://x.example/"><script>' } } }, 'invalid_brand', ['/brand/logo/url']],
    [{ brand: { fonts: { heading: 'Lato"; }' } } }, 'invalid_brand', ['/brand/fonts/heading']],
    [{ brand: { theme_mode: 'dark' } }, 'invalid_brand', ['/brand/theme_mode']],
    [{ brand: { tagline: 'a\u202eb' } }, 'invalid_brand', ['/brand/tagline']],
    [{ brand: { tagline: 'a\u0000b' } }, 'invalid_body', ['/brand/tagline']],
    [{ brand: { css: '*{}' } }, 'invalid_brand', ['/brand/css']],
    [{ email_config: { reply_to: 'nobody' } }, 'invalid_email_config', ['/email_config/reply_to']],
    [
      { email_config: { from_name: 'a\nBcc: x@example.com' } },
      'invalid_email_config',
      ['/email_config/from_name'],
    ],
    [{ email_config: { smtp: 'x' } }, 'invalid_body', ['/email_config/smtp']],
    [{ website_url: 'javascript:alert(1)' }, 'invalid_value', ['/website_url']],
    [{ booking_url: '//example.com' }, 'invalid_value', ['/booking_url']],
    [{ canonical_quiz_url: 'ftp://example.com' }, 'invalid_value', ['/canonical_quiz_url']],
    [{ slug_prefix: '../x' }, 'invalid_value', ['/slug_prefix']],
    [{ enabled_assessments: ['a,b'] }, 'invalid_body', ['/enabled_assessments/0']],
  ])('refuses %j', async (body, code, pointers) => {
    const before = await (await call('/branding/brand', { token: owner.token })).text()
    const refusal = await problemOf(await change(body))
    expect({ ...refusal, pointers: refusal.pointers.toSorted() }).toEqual({ status: 422, code, pointers })
    expect(await (await call('/branding/brand', { token: owner.token })).text()).toBe(before)
  })

  it('takes the permission "manage"', async () => {
    const [admin, member, reviewer] = [await makePerson(), await makePerson(), await makePerson()]
    const shared = await makeTenant({ owner, admin, member, reviewer })
    const statuses = [owner, admin, member, reviewer].map(
      async ({ token }) => (await change({ is_active: true }, token, shared.slug)).status,
    )
    expect(await Promise.all(statuses)).toEqual([200, 200, 403, 403])
  })
  it.each([
    ['frozen', 403, 'tenant_frozen', 200],
    ['trial', 403, 'trial_ended', 200],
    ['archived', 404, 'tenant_not_found', 404],
  ] as const)(
    'of a tenant that is %s is refused with %i %s, and reading it is %i',
    async (status, refused, code, readable) => {
      const still = await makeTenant({ owner, status })
      expect(await problemOf(await change({ is_active: false }, owner.token, still.slug))).toMatchObject({
        status: refused,
        code,
      })
      expect((await call('/branding/brand', { token: owner.token, tenant: still.slug })).status).toBe(
        readable,
      )
    },
  )
})

describe('which tenant is meant', () => {
  it('is said by slug or ref_id, and goes without saying for a member of one', async () => {
    const [member, both] = [await makePerson(), await makePerson()]
    const [first, second] = [await makeTenant({ member, owner: both }), await makeTenant({ owner: both })]
    const meant = async (token: string, name?: string) =>
      Brand.parse(
        await (await call('/branding/brand', { token, ...(name !== undefined && { tenant: name }) })).json(),
      ).slug
    expect(await meant(member.token)).toBe(first.slug)
    expect(await meant(both.token, second.slug)).toBe(second.slug)
    expect(await meant(both.token, first.ref_id)).toBe(first.slug)
    expect(await problemOf(await call('/branding/brand', { token: both.token }))).toMatchObject({
      status: 400,
      code: 'tenant_required',
    })
  })
  it('cannot be one of others, one that is not, or none', async () => {
    const other = await makeTenant({ owner: await makePerson() })
    const nobody = await makePerson()
    for (const name of [other.slug, other.ref_id, other.id, 'no-such-tenant', '', "x' or true --", '%']) {
      const response = await call('/branding/brand', { token: owner.token, tenant: name })
      expect(await problemOf(response)).toMatchObject({ status: 404, code: 'tenant_not_found' })
    }
    expect(await problemOf(await call('/branding/brand', { token: nobody.token }))).toMatchObject({
      status: 404,
      code: 'tenant_not_found',
    })
  })
})
