import { Hono } from 'hono'
import {
  body,
  describeRoute,
  idempotencyKeyOf,
  params,
  query,
  router,
  takesIdempotencyKey,
} from '../../lib/http/index.ts'
import {
  createEndpoint,
  deleteEndpoint,
  Endpoint,
  EndpointChange,
  EndpointPath,
  EndpointQuery,
  EndpointStats,
  Endpoints,
  EndpointWithSecret,
  listEndpoints,
  NewEndpoint,
  readEndpoint,
  readStats,
  StatsQuery,
  updateEndpoint,
} from '../../lib/webhooks/index.ts'

const read = router({ auth: 'member', permission: 'read_admin', key: 'endpoints:read', portal: 'webhooks' })
  .get(
    '/',
    describeRoute('List the endpoints, the newest first', {
      200: { description: 'A page of them.', schema: Endpoints },
    }),
    query(EndpointQuery),
    async (c) => c.json(await listEndpoints(c.var.db, c.var.tenant.id, c.req.valid('query'))),
  )
  .get(
    '/:endpoint',
    describeRoute('Read an endpoint', { 200: { description: 'The endpoint.', schema: Endpoint } }),
    params(EndpointPath),
    async (c) => c.json(await readEndpoint(c.var.db, c.var.tenant.id, c.req.valid('param').endpoint)),
  )

const statistics = router({
  auth: 'member',
  permission: 'read_admin',
  key: 'deliveries:read',
  portal: 'webhooks',
}).get(
  '/:endpoint/stats',
  describeRoute('Tell how an endpoint does', {
    200: { description: 'Attempts of the last hours, what is pending and dead.', schema: EndpointStats },
  }),
  params(EndpointPath),
  query(StatsQuery),
  async (c) => {
    const { window_hours: hours } = c.req.valid('query')
    return c.json(await readStats(c.var.db, c.var.tenant.id, c.req.valid('param').endpoint, hours))
  },
)

// "read_admin" is enough for a person to disable an endpoint, in a frozen tenant too. SQL checks "manage" for every other
// change.
const change = router({
  auth: 'member',
  permission: 'read_admin',
  key: 'endpoints:write',
  portal: 'webhooks',
}).patch(
  '/:endpoint',
  describeRoute(
    'Change an endpoint; disabling it is possible in a frozen tenant too',
    { 200: { description: 'The endpoint after the change.', schema: Endpoint } },
    ['header_values_required', 'invalid_value', 'unknown_event_type', 'tenant_frozen', 'trial_ended'],
  ),
  params(EndpointPath),
  body(EndpointChange),
  async (c) => {
    const { endpoint } = c.req.valid('param')
    return c.json(await updateEndpoint(c.var, endpoint, c.req.valid('json')))
  },
)

const manage = router({ auth: 'member', permission: 'manage', key: 'endpoints:write', portal: 'webhooks' })
  .post(
    '/',
    describeRoute(
      'Create an endpoint, once for each Idempotency-Key',
      { 201: { description: 'The endpoint and what verifies its messages.', schema: EndpointWithSecret } },
      ['feature_not_in_plan', 'limit_reached', 'conflict', 'invalid_value', 'unknown_event_type'],
    ),
    takesIdempotencyKey,
    body(NewEndpoint),
    async (c) => {
      const wanted = c.req.valid('json')
      const created = await createEndpoint(c.var.db, c.var.tenant.id, wanted, idempotencyKeyOf(c))
      return c.json(created, 201, { 'cache-control': 'no-store' })
    },
  )
  .delete(
    '/:endpoint',
    describeRoute('Delete an endpoint, with what was and what waits to be delivered to it', {
      204: { description: 'Deleted.' },
    }),
    params(EndpointPath),
    async (c) => {
      await deleteEndpoint(c.var.db, c.var.tenant.id, c.req.valid('param').endpoint)
      return c.body(null, 204)
    },
  )

export const endpoints = new Hono()
  .route('/', read)
  .route('/', statistics)
  .route('/', change)
  .route('/', manage)
