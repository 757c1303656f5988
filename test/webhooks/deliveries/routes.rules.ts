import { manager, type RouteRules } from '../../kit/rules/routes.ts'
import { makeMessage } from '../route-subjects.ts'

export default {
  'GET /webhooks/messages': { may: [manager] },
  'GET /webhooks/messages/:message': { may: [manager], where: { message: makeMessage } },
  'GET /webhooks/deliveries': { may: [manager] },
  'GET /webhooks/attempts': { may: [manager] },
} satisfies RouteRules
