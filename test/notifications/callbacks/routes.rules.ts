import { anyone, type RouteRules } from '../../kit/rules/routes.ts'

// There are no such settings: past the door is 404 not_found.
const path = '/notifications/callbacks/01JD3N8Q4ZB6T2V9XK5M7R0C1E'

export default {
  'GET /notifications/callbacks/:provider': { may: [anyone], gives: 404, path },
  'POST /notifications/callbacks/:provider': {
    may: [anyone],
    gives: 404,
    whenFrozen: 'what was sent before is still under way',
    path,
  },
} satisfies RouteRules
