import { owner, type RouteRules, service } from '../../kit/rules/routes.ts'

export default {
  'POST /registry/tenants/:ref/cancel': { may: [owner], body: () => ({}) },
  'PUT /registry/tenants/:ref/status': { may: [service], body: () => ({ status: 'frozen' }) },
  // The tenant is not archived.
  'POST /registry/tenants/:ref/purge': { may: [service], gives: 409, body: () => ({}) },
} satisfies RouteRules
