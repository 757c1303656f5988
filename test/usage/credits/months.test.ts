import { describe, expect, it } from 'vitest'
import { admin, type Queryable } from '../../kit/db.ts'
import { makeTenant } from '../../kit/tenants.ts'
import {
  adjust,
  balanceOf,
  brokenPromises,
  consume,
  freshKey,
  makeFunded,
  refusalOf,
  release,
  reserve,
  statements,
  topUp,
} from './ledger.ts'

/** As if everything had happened so much earlier: nothing waits for a month here. */
async function age(tenant: string, by: string): Promise<void> {
  // In one statement, so that cron sees all of it or nothing. Months are whole, and minutes move no date.
  await admin.query(
    `with balance as (
       update public.credit_balances set entered_at = entered_at - $2::interval, next_due_at = next_due_at - $2::interval,
         next_reset_at = next_reset_at - $2::interval,
         period_start = (period_start - date_trunc('month', $2::interval))::date,
         period_end = (period_end - date_trunc('month', $2::interval))::date where tenant_id = $1
     ), lots as (
       update public.credit_lots set expires_at = expires_at - $2::interval where tenant_id = $1
     ), periods as (
       update public.credit_periods set period_start = (period_start - date_trunc('month', $2::interval))::date,
         period_end = (period_end - date_trunc('month', $2::interval))::date where tenant_id = $1
     )
     update public.credit_reservations set expires_at = expires_at - $2::interval where tenant_id = $1`,
    [tenant, by],
  )
}

const statementsOf = async (tenant: string) =>
  (
    await admin.query(
      `select opening::int, allocated::int, topped_up::int, consumed::int, refunded::int, adjusted::int, expired::int, closing::int, is_open
       from ${statements} as s where tenant_id = $1 order by period_start`,
      [tenant],
    )
  ).rows

describe('a reservation that is over', () => {
  it('holds nothing when somebody reserves, reads, consumes or releases, before cron came', async () => {
    const { id } = await makeFunded(10)
    const first = await reserve(id, 10)
    await age(id, '15 minutes')
    expect(await balanceOf(id)).toMatchObject({ available: 10, reserved: 0 })
    const second = await reserve(id, 10)
    await age(id, '15 minutes')
    await reserve(id, 10)
    for (const { reservation_id } of [first, second]) {
      expect(await refusalOf(consume(id, reservation_id!, 1))).toBe('reservation_closed')
      expect(await refusalOf(release(id, reservation_id!))).toBe('reservation_closed')
    }
    expect(await brokenPromises(admin, id)).toEqual([])
  })

  it.each([
    ['one', (id: string, db: Queryable) => reserve(id, 4, freshKey(), db, 1)],
    [
      'a batch',
      (id: string, db: Queryable) =>
        db.query('select * from public.reserve_credits_batch($1, $2, $3, 1)', [
          ...[id, [4, 5], [freshKey(), freshKey()]],
        ]),
    ],
  ])('is not %s that waited longer for its turn than it was asked for', async (_, ask) => {
    const { id } = await makeFunded(10)
    await reserve(id, 1)
    await age(id, '15 minutes')
    const db = await admin.connect()
    let asked: Promise<unknown> | undefined
    try {
      await db.query('begin')
      await db.query('select from public.credit_balances where tenant_id = $1 for update', [id])
      asked = ask(id, admin)
      await new Promise((done) => setTimeout(done, 1_200))
      await db.query('commit')
    } finally {
      db.release()
    }
    await asked
    expect(await brokenPromises(admin, id)).toEqual([])
  })

  it('cannot be consumed the moment after', async () => {
    const { id } = await makeFunded(10)
    const { reservation_id } = await reserve(id, 10)
    await age(id, '15 minutes')
    expect(await refusalOf(consume(id, reservation_id!, 1))).toBe('reservation_closed')
    expect(await balanceOf(id)).toMatchObject({ available: 10, reserved: 0 })
  })

  it('is entered by cron for a tenant that does nothing', async () => {
    const { id } = await makeFunded(10)
    await reserve(id, 4)
    await reserve(id, 5)
    await age(id, '15 minutes')
    for (let n = 0; n < 20; n++) await admin.query('select private.settle_due_credits()')
    const { rows } = await admin.query(`select status from public.credit_reservations where tenant_id = $1`, [
      id,
    ])
    expect(rows).toEqual([{ status: 'expired' }, { status: 'expired' }])
    expect(await brokenPromises(admin, id)).toEqual([])
  })
})

describe('lots', () => {
  const left = async (tenant: string) =>
    (
      await admin.query<{ kind: string; left: number }>(
        `select kind, credits_left::int as left from public.credit_lots where tenant_id = $1 and closed_at is null
         order by kind <> 'topup', expires_at, id`,
        [tenant],
      )
    ).rows.map((row) => `${row.kind} ${row.left}`)

  it('are consumed top-ups first, then what expires first, then what never does', async () => {
    const { id } = await makeTenant({ plan: 'starter' })
    await balanceOf(id)
    await adjust(id, 10)
    await adjust(id, 20, freshKey(), admin, new Date(Date.now() + 3_600_000).toISOString())
    await topUp(id, 30, freshKey(), 'infinity')
    await topUp(id, 40)
    const take = async (credits: number) => {
      const { reservation_id } = await reserve(id, credits)
      await consume(id, reservation_id!, credits)
      return left(id)
    }
    expect(await take(35)).toEqual([
      'topup 5',
      'topup 30',
      'adjustment 20',
      'allocation 500',
      'adjustment 10',
    ])
    expect(await balanceOf(id)).toMatchObject({ topup: 35 })
    expect(await take(45)).toEqual(['adjustment 10', 'allocation 500', 'adjustment 10'])
    expect(await take(505)).toEqual(['allocation 5', 'adjustment 10'])
    expect(await take(15)).toEqual([])
    expect(await refusalOf(reserve(id, 1))).toBe('insufficient_credits')
    expect(await brokenPromises(admin, id)).toEqual([])
  })

  it('expire when they are read, what is reserved only once its reservation ends', async () => {
    const { id } = await makeFunded(0)
    await topUp(id, 100, freshKey(), new Date(Date.now() + 600_000).toISOString())
    const { reservation_id } = await reserve(id, 30)
    // Ten minutes later the lot is over, and the reservation is not.
    await age(id, '11 minutes')
    expect(await balanceOf(id)).toMatchObject({ available: 30, reserved: 30, topup: 30 })
    expect(await refusalOf(reserve(id, 1))).toBe('insufficient_credits')
    await consume(id, reservation_id!, 10)
    // The twenty that came back are of a lot that is over.
    expect(await balanceOf(id)).toMatchObject({ available: 0, reserved: 0, topup: 0 })
    expect(await brokenPromises(admin, id)).toEqual([])
  })

  it('refuse to begin in the past', async () => {
    const { id } = await makeFunded(0)
    const past = new Date(Date.now() - 1_000).toISOString()
    expect(await refusalOf(topUp(id, 1, freshKey(), past))).toBe('invalid_value')
    expect(await refusalOf(adjust(id, 1, freshKey(), admin, past))).toBe('invalid_value')
  })
})

describe('a month', () => {
  it('begins with what the plan brings, and the rest of the last one is gone', async () => {
    const { id } = await makeTenant({ plan: 'starter' })
    expect(await balanceOf(id)).toMatchObject({ available: 500 })
    await topUp(id, 50)
    await adjust(id, 7)
    const { reservation_id } = await reserve(id, 120)
    await consume(id, reservation_id!, 120)
    await age(id, '1 month')
    expect(await balanceOf(id)).toMatchObject({ available: 507, consumed: 0, topup: 0 })
    const zero = { opening: 0, allocated: 0, topped_up: 0, consumed: 0, refunded: 0, adjusted: 0, expired: 0 }
    expect(await statementsOf(id)).toEqual([
      {
        ...zero,
        ...{
          allocated: 500,
          topped_up: 50,
          consumed: 120,
          adjusted: 7,
          expired: 430,
          closing: 7,
          is_open: false,
        },
      },
      { ...zero, ...{ opening: 7, allocated: 500, closing: 507, is_open: true } },
    ])
    expect(await brokenPromises(admin, id)).toEqual([])
  })

  it('that nobody noticed brings nothing', async () => {
    const { id } = await makeTenant({ plan: 'starter' })
    await balanceOf(id)
    await age(id, '3 months')
    expect(await balanceOf(id)).toMatchObject({ available: 500 })
    expect(await statementsOf(id)).toHaveLength(2)
  })

  it('brings nothing to a tenant that is frozen, until it may work again', async () => {
    const { id } = await makeTenant({ plan: 'starter' })
    await balanceOf(id)
    await age(id, '1 month')
    await admin.query(`update public.tenants set status = 'frozen', frozen_at = now() where id = $1`, [id])
    expect(await balanceOf(id)).toMatchObject({ available: 0 })
    await admin.query(`update public.tenants set status = 'active' where id = $1`, [id])
    expect(await balanceOf(id)).toMatchObject({ available: 500 })
    expect(await brokenPromises(admin, id)).toEqual([])
  })

  it('is brought up by a larger plan at once, once, and never down by a smaller one', async () => {
    const { id } = await makeTenant({ plan: 'starter' })
    await balanceOf(id)
    const change = async (plan: string) => {
      await admin.query('select private.change_plan($1, $2)', [id, plan])
      return (await balanceOf(id)).available
    }
    expect(await change('professional')).toBe(2_000)
    expect(await change('starter')).toBe(2_000)
    expect(await change('professional')).toBe(2_000)
    expect(await change('business')).toBe(10_000)
    const { rows } = await admin.query('select private.allocate_credits($1)::int as added', [id])
    expect(rows).toEqual([{ added: 0 }])
    expect(await brokenPromises(admin, id)).toEqual([])
  })

  it.each([['Pacific/Kiritimati'], ['America/Los_Angeles']])(
    'begins in %s at midnight there',
    async (zone) => {
      const { id } = await makeTenant({ plan: 'starter' })
      await admin.query('update public.tenants set time_zone = $2 where id = $1', [id, zone])
      await balanceOf(id)
      const { rows } = await admin.query(
        `select next_reset_at = (date_trunc('month', now() at time zone $2) + interval '1 month') at time zone $2 as is_midnight,
         period_start = date_trunc('month', now() at time zone $2)::date as is_the_first
       from public.credit_balances where tenant_id = $1`,
        [id, zone],
      )
      expect(rows).toEqual([{ is_midnight: true, is_the_first: true }])
    },
  )

  it('does not begin twice for a tenant that moves to a zone further west', async () => {
    const { id } = await makeTenant({ plan: 'starter' })
    await balanceOf(id)
    // The end that was set in the old zone has come, and in the new one the month goes on.
    await admin.query(
      `update public.credit_balances set next_reset_at = now(), next_due_at = now() where tenant_id = $1`,
      [id],
    )
    await admin.query(
      `update public.credit_lots set expires_at = b.next_reset_at from public.credit_balances as b
      where b.tenant_id = credit_lots.tenant_id and b.tenant_id = $1`,
      [id],
    )
    expect(await balanceOf(id)).toMatchObject({ available: 500 })
    expect(await statementsOf(id)).toHaveLength(1)
    expect(await brokenPromises(admin, id)).toEqual([])
  })
})
