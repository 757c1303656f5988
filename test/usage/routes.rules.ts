import { keyWith, manager, member, type RouteRules, reader, service } from '../kit/rules/routes.ts'

export default {
  'POST /usage/events': {
    may: [member, service, keyWith('usage:write')],
    body: () => ({ event_type: 'assessment.completed' }),
  },
  'POST /usage/voids': {
    may: [manager, service, keyWith('voids:write')],
    body: () => ({ events: [{ event_id: 'unknown' }] }),
  },
  'GET /usage/totals': { may: [reader, keyWith('usage:read')] },
} satisfies RouteRules
