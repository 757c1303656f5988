import { Hono } from 'hono'
import { makeApiKey } from '../../lib/auth/index.ts'
import { body, describeRoute, params, query, router } from '../../lib/http/index.ts'
import {
  ApiKey,
  ApiKeyPath,
  ApiKeyQuery,
  ApiKeyRotation,
  ApiKeys,
  ApiKeyWithSecret,
  createApiKey,
  listApiKeys,
  listScopes,
  NewApiKey,
  revokeApiKey,
  rotateApiKey,
  ScopeQuery,
  Scopes,
} from '../../lib/registry/index.ts'

// Revoking takes "read_admin" and not "manage", so that a leaked key can be revoked in a frozen tenant too.
const readAdmin = router({ auth: 'member', permission: 'read_admin', tenant: 'path' })
  .get(
    '/',
    describeRoute("List a tenant's API keys, the newest first", {
      200: { description: 'A page of them, also of those that have ended.', schema: ApiKeys },
    }),
    query(ApiKeyQuery),
    async (c) => c.json(await listApiKeys(c.var.db, c.var.tenant.id, c.req.valid('query'))),
  )
  .delete(
    '/:key',
    describeRoute('Revoke an API key for good', {
      200: { description: 'The revoked key. It stops working within ten seconds.', schema: ApiKey },
    }),
    params(ApiKeyPath),
    async (c) => c.json(await revokeApiKey(c.var.db, c.var.tenant.id, c.req.valid('param').key)),
  )

// No cache on the way may keep the one answer that holds a key.
const noStore = { 'cache-control': 'no-store' }

const manage = router({ auth: 'member', permission: 'manage', tenant: 'path' })
  .post(
    '/',
    describeRoute(
      'Create an API key',
      { 201: { description: 'The key, shown this once.', schema: ApiKeyWithSecret } },
      ['conflict', 'feature_not_in_plan', 'product_not_granted', 'limit_reached'],
    ),
    body(NewApiKey),
    async (c) => {
      const { key, ...stored } = await makeApiKey()
      const created = await createApiKey(c.var.db, c.var.tenant.id, c.req.valid('json'), stored)
      return c.json({ ...created, key }, 201, noStore)
    },
  )
  .post(
    '/:key/rotate',
    describeRoute(
      'Replace an API key by a new one of the same name and scopes',
      {
        201: {
          description: 'The new key, shown this once; the old one works for the overlap.',
          schema: ApiKeyWithSecret,
        },
      },
      ['api_key_ended'],
    ),
    params(ApiKeyPath),
    body(ApiKeyRotation),
    async (c) => {
      const { key, ...stored } = await makeApiKey()
      const { overlap_seconds: overlap = 0 } = c.req.valid('json')
      const created = await rotateApiKey(c.var.db, c.var.tenant.id, c.req.valid('param').key, overlap, stored)
      return c.json({ ...created, key }, 201, noStore)
    },
  )

export const apiKeys = new Hono().route('/', readAdmin).route('/', manage)

/** What an API key can be allowed to do, the same in every tenant. */
export const scopes = router({ auth: 'user' }).get(
  '/',
  describeRoute('List the scopes that an API key can have, by name', {
    200: { description: 'A page of them, each with what it lets a key do.', schema: Scopes },
  }),
  query(ScopeQuery),
  async (c) => c.json(await listScopes(c.req.valid('query'))),
)
