import { keyWith, manager, type RouteRules } from '../../kit/rules/routes.ts'
import { makeEndpoint } from '../route-subjects.ts'

export default {
  'GET /webhooks/stats': { may: [manager, keyWith('deliveries:read')] },
  'GET /webhooks/stats/series': { may: [manager, keyWith('deliveries:read')] },
  'GET /webhooks/endpoints/:endpoint/stats': {
    may: [manager, keyWith('deliveries:read')],
    where: { endpoint: makeEndpoint },
  },
} satisfies RouteRules
