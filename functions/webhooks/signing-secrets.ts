import { body, describeRoute, params, router } from '../../lib/http/index.ts'
import {
  EndpointPath,
  EndpointWithSecret,
  revealSecret,
  rotateSecret,
  SigningSecret,
  SigningSecretRotation,
} from '../../lib/webhooks/index.ts'

// No cache on the way may keep an answer that holds a secret.
const noStore = { 'cache-control': 'no-store' }

/** What an endpoint's messages are signed with. */
export const signingSecrets = router({
  auth: 'member',
  permission: 'manage',
  key: 'endpoints:write',
  portal: 'webhooks',
})
  .get(
    '/:endpoint/secret',
    describeRoute('Read what the messages of an endpoint are verified with', {
      200: { description: 'The secret. That it was read is recorded.', schema: SigningSecret },
    }),
    params(EndpointPath),
    async (c) => {
      const secret = await revealSecret(c.var.db, c.var.tenant.id, c.req.valid('param').endpoint)
      return c.json(secret, 200, noStore)
    },
  )
  .post(
    '/:endpoint/secret/rotate',
    describeRoute('Replace the secret of an endpoint; the old one signs along for the overlap', {
      200: { description: 'The endpoint and its new secret.', schema: EndpointWithSecret },
    }),
    params(EndpointPath),
    body(SigningSecretRotation),
    async (c) => {
      const { endpoint } = c.req.valid('param')
      return c.json(
        await rotateSecret(c.var.db, c.var.tenant.id, endpoint, c.req.valid('json')),
        200,
        noStore,
      )
    },
  )
