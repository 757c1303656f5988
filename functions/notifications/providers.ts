import { Hono } from 'hono'
import { z } from 'zod'
import {
  askerOf,
  body,
  check,
  describeRoute,
  params,
  query,
  router,
  validationProblem,
} from '../../lib/http/index.ts'
import {
  listProviders,
  NotificationProvider,
  NotificationProviders,
  ProviderPath,
  ProviderQuery,
  ProviderSettings,
  ProviderTest,
  readProvider,
  removeProvider,
  setProvider,
  settingsByChannel,
  testProvider,
} from '../../lib/notifications/index.ts'

const read = router({ auth: 'member', permission: 'read_admin' })
  .get(
    '/',
    describeRoute('List by whom your messages are sent, by kind of channel', {
      200: {
        description: 'Your own providers. Without one, the platform’s is used.',
        schema: NotificationProviders,
      },
    }),
    query(ProviderQuery),
    async (c) => c.json(await listProviders(c.var.db, c.var.tenant.id, c.req.valid('query'))),
  )
  .get(
    '/:channel',
    describeRoute('Read a provider, without its secret', {
      200: { description: 'The provider.', schema: NotificationProvider },
    }),
    params(ProviderPath),
    async (c) => c.json(await readProvider(c.var.db, c.var.tenant.id, c.req.valid('param').channel)),
  )

const manage = router({ auth: 'member', permission: 'manage' })
  .put(
    '/:channel',
    describeRoute(
      'Set by whom messages of a channel are sent; it is used once a test went well',
      {
        200: {
          description: 'The provider, unverified where anything changed.',
          schema: NotificationProvider,
        },
      },
      ['invalid_value'],
    ),
    params(ProviderPath),
    // The path says which channel is meant. The errors of a union of all would be useless.
    body(z.looseObject({}), { shownAs: ProviderSettings }),
    async (c) => {
      const { channel } = c.req.valid('param')
      const checked = check<z.ZodType<ProviderSettings>>(settingsByChannel[channel], c.req.valid('json'))
      if (!checked.ok) throw validationProblem('invalid_body', checked.errors)
      const asker = askerOf(c)
      return c.json(await setProvider(c.var.db, asker, c.var.tenant.id, channel, checked.data))
    },
  )
  .delete(
    '/:channel',
    describeRoute('Forget a provider and its secret', { 204: { description: 'Forgotten.' } }),
    params(ProviderPath),
    async (c) => {
      await removeProvider(c.var.db, c.var.tenant.id, c.req.valid('param').channel)
      return c.body(null, 204)
    },
  )
  .post(
    '/:channel/test',
    describeRoute(
      'Send a test message with your own settings',
      { 200: { description: 'Verified, or not and why in last_error.', schema: NotificationProvider } },
      ['invalid_value', 'conflict', 'too_many_provider_tests'],
    ),
    params(ProviderPath),
    body(ProviderTest),
    async (c) => {
      const asker = askerOf(c)
      const { channel } = c.req.valid('param')
      return c.json(await testProvider(c.var.db, asker, c.var.tenant.id, channel, c.req.valid('json')))
    },
  )

export const providers = new Hono().route('/', read).route('/', manage)
