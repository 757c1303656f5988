import { Hono } from 'hono'
import {
  type Charge,
  charge,
  findSale,
  findSaleByKey,
  inSeconds,
  keepSale,
  newId,
  type Sale,
} from './books.ts'
import type { PaymentSecrets } from './secrets.ts'

/** Stripe's API, as far as an order needs it: Checkout Sessions and Subscriptions. */
export function stripeApi(secrets: PaymentSecrets, payUrl: (id: string) => string) {
  const sessionOf = (sale: Sale) => ({
    ...sessionObject(sale),
    url: sale.status === 'open' ? payUrl(sale.id) : null,
  })
  return new Hono()
    .use(async (c, next) => {
      if (c.req.header('authorization') !== `Bearer ${secrets.stripeSecretKey}`)
        return c.json(problem('Invalid API Key provided.'), 401)
      await next()
    })
    .post('/v1/checkout/sessions', async (c) => {
      const form = new URLSearchParams(await c.req.text())
      const key = c.req.header('idempotency-key')
      const known = findSaleByKey(key)
      if (known) return c.json(sessionOf(known))
      const price = (name: string) => form.get(`line_items[0][price_data]${name}`)
      const amount = Number(price('[unit_amount]'))
      const currency = price('[currency]')
      if (!Number.isInteger(amount) || amount < 1 || !currency || !form.get('success_url'))
        return c.json(problem('Missing required param.'), 400)
      const sale = keepSale({
        id: newId('cs_local'),
        provider: 'stripe',
        isMonthly: form.get('mode') === 'subscription',
        amount,
        currency,
        title: price('[product_data][name]') ?? '',
        notes: metadataIn(form),
        status: 'open',
        subscriptionId: null,
        charges: [],
        key,
      })
      return c.json(sessionOf(sale))
    })
    .get('/v1/checkout/sessions/:id', (c) => {
      const sale = findSale(c.req.param('id'))
      if (!sale) return c.json(problem('No such checkout.session'), 404)
      const isAsked = c.req.queries('expand[]')?.includes('invoice')
      const [first] = sale.charges
      const invoice = sale.isMonthly && isAsked && first ? invoiceObject(sale, first) : null
      return c.json({ ...sessionOf(sale), invoice })
    })
    .post('/v1/subscriptions/:id', (c) => {
      const sale = findSale(c.req.param('id'))
      if (!sale) return c.json(problem('No such subscription'), 404)
      sale.status = 'cancelled'
      return c.json({ id: sale.subscriptionId, object: 'subscription', cancel_at_period_end: true })
    })
}

/** What Stripe tells when somebody paid, or failed to. */
export function payAtStripe(sale: Sale, isPaid: boolean): object[] {
  const isFirst = sale.subscriptionId === null
  // A card that is refused on the page of the checkout tells the buyer, and makes nothing.
  if (!isPaid && (!sale.isMonthly || isFirst)) return []
  if (isPaid) sale.status = 'paid'
  if (sale.isMonthly && isFirst) sale.subscriptionId = newId('sub')
  const last = charge(sale, sale.isMonthly ? 'in' : 'pi', isPaid)
  if (!sale.isMonthly) return [event('checkout.session.completed', sessionObject(sale))]
  const invoiced = event(isPaid ? 'invoice.paid' : 'invoice.payment_failed', invoiceObject(sale, last))
  return isFirst ? [invoiced, event('checkout.session.completed', sessionObject(sale))] : [invoiced]
}

export function cancelAtStripe(sale: Sale): object[] {
  sale.status = 'cancelled'
  const subscription = { id: sale.subscriptionId, object: 'subscription', metadata: sale.notes }
  return [event('customer.subscription.deleted', subscription)]
}

function sessionObject(sale: Sale) {
  return {
    id: sale.id,
    object: 'checkout.session',
    mode: sale.isMonthly ? 'subscription' : 'payment',
    status: sale.status === 'open' ? 'open' : 'complete',
    payment_status: sale.status === 'open' ? 'unpaid' : 'paid',
    payment_intent: sale.isMonthly ? null : (sale.charges[0]?.id ?? null),
    subscription: sale.subscriptionId,
    amount_total: sale.amount,
    currency: sale.currency,
    metadata: sale.notes,
  }
}

function invoiceObject(sale: Sale, { id, status, endsAt }: Charge) {
  const isPaid = status === 'paid'
  return {
    id,
    object: 'invoice',
    status: isPaid ? 'paid' : 'open',
    amount_due: sale.amount,
    amount_paid: isPaid ? sale.amount : 0,
    currency: sale.currency,
    parent: {
      type: 'subscription_details',
      subscription_details: { subscription: sale.subscriptionId, metadata: sale.notes },
    },
    lines: { object: 'list', data: [{ period: { start: inSeconds(), end: endsAt } }] },
  }
}

function event(type: string, object: object) {
  return { id: newId('evt'), object: 'event', type, created: inSeconds(), livemode: false, data: { object } }
}

function metadataIn(form: URLSearchParams): Record<string, string> {
  const found = [...form].flatMap(([name, value]) => {
    const key = /^metadata\[(.+)\]$/.exec(name)?.[1]
    return key ? [[key, value] as const] : []
  })
  return Object.fromEntries(found)
}

function problem(message: string) {
  return { error: { type: 'invalid_request_error', message } }
}
