import fc from 'fast-check'
import { beforeAll, describe, expect, inject, it, vi } from 'vitest'
import { UsageBatchResult, type UsageEventResult } from '../../../lib/usage/index.ts'
import { call, problemOf } from '../../kit/call.ts'
import { admin, rolledBack, superuser } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'

// A busy machine makes this slow, not wrong.
vi.setConfig({ testTimeout: 120_000 })

const most = 20
const plan = 'probe_metering'
let owner: Person
beforeAll(async () => {
  owner = await makePerson()
  // A plan for a time is offered to nobody, in the tests that run meanwhile neither.
  await superuser.query(
    `insert into public.plans (plan, name, price_minor, trial_days, limits) values ($1, 'Probe', 1, 1, $2)
     on conflict (plan) do update set limits = excluded.limits`,
    [plan, JSON.stringify({ usage_events: most })],
  )
  return async () => {
    await superuser.query(`update public.tenants set plan = 'enterprise' where plan = $1`, [plan])
    await superuser.query('delete from public.plans where plan = $1', [plan])
  }
})

const events = (count: number, prefix = 'e') =>
  Array.from({ length: count }, (_, n) => ({ type: 'limited', id: `${prefix}-${n}`, tokens_used: 1 }))
const send = (tenant: Tenant, body: unknown, credential: object = { token: owner.token }) =>
  call('/usage/events', { ...credential, tenant: tenant.slug, body })
const batch = async (tenant: Tenant, sent: unknown[], credential?: object) => {
  const answer = await send(tenant, { events: sent }, credential)
  expect(answer.status, await answer.clone().text()).toBe(200)
  return UsageBatchResult.parse(await answer.json())
}
const said = ({ status, code }: UsageEventResult) => code ?? status
const count = async (sql: string, { id }: Tenant) => Number((await admin.query(sql, [id])).rows[0].count)
const stored = (tenant: Tenant) =>
  count('select count(*) from public.usage_events where tenant_id = $1', tenant)
const keys = (tenant: Tenant) =>
  count('select count(*) from public.usage_event_keys where tenant_id = $1', tenant)
const totalled = (tenant: Tenant) =>
  count('select coalesce(sum(event_count), 0) as count from public.usage_hours where tenant_id = $1', tenant)
const counted = (tenant: Tenant) =>
  count(`select used as count from private.find_limit($1, 'usage_events')`, tenant)

describe('over the month’s limit', () => {
  it('one event is refused with 402, the limit and the plans that allow more', async () => {
    const tenant = await makeTenant({ owner, plan })
    await batch(tenant, events(most))
    const answer = await send(tenant, { type: 'limited' })
    expect(await answer.json()).toMatchObject({
      ...{ status: 402, code: 'limit_reached', limit: 'usage_events', most, plan },
      plans: ['starter', 'professional', 'business', 'enterprise'],
    })
    expect(await stored(tenant)).toBe(most)
  })

  it('a batch is stored as far as it goes, and says so of each event', async () => {
    const tenant = await makeTenant({ owner, plan })
    await batch(tenant, events(most - 2))
    const answer = await batch(tenant, [
      { type: 'limited', id: 'e-0', tokens_used: 1 },
      { type: 'limited', id: 'new-1' },
      { type: 'Not a type' },
      { type: 'limited' },
      { type: 'limited', id: 'new-2' },
      { type: 'limited', id: 'new-2' },
      { type: 'other', id: 'new-1' },
      { type: 'limited' },
    ])
    expect(answer.events.map(said)).toEqual([
      ...['duplicate', 'accepted', 'invalid_body', 'accepted', 'limit_reached', 'limit_reached'],
      ...['event_conflict', 'limit_reached'],
    ])
    expect(answer).toMatchObject({ accepted: 2, duplicate: 1, rejected: 5 })
    expect([await stored(tenant), await totalled(tenant), await counted(tenant)]).toEqual([most, most, most])
  })

  it('a retry of what was stored is a duplicate, and what was not is new once there is room', async () => {
    const tenant = await makeTenant({ owner, plan })
    await batch(tenant, events(most))
    const mixed = [...events(2), { type: 'other', id: 'e-0' }, ...events(2, 'later')]
    expect((await batch(tenant, mixed)).events.map(said)).toEqual([
      ...['duplicate', 'duplicate', 'event_conflict', 'limit_reached', 'limit_reached'],
    ])
    expect(await keys(tenant)).toBe(most)
    await admin.query(`update public.tenants set plan = 'business' where id = $1`, [tenant.id])
    expect((await batch(tenant, mixed)).events.map(said)).toEqual([
      ...['duplicate', 'duplicate', 'event_conflict', 'accepted', 'accepted'],
    ])
  })

  it('a new month begins with nothing, and a void gives no place back', async () => {
    const tenant = await makeTenant({ owner, plan })
    await batch(tenant, events(most))
    await call('/usage/voids', { token: owner.token, tenant: tenant.slug, body: { event_id: 'e-0' } })
    expect((await batch(tenant, events(1, 'more'))).events.map(said)).toEqual(['limit_reached'])
    await superuser.query(
      `update private.tenant_counts set period_at = period_at - interval '1 month' where tenant_id = $1`,
      [tenant.id],
    )
    expect((await batch(tenant, events(1, 'more'))).events.map(said)).toEqual(['accepted'])
    expect(await counted(tenant)).toBe(1)
  })

  it('holds for the platform too, which logs in the name of the tenant', async () => {
    const tenant = await makeTenant({ plan })
    const service = { apikey: inject('stack').secret_key }
    expect((await batch(tenant, events(most + 1), service)).accepted).toBe(most)
    expect(await problemOf(await send(tenant, { type: 'limited' }, service))).toMatchObject({ status: 402 })
  })

  it('admits exactly what there is room for, however many send at once', async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 2, maxLength: 8 })
    await fc.assert(
      fc.asyncProperty(sizes, fc.integer({ min: 0, max: most }), async (sent, before) => {
        const tenant = await makeTenant({ owner, plan })
        if (before > 0) await batch(tenant, events(before, 'before'))
        // Half of each batch is in the next one as well.
        const answers = await Promise.all(
          sent.map((size, n) => batch(tenant, [...events(size, `s${n}`), ...events(6, `s${n + 1}`)])),
        )
        const accepted = answers.reduce((sum, answer) => sum + answer.accepted, before)
        const ids = new Set(
          sent.flatMap((size, n) =>
            [...events(size, `s${n}`), ...events(6, `s${n + 1}`)].map(({ id }) => id),
          ),
        )
        expect(accepted).toBe(Math.min(most, before + ids.size))
        const held = await Promise.all([stored, keys, totalled, counted].map((one) => one(tenant)))
        expect(held).toEqual([accepted, accepted, accepted, accepted])
      }),
      { numRuns: 40 },
    )
  })
})

describe('the window of an event', () => {
  const hour = 3_600_000
  const at = (hours: number) => new Date(Date.now() + hours * hour).toISOString()

  it.each([
    [-35 * 24 + 1, 'accepted'],
    [-35 * 24 - 1, 'event_too_old'],
    [0.9, 'accepted'],
    [1.1, 'event_in_future'],
    [24 * 400, 'event_in_future'],
    [-24 * 400, 'event_too_old'],
  ])('%f hours from now is answered %s', async (hours, expected) => {
    const tenant = await makeTenant({ owner })
    const event = { type: 'timed', id: 'once', occurred_at: at(hours) }
    expect((await batch(tenant, [event, { type: 'timed' }])).events.map(said)).toEqual([expected, 'accepted'])
    const alone = await send(tenant, event)
    if (expected === 'accepted') expect(await alone.json()).toEqual({ status: 'duplicate' })
    else expect(await problemOf(alone)).toEqual({ status: 422, code: expected, pointers: ['/occurred_at'] })
    expect(await stored(tenant)).toBe(expected === 'accepted' ? 2 : 1)
    expect(await keys(tenant)).toBe(expected === 'accepted' ? 1 : 0)
  })

  it('has no beginning for the platform, and what lies before it counts in no month', async () => {
    const tenant = await makeTenant({ owner })
    const service = { apikey: inject('stack').secret_key }
    const old = { type: 'timed', id: 'old', occurred_at: '2019-04-01T00:00:00Z' }
    const answer = await batch(
      tenant,
      [old, { ...old, id: 'ahead', occurred_at: at(2) }, { type: 'x' }],
      service,
    )
    expect(answer.events.map(said)).toEqual(['accepted', 'event_in_future', 'accepted'])
    expect([await stored(tenant), await totalled(tenant), await counted(tenant)]).toEqual([2, 2, 1])
  })

  it('counts a late event in the month in which it came', async () => {
    const tenant = await makeTenant({ owner })
    await batch(tenant, [{ type: 'timed', occurred_at: at(-34 * 24) }])
    expect(await counted(tenant)).toBe(1)
  })

  it('is what the settings say, and ids are remembered as long', async () => {
    const tenant = await makeTenant()
    await rolledBack(admin, async (db) => {
      await db.query(
        `select set_config('tenantry.usage_past', '2 days', true), set_config('tenantry.usage_ahead', '1 minute', true)`,
      )
      const log = async (id: string, moment: string) =>
        (
          await db.query<{ outcome: string }>(
            `select outcome from public.log_usage_events($1, array[$2], '{api}', '{a}', array['{}']::jsonb[], '{null}', '{null}', '{null}', array[$3]::timestamptz[])`,
            [tenant.id, id, moment],
          )
        ).rows[0]!.outcome
      expect(await log('ahead', at(0.5))).toBe('in_future')
      expect(await log('old', at(-49))).toBe('accepted')
      expect(await log('late', at(-47))).toBe('accepted')
      await db.query(
        `update public.usage_event_keys set created_at = now() - interval '2 days 2 minutes' where tenant_id = $1 and event_id = 'late'`,
        [tenant.id],
      )
      await db.query('select private.sweep_usage_event_keys()')
      const { rows } = await db.query('select event_id from public.usage_event_keys where tenant_id = $1', [
        tenant.id,
      ])
      expect(rows).toEqual([{ event_id: 'old' }])
    })
  })
})
