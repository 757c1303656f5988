import { keyWith, manager, type RouteRules, tokenOf } from '../../kit/rules/routes.ts'
import { makeMessage } from '../route-subjects.ts'

export default {
  'GET /webhooks/messages': {
    noScreen: 'deliveries lead to their messages',
    may: [manager, keyWith('deliveries:read'), tokenOf('webhooks')],
  },
  'GET /webhooks/messages/:message': {
    may: [manager, keyWith('deliveries:read'), tokenOf('webhooks')],
    where: { message: makeMessage },
  },
  'GET /webhooks/deliveries': { may: [manager, keyWith('deliveries:read'), tokenOf('webhooks')] },
  'GET /webhooks/attempts': { may: [manager, keyWith('deliveries:read'), tokenOf('webhooks')] },
} satisfies RouteRules
