import { manager, type RouteRules, service } from '../../kit/rules/routes.ts'

export default {
  'GET /notifications/dispatches': { may: [manager] },
  'POST /notifications/dispatch': { may: [service], gives: 202 },
} satisfies RouteRules
