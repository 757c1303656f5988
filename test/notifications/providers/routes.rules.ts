import { manager, type RouteRules } from '../../kit/rules/routes.ts'

// The tenant has none of its own: past the door is 404 not_found.
const path = '/notifications/providers/sms'

export default {
  'GET /notifications/providers': { may: [manager] },
  'GET /notifications/providers/:channel': {
    noScreen: 'the list of all says the same',
    may: [manager],
    gives: 404,
    path,
  },
  'PUT /notifications/providers/:channel': {
    may: [manager],
    path: '/notifications/providers/email',
    body: () => ({ provider: 'sendgrid', config: { from_email: 'ada@example.com' }, secret: 'SG.x' }),
  },
  'DELETE /notifications/providers/:channel': { may: [manager], gives: 404, path },
  'POST /notifications/providers/:channel/test': {
    may: [manager],
    gives: 404,
    path: `${path}/test`,
    body: () => ({ to: '+447700900123' }),
  },
} satisfies RouteRules
