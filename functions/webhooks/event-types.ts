import { describeRoute, params, query, router } from '../../lib/http/index.ts'
import {
  EventTypePath,
  EventTypeQuery,
  EventTypes,
  EventTypeVersions,
  listEventTypes,
  readEventType,
} from '../../lib/webhooks/index.ts'

/** The catalogue. It is the same for all tenants. */
export const eventTypes = router({ auth: 'user', key: 'event_types:read', portal: 'webhooks' })
  .get(
    '/',
    describeRoute('List the types of events, by name', {
      200: { description: 'A page of them, each as its newest version has it.', schema: EventTypes },
    }),
    query(EventTypeQuery),
    async (c) => c.json(await listEventTypes(c.var.db, c.req.valid('query'))),
  )
  .get(
    '/:type',
    describeRoute('Read a type of event: schema and example of each version', {
      200: { description: 'All its versions, the newest first.', schema: EventTypeVersions },
    }),
    params(EventTypePath),
    async (c) => c.json(await readEventType(c.var.db, c.req.valid('param').type)),
  )
