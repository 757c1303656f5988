import { createApp } from '../../lib/http/index.ts'
import { offeredPlans, registrations } from './registrations.ts'

export const app = createApp('onboarding')
  .route('/plans', offeredPlans)
  .route('/registrations', registrations)

Deno.serve(app.fetch)
