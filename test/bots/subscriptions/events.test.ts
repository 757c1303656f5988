import { describeEvents, type World } from '../../webhooks/events/happening.ts'

const contact = '15020000-0000-7000-8000-0000000000c0'
const checkout = (w: World) => `ws_CO_${w.id}`

/** A bot with a contact. */
const shop = (w: World) => `
  insert into public.bot_tenants (tenant_id, id, client_name) values ('${w.tenant.id}', '${w.id}', 'The first');
  insert into public.contacts (tenant_id, id, bot_id, wa_id) values ('${w.tenant.id}', '${contact}', '${w.id}', '254700000001')`
/** Chooses a plan. The order and the subscription have the id of the bot, because ids are of a table. */
const choose = (w: World) => `
  insert into public.payment_orders (tenant_id, id, provider, kind, amount_minor, currency, bought, provider_order_id)
  values ('${w.tenant.id}', '${w.id}', 'mpesa', 'bot_subscription', 50000, 'KES', '{}', '${checkout(w)}');
  insert into public.contact_subscriptions (tenant_id, id, bot_id, contact_id, order_id, plan_name, plan_type, level, amount_minor, currency, phone, checkout_request_id)
  values ('${w.tenant.id}', '${w.id}', '${w.id}', '${contact}', '${w.id}', 'Music club', 'one', 1, 50000, 'KES', '254700000001', '${checkout(w)}')`
const chosen = (w: World) => `${shop(w)}; ${choose(w)}`

const say = (w: World, what: string, more = '') => `
  select private.receive_payment_event('mpesa', '${what} ${w.id}', '${what}', jsonb_build_object('what', '${what}', 'order_id', '${checkout(w)}',
    'payment_id', '${checkout(w)}', 'amount_minor', 50000, 'currency', 'KES'${more}));
  select private.settle_payment_event('mpesa', '${what} ${w.id}')`

const row = (w: World, change: string) =>
  `update public.contact_subscriptions set ${change} where tenant_id = '${w.tenant.id}'`
const changed = (w: World, more: object) => ({
  subscription: {
    ...{
      ref_id: w.ref,
      bot: w.ref,
      plan_name: 'Music club',
      plan_type: 'one',
      level: 1,
      amount_minor: 50_000,
      currency: 'KES',
    },
    ...{ reason: null, starts_at: null, expires_at: null },
    contact: '0N08000000E008000000000060',
    ...more,
  },
})

describeEvents(
  ['subscription'],
  {
    'a plan that a contact chooses': {
      given: shop,
      when: choose,
      told: (w) => ({
        types: { 'subscription.changed': changed(w, { status: 'pending' }) },
        key: `subscription ${w.ref}`,
      }),
    },
    'a month that ends': {
      given: (w) =>
        `${chosen(w)}; ${row(w, `plan_type = 'monthly', status = 'subscribed', starts_at = '2026-01-01', expires_at = '2026-02-01'`)}`,
      when: (w) => row(w, `status = 'expired'`),
      told: (w) => ({
        types: {
          'subscription.changed': changed(w, {
            ...{ status: 'expired', plan_type: 'monthly' },
            ...{ starts_at: '2026-01-01T00:00:00.000Z', expires_at: '2026-02-01T00:00:00.000Z' },
          }),
        },
        key: `subscription ${w.ref}`,
      }),
    },
  },
  {
    'a reminder': { given: chosen, when: (w) => row(w, 'reminded_at = now()') },
    'a payment that is told a second time': {
      given: (w) => `${chosen(w)}; ${say(w, 'captured')}`,
      when: (w) => say(w, 'captured'),
    },
  },
  ['subscription.activated', 'subscription.cancelled', 'subscription.charged', 'subscription.failed'],
)
