import { keyWith, person, type RouteRules, tokenOf } from '../../kit/rules/routes.ts'

export default {
  'GET /webhooks/event-types': { may: [person, keyWith('event_types:read'), tokenOf('webhooks')] },
  'GET /webhooks/event-types/:type': {
    may: [person, keyWith('event_types:read'), tokenOf('webhooks')],
    path: '/webhooks/event-types/webhook.test',
  },
} satisfies RouteRules
