import { describe, expect, it } from 'vitest'
import { admin } from '../../kit/db.ts'
import { makeTenant } from '../../kit/tenants.ts'
import {
  adjust,
  balanceOf,
  brokenPromises,
  consume,
  freshKey,
  makeFunded,
  refund,
  refusalOf,
  release,
  reserve,
  topUp,
} from './ledger.ts'

const nowhere = '00000000-0000-7000-8000-000000000999'

describe('reserving', () => {
  it('holds credits, so that nobody else can reserve them', async () => {
    const { id } = await makeFunded(100)
    await reserve(id, 60)
    expect(await refusalOf(reserve(id, 41))).toBe('insufficient_credits')
    await reserve(id, 40)
    expect(await refusalOf(reserve(id, 1))).toBe('insufficient_credits')
    expect(await balanceOf(id)).toMatchObject({ available: 100, reserved: 100 })
    expect(await brokenPromises(admin, id)).toEqual([])
  })

  it('says how many are left where there are too few', async () => {
    const { id } = await makeFunded(5)
    const thrown = await reserve(id, 7).catch((error) => error)
    expect([thrown.code, JSON.parse(thrown.hint)]).toEqual(['PT402', { needed: 7, left: 5 }])
  })

  it('leaves nothing behind where it is refused', async () => {
    const { id } = await makeFunded(5)
    const before = await balanceOf(id)
    for (let n = 0; n < 5; n++) expect(await refusalOf(reserve(id, 6))).toBe('insufficient_credits')
    expect(await balanceOf(id)).toEqual(before)
    const { rows } = await admin.query('select from public.credit_reservations where tenant_id = $1', [id])
    expect(rows).toEqual([])
  })
})

describe('consuming', () => {
  it('less than was reserved releases the rest', async () => {
    const { id } = await makeFunded(100)
    const { reservation_id } = await reserve(id, 60)
    const entry = await consume(id, reservation_id!, 25)
    expect(entry).toMatchObject({
      type: 'consumed',
      credits: '-25',
      credits_held: '-60',
      balance_after: '75',
      reserved_after: '0',
    })
    expect(await balanceOf(id)).toMatchObject({ available: 75, reserved: 0, consumed: 25 })
  })

  it('nothing releases all of it', async () => {
    const { id } = await makeFunded(100)
    const { reservation_id } = await reserve(id, 60)
    await consume(id, reservation_id!, 0)
    expect(await balanceOf(id)).toMatchObject({ available: 100, reserved: 0 })
    expect(await brokenPromises(admin, id)).toEqual([])
  })

  it('more than was reserved takes what nobody reserved, and no more', async () => {
    const { id } = await makeFunded(100)
    const first = await reserve(id, 50)
    const second = await reserve(id, 30)
    expect(await refusalOf(consume(id, first.reservation_id!, 71))).toBe('insufficient_credits')
    // The refused one is still open.
    expect(await balanceOf(id)).toMatchObject({ available: 100, reserved: 80 })
    await consume(id, first.reservation_id!, 70)
    expect(await balanceOf(id)).toMatchObject({ available: 30, reserved: 30 })
    await consume(id, second.reservation_id!, 30)
    expect(await balanceOf(id)).toMatchObject({ available: 0, reserved: 0 })
    expect(await brokenPromises(admin, id)).toEqual([])
  })

  it.each([
    ['consumed', (id: string, reservation: string) => consume(id, reservation, 1)],
    ['released', (id: string, reservation: string) => release(id, reservation)],
  ])('is refused once the reservation is %s', async (_what, end) => {
    const { id } = await makeFunded(100)
    const { reservation_id } = await reserve(id, 10)
    await end(id, reservation_id!)
    expect(await refusalOf(consume(id, reservation_id!, 1))).toBe('reservation_closed')
    expect(await refusalOf(release(id, reservation_id!))).toBe('reservation_closed')
    expect(await brokenPromises(admin, id)).toEqual([])
  })

  it('knows no reservation of another tenant, nor one that does not exist', async () => {
    const [mine, other] = [await makeFunded(10), await makeFunded(10)]
    const { reservation_id } = await reserve(other.id, 5)
    for (const reservation of [reservation_id!, nowhere]) {
      expect(await refusalOf(consume(mine.id, reservation, 1))).toBe('reservation_not_found')
      expect(await refusalOf(release(mine.id, reservation))).toBe('reservation_not_found')
      expect(await refusalOf(refund(mine.id, reservation, 1))).toBe('reservation_not_found')
    }
    expect(await balanceOf(other.id)).toMatchObject({ reserved: 5 })
  })
})

describe('a refund', () => {
  it('gives back what was consumed, in parts, and never more', async () => {
    const { id } = await makeFunded(100)
    const { reservation_id } = await reserve(id, 50)
    expect(await refusalOf(refund(id, reservation_id!, 1))).toBe('refund_too_large')
    await consume(id, reservation_id!, 30)
    await refund(id, reservation_id!, 20)
    expect(await refusalOf(refund(id, reservation_id!, 11))).toBe('refund_too_large')
    await refund(id, reservation_id!, 10)
    expect(await refusalOf(refund(id, reservation_id!, 1))).toBe('refund_too_large')
    expect(await balanceOf(id)).toMatchObject({ available: 100, consumed: 30 })
    expect(await brokenPromises(admin, id)).toEqual([])
  })
})

describe('an adjustment', () => {
  it('takes what is free and nothing of what is reserved', async () => {
    const { id } = await makeFunded(100)
    await reserve(id, 40)
    expect(await refusalOf(adjust(id, -61))).toBe('insufficient_credits')
    await adjust(id, -60)
    expect(await balanceOf(id)).toMatchObject({ available: 40, reserved: 40 })
    expect(await brokenPromises(admin, id)).toEqual([])
  })

  it.each([
    ['no actor', `1, 'k', '', 'why'`],
    ['no note', `1, 'k', 'admin:x', ' '`],
    ['null for a note', `1, 'k', 'admin:x', null`],
    ['nothing to adjust', `0, 'k', 'admin:x', 'why'`],
    ['a moment that has passed', `1, 'k', 'admin:x', 'why', now() - interval '1 second'`],
  ])('is refused with %s', async (_what, args) => {
    const { id } = await makeFunded(1)
    expect(await refusalOf(admin.query(`select private.adjust_credits($1, ${args})`, [id]))).toBe(
      'invalid_value',
    )
  })
})

describe('a key', () => {
  it('repeats each operation with the first answer, and changes nothing', async () => {
    const { id } = await makeFunded(100)
    const keys = Array.from({ length: 6 }, freshKey)
    const held = await reserve(id, 30, keys[0])
    const other = await reserve(id, 10, keys[1])
    const operations = [
      () => reserve(id, 30, keys[0]),
      () => reserve(id, 10, keys[1]),
      () => consume(id, held.reservation_id!, 20, keys[2]),
      () => release(id, other.reservation_id!, keys[3]),
      () => refund(id, held.reservation_id!, 5, keys[4]),
      () => adjust(id, -5, keys[5]),
      () => topUp(id, 50, `order-${id}`),
    ]
    const first = []
    for (const operation of operations) first.push(await operation())
    const after = await balanceOf(id)
    for (const [n, operation] of operations.entries()) expect(await operation()).toEqual(first[n])
    expect(await balanceOf(id)).toEqual(after)
    expect(await brokenPromises(admin, id)).toEqual([])
  })

  it('that was used for something else is refused, whatever the operation is', async () => {
    const { id } = await makeFunded(100)
    const key = freshKey()
    const { reservation_id } = await reserve(id, 30, key)
    const order = freshKey()
    await topUp(id, 10, order)
    const before = await balanceOf(id)
    for (const other of [
      () => reserve(id, 31, key),
      () => reserve(id, 30, key, admin, 60),
      () => consume(id, reservation_id!, 30, key),
      () => release(id, reservation_id!, key),
      () => refund(id, reservation_id!, 30, key),
      () => adjust(id, 30, key),
      () => topUp(id, 11, order),
      () => topUp(id, 10, order, 'infinity'),
    ])
      expect(await refusalOf(other())).toBe('idempotency_conflict')
    expect(await balanceOf(id)).toEqual(before)
  })

  it('is of one tenant: another uses it for something else', async () => {
    const [one, two] = [await makeFunded(10), await makeFunded(10)]
    const key = freshKey()
    await reserve(one.id, 1, key)
    await reserve(two.id, 2, key)
    expect((await balanceOf(two.id)).reserved).toBe(2)
  })

  it('still repeats after the credits are gone, and after the reservation has ended', async () => {
    const { id } = await makeFunded(10)
    const key = freshKey()
    const held = await reserve(id, 10, key)
    await consume(id, held.reservation_id!, 10)
    expect(await reserve(id, 10, key)).toEqual(held)
  })
})

describe('wrong input is refused by', () => {
  const amounts = [0, -1, -10, 1_000_000_001, '9223372036854775807', '-9223372036854775808', null]
  it.each(amounts)('an amount of %s', async (credits) => {
    const { id } = await makeFunded(50)
    const { reservation_id } = await reserve(id, 10)
    expect(await refusalOf(reserve(id, credits))).toBe('invalid_value')
    expect(await refusalOf(topUp(id, credits))).toBe('invalid_value')
    expect(await refusalOf(refund(id, reservation_id!, credits))).toBe('invalid_value')
    if (credits !== 0) expect(await refusalOf(consume(id, reservation_id!, credits))).toBe('invalid_value')
    expect(await balanceOf(id)).toMatchObject({ available: 50, reserved: 10 })
  })

  it.each(['0.5', '1e3', 'NaN', 'Infinity', '92233720368547758080', '-0.1', 'ten', ''])(
    'what is no whole number: %s',
    async (credits) => {
      const { id } = await makeFunded(50)
      await expect(reserve(id, credits)).rejects.toMatchObject({ code: /^22(P02|003)$/ })
    },
  )

  it.each([0, -1, 86_401])('%s seconds', async (seconds) => {
    const { id } = await makeFunded(50)
    expect(await refusalOf(reserve(id, 1, freshKey(), admin, seconds))).toBe('invalid_value')
  })

  it.each(['', 'k'.repeat(201)])('a key that is no key', async (key) => {
    const { id } = await makeFunded(50)
    const { reservation_id } = await reserve(id, 10)
    expect(await refusalOf(reserve(id, 1, key))).toBe('invalid_value')
    expect(await refusalOf(consume(id, reservation_id!, 1, key))).toBe('invalid_value')
    expect(await refusalOf(release(id, reservation_id!, key))).toBe('invalid_value')
    expect(await refusalOf(adjust(id, 1, key))).toBe('invalid_value')
  })

  it('a balance that JSON could not hold', async () => {
    const { id } = await makeFunded(1)
    await admin.query(
      `update public.credit_balances set credits_available = 9007199254740990 where tenant_id = $1`,
      [id],
    )
    expect(await refusalOf(adjust(id, 2))).toBe('invalid_value')
  })

  it('a tenant that is frozen, in a trial that is over, archived, or nowhere', async () => {
    for (const [status, code] of [
      ['frozen', 'tenant_frozen'],
      ['trial', 'trial_ended'],
      ['archived', 'tenant_not_found'],
    ] as const) {
      const { id } = await makeTenant({ status })
      expect(await refusalOf(reserve(id, 1))).toBe(code)
    }
    expect(await refusalOf(reserve(nowhere, 1))).toBe('tenant_not_found')
    expect(await refusalOf(topUp(nowhere, 1))).toBe('tenant_not_found')
  })
})
