import { type RouteRules, tokenOf } from '../../kit/rules/routes.ts'

export default {
  'GET /registry/portal-tokens/current': {
    may: [tokenOf('audit'), tokenOf('webhooks'), { admits: ['another tenant’s portal token'] }],
  },
} satisfies RouteRules
