import { type RouteRules, reader } from '../../kit/rules/routes.ts'

const unaudited = 'where somebody can be reached is their own affair'

export default {
  'GET /notifications/phone': { may: [reader] },
  // The stack may have nobody who sends there: past the door is 409 no_phone_provider, which is recorded as refused.
  'POST /notifications/phone': {
    may: [reader],
    gives: 409,
    whenFrozen: unaudited,
    body: () => ({ phone: '+447700900123', channel: 'whatsapp' }),
  },
  // No code was sent.
  'PUT /notifications/phone/confirmation': {
    may: [reader],
    gives: 422,
    whenFrozen: unaudited,
    unaudited,
    body: () => ({ code: '000000' }),
  },
  'DELETE /notifications/phone': { may: [reader], gives: 204, whenFrozen: unaudited, unaudited },
} satisfies RouteRules
