import { beforeEach, describe, expect, inject, it } from 'vitest'
import { TenantPlan } from '../../../lib/registry/index.ts'
import { call, problemOf } from '../../kit/call.ts'
import { admin, asUser, rolledBack, superuser } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { forceTenant, makeTenant, type Tenant } from '../../kit/tenants.ts'

const apikey = inject('stack').secret_key
let owner: Person
let tenant: Tenant
beforeEach(async () => {
  owner = await makePerson()
  tenant = await makeTenant({ owner, plan: 'starter' })
})

const put = (what: 'plan' | 'trial', body: unknown, by: { apikey?: string; token?: string } = { apikey }) =>
  call(`/registry/tenants/${tenant.slug}/${what}`, { method: 'PUT', ...by, body })
const inDays = (days: number) => new Date(Date.now() + days * 86_400_000)
const stateOf = async ({ id }: Tenant) =>
  (await admin.query('select plan, status, status_reason from public.tenants where id = $1', [id])).rows[0]

describe('changing a plan', () => {
  it('is for the platform alone', async () => {
    expect(await problemOf(await put('plan', { plan: 'business' }, { token: owner.token }))).toMatchObject({
      status: 403,
    })
    await expect(
      asUser(owner.id, (db) => db.query(`select private.change_plan($1, 'business')`, [tenant.id])),
    ).rejects.toMatchObject({ code: '42501' })
    await expect(
      asUser(owner.id, (db) =>
        db.query(`update public.tenants set plan = 'business' where id = $1`, [tenant.id]),
      ),
    ).rejects.toMatchObject({ code: '42501' })
    expect(await stateOf(tenant)).toMatchObject({ plan: 'starter' })
  })

  it('opens what the new plan has, is in the audit log, and is an event', async () => {
    const answer = await put('plan', { plan: 'business' })
    expect(TenantPlan.parse(await answer.json())).toMatchObject({ plan: 'business', status: 'active' })
    const { rows: has } = await admin.query(`select private.has_feature($1, 'sso') as has`, [tenant.id])
    expect(has).toEqual([{ has: true }])
    const { rows: logged } = await superuser.query<{ metadata: unknown }>(
      `select metadata from public.audit_log where tenant_id = $1 and target_type = 'tenants' order by seq desc limit 1`,
      [tenant.id],
    )
    expect(JSON.stringify(logged)).toMatch(/starter.*business|business.*starter/)
    const { rows: events } = await admin.query(
      `select payload::jsonb -> 'data' as data from public.webhook_events where tenant_id = $1 and type = 'tenant.plan_changed'`,
      [tenant.id],
    )
    expect(events).toEqual([
      {
        data: {
          tenant: { ref_id: tenant.ref_id, slug: tenant.slug },
          old_plan: 'starter',
          new_plan: 'business',
        },
      },
    ])
  })

  it('to the plan it has changes nothing', async () => {
    expect((await put('plan', { plan: 'starter' })).status).toBe(200)
    const { rows } = await admin.query(
      `select from public.webhook_events where tenant_id = $1 and type like 'tenant.%'`,
      [tenant.id],
    )
    expect(rows).toEqual([])
  })

  it.each([
    ['trial', 'trial', 'active'],
    ['frozen', 'trial', 'active'],
    ['frozen', 'starter', 'frozen'],
    ['active', 'business', 'active'],
  ])('of a tenant that is %s with the plan %s leaves it %s', async (status, plan, then) => {
    await forceTenant(
      superuser,
      tenant.id,
      `status = '${status}', plan = '${plan}', trial_ends_at = now() - interval '1 day',
       frozen_at = ${status === 'frozen' ? 'now()' : 'null'}`,
    )
    expect(TenantPlan.parse(await (await put('plan', { plan: 'professional' })).json())).toMatchObject({
      plan: 'professional',
      status: then,
    })
  })

  it.each([['trial'], ['platinum'], [''], [7], [undefined]])('refuses the plan %s', async (plan) => {
    expect(await problemOf(await put('plan', { plan }))).toMatchObject({ status: 422, pointers: ['/plan'] })
  })

  it('refuses a tenant that is archived, and one that is not there', async () => {
    await admin.query(`update public.tenants set status = 'archived' where id = $1`, [tenant.id])
    expect(await problemOf(await put('plan', { plan: 'business' }))).toMatchObject({
      code: 'tenant_not_found',
    })
    const nowhere = await call('/registry/tenants/nobodys/plan', {
      method: 'PUT',
      apikey,
      body: { plan: 'business' },
    })
    expect(await problemOf(nowhere)).toMatchObject({ status: 404, code: 'tenant_not_found' })
  })

  it('waits for whoever asks under the old plan', async () => {
    await rolledBack(admin, async (db) => {
      await db.query(`select private.change_plan($1, 'business')`, [tenant.id])
      const other = admin.query(`select private.change_plan($1, 'professional')`, [tenant.id])
      expect(await Promise.race([other, new Promise((done) => setTimeout(done, 200, 'waits'))])).toBe('waits')
      await db.query('commit')
      await other
    })
    expect(await stateOf(tenant)).toMatchObject({ plan: 'professional' })
  })
})

describe('a tenant with the plan of a trial', () => {
  it('does not become active before a plan is chosen', async () => {
    await forceTenant(superuser, tenant.id, `status = 'trial', plan = 'trial', trial_ends_at = now()`)
    const activate = () =>
      call(`/registry/tenants/${tenant.slug}/status`, { method: 'PUT', apikey, body: { status: 'active' } })
    expect(await problemOf(await activate())).toMatchObject({ status: 409, code: 'invalid_status_move' })
    await put('plan', { plan: 'starter' })
    expect(await stateOf(tenant)).toMatchObject({ plan: 'starter', status: 'active' })
  })
})

describe('extending a trial', () => {
  const inTrial = () =>
    forceTenant(
      superuser,
      tenant.id,
      `status = 'trial', plan = 'trial', trial_ends_at = now() - interval '1 hour'`,
    )

  it('lets its people write again, and is an event', async () => {
    await inTrial()
    const rename = () =>
      call(`/registry/tenants/${tenant.slug}`, {
        method: 'PATCH',
        token: owner.token,
        body: { name: 'Again' },
      })
    expect(await problemOf(await rename())).toMatchObject({ code: 'trial_ended' })
    const ends_at = inDays(10)
    expect(TenantPlan.parse(await (await put('trial', { ends_at })).json())).toMatchObject({
      status: 'trial',
      trial_ends_at: ends_at.toISOString(),
    })
    expect((await rename()).status).toBe(200)
    const { rows } = await admin.query(
      `select payload::jsonb -> 'data' as data from public.webhook_events where tenant_id = $1 and type = 'tenant.trial_extended'`,
      [tenant.id],
    )
    expect(rows[0].data).toMatchObject({ trial_ends_at: ends_at.toISOString() })
  })
  it.each([[inDays(-1)], [inDays(91)]])('refuses %s', async (ends_at) => {
    await inTrial()
    expect(await problemOf(await put('trial', { ends_at }))).toMatchObject({
      status: 422,
      pointers: ['/ends_at'],
    })
  })
  it('refuses a tenant that is not in trial', async () => {
    expect(await problemOf(await put('trial', { ends_at: inDays(5) }))).toMatchObject({
      status: 409,
      code: 'not_in_trial',
    })
  })
})
