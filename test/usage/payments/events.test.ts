import { expect } from 'vitest'
import { describeEvents, tenantNow, type World } from '../../webhooks/events/happening.ts'

const makeOrder = (w: World, plan = 'business') =>
  `insert into public.payment_orders (tenant_id, id, provider, provider_order_id, kind, amount_minor, currency, bought)
   values ('${w.tenant.id}', '${w.id}', 'stripe', 'cs_${w.id}', 'subscription', 34900, 'CHF', '{"plan": "${plan}"}')`
let count = 0
/** One statement that receives a fact, and one that settles it. */
const settle = (w: World, fact: object) => {
  const id = `evt_${w.id}_${++count}`
  const whole = JSON.stringify({ order_id: `cs_${w.id}`, ...fact })
  return `select private.receive_payment_event('stripe', '${id}', '${id}', '${whole}');
    select private.settle_payment_event('stripe', '${id}')`
}
const paid = (payment_id: string, change: object = {}) => ({
  what: 'captured',
  payment_id,
  period: payment_id,
  amount_minor: 34_900,
  currency: 'CHF',
  ...change,
})
const told = (w: World, change: object) => ({
  tenant: tenantNow(w),
  order: { ref_id: w.ref, kind: 'subscription' },
  provider: 'stripe',
  provider_entity_id: 'in_1',
  amount_minor: 34_900,
  currency: 'CHF',
  plan: 'business',
  reason: null,
  ...change,
})
const key = (w: World) => `order ${w.ref}`
const begun = (w: World) => `${makeOrder(w, 'enterprise')}; ${settle(w, paid('in_0'))}`

describeEvents(
  ['payment', 'subscription'],
  {
    'a payment that begins a subscription': {
      given: (w) => makeOrder(w, 'enterprise'),
      when: (w) => settle(w, paid('in_1')),
      told: (w) => ({
        types: {
          'subscription.activated': told(w, { plan: 'enterprise' }),
          'payment.paid': told(w, { plan: 'enterprise' }),
        },
        key: key(w),
      }),
    },
    'a later payment of a subscription': {
      given: begun,
      when: (w) => settle(w, paid('in_1')),
      told: (w) => ({
        types: {
          'subscription.charged': told(w, { plan: 'enterprise' }),
          'payment.paid': told(w, { plan: 'enterprise' }),
        },
        key: key(w),
      }),
    },
    'a charge of a subscription that fails': {
      given: begun,
      when: (w) => settle(w, { what: 'failed', payment_id: 'in_1', period: '2', reason: 'charge_failed' }),
      told: (w) => ({
        types: {
          'payment.failed': told(w, { plan: 'enterprise', reason: 'charge_failed' }),
          'subscription.failed': told(w, {
            plan: 'enterprise',
            provider_entity_id: null,
            amount_minor: null,
            currency: null,
          }),
        },
        key: key(w),
      }),
    },
    'a subscription that is cancelled': {
      given: begun,
      when: (w) => settle(w, { what: 'cancelled', subscription_id: `sub_${w.id}` }),
      told: (w) => ({
        types: { 'subscription.cancelled': expect.objectContaining({ provider_entity_id: `sub_${w.id}` }) },
        key: key(w),
      }),
    },
    'a payment of a wrong amount': {
      given: (w) => makeOrder(w),
      when: (w) => settle(w, paid('in_1', { amount_minor: 34_901 })),
      told: (w) => ({
        types: { 'payment.refund_due': told(w, { amount_minor: 34_901, reason: 'wrong_amount' }) },
        key: key(w),
      }),
    },
    'a payment that is sent back': {
      given: (w) => `${makeOrder(w)}; ${settle(w, paid('in_1', { currency: 'EUR' }))}`,
      when: (w) => settle(w, { what: 'refunded', payment_id: 'in_1', amount_minor: 34_900, currency: 'EUR' }),
      told: (w) => ({
        types: { 'payment.refunded': told(w, { currency: 'EUR', reason: 'wrong_currency' }) },
        key: key(w),
      }),
    },
  },
  {
    'an order that is made': { when: (w) => makeOrder(w) },
    'the same payment in another event': { given: begun, when: (w) => settle(w, paid('in_0')) },
    'a failure of a payment that is paid': {
      given: begun,
      when: (w) => settle(w, { what: 'failed', payment_id: 'in_0', period: 'in_0' }),
    },
    'a part that is sent back': {
      given: begun,
      when: (w) => settle(w, { what: 'refunded', payment_id: 'in_0', amount_minor: 34_899, currency: 'CHF' }),
    },
    'an order that the provider closes': { given: makeOrder, when: (w) => settle(w, { what: 'closed' }) },
    'a subscription of which nothing was paid yet': {
      given: makeOrder,
      when: (w) => settle(w, { what: 'started', subscription_id: `sub_${w.id}` }),
    },
  },
  // Those of the contacts of bots.
  ['subscription.changed'],
)
