import { keyWith, manager, type RouteRules } from '../../kit/rules/routes.ts'
import { makeEndpoint } from '../route-subjects.ts'

export default {
  'GET /webhooks/endpoints/:endpoint/secret': {
    may: [manager, keyWith('endpoints:write')],
    where: { endpoint: makeEndpoint },
  },
  'POST /webhooks/endpoints/:endpoint/secret/rotate': {
    may: [manager, keyWith('endpoints:write')],
    body: () => ({}),
    where: { endpoint: makeEndpoint },
  },
} satisfies RouteRules
