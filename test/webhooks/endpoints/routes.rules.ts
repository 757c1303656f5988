import { manager, type RouteRules } from '../../kit/rules/routes.ts'
import { makeEndpoint } from '../route-subjects.ts'

export default {
  'GET /webhooks/endpoints': { may: [manager] },
  'POST /webhooks/endpoints': {
    may: [manager],
    gives: 201,
    body: () => ({ url: 'https://hooks.example.com/' }),
  },
  'GET /webhooks/endpoints/:endpoint': { may: [manager], where: { endpoint: makeEndpoint } },
  'PATCH /webhooks/endpoints/:endpoint': {
    may: [manager],
    body: () => ({ description: 'New' }),
    where: { endpoint: makeEndpoint },
  },
  'DELETE /webhooks/endpoints/:endpoint': { may: [manager], gives: 204, where: { endpoint: makeEndpoint } },
  'POST /webhooks/endpoints/:endpoint/test': {
    may: [manager],
    gives: 202,
    body: () => ({}),
    where: { endpoint: makeEndpoint },
  },
} satisfies RouteRules
