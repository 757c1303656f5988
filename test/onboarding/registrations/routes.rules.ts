import { anyone, credentials, type Outcome, type RouteRules } from '../../kit/rules/routes.ts'
import { billing, company, contact, location } from './filled-in.ts'

/** Nobody has to sign in. A credential that is presented must be good all the same. */
const stranger: Outcome = {
  admits: credentials.filter((each) => !/malformed|expired|forged/.test(each)),
}
const whenFrozen = 'it is about a tenant that does not exist yet'
/** None of them has the cookie. */
const withoutCookie = { may: [stranger], gives: 404, whenFrozen }

export default {
  'GET /onboarding/plans': { may: [anyone] },
  'POST /onboarding/registrations': { may: [stranger], gives: 201, whenFrozen, body: contact },
  'GET /onboarding/registrations/current': withoutCookie,
  'PUT /onboarding/registrations/current/company': { ...withoutCookie, body: () => company() },
  'PUT /onboarding/registrations/current/location': { ...withoutCookie, body: () => location() },
  'PUT /onboarding/registrations/current/billing': { ...withoutCookie, body: () => billing() },
  'POST /onboarding/registrations/current/checkout': {
    ...withoutCookie,
    body: () => ({ provider: 'stripe' }),
  },
  'GET /onboarding/registrations/current/outcome': withoutCookie,
} satisfies RouteRules
