import { manager, operator, owner, type RouteRules, service } from '../../kit/rules/routes.ts'

export default {
  'GET /registry/tenants/:ref/lifecycle': { may: [manager, service] },
  'POST /registry/tenants/:ref/cancel': { may: [owner], body: () => ({}) },
  'PUT /registry/tenants/:ref/status': { may: [operator], body: () => ({ status: 'frozen' }) },
  'PUT /registry/tenants/:ref/plan': { may: [operator], body: () => ({ plan: 'business' }) },
  // The tenant is not in trial.
  'PUT /registry/tenants/:ref/trial': {
    may: [operator],
    gives: 409,
    body: () => ({ ends_at: new Date(Date.now() + 86_400_000).toISOString() }),
  },
  // The tenant is not archived.
  'POST /registry/tenants/:ref/purge': { may: [service], gives: 409, body: () => ({}) },
} satisfies RouteRules
