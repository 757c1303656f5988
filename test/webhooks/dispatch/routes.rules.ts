import { type RouteRules, service } from '../../kit/rules/routes.ts'

export default {
  'POST /webhooks/dispatch': { may: [service], gives: 202 },
  'GET /webhooks/metrics': { may: [service] },
} satisfies RouteRules
