import { beforeEach, describe, expect, it } from 'vitest'
import { call, problemOf } from '../../kit/call.ts'
import { admin, superuser } from '../../kit/db.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'

let owner: Person
let manager: Person
let tenant: Tenant
beforeEach(async () => {
  owner = await makePerson()
  manager = await makePerson()
  tenant = await makeTenant({ owner, admin: manager })
})

const nothing = { channels: {}, quiet_from: null, quiet_until: null, time_zone: null }
const put = (by: Person, body: object, path = '') =>
  call(`/notifications/preferences${path}`, { method: 'PUT', token: by.token, tenant: tenant.slug, body })
const get = async (by: Person, path = '') =>
  (await call(`/notifications/preferences${path}`, { token: by.token, tenant: tenant.slug })).json()

const notify = (type = 'limit.near') =>
  admin.query(
    `select private.notify($1, $2, '{admins}', '{"limit": "members", "percent": 80, "most": 10}')`,
    [tenant.id, type],
  )
/** Who is to be mailed, and whether at once. */
const mailed = async () => {
  const { rows } = await superuser.query<{ user_id: string; is_due: boolean }>(
    'select user_id, due_at <= now() as is_due from private.notification_jobs where tenant_id = $1',
    [tenant.id],
  )
  return Object.fromEntries(rows.map(({ user_id, is_due }) => [user_id, is_due]))
}

it('everybody chooses for themselves, and sees nobody else’s choice', async () => {
  const chosen = {
    channels: { plan: { email: false } },
    quiet_from: '22:00',
    quiet_until: '07:00',
    time_zone: 'Asia/Kolkata',
  }
  expect(await get(owner)).toEqual(nothing)
  expect(await (await put(owner, chosen)).json()).toEqual(chosen)
  expect(await get(owner)).toEqual(chosen)
  expect(await get(manager)).toEqual(nothing)
  expect(await get(owner, '/default')).toEqual(nothing)
  await put(owner, {})
  expect(await get(owner)).toEqual(nothing)
})

describe('a notification is mailed', () => {
  it('to everybody who has not said otherwise, and is told here to all', async () => {
    await put(owner, { channels: { plan: { email: false } } })
    await notify()
    expect(await mailed()).toEqual({ [manager.id]: true })
    const { rows } = await admin.query('select user_id from public.notifications where tenant_id = $1', [
      tenant.id,
    ])
    expect(rows).toHaveLength(2)
  })

  it('to nobody if the tenant has chosen that, but to whoever has chosen the opposite', async () => {
    await put(owner, { channels: { plan: { email: false } } }, '/default')
    await put(manager, { channels: { plan: { email: true } } })
    await notify()
    expect(await mailed()).toEqual({ [manager.id]: true })
  })

  it('to all if it is critical, whatever anybody has chosen, and at any time', async () => {
    const never = { channels: { plan: { email: false } }, quiet_from: '00:00', quiet_until: '23:59' }
    await put(owner, never)
    await put(owner, never, '/default')
    await notify('limit.reached')
    expect(await mailed()).toEqual({ [owner.id]: true, [manager.id]: true })
  })

  it('after the quiet hours of the person, else of the tenant', async () => {
    await put(owner, { quiet_from: '00:00', quiet_until: '23:59' }, '/default')
    await put(manager, { quiet_from: '23:59', quiet_until: '00:00' })
    await notify()
    expect(await mailed()).toEqual({ [owner.id]: false, [manager.id]: true })
  })

  it('once, however often it is told under one key', async () => {
    const tell = () =>
      admin.query(
        `select private.notify($1, 'limit.near', '{owners}', '{"limit": "members", "percent": 80, "most": 10}', idempotency_key => 'k')`,
        [tenant.id],
      )
    await Promise.all(Array.from({ length: 50 }, tell))
    const { rows } = await superuser.query('select 1 from private.notification_jobs where tenant_id = $1', [
      tenant.id,
    ])
    expect(rows).toHaveLength(1)
  })

  it('to nobody if what it tells of is undone', async () => {
    const db = await admin.connect()
    await db.query('begin')
    await db.query(
      `select private.notify($1, 'limit.near', '{owners}', '{"limit": "m", "percent": 80, "most": 10}')`,
      [tenant.id],
    )
    await db.query('rollback')
    db.release()
    expect(await mailed()).toEqual({})
  })
})

it.each<[string, string, string, string, string, string]>([
  ['before them', '2026-01-15T20:00Z', '22:00', '07:00', 'Europe/Zurich', '2026-01-15T20:00:00.000Z'],
  ['in the evening', '2026-01-15T22:00Z', '22:00', '07:00', 'Europe/Zurich', '2026-01-16T06:00:00.000Z'],
  ['after midnight', '2026-01-16T02:00Z', '22:00', '07:00', 'Europe/Zurich', '2026-01-16T06:00:00.000Z'],
  ['at their end', '2026-01-16T06:00Z', '22:00', '07:00', 'Europe/Zurich', '2026-01-16T06:00:00.000Z'],
  ['over noon', '2026-01-16T11:30Z', '12:00', '13:00', 'Europe/Zurich', '2026-01-16T12:00:00.000Z'],
  [
    'when they end in an hour that there is not',
    '2026-03-29T00:30Z',
    '22:00',
    '02:30',
    'Europe/Zurich',
    '2026-03-29T01:30:00.000Z',
  ],
  [
    'when they end in an hour that there is twice',
    '2026-10-25T00:15Z',
    '22:00',
    '02:30',
    'Europe/Zurich',
    '2026-10-25T01:30:00.000Z',
  ],
  [
    'in a zone of half an hour',
    '2026-01-15T17:00Z',
    '22:00',
    '07:00',
    'Asia/Kolkata',
    '2026-01-16T01:30:00.000Z',
  ],
])('quiet hours: %s', async (_, at, from, until, zone, expected) => {
  const { rows } = await admin.query<{ at: Date }>('select private.after_quiet_hours($1, $2, $3, $4) as at', [
    at,
    from,
    until,
    zone,
  ])
  expect(rows[0]!.at.toISOString()).toBe(expected)
})

describe('preferences are refused', () => {
  it.each<[string, object, string]>([
    ['of an unknown channel', { channels: { plan: { pigeon: false } } }, '/channels/plan/pigeon'],
    ['that are no yes or no', { channels: { plan: { email: 'no' } } }, '/channels/plan/email'],
    ['with a time of day that there is not', { quiet_from: '24:00', quiet_until: '07:00' }, '/quiet_from'],
    ['with half of the quiet hours', { quiet_from: '22:00' }, ''],
    ['with quiet hours of no length', { quiet_from: '22:00', quiet_until: '22:00' }, ''],
  ])('%s', async (_, body, pointer) => {
    expect(await problemOf(await put(owner, body))).toEqual({
      status: 422,
      code: 'invalid_body',
      pointers: [pointer],
    })
  })

  it('with a time zone that there is not', async () => {
    expect(await problemOf(await put(owner, { time_zone: 'Mars/Olympus' }))).toEqual({
      status: 422,
      code: 'invalid_value',
      pointers: ['/time_zone'],
    })
  })
})
