import { Hono } from 'hono'
import {
  askerOf,
  body,
  describeRoute,
  idempotencyKeyOf,
  params,
  query,
  receiveBody,
  router,
  takesIdempotencyKey,
} from '../../lib/http/index.ts'
import {
  BillingEventQuery,
  BillingEvents,
  CheckedOrders,
  checkOpenOrders,
  listBillingEvents,
  listPaymentOrders,
  makeOrder,
  NewOrder,
  Offers,
  PaymentOrder,
  PaymentOrderQuery,
  PaymentOrders,
  ProviderPath,
  ReceivedEvent,
  readOffers,
  receiveWebhook,
} from '../../lib/usage/index.ts'

// "read_admin", also for ordering: a tenant that is frozen because it did not pay must be able to pay. SQL refuses one
// that was frozen for another reason.
const orders = router({ auth: 'member', permission: 'read_admin' })
  .get(
    '/orders',
    describeRoute("List a tenant's payment orders, the newest first", {
      200: { description: 'A page of them, paid or not.', schema: PaymentOrders },
    }),
    query(PaymentOrderQuery),
    async (c) => c.json(await listPaymentOrders(c.var.db, c.var.tenant.id, c.req.valid('query'))),
  )
  .post(
    '/orders',
    describeRoute(
      'Order a plan or a bundle of credits, once for each Idempotency-Key',
      { 201: { description: 'The order, and where it is paid.', schema: PaymentOrder } },
      [
        'tenant_frozen',
        'not_billable',
        'conflict',
        'invalid_value',
        'too_many_orders',
        'payment_provider_not_set_up',
        'payment_provider_failed',
      ],
    ),
    takesIdempotencyKey,
    body(NewOrder),
    async (c) => {
      const asker = askerOf(c)
      const order = c.req.valid('json')
      return c.json(await makeOrder(c.var.db, asker, c.var.tenant.id, order, idempotencyKeyOf(c)), 201)
    },
  )

/** The price list belongs to no tenant. */
const offers = router({ auth: 'user' }).get(
  '/offers',
  describeRoute('Read which plans and bundles of credits can be ordered, and at which providers', {
    200: { description: 'What can be ordered now.', schema: Offers },
  }),
  async (c) => c.json(await readOffers(c.var.db)),
)

/** No caller: the provider's signature over the raw body says who sends, and it is verified before anything is stored. */
const webhooks = router({ auth: 'public' }).post(
  '/webhooks/:provider',
  describeRoute(
    "Receive a payment provider's signed event",
    { 200: { description: 'It is stored. outcome says what it changed.', schema: ReceivedEvent } },
    ['invalid_signature', 'payload_too_large', 'payment_provider_not_set_up'],
  ),
  params(ProviderPath),
  async (c) => {
    const sent = await receiveBody(c.req.raw)
    return c.json(await receiveWebhook(c.req.valid('param').provider, c.req.raw.headers, sent))
  },
)

const check = router({ auth: 'service' }).post(
  '/check',
  describeRoute('Ask providers about orders that are open, and have replaced subscriptions cancelled', {
    200: { description: 'How many were asked about, and what was learned.', schema: CheckedOrders },
  }),
  async (c) => c.json(await checkOpenOrders(c.var.db)),
)

/** Orders, and what providers say about them. Cron wakes the last of these routes. */
export const payments = new Hono()
  .route('/', orders)
  .route('/', offers)
  .route('/', webhooks)
  .route('/', check)

export const billingEvents = router({ auth: 'member', permission: 'read_admin' }).get(
  '/',
  describeRoute("List what happened to a tenant's payments and subscriptions, the newest first", {
    200: { description: 'A page of billing events.', schema: BillingEvents },
  }),
  query(BillingEventQuery),
  async (c) => c.json(await listBillingEvents(c.var.db, c.var.tenant.id, c.req.valid('query'))),
)
