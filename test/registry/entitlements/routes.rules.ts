import { keyWith, person, type RouteRules, reader, service } from '../../kit/rules/routes.ts'

export default {
  'GET /registry/products': { noScreen: 'a tenant sees the products that it was granted', may: [person] },
  'GET /registry/tenants/:ref/products': { may: [reader, service, keyWith('entitlements:read')] },
  'PUT /registry/tenants/:ref/products/:product': {
    may: [service],
    path: '/registry/tenants/:ref/products/bots',
    body: () => ({}),
  },
  'DELETE /registry/tenants/:ref/products/:product': {
    may: [service],
    gives: 404,
    path: '/registry/tenants/:ref/products/bots',
  },
  'GET /registry/tenants/:ref/entitlements': { may: [reader, service, keyWith('entitlements:read')] },
  'GET /registry/tenants/:ref/entitlements/:product': {
    noScreen: 'the list of all says the same',
    may: [reader, service, keyWith('entitlements:read')],
    path: '/registry/tenants/:ref/entitlements/bots',
  },
} satisfies RouteRules
