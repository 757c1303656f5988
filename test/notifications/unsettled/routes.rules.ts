import { manager, type RouteRules } from '../../kit/rules/routes.ts'

export default {
  'GET /notifications/unsettled': { may: [manager] },
  // The tenant has none: past the door is 404 not_found.
  'PUT /notifications/unsettled/:message': {
    may: [manager],
    gives: 404,
    path: '/notifications/unsettled/01JD3N8Q4ZB6T2V9XK5M7R0C1E',
    body: () => ({ was_sent: true }),
  },
} satisfies RouteRules
