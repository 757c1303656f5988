import { keyWith, person, type RouteRules } from '../../kit/rules/routes.ts'

export default {
  'GET /webhooks/event-types': { may: [person, keyWith('event_types:read')] },
  'GET /webhooks/event-types/:type': {
    may: [person, keyWith('event_types:read')],
    path: '/webhooks/event-types/webhook.test',
  },
} satisfies RouteRules
