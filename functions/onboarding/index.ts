import { createApp } from '../../lib/http/index.ts'
import { contract, contracts } from './contracts.ts'
import { offeredPlans, registrations } from './registrations.ts'
import { onboardingRun } from './runs.ts'

export const app = createApp('onboarding')
  .route('/plans', offeredPlans)
  .route('/registrations', registrations)
  .route('/tenants/:ref/contract', contract)
  .route('/tenants/:ref/run', onboardingRun)
  .route('/contracts', contracts)

Deno.serve(app.fetch)
