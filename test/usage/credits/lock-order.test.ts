import { expect, it, vi } from 'vitest'
import { admin, type Queryable } from '../../kit/db.ts'
import {
  adjust,
  balanceOf,
  brokenPromises,
  connect,
  consume,
  freshKey,
  makeFunded,
  refusalOf,
  release,
  reserve,
  topUp,
} from './ledger.ts'

// A busy machine makes this slow, not wrong.
vi.setConfig({ testTimeout: 180_000 })

/** What happens to a tenant's credits, and to the tenant, in the order in which each takes its locks. */
function stepsOf(tenant: string, reservations: string[]): ((db: Queryable) => Promise<unknown>)[] {
  const someReservation = () => reservations[Math.floor(Math.random() * reservations.length)] ?? freshKey()
  const change = (values: string) => (db: Queryable) =>
    db.query(`update public.tenants set ${values} where id = $1`, [tenant])
  return [
    (db) => adjust(tenant, 40, freshKey(), db),
    // Down to nothing, which is an event and a notification.
    async (db) => {
      const { available, reserved } = await balanceOf(tenant, db)
      if (available > reserved) await adjust(tenant, reserved - available, freshKey(), db)
    },
    async (db) => {
      const { reservation_id } = await reserve(tenant, 3, freshKey(), db, 1)
      reservations.push(reservation_id!)
    },
    (db) => consume(tenant, someReservation(), 2, freshKey(), db),
    (db) => release(tenant, someReservation(), freshKey(), db),
    (db) => topUp(tenant, 50, freshKey(), undefined, db),
    (db) =>
      db.query('select * from public.reserve_credits_batch($1, $2, $3, 1)', [
        tenant,
        [1, 2],
        [freshKey(), freshKey()],
      ]),
    (db) => db.query('select private.settle_due_credits()'),
    (db) => db.query('update public.credit_balances set next_due_at = now() where tenant_id = $1', [tenant]),
    ...['starter', 'business'].map(
      (plan) => (db: Queryable) => db.query('select private.change_plan($1, $2)', [tenant, plan]),
    ),
    change(`status = 'frozen', frozen_at = now()`),
    change(`status = 'active'`),
    ...['UTC', 'Asia/Kolkata'].map((zone) => change(`time_zone = '${zone}'`)),
    (db) => db.query(`select public.log_usage_event($1, 'order.tried')`, [tenant]),
  ]
}

it('nobody waits in a circle, whatever is done at once with credits, plans, statuses and time zones', async () => {
  const pool = connect(12, 'lock-order')
  const tenants = (await Promise.all([makeFunded(200), makeFunded(200)])).map(({ id }) => id)
  const steps = tenants.flatMap((tenant) => stepsOf(tenant, []))
  const failures: string[] = []
  await Promise.all(
    Array.from({ length: 12 }, async () => {
      for (let round = 0; round < 120; round++) {
        const step = steps[Math.floor(Math.random() * steps.length)]!
        await refusalOf(step(pool)).catch((thrown: Error) => failures.push(thrown.message))
      }
      // Two in one transaction: what holds the credits goes on to usage, while others change the tenant.
      for (const tenant of tenants) {
        const db = await pool.connect()
        await db.query('begin')
        await refusalOf(
          reserve(tenant, 1, freshKey(), db).then(() =>
            db.query(`select public.log_usage_event($1, 'order.tried')`, [tenant]),
          ),
        ).catch((thrown: Error) => failures.push(thrown.message))
        await db.query('rollback')
        db.release()
      }
    }),
  )
  await pool.end()
  expect(failures).toEqual([])
  for (const tenant of tenants) expect(await brokenPromises(admin, tenant)).toEqual([])
})
