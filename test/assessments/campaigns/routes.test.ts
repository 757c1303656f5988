import { beforeEach, expect, it } from 'vitest'
import { Campaign, Campaigns } from '../../../lib/assessments/index.ts'
import { changeBrand } from '../../branding/brand/editor.ts'
import { call, problemOf } from '../../kit/call.ts'
import { admin } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'

let owner: Person
let tenant: Tenant
beforeEach(async () => {
  owner ??= await makePerson()
  tenant = await makeTenant({ owner })
})

const ask = (path = '', options: { method?: string; body?: unknown; person?: Person } = {}) =>
  call(`/assessments/campaigns${path}`, {
    ...{ token: (options.person ?? owner).token, tenant: tenant.slug },
    ...options,
  })
async function made(body: object = {}): Promise<Campaign> {
  const response = await ask('', { body: { name: 'Spring', ...body } })
  expect(response.status, await response.clone().text()).toBe(201)
  return Campaign.parse(await response.json())
}
const changed = async (ref: string, body: object) => ask(`/${ref}`, { method: 'PATCH', body })

it('a campaign is made as the table would, with the address at which it is taken', async () => {
  const campaign = await made()
  expect(campaign).toMatchObject({
    ...{ name: 'Spring', assessment_type: 'industry4', status: 'open', results_disclosure: 'full' },
    ...{ mode: null, opens_at: null, closes_at: null, landing: {}, is_switched_off: false },
  })
  const url = new URL(campaign.url!)
  expect([url.pathname, url.searchParams.get('campaign'), url.searchParams.get('tenant')]).toEqual([
    '/quiz/',
    campaign.ref_id,
    tenant.slug,
  ])
  expect(await (await ask(`/${campaign.ref_id}`)).json()).toEqual(JSON.parse(JSON.stringify(campaign)))
  const asOwner = { token: owner.token, tenant: tenant.slug }
  await changeBrand(asOwner, { canonical_quiz_url: 'https://quiz.example.com/', slug_prefix: 'ada' })
  const own = Campaign.parse(await (await ask(`/${campaign.ref_id}`)).json())
  expect(own.url).toBe(`https://quiz.example.com/ada?campaign=${campaign.ref_id}`)
})

it('a change keeps what it does not name, and null empties', async () => {
  const { ref_id } = await made({
    // An offset that Postgres does not know.
    ...{ opens_at: '2027-03-01T09:00:00+18:00', status: 'draft', mode: 'likert', results_disclosure: 'none' },
    landing: { headline: 'Where do you stand?' },
  })
  const opened = await changed(ref_id, { status: 'open', opens_at: null, landing: { intro: 'Hello' } })
  expect(Campaign.parse(await opened.json())).toMatchObject({
    ...{ name: 'Spring', status: 'open', opens_at: null, mode: 'likert', results_disclosure: 'none' },
    landing: { intro: 'Hello' },
  })
})

it('a request that is sent again with its ref_id makes one campaign', async () => {
  const ref_id = '01M7Z8XW4QY3N5V7B9C1D3F5G7'
  expect(await made({ ref_id })).toEqual(await made({ ref_id, name: 'Other' }))
  const { campaigns } = Campaigns.parse(await (await ask()).json())
  expect(campaigns.map(({ name }) => name)).toEqual(['Spring'])
})

it('the list has those of one status, if that is asked', async () => {
  await made({ status: 'draft', name: 'Draft' })
  await made()
  const { campaigns } = Campaigns.parse(await (await ask('?status=draft')).json())
  expect(campaigns.map(({ name }) => name)).toEqual(['Draft'])
})

it.each([
  [{ name: ' ' }, 'invalid_body', '/name'],
  [{ name: 'a\u0000' }, 'invalid_body', '/name'],
  [{ name: 'a\nb' }, 'invalid_body', '/name'],
  [{ opens_at: 'soon' }, 'invalid_body', '/opens_at'],
  [{ opens_at: '0001-01-01T00:00:00Z' }, 'invalid_body', '/opens_at'],
  [{ opens_at: '2027-03-01T09:00:00Z', closes_at: '2027-03-01T09:00:00Z' }, 'invalid_value', '/closes_at'],
  [{ assessment_type: 'nothing' }, 'unknown_assessment', '/assessment_type'],
  [{ assessment_type: 'money-archetypes' }, 'assessment_not_enabled', '/assessment_type'],
  [{ mode: 'nothing' }, 'invalid_value', '/mode'],
  [{ landing: { headline: ' ' } }, 'invalid_body', '/landing/headline'],
  [{ landing: { headline: 'a\u0007' } }, 'invalid_value', '/landing'],
  [{ landing: { other: 1 } }, 'invalid_body', '/landing/other'],
  [{ tenant_id: 'x' }, 'invalid_body', '/tenant_id'],
] as const)('%j is refused at its place, in a new one and in a change', async (body, code, pointer) => {
  const { ref_id } = await made({ name: 'Before' })
  for (const response of [await ask('', { body: { name: 'New', ...body } }), await changed(ref_id, body)]) {
    const told = await problemOf(response.clone())
    expect([told.code, told.pointers[0]]).toEqual([code, pointer])
  }
  const { campaigns } = Campaigns.parse(await (await ask()).json())
  expect(campaigns.map(({ name }) => name)).toEqual(['Before'])
})

it('a plan that has no place for it is told', async () => {
  tenant = await makeTenant({ owner, plan: 'starter' })
  for (let n = 0; n < 5; n++) await made()
  expect(await problemOf(await ask('', { body: { name: 'Sixth' } }))).toMatchObject({
    ...{ status: 402, code: 'limit_reached' },
  })
})

it('a deleted campaign leaves its participants', async () => {
  const { ref_id } = await made()
  await admin.query(
    `insert into public.participant_sessions (tenant_id, campaign_id)
     select tenant_id, id from public.campaigns where tenant_id = $1`,
    [tenant.id],
  )
  expect((await ask(`/${ref_id}`, { method: 'DELETE' })).status).toBe(204)
  const { rows } = await admin.query(
    'select campaign_id from public.participant_sessions where tenant_id = $1',
    [tenant.id],
  )
  expect(rows).toEqual([{ campaign_id: null }])
  for (const method of ['GET', 'DELETE', 'PATCH'])
    expect(
      await problemOf(
        await ask(`/${ref_id}`, { method, ...(method === 'PATCH' && { body: { name: 'x' } }) }),
      ),
    ).toMatchObject({ status: 404, code: 'campaign_not_found' })
})

it('a ref_id of another tenant’s campaign finds nothing, and makes one of one’s own', async () => {
  const theirs = await made()
  const other = await makePerson()
  tenant = await makeTenant({ owner: other })
  for (const method of ['GET', 'DELETE'])
    expect((await ask(`/${theirs.ref_id}`, { method, person: other })).status).toBe(404)
  const response = await ask('', { person: other, body: { name: 'Mine', ref_id: theirs.ref_id } })
  expect([response.status, Campaign.parse(await response.json()).name]).toEqual([201, 'Mine'])
})
