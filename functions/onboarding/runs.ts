import { Hono } from 'hono'
import { body, describeRoute, params, router } from '../../lib/http/index.ts'
import {
  OnboardingRun,
  Research,
  Review,
  readRun,
  reviewRun,
  startRun,
  submitRun,
  TenantPath,
} from '../../lib/onboarding/index.ts'

const readers = router({ auth: 'member', permission: 'read', tenant: 'path' }).get(
  '/',
  describeRoute('Read what an agent finds out about the tenant', {
    200: { description: 'The newest run.', schema: OnboardingRun },
  }),
  async (c) => c.json(await readRun(c.var.db, c.var.tenant.id)),
)

const reviewers = router({ auth: 'member', permission: 'review', tenant: 'path' }).post(
  '/review',
  describeRoute(
    'Approve what an agent found, or send it back with a note',
    { 200: { description: 'The run, completed or researched again.', schema: OnboardingRun } },
    ['run_not_there', 'invalid_value'],
  ),
  body(Review),
  async (c) => c.json(await reviewRun(c.var.db, c.var.tenant.id, c.req.valid('json'))),
)

const agents = router({ auth: 'service' })
  .post(
    '/start',
    describeRoute(
      'Say that an agent is at work. Twice is once',
      { 200: { description: 'The run.', schema: OnboardingRun } },
      ['contract_not_accepted', 'run_not_there'],
    ),
    params(TenantPath),
    async (c) => c.json(await startRun(c.var.db, c.req.valid('param').ref)),
  )
  .post(
    '/research',
    describeRoute(
      'Hand in what an agent found, for review',
      { 200: { description: 'The run.', schema: OnboardingRun } },
      ['run_not_there'],
    ),
    params(TenantPath),
    body(Research),
    async (c) => c.json(await submitRun(c.var.db, c.req.valid('param').ref, c.req.valid('json'))),
  )

/** Below the address of a tenant. */
export const onboardingRun = new Hono().route('/', readers).route('/', reviewers).route('/', agents)
