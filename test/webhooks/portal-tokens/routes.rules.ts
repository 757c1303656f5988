import { keyWith, manager, type RouteRules } from '../../kit/rules/routes.ts'

export default {
  'POST /webhooks/portal-tokens': {
    noScreen: 'a program asks for it, and shows the webhooks in a frame of its own pages',
    whenFrozen: 'lets somebody read the webhooks for a few minutes; what writes is refused all the same',
    may: [manager, keyWith('endpoints:read')],
    gives: 201,
    body: () => ({}),
  },
  'DELETE /webhooks/portal-tokens': {
    noScreen: 'a program ends what it asked for',
    whenFrozen: 'takes that back',
    may: [manager, keyWith('endpoints:read')],
  },
} satisfies RouteRules
