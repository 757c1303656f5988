import { createApp } from '../../lib/http/index.ts'
import { credits } from './credits.ts'
import { events } from './events.ts'
import { billingEvents, payments } from './payments.ts'
import { subscriptions } from './subscriptions.ts'
import { totals } from './totals.ts'
import { voids } from './voids.ts'

export const app = createApp('usage')
  .route('/events', events)
  .route('/voids', voids)
  .route('/totals', totals)
  .route('/payments', payments)
  .route('/subscriptions', subscriptions)
  .route('/billing-events', billingEvents)
  .route('/credits', credits)

Deno.serve(app.fetch)
