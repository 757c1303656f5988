import { Hono } from 'hono'
import { type Charge, charge, findSale, inSeconds, keepSale, newId, paidCharges, type Sale } from './books.ts'
import type { PaymentSecrets } from './secrets.ts'

interface Sent {
  amount?: number
  currency?: string
  item?: { name: string; amount: number; currency: string }
  plan_id?: string
  notes?: Record<string, string>
  cancel_at_cycle_end?: number
}

const plans = new Map<string, NonNullable<Sent['item']>>()

/** Razorpay's API, as far as an order needs it: Orders, Plans, Subscriptions, Invoices. */
export function razorpayApi(secrets: PaymentSecrets, payUrl: (id: string) => string) {
  const credential = `Basic ${btoa(`${secrets.razorpayKeyId}:${secrets.razorpayKeySecret}`)}`
  const subscriptionOf = (sale: Sale) => ({ ...subscriptionEntity(sale), short_url: payUrl(sale.id) })
  return new Hono()
    .use(async (c, next) => {
      if (c.req.header('authorization') !== credential) return c.json(problem('Authentication failed'), 401)
      await next()
    })
    .post('/v1/orders', async (c) => {
      const { amount, currency, notes = {} } = (await c.req.json()) as Sent
      if (!amount || amount < 1 || !currency)
        return c.json(problem('The amount must be at least INR 1.00'), 400)
      const sale = makeSale('order', { amount, currency, title: 'Order', notes, isMonthly: false })
      return c.json(orderEntity(sale))
    })
    .get('/v1/orders/:id', (c) => {
      const sale = findSale(c.req.param('id'))
      return sale ? c.json(orderEntity(sale)) : c.json(problem('The id provided does not exist'), 400)
    })
    .get('/v1/orders/:id/payments', (c) => {
      const sale = findSale(c.req.param('id'))
      if (!sale) return c.json(problem('The id provided does not exist'), 400)
      const items = sale.charges.map((each) => paymentEntity(sale, each))
      return c.json({ entity: 'collection', count: items.length, items })
    })
    .post('/v1/plans', async (c) => {
      const { item } = (await c.req.json()) as Sent
      if (!item) return c.json(problem('The item field is required.'), 400)
      const id = newId('plan')
      plans.set(id, item)
      return c.json({ id, entity: 'plan', item })
    })
    .post('/v1/subscriptions', async (c) => {
      const { plan_id = '', notes = {} } = (await c.req.json()) as Sent
      const item = plans.get(plan_id)
      if (!item) return c.json(problem('The id provided does not exist'), 400)
      const { name: title, amount, currency } = item
      return c.json(subscriptionOf(makeSale('sub', { amount, currency, title, notes, isMonthly: true })))
    })
    .get('/v1/subscriptions/:id', (c) => {
      const sale = findSale(c.req.param('id'))
      return sale ? c.json(subscriptionOf(sale)) : c.json(problem('The id provided does not exist'), 400)
    })
    .post('/v1/subscriptions/:id/cancel', async (c) => {
      const sale = findSale(c.req.param('id'))
      if (!sale) return c.json(problem('The id provided does not exist'), 400)
      if (sale.status === 'cancelled')
        return c.json(problem('Subscription is not cancellable in cancelled status.'), 400)
      const { cancel_at_cycle_end: atEnd } = (await c.req.json()) as Sent
      if (atEnd === 1 && subscriptionEntity(sale).status !== 'active')
        return c.json(problem('Subscription cannot be cancelled since no billing cycle is going on'), 400)
      sale.status = 'cancelled'
      return c.json(subscriptionOf(sale))
    })
    .get('/v1/invoices', (c) => {
      const sale = findSale(c.req.query('subscription_id') ?? '')
      const items = (sale ? paidCharges(sale) : []).map(({ id, endsAt }) => ({
        entity: 'invoice',
        status: 'paid',
        payment_id: id,
        amount_paid: sale?.amount,
        currency: sale?.currency,
        billing_end: endsAt,
      }))
      return c.json({ entity: 'collection', count: items.length, items: items.reverse() })
    })
}

/** What Razorpay tells when somebody paid, or failed to. */
export function payAtRazorpay(sale: Sale, isPaid: boolean): object[] {
  const isFirst = sale.charges.length === 0
  const made = charge(sale, 'pay', isPaid)
  if (isPaid) sale.status = 'paid'
  const payment = { entity: paymentEntity(sale, made) }
  if (!sale.isMonthly) {
    if (!isPaid) return [event('payment.failed', { payment })]
    const order = { entity: orderEntity(sale) }
    return [event('payment.captured', { payment }), event('order.paid', { payment, order })]
  }
  const subscription = { entity: subscriptionEntity(sale) }
  if (!isPaid) return isFirst ? [] : [event('subscription.pending', { subscription })]
  const charged = event('subscription.charged', { subscription, payment })
  return isFirst ? [event('subscription.activated', { subscription }), charged] : [charged]
}

export function cancelAtRazorpay(sale: Sale): object[] {
  sale.status = 'cancelled'
  return [event('subscription.cancelled', { subscription: { entity: subscriptionEntity(sale) } })]
}

function makeSale(
  prefix: string,
  wanted: Pick<Sale, 'amount' | 'currency' | 'title' | 'notes' | 'isMonthly'>,
) {
  const id = newId(prefix)
  const subscriptionId = wanted.isMonthly ? id : null
  return keepSale({ ...wanted, id, provider: 'razorpay', status: 'open', subscriptionId, charges: [] })
}

function orderEntity({ id, amount, currency, status, notes }: Sale) {
  const isPaid = status === 'paid'
  return { id, entity: 'order', amount, currency, status: isPaid ? 'paid' : 'created', notes }
}

function subscriptionEntity(sale: Sale) {
  const paid = paidCharges(sale)
  const active = sale.charges.at(-1)?.status === 'failed' ? 'pending' : paid.length > 0 ? 'active' : 'created'
  return {
    id: sale.id,
    entity: 'subscription',
    status: sale.status === 'cancelled' ? 'cancelled' : active,
    paid_count: paid.length,
    current_end: paid.at(-1)?.endsAt ?? null,
    notes: sale.notes,
  }
}

function paymentEntity(sale: Sale, { id, status }: Charge) {
  return {
    id,
    entity: 'payment',
    amount: sale.amount,
    amount_refunded: 0,
    currency: sale.currency,
    status: status === 'paid' ? 'captured' : 'failed',
    order_id: sale.isMonthly ? `order_of_${id}` : sale.id,
    invoice_id: sale.isMonthly ? `inv_of_${id}` : null,
    error_code: status === 'paid' ? null : 'BAD_REQUEST_ERROR',
  }
}

function event(name: string, payload: Record<string, object>) {
  const contains = Object.keys(payload)
  // Two events of one second are told apart by nothing but their words, as with the real one.
  return { entity: 'event', event: name, contains, payload, created_at: inSeconds(), account_id: 'acc_local' }
}

function problem(description: string) {
  return { error: { code: 'BAD_REQUEST_ERROR', description } }
}
