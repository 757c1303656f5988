import { beforeAll, expect, it } from 'vitest'
import { BrandPreview } from '../../../lib/branding/index.ts'
import { call, problemOf } from '../../kit/call.ts'
import { admin } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'

let owner: Person
let tenant: Tenant
beforeAll(async () => {
  owner = await makePerson()
  tenant = await makeTenant({ owner })
})

const preview = (body: unknown) =>
  call('/branding/brand/preview', { method: 'POST', token: owner.token, tenant: tenant.slug, body })
async function made(body: unknown) {
  const reading = { token: owner.token, tenant: tenant.slug }
  const etag = (await call('/branding/brand', reading)).headers.get('etag') ?? ''
  return call('/branding/brand', { ...reading, method: 'PATCH', headers: { 'if-match': etag }, body })
}
const current = async () => (await call(`/branding/by-slug/${tenant.slug}`)).json()

/** Everything that a change leaves behind. */
async function traces() {
  const { rows } = await admin.query(
    `select b.updated_at, (select count(*)::int from public.audit_log as l where l.tenant_id = b.tenant_id) as logged,
       (select count(*)::int from public.webhook_events as e where e.tenant_id = b.tenant_id) as told
     from public.tenant_brands as b where b.tenant_id = $1`,
    [tenant.id],
  )
  return rows[0]
}

it('answers the page as the change would make it, and changes nothing', async () => {
  const [page, left] = [await current(), await traces()]
  const response = await preview({
    display_name: 'Tried',
    brand: { colors: { primary: '#ABC' }, tagline: 'Soon' },
  })
  expect(response.status).toBe(200)
  const tried = BrandPreview.parse(await response.json())
  expect(tried.page).toEqual({
    ...page,
    display_name: 'Tried',
    brand: { ...page.brand, colors: { primary: '#aabbcc' }, tagline: 'Soon' },
  })
  expect(await current()).toEqual(page)
  expect(await traces()).toEqual(left)
})

it('is what the public lookup answers after the change was made', async () => {
  const change = { brand: { fonts: { heading: 'Lora' }, messages: { welcome: 'Welcome' } } }
  const tried = BrandPreview.parse(await (await preview(change)).json())
  await made(change)
  expect(await current()).toEqual(tried.page)
})

it('says what visitors will not see as it was meant', async () => {
  const response = await preview({ brand: { fonts: { heading: 'Papyrus' } } })
  expect(BrandPreview.parse(await response.json()).warnings).toMatchObject([
    { pointer: '/brand/fonts/heading' },
  ])
})

it('refuses what the change would refuse, in the same words', async () => {
  const bad = { brand: { colors: { primary: 'reddish' } } }
  const tried = await problemOf(await preview(bad))
  const refused = await problemOf(await made(bad))
  expect(tried).toEqual(refused)
  expect(tried.pointers).toEqual(['/brand/colors/primary'])
})

it('has no page of a brand that would be switched off', async () => {
  expect(await (await preview({ is_active: false })).json()).toMatchObject({ page: null })
})
