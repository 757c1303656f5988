import { Hono } from 'hono'
import { askerOf, body, describeRoute, router } from '../../lib/http/index.ts'
import {
  LlmProviderAnswer,
  LlmProviderSettings,
  readLlmProvider,
  removeLlmProvider,
  setLlmProvider,
  testLlmProvider,
} from '../../lib/usage/index.ts'

const read = router({ auth: 'member', permission: 'read_admin' }).get(
  '/',
  describeRoute('Read which language model writes for you', {
    200: {
      description: 'Your own provider, without its key, and whose is in use.',
      schema: LlmProviderAnswer,
    },
  }),
  async (c) => c.json(await readLlmProvider(c.var.db, askerOf(c), c.var.tenant.id)),
)

const manage = router({ auth: 'member', permission: 'manage' })
  .put(
    '/',
    describeRoute(
      'Set which language model writes for you; it is asked once a test went well',
      { 200: { description: 'The provider, unverified where anything changed.', schema: LlmProviderAnswer } },
      ['invalid_value'],
    ),
    body(LlmProviderSettings),
    async (c) => c.json(await setLlmProvider(c.var.db, askerOf(c), c.var.tenant.id, c.req.valid('json'))),
  )
  .delete(
    '/',
    describeRoute('Forget your provider and its key', { 204: { description: 'Forgotten.' } }),
    async (c) => {
      await removeLlmProvider(c.var.db, c.var.tenant.id)
      return c.body(null, 204)
    },
  )
  .post(
    '/test',
    describeRoute(
      'Ask your own language model for a word',
      { 200: { description: 'Verified, or not and why in last_error.', schema: LlmProviderAnswer } },
      ['conflict', 'too_many_llm_tests', 'spend_cap_reached', 'insufficient_credits', 'limit_reached'],
    ),
    async (c) => c.json(await testLlmProvider(c.var.db, askerOf(c), c.var.tenant.id)),
  )

export const llmProvider = new Hono().route('/', read).route('/', manage)
