import { keyWith, manager, type RouteRules } from '../../kit/rules/routes.ts'
import { makeMessage } from '../route-subjects.ts'

export default {
  'GET /webhooks/messages': {
    noScreen: 'deliveries lead to their messages',
    may: [manager, keyWith('deliveries:read')],
  },
  'GET /webhooks/messages/:message': {
    may: [manager, keyWith('deliveries:read')],
    where: { message: makeMessage },
  },
  'GET /webhooks/deliveries': { may: [manager, keyWith('deliveries:read')] },
  'GET /webhooks/attempts': { may: [manager, keyWith('deliveries:read')] },
} satisfies RouteRules
