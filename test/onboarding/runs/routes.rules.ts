import { manager, type Outcome, type RouteRules, reader, service } from '../../kit/rules/routes.ts'
import { addRun } from './world.ts'

const reviewer: Outcome = { admits: ['reviewer'] }
const ref = (status: string) => (tenant: { id: string; slug: string }) => addRun(tenant, status)

export default {
  'GET /onboarding/tenants/:ref/run': {
    noScreen: 'no agent works here yet whose findings could be reviewed',
    may: [reader],
    where: { ref: ref('review') },
  },
  'POST /onboarding/tenants/:ref/run/review': {
    noScreen: 'no agent works here yet whose findings could be reviewed',
    may: [manager, reviewer],
    where: { ref: ref('review') },
    body: () => ({ is_approved: true }),
  },
  'POST /onboarding/tenants/:ref/run/start': { may: [service], where: { ref: ref('pending') } },
  'POST /onboarding/tenants/:ref/run/research': {
    may: [service],
    where: { ref: ref('researching') },
    body: () => ({ research_output: 'They sell neem trees.' }),
  },
} satisfies RouteRules
