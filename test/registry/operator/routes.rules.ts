import { operator, type RouteRules } from '../../kit/rules/routes.ts'

export default {
  'GET /registry/operator/tenants': { may: [operator] },
  'GET /registry/tenants/:ref/state': { may: [operator] },
  'GET /registry/operator/queues': { may: [operator] },
} satisfies RouteRules
