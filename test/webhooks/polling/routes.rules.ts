import { randomUUID } from 'node:crypto'
import { ulidOf } from '../../../lib/db/index.ts'
import { keyWith, member, type RouteRules } from '../../kit/rules/routes.ts'
import { makeEndpoint } from '../route-subjects.ts'

export default {
  'POST /webhooks/endpoints/:endpoint/poll': {
    unaudited: 'a lease is no change of the tenant',
    may: [member, keyWith('webhooks:write')],
    body: () => ({}),
    where: { endpoint: makeEndpoint },
  },
  'POST /webhooks/endpoints/:endpoint/acknowledge': {
    unaudited: 'an attempt is a record itself',
    may: [member, keyWith('webhooks:write')],
    body: ({ subject }) => ({ lease_id: subject.id, message_ids: [`msg_${ulidOf(randomUUID())}`] }),
    where: { endpoint: makeEndpoint },
  },
} satisfies RouteRules
