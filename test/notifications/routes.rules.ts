import { type RouteRules, reader } from '../kit/rules/routes.ts'

const whenFrozen = 'what somebody has read is their own affair'
const ref = '01JD3N8Q4ZB6T2V9XK5M7R0C1E'

export default {
  'GET /notifications': { may: [reader] },
  'GET /notifications/unread-count': { may: [reader] },
  'POST /notifications/read-all': {
    unaudited: 'what somebody has read is their own affair',
    may: [reader],
    whenFrozen,
    body: () => ({ until: ref }),
  },
  // A notification is one person's, so whoever else may call finds none.
  'PATCH /notifications/:notification': {
    may: [reader],
    gives: 404,
    whenFrozen,
    path: `/notifications/${ref}`,
    body: () => ({ is_read: true }),
  },
} satisfies RouteRules
