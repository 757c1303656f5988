import { keyWith, manager, type RouteRules, writingToken } from '../../kit/rules/routes.ts'
import { makeEndpoint } from '../route-subjects.ts'

export default {
  'GET /webhooks/endpoints/:endpoint/secret': {
    may: [manager, keyWith('endpoints:write'), writingToken],
    where: { endpoint: makeEndpoint },
  },
  'POST /webhooks/endpoints/:endpoint/secret/rotate': {
    may: [manager, keyWith('endpoints:write'), writingToken],
    body: () => ({}),
    where: { endpoint: makeEndpoint },
  },
} satisfies RouteRules
