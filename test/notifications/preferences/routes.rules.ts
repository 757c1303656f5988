import { manager, type RouteRules, reader } from '../../kit/rules/routes.ts'

const body = () => ({ channels: { plan: { email: false } } })

export default {
  'GET /notifications/preferences': { may: [reader] },
  'PUT /notifications/preferences': {
    unaudited: 'what somebody wants to be told is their own affair',
    may: [reader],
    whenFrozen: 'what somebody wants to be told is their own affair',
    body,
  },
  'GET /notifications/preferences/default': { may: [manager] },
  'PUT /notifications/preferences/default': {
    unaudited: 'which mails are sent, and nothing that anybody loses',
    may: [manager],
    body,
  },
} satisfies RouteRules
