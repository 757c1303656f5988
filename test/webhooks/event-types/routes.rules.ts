import { person, type RouteRules } from '../../kit/rules/routes.ts'

export default {
  'GET /webhooks/event-types': { may: [person] },
  'GET /webhooks/event-types/:type': { may: [person], path: '/webhooks/event-types/webhook.test' },
} satisfies RouteRules
