import { Hono } from 'hono'
import { describeRoute, params, query, router } from '../../lib/http/index.ts'
import {
  liftSuppression,
  listSuppressions,
  lookUpUnsubscribing,
  SuppressionPath,
  SuppressionQuery,
  Suppressions,
  UnsubscribePath,
  Unsubscribing,
  unsubscribe,
  unsubscribePage,
} from '../../lib/notifications/index.ts'

const read = router({ auth: 'member', permission: 'read_admin' }).get(
  '/',
  describeRoute('List the addresses to which you send nothing more, the newest first', {
    200: { description: 'A page of them, each with the reason.', schema: Suppressions },
  }),
  query(SuppressionQuery),
  async (c) => c.json(await listSuppressions(c.var.db, c.var.tenant.id, c.req.valid('query'))),
)

const manage = router({ auth: 'member', permission: 'manage' }).delete(
  '/:suppression',
  describeRoute('Send to an address again', { 204: { description: 'Lifted.' } }),
  params(SuppressionPath),
  async (c) => {
    await liftSuppression(c.var.db, c.var.tenant.id, c.req.valid('param').suppression)
    return c.body(null, 204)
  },
)

export const suppressions = new Hono().route('/', read).route('/', manage)

/** RFC 8058: a scanner that opens the link of a mail must change nothing, and one click in a mail program must. */
export const unsubscribing = router({ auth: 'public' })
  .get(
    '/:token',
    describeRoute(
      'Ask whose mails a link ends',
      {
        200: { description: 'Nothing has changed yet.', schema: Unsubscribing },
        303: { description: 'A browser is led to the page that asks.' },
      },
      ['not_found'],
    ),
    params(UnsubscribePath),
    async (c) => {
      const { token } = c.req.valid('param')
      const headers = { 'cache-control': 'no-store', vary: 'accept' }
      // Whoever opens the address of a mail's header is a person. A hosted project shows no HTML of a function.
      const page = c.req.header('accept')?.includes('text/html') ? unsubscribePage(token) : null
      if (page !== null) return c.body(null, 303, { ...headers, location: page })
      return c.json(await lookUpUnsubscribing(token), 200, headers)
    },
  )
  .post(
    '/:token',
    describeRoute(
      'End the mails of a tenant, but those that are critical',
      { 204: { description: 'Ended. A second time changes nothing.' } },
      ['not_found'],
    ),
    params(UnsubscribePath),
    async (c) => {
      await unsubscribe(c.req.valid('param').token)
      return c.body(null, 204)
    },
  )
