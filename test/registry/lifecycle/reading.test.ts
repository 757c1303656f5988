import { beforeAll, describe, expect, inject, it } from 'vitest'
import { TenantLifecycleDetail } from '../../../lib/registry/index.ts'
import { call, problemOf } from '../../kit/call.ts'
import { admin } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'

let owner: Person
let manager: Person
let reviewer: Person
beforeAll(async () => {
  owner = await makePerson()
  manager = await makePerson()
  reviewer = await makePerson()
})
const apikey = inject('stack').secret_key
const make = (status: 'active' | 'frozen' | 'trial') =>
  makeTenant({ owner, admin: manager, reviewer, status })
const ask = (tenant: Tenant, who: object) => call(`/registry/tenants/${tenant.slug}/lifecycle`, who)
const read = async (tenant: Tenant, who: object = { token: owner.token }) => {
  const answer = await ask(tenant, who)
  expect(answer.status, await answer.clone().text()).toBe(200)
  return TenantLifecycleDetail.parse(await answer.json())
}
const day = 86_400_000
const daysBetween = (from: unknown, to: unknown) => (Date.parse(String(to)) - Date.parse(String(from))) / day

describe('the lifecycle of a tenant', () => {
  it('of an active one says since when, and that its owner may cancel it', async () => {
    const tenant = await make('active')
    const { since, ...rest } = await read(tenant)
    expect(Math.abs(Date.parse(String(since)) - Date.now())).toBeLessThan(60_000)
    expect(rest).toEqual({
      ...{ ref_id: tenant.ref_id, slug: tenant.slug, status: 'active', reason: null, trial_ends_at: null },
      ...{ freezes_at: null, frozen_at: null, archives_at: null, archived_at: null, purgeable_at: null },
      moves: ['frozen'],
    })
    expect((await read(tenant, { token: manager.token })).moves).toEqual([])
    expect((await read(tenant, { apikey })).moves).toEqual(['frozen', 'archived'])
    expect(await problemOf(await ask(tenant, { token: reviewer.token }))).toMatchObject({
      status: 403,
      code: 'forbidden',
    })
    const stranger = await makePerson()
    expect(await problemOf(await ask(tenant, { token: stranger.token }))).toMatchObject({ status: 404 })
  })

  it('of a cancelled one says why, when it is archived and from when on there is no way back', async () => {
    const tenant = await make('active')
    await admin.query(
      `update public.tenants set status_changed_at = now() - interval '9 days' where id = $1`,
      [tenant.id],
    )
    const before = await read(tenant)
    expect(Math.round(daysBetween(before.since, new Date().toISOString()))).toBe(9)
    await call(`/registry/tenants/${tenant.slug}/cancel`, {
      token: owner.token,
      body: { reason: 'We merge.' },
    })
    const after = await read(tenant)
    expect(after).toMatchObject({ status: 'frozen', reason: 'We merge.', moves: [] })
    expect(after.since).toBe(after.frozen_at)
    expect([
      daysBetween(after.frozen_at, after.archives_at),
      daysBetween(after.frozen_at, after.purgeable_at),
    ]).toEqual([30, 60])
    expect((await read(tenant, { apikey })).moves).toEqual(['active', 'archived'])
  })

  it('of a trial that is over says when it is frozen, and that only a plan makes it active', async () => {
    const tenant = await make('trial')
    await admin.query(`update public.tenants set plan = 'trial' where id = $1`, [tenant.id])
    const seen = await read(tenant)
    expect(daysBetween(seen.trial_ends_at, seen.freezes_at)).toBe(7)
    // Who may not change anything any more may not cancel either.
    expect(seen.moves).toEqual([])
    expect((await read(tenant, { apikey })).moves).toEqual(['frozen', 'archived'])
    await admin.query(`update public.tenants set trial_ends_at = now() + interval '3 days' where id = $1`, [
      tenant.id,
    ])
    expect((await read(tenant)).moves).toEqual(['frozen'])
  })

  it('says what cron will do: it does that at the moment, and not before', async () => {
    const set = (tenant: Tenant, change: string) =>
      admin.query(`update public.tenants set ${change} where id = $1`, [tenant.id])
    const [ended, frozen] = [await make('trial'), await make('frozen')]
    const due = `private.trial_grace()`
    await set(ended, `trial_ends_at = now() - ${due} + interval '1 hour'`)
    await set(frozen, `frozen_at = now() - private.frozen_window() + interval '1 hour'`)
    const run = () => admin.query('select private.freeze_ended_trials(), private.archive_frozen_tenants()')
    await run()
    expect([(await read(ended)).status, (await read(frozen)).status]).toEqual(['trial', 'frozen'])
    await set(ended, `trial_ends_at = now() - ${due} - interval '1 second'`)
    await set(frozen, `frozen_at = now() - private.frozen_window() - interval '1 second'`)
    expect(Date.parse(String((await read(ended)).freezes_at))).toBeLessThan(Date.now())
    expect(Date.parse(String((await read(frozen)).archives_at))).toBeLessThan(Date.now())
    await run()
    expect((await read(ended)).status).toBe('frozen')
    expect(await problemOf(await ask(frozen, { token: owner.token }))).toMatchObject({
      code: 'tenant_not_found',
    })
  })

  it.each([
    ['active', 'frozen'],
    ['active', 'archived'],
    ['active', 'active'],
    ['frozen', 'active'],
    ['frozen', 'archived'],
    ['trial', 'active'],
    ['trial', 'frozen'],
    ['trial', 'archived'],
  ] as const)('promises the platform the move from %s to %s just if it is not refused', async (from, to) => {
    const tenant = await make(from)
    if (from === 'trial')
      await admin.query(`update public.tenants set plan = 'trial' where id = $1`, [tenant.id])
    const { moves } = await read(tenant, { apikey })
    const { status } = await call(`/registry/tenants/${tenant.slug}/status`, {
      method: 'PUT',
      apikey,
      body: { status: to },
    })
    expect(moves.includes(to)).toBe(from !== to && status === 200)
  })
})
