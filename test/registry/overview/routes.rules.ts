import { type RouteRules, reader } from '../../kit/rules/routes.ts'

export default {
  'GET /registry/tenants/:ref/overview': { may: [reader] },
} satisfies RouteRules
