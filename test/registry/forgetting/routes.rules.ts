import { manager, type RouteRules, service } from '../../kit/rules/routes.ts'

export default {
  'POST /registry/tenants/:ref/forget-person': {
    may: [manager, service],
    body: () => ({ email: 'nobody@example.com' }),
  },
} satisfies RouteRules
