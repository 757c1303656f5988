import { anyone, manager, person, type RouteRules, service } from '../../kit/rules/routes.ts'

export default {
  'GET /usage/payments/offers': { may: [person] },
  'GET /usage/payments/orders': { may: [manager] },
  'POST /usage/payments/orders': {
    whenFrozen: 'paying is how it ends: see subscriptions/buyers.test.ts',
    may: [manager],
    gives: 201,
    body: () => ({ plan: 'business', provider: 'stripe' }),
  },
  // Nobody is asked who they are. Without the provider's signature everybody gets the same refusal.
  'POST /usage/payments/webhooks/:provider': {
    whenFrozen: 'a provider says what was paid, in whatever state',
    may: [anyone],
    gives: 400,
    path: '/usage/payments/webhooks/stripe',
    body: () => ({ id: 'evt_forged', type: 'invoice.paid' }),
  },
  'POST /usage/payments/check': { may: [service] },
  'GET /usage/billing-events': { may: [manager] },
} satisfies RouteRules
