import { keyWith, manager, type RouteRules, tokenOf } from '../../kit/rules/routes.ts'
import { makeEndpoint } from '../route-subjects.ts'

export default {
  'GET /webhooks/stats': { may: [manager, keyWith('deliveries:read'), tokenOf('webhooks')] },
  'GET /webhooks/stats/series': { may: [manager, keyWith('deliveries:read'), tokenOf('webhooks')] },
  'GET /webhooks/endpoints/:endpoint/stats': {
    may: [manager, keyWith('deliveries:read'), tokenOf('webhooks')],
    where: { endpoint: makeEndpoint },
  },
} satisfies RouteRules
