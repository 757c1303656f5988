import { Hono } from 'hono'
import { askerOf, body, describeRoute, router } from '../../lib/http/index.ts'
import { NotificationPreferences, readPreferences, writePreferences } from '../../lib/notifications/index.ts'

// "read" also for choosing: what somebody wants to be told is their own affair.
const own = router({ auth: 'member', permission: 'read' })
  .get(
    '/',
    describeRoute('Read what you want to be told, besides here', {
      200: { description: 'What you have chosen in this tenant.', schema: NotificationPreferences },
    }),
    async (c) => {
      const asker = askerOf(c)
      return c.json(await readPreferences(asker, c.var.tenant.id, c.var.caller.claims.sub))
    },
  )
  .put(
    '/',
    describeRoute(
      'Choose what you want to be told, and when not',
      { 200: { description: 'What you have chosen.', schema: NotificationPreferences } },
      ['invalid_value'],
    ),
    body(NotificationPreferences),
    async (c) => {
      const asker = askerOf(c)
      const chosen = c.req.valid('json')
      return c.json(await writePreferences(asker, c.var.tenant.id, c.var.caller.claims.sub, chosen))
    },
  )

const common = router({ auth: 'member', permission: 'manage' })
  .get(
    '/default',
    describeRoute('Read what everybody is told who has not chosen', {
      200: { description: 'What the tenant has chosen.', schema: NotificationPreferences },
    }),
    async (c) => {
      const asker = askerOf(c)
      return c.json(await readPreferences(asker, c.var.tenant.id, null))
    },
  )
  .put(
    '/default',
    describeRoute(
      'Choose for everybody who has not chosen',
      { 200: { description: 'What the tenant has chosen.', schema: NotificationPreferences } },
      ['invalid_value'],
    ),
    body(NotificationPreferences),
    async (c) => {
      const asker = askerOf(c)
      return c.json(await writePreferences(asker, c.var.tenant.id, null, c.req.valid('json')))
    },
  )

export const preferences = new Hono().route('/', own).route('/', common)
