import { owner, type RouteRules, service } from '../../kit/rules/routes.ts'

export default {
  'GET /registry/tenants/:ref/export': { may: [owner, service], isExclusive: true },
} satisfies RouteRules
