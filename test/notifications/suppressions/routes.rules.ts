import { anyone, manager, type RouteRules } from '../../kit/rules/routes.ts'

const ref = '01JD3N8Q4ZB6T2V9XK5M7R0C1E'
const token = '6f1c5b1e-6d0e-4c0a-9d5e-0c6f1f0a2b3c'

export default {
  'GET /notifications/suppressions': { may: [manager] },
  // The tenant has none: past the door is 404 not_found.
  'DELETE /notifications/suppressions/:suppression': {
    may: [manager],
    gives: 404,
    path: `/notifications/suppressions/${ref}`,
  },
  // Nobody was ever sent this link.
  'GET /notifications/unsubscribe/:token': {
    may: [anyone],
    gives: 404,
    path: `/notifications/unsubscribe/${token}`,
  },
  'POST /notifications/unsubscribe/:token': {
    may: [anyone],
    gives: 404,
    whenFrozen: 'whoever wants no more mails gets none',
    path: `/notifications/unsubscribe/${token}`,
  },
} satisfies RouteRules
