import { keyWith, manager, member, type RouteRules, reader, service } from '../kit/rules/routes.ts'

export default {
  'POST /usage/events': {
    noScreen: 'programs call it',
    unaudited: 'events are records themselves',
    may: [member, service, keyWith('usage:write')],
    body: () => ({ event_type: 'assessment.completed' }),
  },
  'POST /usage/voids': {
    noScreen: 'programs call it',
    unaudited: 'a void is a record itself, and names who voided',
    may: [manager, service, keyWith('voids:write')],
    body: () => ({ events: [{ event_id: 'unknown' }] }),
  },
  'GET /usage/totals': { may: [reader, keyWith('usage:read')] },
} satisfies RouteRules
