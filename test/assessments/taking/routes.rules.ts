import { anyone, type RouteRules } from '../../kit/rules/routes.ts'

const whenFrozen = 'refused past the door, as a campaign that takes nobody'
/** None of them has the token of a session. */
const withoutToken = { may: [anyone], gives: 404, whenFrozen }
const nowhere = '/assessments/take/nobody-at-all/01JD3ND3E5R7T9V1X3Z5B7D9F1'
const token = 'A'.repeat(43)

export default {
  'GET /assessments/take/:slug/:campaign': { may: [anyone], gives: 404, path: nowhere },
  'POST /assessments/take/:slug/:campaign/sessions': {
    may: [anyone],
    gives: 404,
    path: `${nowhere}/sessions`,
    body: () => ({ token }),
    whenFrozen,
  },
  'GET /assessments/sessions/current': withoutToken,
  'PATCH /assessments/sessions/current': { ...withoutToken, body: () => ({ full_name: 'Ada Example' }) },
  'PATCH /assessments/sessions/current/answers': { ...withoutToken, body: () => ({ answers: { l01: 1 } }) },
  'POST /assessments/sessions/current/complete': withoutToken,
  'GET /assessments/sessions/current/result': withoutToken,
  'POST /assessments/sessions/current/reflection': withoutToken,
  'POST /assessments/sessions/current/insights': { ...withoutToken, body: () => ({ item: 'l01' }) },
} satisfies RouteRules
