import { holder, type RouteRules } from '../../kit/rules/routes.ts'

export default {
  'GET /registry/portal-tokens/current': { may: [holder] },
} satisfies RouteRules
