import { body, describeRoute, router } from '../../lib/http/index.ts'
import { ForgetRequest, ForgottenPerson, forgetPerson } from '../../lib/registry/index.ts'

export const forgetting = router({
  auth: 'member',
  permission: 'manage',
  tenant: 'path',
  service: true,
}).post(
  '/',
  describeRoute(
    'Forget a person: erase what the tenant holds about an e-mail address or a participant',
    { 200: { description: 'Done. Says what was erased, deleted and kept.', schema: ForgottenPerson } },
    ['not_found', 'is_member'],
  ),
  body(ForgetRequest),
  async (c) => c.json(await forgetPerson(c.var.db, c.var.tenant.id, c.req.valid('json'))),
)
