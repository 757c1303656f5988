import fc from 'fast-check'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import type { PaymentFact } from '../../../lib/usage/payments/fact.ts'
import { makeMigrated, type OwnDatabase } from '../../kit/own-database.ts'
import type { Order } from '../../usage/payments/world.ts'
import { deliver, makeRegistrations, openPool, type Pool, periodEnd, type Registered } from './rush.ts'

// Whatever order events come in, however often, and on however many connections: a paid registration is one tenant, and
// any other is none. kill.test.ts says what comes of a connection that dies.

/** More of the same: TENANTRY_HISTORIES=1000 npx vitest run test/onboarding/checkout/histories. */
const runs = Number(process.env.TENANTRY_HISTORIES ?? 400)
const connections = 8

let own: OwnDatabase
let pool: Pool
let registered: Registered[]
beforeAll(async () => {
  own = await makeMigrated(inject('stack'))
  pool = openPool(own, connections)
  registered = await makeRegistrations(pool, runs)
})
afterAll(async () => {
  await pool?.end()
  await own?.drop()
})

const steps = ['fail', 'pay', 'again', 'little', 'foreign', 'start', 'renew', 'cancel', 'close'] as const
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
  const charge = (name: string, change: Partial<PaymentFact> = {}): PaymentFact => ({
    what: 'captured',
    payment_id: `${name}_${order.id}`,
    period: '1',
    period_ends_at: periodEnd(1),
    amount_minor: 14_900,
    currency: 'CHF',
    ...change,
  })
  const about: Record<Step, PaymentFact> = {
    // The same payment as "pay": it failed at first and was tried again.
    fail: charge('one', { what: 'failed' }),
    pay: charge('one'),
    again: charge('two'),
    little: charge('three', { amount_minor: 14_899 }),
    foreign: charge('four', { currency: 'INR' }),
    start: { what: 'started' },
    renew: charge('five', { period: '2', period_ends_at: periodEnd(2) }),
    cancel: { what: 'cancelled' },
    close: { what: 'closed' },
  }
  return { order_id: order.provider_order_id, subscription_id: `sub_${order.id}`, ...about[step] }
}

/** Three copies of each event, shuffled as the history says. */
function deliveriesOf(orders: Registered, { events, order: shuffled }: History) {
  const once = events.map(({ step, at }) => {
    const order = orders[at]
    return { order, id: `${step}_${order.id}`, fact: factOf(order, step) }
  })
  return [...once, ...once, ...once]
    .map((delivery, index) => ({ delivery, place: shuffled[index]! }))
    .sort((a, b) => a.place - b.place)
    .map(({ delivery }) => delivery)
}

interface State {
  tenant: string | null
  order: string
  payments: string[]
  subscription: string | null
  is_to_cancel: boolean
  paid_until: Date | null
}

/** Of each order: whose it is, what became of its payments, and of its subscription. */
async function readStates(): Promise<Map<string, State>> {
  const { rows } = await pool.query<State & { id: string }>(
    `select o.id, nullif(o.tenant_id, private.platform_tenant_id()) as tenant, o.status as order,
       s.status as subscription, s.paid_until_at as paid_until, coalesce(s.next_cancel_at is not null, false) as is_to_cancel,
       array(select p.status || coalesce(' ' || p.reason, '') from public.payments as p where p.order_id = o.id order by 1) as payments
     from public.payment_orders as o left join public.subscriptions as s on s.order_id = o.id`,
  )
  return new Map(rows.map(({ id, ...state }) => [id, state]))
}

/** What must come of a history, worked out from its events, and from which of two paid orders came first. */
function expected({ events }: History, states: [State, State]): [State, State] {
  const has = (step: Step, at: number) => events.some((event) => event.step === step && event.at === at)
  const rightAt = (at: number) =>
    [has('pay', at) && '1', has('again', at) && '1', has('renew', at) && '2'].filter(
      (period) => period !== false,
    )
  const winner = [0, 1].find((at) => rightAt(at).length > 0 && states[at]!.tenant !== null)
  if (winner === undefined) expect([0, 1].flatMap(rightAt), 'a paid order made no tenant').toEqual([])
  const stateAt = (at: 0 | 1): State => {
    const right = rightAt(at)
    const periods = new Set(right)
    const isWinner = at === winner
    const payments = [
      ...(isWinner ? [...periods].map(() => 'paid') : []),
      ...(isWinner ? right.slice(periods.size).map(() => 'refund_due paid_twice') : []),
      ...(isWinner ? [] : right.map(() => 'refund_due already_registered')),
      ...(has('little', at) ? ['refund_due wrong_amount'] : []),
      ...(has('foreign', at) ? ['refund_due wrong_currency'] : []),
      ...(has('fail', at) && !has('pay', at) ? ['failed'] : []),
    ].sort()
    const isKnown = events.some((event) => event.at === at)
    const isLost = !isWinner && right.length > 0
    return {
      tenant: isWinner ? states[at].tenant : null,
      order: statusOf(payments, has('close', at)),
      payments,
      subscription: has('cancel', at) ? 'cancelled' : isWinner ? 'active' : isKnown ? 'pending' : null,
      is_to_cancel: isLost && !has('cancel', at),
      paid_until: isWinner ? new Date(periodEnd(periods.has('2') ? 2 : 1)) : null,
    }
  }
  return [stateAt(0), stateAt(1)]
}

function statusOf(payments: string[], isClosed: boolean): string {
  const has = (start: string) => payments.some((payment) => payment.startsWith(start))
  if (has('refund_due')) return 'refund_due'
  if (has('paid')) return 'paid'
  return has('failed') || isClosed ? 'failed' : 'created'
}

it(`${runs} histories, shuffled, tripled and on eight connections at once, each make one tenant or none`, {
  timeout: 300_000,
}, async () => {
  const sample = fc.sample(histories, { numRuns: runs, seed: 20_261_122 })
  const waiting = sample.entries()
  const run = async () => {
    for (const [index, history] of waiting)
      await Promise.all(deliveriesOf(registered[index]!, history).map((each) => deliver(pool, each)))
  }
  await Promise.all(Array.from({ length: 4 }, run))
  const states = await readStates()
  const stateOf = (order: Order) => states.get(order.id)!
  let made = 0
  for (const [index, history] of sample.entries()) {
    const both = registered[index]!.map(stateOf) as [State, State]
    expect(both, JSON.stringify(history.events)).toEqual(expected(history, both))
    made += both.filter(({ tenant }) => tenant !== null).length
  }
  const { rows } = await pool.query(
    `select count(*)::int as tenants, count(distinct slug)::int as slugs,
       (select count(*)::int from public.contracts where status = 'pending_acceptance') as contracts,
       (select count(*)::int from public.tenant_invitations) as owners,
       (select count(*)::int from private.notification_jobs where template = 'registration_welcome') as welcomes
     from public.tenants where name like 'Rush %'`,
  )
  expect(made).toBeGreaterThan(runs / 2)
  expect(rows).toEqual([{ tenants: made, slugs: made, contracts: made, owners: made, welcomes: made }])
})
