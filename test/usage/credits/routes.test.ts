import { beforeAll, describe, expect, inject, it } from 'vitest'
import { CreditBalance, CreditEntry, CreditReservations, CreditStatements } from '../../../lib/usage/index.ts'
import { type CallOptions, call, problemOf } from '../../kit/call.ts'
import { makePerson, type Person } from '../../kit/people.ts'
import { makeTenant, type Tenant } from '../../kit/tenants.ts'
import { freshKey } from './ledger.ts'

const secretKey = inject('stack').secret_key
let owner: Person
let tenant: Tenant
beforeAll(async () => {
  owner = await makePerson()
  tenant = await makeTenant({ owner, plan: 'starter' })
})

const ask = (path: string, body?: unknown, options: CallOptions = { token: owner.token }, of = tenant) =>
  call(`/usage/credits${path}`, { ...options, tenant: of.slug, ...(body !== undefined && { body }) })
const asService = (path: string, body: unknown, of = tenant) => ask(path, body, { apikey: secretKey }, of)
const entryOf = async (response: Response) => {
  expect(response.status, await response.clone().text()).toBe(200)
  return CreditEntry.parse(await response.json())
}
const reserve = async (credits: number, idempotency_key = freshKey()) =>
  entryOf(await ask('/reservations', { credits, idempotency_key }))

describe('a reservation, over HTTP', () => {
  it('is made, consumed, refunded, and shown in the lists', async () => {
    const run = '0193b1a2-0000-4000-8000-000000000001'
    const body = {
      credits: 20,
      idempotency_key: freshKey(),
      activity_run_id: run,
      deliverable_type: 'report',
    }
    const made = await entryOf(await ask('/reservations', body))
    expect(made).toMatchObject({
      type: 'reserved',
      credits: 0,
      credits_held: 20,
      reserved_after: 20,
      activity_run_id: run,
    })
    expect(made.actor).toBe(`member:${owner.refId}`)
    expect(await entryOf(await ask('/reservations', body))).toEqual(made)
    const path = `/reservations/${made.reservation}`
    const used = await entryOf(await ask(`${path}/consume`, { credits: 12, idempotency_key: freshKey() }))
    expect(used).toMatchObject({
      type: 'consumed',
      credits: -12,
      credits_held: -20,
      available_after: 488,
      deliverable_type: 'report',
    })
    const refund = {
      reservation: made.reservation,
      credits: 2,
      idempotency_key: freshKey(),
      actor: 'support:ada',
      note: 'Half of it was empty.',
    }
    expect(await entryOf(await asService('/refunds', refund))).toMatchObject({
      type: 'refunded',
      credits: 2,
      actor: 'support:ada',
      note: refund.note,
    })
    const balance = CreditBalance.parse(await (await ask('')).json())
    expect(balance).toMatchObject({
      credits_available: 490,
      credits_reserved: 0,
      credits_free: 490,
      credits_monthly: 500,
      credits_consumed: 12,
    })
    const { reservations } = CreditReservations.parse(await (await ask('/reservations')).json())
    expect(reservations[0]).toMatchObject({
      ref_id: made.reservation,
      status: 'consumed',
      credits: 20,
      credits_consumed: 12,
      credits_refunded: 2,
    })
    const { statements } = CreditStatements.parse(await (await ask('/statements')).json())
    expect(statements).toMatchObject([
      { opening: 0, allocated: 500, consumed: 12, refunded: 2, closing: 490, is_open: true },
    ])
  })

  it('is released', async () => {
    const { reservation } = await reserve(5)
    const released = await entryOf(
      await ask(`/reservations/${reservation}/release`, { idempotency_key: freshKey() }),
    )
    expect(released).toMatchObject({ type: 'released', credits: 0, credits_held: -5 })
  })

  it('is made with others, each answered on its own', async () => {
    const key = freshKey()
    const first = await reserve(3, key)
    const answer = await ask('/reservations/batch', {
      reservations: [
        { credits: 3, idempotency_key: key },
        { credits: 4, idempotency_key: freshKey() },
        { credits: 1_000_000, idempotency_key: freshKey() },
      ],
    })
    const { reservations } = await answer.json()
    expect(reservations.map(({ outcome }: { outcome: string }) => outcome)).toEqual([
      'repeated',
      'reserved',
      'insufficient',
    ])
    expect(reservations[0].reservation).toBe(first.reservation)
    expect(reservations[2]).toEqual({
      outcome: 'insufficient',
      reservation: null,
      version: null,
      expires_at: null,
    })
    const again = await ask('/reservations/batch', { reservations: [{ credits: 9, idempotency_key: key }] })
    expect((await again.json()).reservations[0].outcome).toBe('conflict')
  })

  it('that is too large is 402, and says how many are left', async () => {
    const poor = await makeTenant({ owner, plan: 'trial' })
    const response = await ask(
      '/reservations',
      { credits: 101, idempotency_key: freshKey() },
      undefined,
      poor,
    )
    expect(await response.json()).toMatchObject({
      status: 402,
      code: 'insufficient_credits',
      needed: 101,
      left: 100,
    })
  })
})

describe('the platform', () => {
  it('tops up once for each order, to the end of the month, for ever, or to a moment', async () => {
    const other = await makeTenant({ owner, plan: 'trial' })
    const order_ref = freshKey()
    const first = await entryOf(await asService('/top-ups', { credits: 10, order_ref }, other))
    expect(await entryOf(await asService('/top-ups', { credits: 10, order_ref }, other))).toEqual(first)
    expect(first.expires_at).not.toBeNull()
    const lasting = await entryOf(
      await asService('/top-ups', { credits: 10, order_ref: freshKey(), expires_at: null }, other),
    )
    expect(lasting).toMatchObject({ expires_at: null, available_after: 120 })
    const expires_at = new Date(Date.now() + 3_600_000).toISOString()
    const dated = await entryOf(
      await asService('/top-ups', { credits: 10, order_ref: freshKey(), expires_at }, other),
    )
    expect(dated.expires_at).toBe(expires_at)
  })

  it('must say which tenant, and hears if there is none', async () => {
    const body = { credits: 5, order_ref: freshKey() }
    expect(await problemOf(await call('/usage/credits/top-ups', { apikey: secretKey, body }))).toMatchObject({
      status: 400,
      code: 'tenant_required',
    })
    const nobody = { ...tenant, slug: 'no-such-tenant' }
    for (const [path, more] of [
      ['/top-ups', {}],
      ['/adjustments', { order_ref: undefined, idempotency_key: 'k', actor: 'a', note: 'n' }],
    ] as const)
      expect(await problemOf(await asService(path, { ...body, ...more }, nobody))).toMatchObject({
        status: 404,
      })
  })
})

describe('what is refused', () => {
  const key = 'a-key'
  const reservation = '01JD3N8Q4ZB6T2V9XK5M7R0C1E'
  it.each([
    ['/reservations', { credits: 0, idempotency_key: key }, '/credits'],
    ['/reservations', { credits: -1, idempotency_key: key }, '/credits'],
    ['/reservations', { credits: 0.5, idempotency_key: key }, '/credits'],
    ['/reservations', { credits: '5', idempotency_key: key }, '/credits'],
    ['/reservations', { credits: 1_000_000_001, idempotency_key: key }, '/credits'],
    ['/reservations', { credits: Number.MAX_SAFE_INTEGER, idempotency_key: key }, '/credits'],
    ['/reservations', { credits: 1 }, '/idempotency_key'],
    ['/reservations', { credits: 1, idempotency_key: '' }, '/idempotency_key'],
    ['/reservations', { credits: 1, idempotency_key: 'k'.repeat(201) }, '/idempotency_key'],
    ['/reservations', { credits: 1, idempotency_key: key, expires_in_seconds: 0 }, '/expires_in_seconds'],
    [
      '/reservations',
      { credits: 1, idempotency_key: key, expires_in_seconds: 86_401 },
      '/expires_in_seconds',
    ],
    ['/reservations', { credits: 1, idempotency_key: key, activity_run_id: 'x' }, '/activity_run_id'],
    ['/reservations', { credits: 1, idempotency_key: key, tenant_id: 'x' }, '/tenant_id'],
    ['/reservations/batch', { reservations: [] }, '/reservations'],
    [
      '/reservations/batch',
      { reservations: Array.from({ length: 101 }, (_, n) => ({ credits: 1, idempotency_key: String(n) })) },
      '/reservations',
    ],
    [`/reservations/${reservation}/consume`, { credits: -1, idempotency_key: key }, '/credits'],
    [`/reservations/${reservation}/consume`, { credits: 1.5, idempotency_key: key }, '/credits'],
    [`/reservations/${reservation}/release`, {}, '/idempotency_key'],
  ])('%s with %j', async (path, body, pointer) => {
    expect(await problemOf(await ask(path, body))).toEqual({
      status: 422,
      code: 'invalid_body',
      pointers: [pointer],
    })
  })

  it('two equal keys in a batch', async () => {
    const twice = { credits: 1, idempotency_key: freshKey() }
    expect(await problemOf(await ask('/reservations/batch', { reservations: [twice, twice] }))).toMatchObject(
      {
        status: 422,
        pointers: ['/reservations'],
      },
    )
  })

  it.each([
    ['/top-ups', { credits: 0, order_ref: 'x' }, '/credits'],
    ['/top-ups', { credits: 1 }, '/order_ref'],
    ['/adjustments', { credits: 0, idempotency_key: key, actor: 'a', note: 'n' }, '/credits'],
    ['/adjustments', { credits: 1, idempotency_key: key, note: 'n' }, '/actor'],
    ['/adjustments', { credits: 1, idempotency_key: key, actor: 'a', note: '  ' }, '/note'],
    [
      '/refunds',
      { credits: 1, idempotency_key: key, actor: 'a', note: 'n', reservation: 'x' },
      '/reservation',
    ],
  ])('of the platform: %s with %j', async (path, body, pointer) => {
    expect(await problemOf(await asService(path, body))).toEqual({
      status: 422,
      code: 'invalid_body',
      pointers: [pointer],
    })
  })

  it('a reservation of somebody else, one that does not exist, and one that has ended', async () => {
    const other = await makeTenant({ owner })
    const { reservation: theirs } = await entryOf(
      await ask('/reservations', { credits: 1, idempotency_key: freshKey() }, undefined, other),
    )
    for (const [ref, end] of [
      [theirs, 'consume'],
      [reservation, 'consume'],
      [theirs, 'release'],
    ])
      expect(
        await problemOf(
          await ask(`/reservations/${ref}/${end}`, {
            idempotency_key: freshKey(),
            ...(end === 'consume' && { credits: 1 }),
          }),
        ),
      ).toMatchObject({ status: 404, code: 'reservation_not_found' })
    const { reservation: mine } = await reserve(1)
    await ask(`/reservations/${mine}/release`, { idempotency_key: freshKey() })
    const late = await ask(`/reservations/${mine}/consume`, { credits: 1, idempotency_key: freshKey() })
    expect(await late.json()).toMatchObject({
      status: 409,
      code: 'reservation_closed',
      reservation_status: 'released',
    })
  })

  it('a key that was used for another operation', async () => {
    const used = freshKey()
    await reserve(1, used)
    const again = await ask('/reservations', { credits: 2, idempotency_key: used })
    expect(await problemOf(again)).toMatchObject({ status: 409, code: 'idempotency_conflict' })
  })

  it('members who top up, refund or adjust', async () => {
    for (const path of ['/top-ups', '/refunds', '/adjustments'])
      expect((await ask(path, { credits: 1 })).status).toBe(403)
  })
})
