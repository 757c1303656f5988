import { beforeEach, describe, expect, inject, it } from 'vitest'
import { Entitlements } from '../../../lib/registry/index.ts'
import { call, problemOf } from '../../kit/call.ts'
import { admin, asUser, superuser } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { forceTenant, makeTenant, type Tenant } from '../../kit/tenants.ts'
import { makeEndpoint, patch } from '../../webhooks/endpoints/world.ts'
import { logEvent, makeKey } from '../api-keys/world.ts'

// A tenant of the plan "business" has everything that a smaller plan does not allow. What becomes of it, from a
// person's and a visitor's side.

const apikey = inject('stack').secret_key
let owner: Person
let newest: Person
let tenant: Tenant
let host: string
let key: string
let endpoint: string
let campaigns: string[]

const changePlan = async (plan: string) =>
  expect(
    (await call(`/registry/tenants/${tenant.slug}/plan`, { method: 'PUT', apikey, body: { plan } })).status,
  ).toBe(200)
const overPlan = async () => {
  const answer = await call(`/registry/tenants/${tenant.slug}/entitlements`, { token: owner.token })
  return Entitlements.parse(await answer.json()).over_plan
}
/** The thirty days are over, and cron comes by. */
const endGrace = async () => {
  await admin.query(
    `update public.plan_excesses set switches_off_at = now() - interval '1 second' where tenant_id = $1`,
    [tenant.id],
  )
  await settle()
}
const settle = () => admin.query('select private.settle_plans(100000)')
const insertParticipant = (campaign: string) =>
  asUser(owner.id, (db) =>
    db.query('insert into public.participant_sessions (tenant_id, campaign_id) values ($1, $2)', [
      tenant.id,
      campaign,
    ]),
  )
const eventsOf = async (type: string) =>
  (
    await admin.query<{ gate: string }>(
      `select payload::jsonb #>> '{data,gate}' as gate from public.webhook_events where tenant_id = $1 and type = $2 order by 1`,
      [tenant.id, type],
    )
  ).rows.map(({ gate }) => gate)
const signInMethod = async () =>
  (await admin.query(`select public.find_idp_for_email($1) ->> 'method' as method`, [`a@${host}`])).rows[0]
    .method

/** What works now of what the tenant has, as those who use it see it. */
async function whatWorks(): Promise<Record<string, boolean>> {
  const page = await call(`/branding/by-domain/${host}`)
  const shown = await call(`/branding/by-slug/${tenant.slug}`)
  const { rows } = await admin.query('select is_enabled from public.webhook_endpoints where ref_id = $1', [
    endpoint,
  ])
  const works = (attempt: Promise<unknown>) =>
    attempt.then(
      () => true,
      () => false,
    )
  return {
    domain: page.status === 200,
    key: (await logEvent(key)).ok,
    endpoint: rows[0].is_enabled,
    sso: (await signInMethod()) === 'sso',
    white_label: !((await shown.json()) as { brand: { show_powered_by: boolean } }).brand.show_powered_by,
    newest_member:
      (await call('/branding/brand', { token: newest.token, tenant: tenant.slug })).status === 200,
    oldest_campaign: await works(insertParticipant(campaigns[0]!)),
    newest_campaign: await works(insertParticipant(campaigns.at(-1)!)),
  }
}
const all = {
  domain: true,
  key: true,
  endpoint: true,
  sso: true,
  white_label: true,
  newest_member: true,
  oldest_campaign: true,
  newest_campaign: true,
}
const onStarter = {
  ...all,
  domain: false,
  key: false,
  endpoint: false,
  sso: false,
  white_label: false,
  newest_member: false,
  newest_campaign: false,
}
/** Isolates believe a page for five seconds and a key for ten. */
const soon = { interval: 500 }
const gates = ['api_keys', 'campaigns', 'domains', 'members', 'sso', 'webhook_endpoints', 'white_label']

beforeEach(async () => {
  owner = await makePerson()
  newest = await makePerson()
  tenant = await makeTenant({ owner, plan: 'business' })
  host = `${tenant.slug}.example.com`
  for (const person of [await makePerson(), await makePerson(), newest])
    await admin.query('insert into public.tenant_members (tenant_id, user_id) values ($1, $2)', [
      tenant.id,
      person.id,
    ])
  await admin.query(
    `insert into public.tenant_domains (tenant_id, host, status, verified_at, is_primary) values ($1, $2, 'verified', now(), true)`,
    [tenant.id, host],
  )
  await superuser.query(
    `insert into public.tenant_idp_config (tenant_id, type, verified, verified_at, last_checked_at, sso_provider_id)
     values ($1, 'oidc', true, now(), now(), gen_random_uuid())`,
    [tenant.id],
  )
  await admin.query(
    `update public.tenant_brands set brand = brand || '{"show_powered_by": false}' where tenant_id = $1`,
    [tenant.id],
  )
  key = (await makeKey(tenant, owner, { scopes: ['usage:write'] })).key
  endpoint = (await makeEndpoint({ owner, admin: owner, member: owner, tenant })).ref_id
  const { rows } = await admin.query<{ id: string }>(
    `insert into public.campaigns (tenant_id, name, created_at)
     select $1, 'Campaign ' || n, now() + n * interval '1 second' from generate_series(1, 6) as n returning id`,
    [tenant.id],
  )
  campaigns = rows.map(({ id }) => id)
})

describe('after a change to a smaller plan', () => {
  it('everything works for 30 days, and is listed with the day on which it ends', async () => {
    expect(await overPlan()).toEqual([])
    await changePlan('starter')
    const over = await overPlan()
    expect(over.map(({ gate }) => gate)).toEqual(gates)
    expect(over.find(({ gate }) => gate === 'campaigns')).toMatchObject({ in_use: 6, most: 5 })
    for (const { switches_off_at, switched_off_at } of over) {
      expect(switched_off_at).toBeNull()
      const days = (new Date(switches_off_at).getTime() - Date.now()) / 86_400_000
      expect(days).toBeGreaterThan(29.9)
      expect(days).toBeLessThan(30.1)
    }
    await settle()
    expect(await whatWorks()).toEqual(all)
    expect(await eventsOf('tenant.plan_exceeded')).toEqual(gates)
    // No more of it can be made.
    const answer = await call(`/registry/tenants/${tenant.slug}/api-keys`, {
      token: owner.token,
      body: { name: 'one more', scopes: ['usage:write'] },
    })
    expect(answer.status).toBe(402)
  })

  it('what is beyond it is then switched off, the newest first, and nothing is deleted', {
    timeout: 90_000,
  }, async () => {
    await changePlan('starter')
    await endGrace()
    await expect.poll(whatWorks, soon).toEqual(onStarter)
    expect((await overPlan()).every(({ switched_off_at }) => switched_off_at !== null)).toBe(true)
    expect(await eventsOf('tenant.plan_enforced')).toEqual(gates)
    expect(await problemOf(await logEvent(key))).toMatchObject({ status: 401, code: 'invalid_api_key' })
    const { rows } = await admin.query(
      `select (select count(*)::int from public.tenant_members where tenant_id = $1 and status = 'active') as members,
         (select count(*)::int from public.tenant_members where tenant_id = $1) as all_members,
         (select count(*)::int from public.campaigns where tenant_id = $1) as campaigns,
         (select disabled_reason from public.webhook_endpoints where tenant_id = $1) as reason`,
      [tenant.id],
    )
    expect(rows).toEqual([{ members: 3, all_members: 4, campaigns: 6, reason: 'over_plan' }])
    await expect(insertParticipant(campaigns[5]!)).rejects.toMatchObject({
      code: 'PT402',
      message: 'limit_reached',
    })
    // Cron comes by every ten minutes, and tells it once.
    await settle()
    expect(await eventsOf('tenant.plan_enforced')).toEqual(gates)

    await changePlan('business')
    await expect.poll(whatWorks, soon).toEqual(all)
    expect(await overPlan()).toEqual([])
  })

  it('nobody switches it on again by hand', async () => {
    await changePlan('starter')
    await endGrace()
    const enabling = await patch({ owner, admin: owner, member: owner, tenant }, endpoint, {
      disabled: false,
    })
    expect(await problemOf(enabling)).toMatchObject({ status: 402, code: 'feature_not_in_plan' })
    const activating = await call(`/registry/tenants/${tenant.slug}/members/${await refOf(newest)}`, {
      method: 'PATCH',
      token: owner.token,
      body: { status: 'active' },
    })
    expect(await problemOf(activating)).toMatchObject({ status: 402, code: 'limit_reached' })
    for (const statement of [
      'update public.campaigns set switched_off_at = null where tenant_id = $1',
      'update public.api_keys set switched_off_at = null where tenant_id = $1',
      'update public.tenant_domains set switched_off_at = null where tenant_id = $1',
      'delete from public.plan_excesses where tenant_id = $1',
      `update public.plan_excesses set switches_off_at = 'infinity' where tenant_id = $1`,
    ])
      await expect(asUser(owner.id, (db) => db.query(statement, [tenant.id]))).rejects.toMatchObject({
        code: '42501',
      })
  })

  it('what gives its place back leaves it to the next one', async () => {
    await changePlan('starter')
    await endGrace()
    await admin.query('delete from public.campaigns where tenant_id = $1 and id = $2', [
      tenant.id,
      campaigns[0],
    ])
    await settle()
    await insertParticipant(campaigns[5]!)
    expect((await overPlan()).map(({ gate }) => gate)).not.toContain('campaigns')
  })

  it('what somebody disabled stays disabled when the plan is large again', async () => {
    const world = { owner, admin: owner, member: owner, tenant }
    const other = (await makeEndpoint(world)).ref_id
    await patch(world, other, { disabled: true })
    await changePlan('starter')
    await endGrace()
    await changePlan('business')
    const { rows } = await admin.query(
      'select ref_id, is_enabled, disabled_reason from public.webhook_endpoints where tenant_id = $1 order by id',
      [tenant.id],
    )
    expect(rows).toEqual([
      { ref_id: endpoint, is_enabled: true, disabled_reason: null },
      { ref_id: other, is_enabled: false, disabled_reason: 'by_hand' },
    ])
  })

  it('an owner stays active, however new and however small the plan', async () => {
    await admin.query(`update public.tenant_members set role = 'owner' where tenant_id = $1`, [tenant.id])
    await changePlan('starter')
    await endGrace()
    const { rows } = await admin.query(
      `select count(*)::int as active from public.tenant_members where tenant_id = $1 and status = 'active'`,
      [tenant.id],
    )
    expect(rows).toEqual([{ active: 4 }])
  })
})

describe('the time to keep it', () => {
  it('begins anew only after the plan was large enough', async () => {
    await changePlan('starter')
    await admin.query(
      `update public.plan_excesses set switches_off_at = now() + interval '1 day' where tenant_id = $1`,
      [tenant.id],
    )
    await changePlan('professional')
    const days = async (gate: string) =>
      (new Date((await overPlan()).find((one) => one.gate === gate)!.switches_off_at).getTime() -
        Date.now()) /
      86_400_000
    expect(await days('api_keys')).toBeLessThan(1.1)
    // Professional allows six campaigns, so their days begin again.
    await changePlan('starter')
    expect(await days('campaigns')).toBeGreaterThan(29.9)
  })

  it('does not begin while the tenant is frozen, but when it is active again', async () => {
    await forceTenant(superuser, tenant.id, `status = 'frozen', frozen_at = now(), status_reason = 'unpaid'`)
    await changePlan('starter')
    expect(
      (await admin.query('select from public.plan_excesses where tenant_id = $1', [tenant.id])).rowCount,
    ).toBe(0)
    await admin.query(`update public.tenants set status = 'active' where id = $1`, [tenant.id])
    expect((await overPlan()).map(({ gate }) => gate)).toEqual(gates)
  })
})

const refOf = async ({ id }: Person) =>
  (await admin.query<{ ref: string }>('select private.ulid($1::uuid) as ref', [id])).rows[0]!.ref
