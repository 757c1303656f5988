import fc from 'fast-check'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import type { PaymentFact } from '../../../lib/usage/payments/fact.ts'
import { makeMigrated, type OwnDatabase } from '../../kit/own-database.ts'
import { makeTenant } from '../../kit/tenants.ts'
import { freshId, makeOrder, type Order, stateOf } from './world.ts'

// Whatever order events come in, however often, on however many connections, and wherever a connection dies: a history
// ends in the one state that follows from what was said in it.

let own: OwnDatabase
/** A kill ends a connection and not the server, so nothing is lost by not waiting for the disk. */
let pool: pg.Pool
const connection = () => ({ connectionString: own.url, options: '-c synchronous_commit=off' })
beforeAll(async () => {
  own = await makeMigrated(inject('stack'))
  pool = new pg.Pool({ ...connection(), max: 8 })
})
afterAll(async () => {
  await pool?.end()
  await own?.drop()
})

type Step =
  | 'fail'
  | 'pay'
  | 'again'
  | 'little'
  | 'much'
  | 'foreign'
  | 'cancel'
  | 'start'
  | 'close'
  | 'renew'
  | 'renewal fails'

interface History {
  steps: Step[]
  /** Of three copies of each event: in which order, and on which connection. */
  order: number[]
}

const steps = fc.subarray<Step>(
  ['fail', 'pay', 'again', 'little', 'much', 'foreign', 'cancel', 'start', 'close', 'renew', 'renewal fails'],
  { minLength: 1 },
)
const histories = steps.chain((said) =>
  fc.record({
    steps: fc.constant(said),
    order: fc.array(fc.integer({ min: 0, max: 1_000_000 }), {
      minLength: said.length * 3,
      maxLength: said.length * 3,
    }),
  }),
) satisfies fc.Arbitrary<History>

const inDays = (days: number) => new Date(Date.UTC(2030, 0, 1) + days * 86_400_000).toISOString()

function factOf(order: Order, step: Step): PaymentFact {
  const payment = (name: string, change: Partial<PaymentFact> = {}): PaymentFact => ({
    what: 'captured',
    payment_id: `${name}_${order.id}`,
    period: '1',
    period_ends_at: inDays(30),
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
    much: payment('four', { amount_minor: 14_901 }),
    foreign: payment('five', { currency: 'INR' }),
    cancel: { what: 'cancelled' },
    start: { what: 'started', subscription_id: `sub_${order.id}` },
    close: { what: 'closed' },
    renew: payment('six', { period: '2', period_ends_at: inDays(60) }),
    'renewal fails': payment('seven', { what: 'failed', period: '2', period_ends_at: inDays(60) }),
  }
  return { order_id: order.provider_order_id, ...about[step] }
}

/** What must come of a history, worked out from the set of its steps alone. */
function expected(said: Step[]) {
  const has = (...some: Step[]) => some.some((step) => said.includes(step))
  const rights = said.filter((step) => step === 'pay' || step === 'again').length
  const due =
    said.filter((step) => ['little', 'much', 'foreign'].includes(step)).length + Math.max(0, rights - 1)
  const settled = Math.min(1, rights) + (has('renew') ? 1 : 0)
  const failed = (has('fail') && !has('pay') ? 1 : 0) + (has('renewal fails') ? 1 : 0)
  const isPaid = settled > 0
  // A month that failed is made good by its own payment, or by one of a later month.
  const isFailing = (has('fail') && !has('pay', 'again', 'renew')) || (has('renewal fails') && !has('renew'))
  const subscription = has('cancel') ? 'cancelled' : !isPaid ? 'pending' : isFailing ? 'past_due' : 'active'
  return {
    order: due > 0 ? 'refund_due' : isPaid ? 'paid' : failed > 0 || has('close') ? 'failed' : 'created',
    payments: [
      ...Array<string>(failed).fill('failed'),
      ...Array<string>(settled).fill('paid'),
      ...Array<string>(due).fill('refund_due'),
    ],
    settled,
    subscription,
    plan: isPaid ? 'professional' : 'starter',
    tenant: 'active',
    reason: null,
  }
}

interface Delivery {
  id: string
  fact: PaymentFact
}

/** Three copies of each event, shuffled as the history says. */
function deliveriesOf(order: Order, { steps: said, order: shuffled }: History): Delivery[] {
  const events = said.map((step) => ({ id: `${step}_${order.id}`, fact: factOf(order, step) }))
  return [...events, ...events, ...events]
    .map((event, index) => ({ event, at: shuffled[index]! }))
    .sort((a, b) => a.at - b.at)
    .map(({ event }) => event)
}

const receive = (db: pg.Pool | pg.Client, { id, fact }: Delivery) =>
  db.query(`select private.receive_payment_event('stripe', $1, $2, $3)`, [id, Buffer.from(id), fact])
const settle = (db: pg.Pool | pg.Client, { id }: Delivery) =>
  db.query(`select private.settle_payment_event('stripe', $1)`, [id])

async function world() {
  return makeOrder(await makeTenant({ plan: 'starter', db: pool }), { db: pool })
}

// The rarest fault that was tried, an order that is closed before it fails, shows in one of 150 histories.
const historyCount = 200

describe(`${historyCount} histories, shuffled and tripled, on eight connections at once`, () => {
  it('each end in the one state that they say', { timeout: 400_000 }, async ({ task, skip }) => {
    if (task.file.projectName === 'pooled') skip('It asks the database alone.')
    const samples = fc.sample(histories, { numRuns: historyCount, seed: 20_261_122 })
    const waiting = samples.values()
    const run = async () => {
      for (const history of waiting) {
        const order = await world()
        const deliveries = deliveriesOf(order, history)
        await Promise.all(
          deliveries.map(async (delivery) => {
            await receive(pool, delivery)
            await settle(pool, delivery)
          }),
        )
        expect(await stateOf(order, pool), history.steps.join(', ')).toEqual(expected(history.steps))
      }
    }
    await Promise.all([run(), run(), run()])
  })
})

describe('a connection that is killed at any statement', () => {
  let killed = 0
  beforeAll(async () => {
    // Each row that settling writes is a place at which it is killed: before the row is there, in the middle of all.
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
  })
  const places = [
    ...['private.payment_events', 'public.payment_orders', 'public.payments', 'public.subscriptions'],
    ...['public.tenants', 'public.billing_events', 'public.webhook_events', 'private.webhook_outbox'],
  ]

  let client: pg.Client | undefined
  afterAll(() => client?.end())

  /** One try on a connection that nobody else has, which dies at this table if the try writes there. */
  async function attempt(delivery: Delivery, table: string | null) {
    if (!client) {
      client = new pg.Client(connection())
      client.on('error', () => {})
      await client.connect()
    }
    try {
      await client.query(`select set_config('test.die_at', $1, false)`, [table?.split('.')[1] ?? ''])
      await receive(client, delivery)
      await settle(client, delivery)
    } catch (thrown) {
      if (!/terminat/.test(String(thrown))) throw thrown
      killed++
      await client.end().catch(() => {})
      client = undefined
    }
  }

  it('leaves nothing half done, and the event that is sent again does the rest', {
    timeout: 400_000,
  }, async () => {
    const samples = fc.sample(histories, { numRuns: 8, seed: 7 })
    for (const history of samples) {
      const order = await world()
      for (const delivery of deliveriesOf(order, history)) {
        for (const table of places) {
          const before = await stateOf(order, pool)
          const soFar = killed
          await attempt(delivery, table)
          if (killed > soFar) expect(await stateOf(order, pool), table).toEqual(before)
        }
        await attempt(delivery, null)
      }
      expect(await stateOf(order, pool), history.steps.join(', ')).toEqual(expected(history.steps))
    }
    expect(killed).toBeGreaterThan(60)
  })
})

it('a refund ends in one state, whether it or its payment comes first', async () => {
  for (const first of ['captured', 'refunded'] as const) {
    const order = await world()
    const both = (['captured', 'refunded'] as const).map((what) => ({
      id: freshId('evt'),
      fact: { ...factOf(order, 'pay'), what },
    }))
    for (const delivery of first === 'captured' ? both : both.reverse()) {
      await receive(pool, delivery)
      await settle(pool, delivery)
    }
    expect(await stateOf(order, pool), first).toMatchObject({
      order: 'refunded',
      payments: ['refunded'],
      settled: 1,
      plan: 'professional',
    })
  }
})

it('two tenants that pay at once do not wait for each other', async () => {
  const [mine, theirs] = [await world(), await world()]
  const held = await pool.connect()
  try {
    await held.query('begin')
    await held.query('select from public.tenants where id = $1 for no key update', [mine.tenant_id])
    const delivery = { id: freshId('evt'), fact: factOf(theirs, 'pay') }
    await receive(pool, delivery)
    await settle(pool, delivery)
    expect((await stateOf(theirs, pool)).order).toBe('paid')
  } finally {
    await held.query('rollback')
    held.release()
  }
})
