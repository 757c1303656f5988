import { readFileSync } from 'node:fs'
import { manager, type RouteRules, service } from '../../kit/rules/routes.ts'
import { addContract } from './world.ts'

const ref = addContract
const whenFrozen = 'it opens the tenant for reading'

export default {
  'GET /onboarding/tenants/:ref/contract': { may: [manager], where: { ref } },
  'GET /onboarding/tenants/:ref/contract/pdf': { may: [manager], where: { ref } },
  // What they may is to accept another one: nobody knows the hash before it is made.
  'POST /onboarding/tenants/:ref/contract/acceptance': {
    may: [manager],
    gives: 409,
    whenFrozen,
    where: { ref },
    body: () => ({ sha256: '0'.repeat(64), agreed: true }),
  },
  'GET /onboarding/tenants/:ref/contract/evidence': {
    noScreen: 'it is for disputes, and not for every day',
    may: [manager],
    gives: 404,
    where: { ref },
  },
  'POST /onboarding/tenants/:ref/contract': { may: [service], gives: 201 },
  'POST /onboarding/contracts/render': { may: [service] },
  'POST /onboarding/contracts/templates': {
    may: [service],
    gives: 201,
    body: () => ({ markdown: readFileSync('contracts/master-contract.md', 'utf8') }),
  },
} satisfies RouteRules
