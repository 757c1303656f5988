import { keyWith, member, type RouteRules, service } from '../kit/rules/routes.ts'

export default {
  'POST /usage/events': {
    may: [member, service, keyWith('usage:write')],
    body: () => ({ event_type: 'assessment.completed' }),
  },
} satisfies RouteRules
