import { keyWith, manager, person, type RouteRules, reader, service } from '../../kit/rules/routes.ts'
import { freshSlug } from '../../kit/tenants.ts'

export default {
  'GET /registry/tenants': { may: [person] },
  'POST /registry/tenants': {
    whenFrozen: 'makes another tenant',
    may: [person],
    gives: 201,
    body: () => ({ slug: freshSlug(), name: 'New' }),
  },
  'GET /registry/tenants/:ref': { may: [reader, keyWith('tenant:read')] },
  'GET /registry/tenants/:ref/account': {
    noScreen: 'customer numbers are for the platform’s support',
    may: [manager, service],
  },
  'PATCH /registry/tenants/:ref': { may: [manager], body: () => ({ name: 'Renamed' }) },
  'POST /registry/tenants/:ref/slug': { may: [manager], body: () => ({ slug: freshSlug() }) },
} satisfies RouteRules
