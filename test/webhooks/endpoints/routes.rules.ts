import { keyWith, manager, type RouteRules, tokenOf, writingToken } from '../../kit/rules/routes.ts'
import { makeEndpoint } from '../route-subjects.ts'

export default {
  'GET /webhooks/endpoints': { may: [manager, keyWith('endpoints:read'), tokenOf('webhooks')] },
  'POST /webhooks/endpoints': {
    may: [manager, keyWith('endpoints:write'), writingToken],
    gives: 201,
    body: () => ({ url: 'https://hooks.example.com/' }),
  },
  'GET /webhooks/endpoints/:endpoint': {
    may: [manager, keyWith('endpoints:read'), tokenOf('webhooks')],
    where: { endpoint: makeEndpoint },
  },
  'PATCH /webhooks/endpoints/:endpoint': {
    whenFrozen:
      'disabling is always possible; test/webhooks/endpoints/change.test.ts shows that nothing else is',
    may: [manager, keyWith('endpoints:write'), writingToken],
    body: () => ({ description: 'New' }),
    where: { endpoint: makeEndpoint },
  },
  'DELETE /webhooks/endpoints/:endpoint': {
    may: [manager, keyWith('endpoints:write'), writingToken],
    gives: 204,
    where: { endpoint: makeEndpoint },
  },
  'POST /webhooks/endpoints/:endpoint/test': {
    unaudited: 'an event is a record itself',
    may: [manager, keyWith('endpoints:write'), writingToken],
    gives: 202,
    body: () => ({}),
    where: { endpoint: makeEndpoint },
  },
} satisfies RouteRules
