import { manager, type RouteRules, reader } from '../../kit/rules/routes.ts'

const body = () => ({ channels: { plan: { email: false } } })

export default {
  'GET /notifications/preferences': { may: [reader] },
  'PUT /notifications/preferences': {
    may: [reader],
    whenFrozen: 'what somebody wants to be told is their own affair',
    body,
  },
  'GET /notifications/preferences/default': { may: [manager] },
  'PUT /notifications/preferences/default': { may: [manager], body },
} satisfies RouteRules
