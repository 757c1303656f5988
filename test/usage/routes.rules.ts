import { keyWith, member, type RouteRules, reader, service } from '../kit/rules/routes.ts'

export default {
  'POST /usage/events': {
    may: [member, service, keyWith('usage:write')],
    body: () => ({ event_type: 'assessment.completed' }),
  },
  'GET /usage/totals': { may: [reader, keyWith('usage:read')] },
} satisfies RouteRules
