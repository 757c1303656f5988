import { manager, type RouteRules } from '../../kit/rules/routes.ts'
import type { Tenant } from '../../kit/tenants.ts'
import { makeSubscription } from './world.ts'

export default {
  'GET /usage/subscriptions': { may: [manager] },
  'POST /usage/subscriptions/:subscription/cancellation': {
    whenFrozen: 'charges can always be ended',
    may: [manager],
    where: { subscription: async (tenant: Tenant) => (await makeSubscription(tenant)).subscription },
  },
} satisfies RouteRules
