import fc from 'fast-check'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import type { PaymentFact } from '../../../lib/usage/payments/fact.ts'
import { applyMigrations, makeDatabase, type OwnDatabase } from '../../kit/own-database.ts'
import type { Order } from '../../usage/payments/world.ts'
import { makeRegistration, orderRegistration, outcomeOf } from './world.ts'

// Whatever order events come in, however often, on however many connections, and wherever a connection dies: a paid
// registration is one tenant, and any other is none.

let own: OwnDatabase
let pool: pg.Pool
/** A kill ends a connection and not the server, so nothing is lost by not waiting for the disk. */
const connection = () => ({ connectionString: own.url, options: '-c synchronous_commit=off' })
beforeAll(async () => {
  own = await makeDatabase(inject('stack'))
  await applyMigrations(own.url)
  pool = new pg.Pool({ ...connection(), max: 6 })
})
afterAll(async () => {
  await pool?.end()
  await own?.drop()
})

const steps = ['fail', 'pay', 'again', 'little', 'foreign', 'close'] as const
type Step = (typeof steps)[number]
/** What happened, and at which of the two orders of one registration. */
const histories = fc
  .uniqueArray(fc.record({ step: fc.constantFrom(...steps), at: fc.constantFrom<0 | 1>(0, 1) }), {
    minLength: 1,
    maxLength: 6,
    selector: ({ step, at }) => `${step} ${at}`,
  })
  .chain((events) =>
    fc.record({
      events: fc.constant(events),
      order: fc.array(fc.nat(1_000_000), { minLength: events.length * 3, maxLength: events.length * 3 }),
    }),
  )
type History = typeof histories extends fc.Arbitrary<infer Value> ? Value : never

function factOf(order: Order, step: Step): PaymentFact {
  const payment = (name: string, change: Partial<PaymentFact> = {}): PaymentFact => ({
    what: 'captured',
    payment_id: `${name}_${order.id}`,
    amount_minor: 14_900,
    currency: 'CHF',
    ...change,
  })
  const about: Record<Step, PaymentFact> = {
    // The same payment as "pay": it failed at first and was tried again.
    fail: payment('one', { what: 'failed' }),
    pay: payment('one'),
    again: payment('two'),
    little: payment('three', { amount_minor: 14_899 }),
    foreign: payment('four', { currency: 'INR' }),
    close: { what: 'closed' },
  }
  return { order_id: order.provider_order_id, ...about[step] }
}

interface Delivery {
  order: Order
  id: string
  fact: PaymentFact
}

/** Three copies of each event, shuffled as the history says. */
function deliveriesOf(orders: Order[], { events, order: shuffled }: History): Delivery[] {
  const once = events.map(({ step, at }) => {
    const order = orders[at]!
    return { order, id: `${step}_${order.id}`, fact: factOf(order, step) }
  })
  return [...once, ...once, ...once]
    .map((delivery, index) => ({ delivery, place: shuffled[index]! }))
    .sort((a, b) => a.place - b.place)
    .map(({ delivery }) => delivery)
}

async function deliver(db: pg.Pool | pg.Client, { order, id, fact }: Delivery): Promise<void> {
  await db.query('select private.receive_payment_event($1, $2, $3, $4)', [
    order.provider,
    id,
    Buffer.from(id),
    fact,
  ])
  await db.query('select private.settle_payment_event($1, $2)', [order.provider, id])
}

/** A registration with an order at each provider. */
async function world(): Promise<Order[]> {
  const hash = await makeRegistration({ brand: 'Rush', db: pool })
  await pool.query(`delete from private.tenant_turns where what like 'registration%'`)
  return [
    await orderRegistration(hash, { db: pool }),
    await orderRegistration(hash, { provider: 'razorpay', db: pool }),
  ]
}

/** How many tenants there are, and how many payments gave one, are due back or failed. */
async function stateOf(orders: Order[]) {
  const outcomes = await Promise.all(orders.map((order) => outcomeOf(order, pool)))
  const payments = outcomes.flatMap((outcome) => outcome.payments)
  const count = (start: string) => payments.filter((payment) => payment.startsWith(start)).length
  return {
    tenants: outcomes[0]!.tenants,
    paid: count('paid'),
    due: count('refund_due'),
    failed: count('failed'),
  }
}

/** What must come of a history, worked out from the set of its events alone. */
function expected({ events }: History) {
  const has = (step: Step, at: number) => events.some((event) => event.step === step && event.at === at)
  const right = events.filter(({ step }) => step === 'pay' || step === 'again').length
  const wrong = events.filter(({ step }) => step === 'little' || step === 'foreign').length
  const tenants = Math.min(1, right)
  return {
    tenants,
    paid: tenants,
    due: wrong + right - tenants,
    failed: [0, 1].filter((at) => has('fail', at) && !has('pay', at)).length,
  }
}

describe('forty histories, shuffled and tripled, on six connections at once', () => {
  it('each make one tenant, or none', { timeout: 120_000 }, async () => {
    const waiting = fc.sample(histories, { numRuns: 40, seed: 20_261_122 }).values()
    const run = async () => {
      for (const history of waiting) {
        const orders = await world()
        await Promise.all(deliveriesOf(orders, history).map((delivery) => deliver(pool, delivery)))
        expect(await stateOf(orders), JSON.stringify(history.events)).toEqual(expected(history))
      }
    }
    await Promise.all([run(), run()])
    const { rows } = await pool.query(
      `select (select count(*)::int from public.tenants where name = 'Rush') as tenants,
         (select count(distinct slug)::int from public.tenants where name = 'Rush') as slugs,
         (select count(*)::int from private.registration_orders where tenant_id <> private.platform_tenant_id()) as orders`,
    )
    expect(rows[0].tenants).toBeGreaterThan(10)
    expect([rows[0].slugs, rows[0].orders]).toEqual([rows[0].tenants, rows[0].tenants])
  })
})

describe('a connection that is killed at any row that settling writes', () => {
  const places = [
    ...['public.tenants', 'public.tenant_billing', 'public.subscriptions', 'public.tenant_invitations'],
    ...['public.contracts', 'private.registration_orders', 'public.webhook_events', 'public.payments'],
  ]
  it('leaves no part of a tenant, and the event that is sent again makes all of it', {
    timeout: 120_000,
  }, async () => {
    await pool.query(`create function private.tg_die_here() returns trigger language plpgsql set search_path = '' as $$
      begin
        if current_setting('test.die_at', true) = tg_table_name then
          perform set_config('test.die_at', '', false);
          perform pg_terminate_backend(pg_backend_pid());
          perform pg_sleep(1);
        end if;
        return new;
      end $$`)
    for (const table of places)
      await pool.query(
        `create trigger die_here before insert or update on ${table} for each row execute function private.tg_die_here()`,
      )
    const orders = await world()
    const delivery = { order: orders[0]!, id: `pay_${orders[0]!.id}`, fact: factOf(orders[0]!, 'pay') }
    for (const table of places) {
      const client = new pg.Client(connection())
      client.on('error', () => {})
      await client.connect()
      await client.query(`select set_config('test.die_at', $1, false)`, [table.split('.')[1]])
      await expect(deliver(client, delivery), table).rejects.toThrow(/terminat/)
      await client.end().catch(() => {})
      expect(await stateOf(orders), table).toEqual({ tenants: 0, paid: 0, due: 0, failed: 0 })
    }
    await deliver(pool, delivery)
    expect(await stateOf(orders)).toEqual({ tenants: 1, paid: 1, due: 0, failed: 0 })
  })
})
