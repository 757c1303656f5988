import { manager, type RouteRules } from '../../kit/rules/routes.ts'
import { makeEndpoint } from '../route-subjects.ts'

export default {
  'GET /webhooks/endpoints/:endpoint/stats': { may: [manager], where: { endpoint: makeEndpoint } },
} satisfies RouteRules
