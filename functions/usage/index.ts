import { createApp } from '../../lib/http/index.ts'
import { llmCalls, toolCalls } from './calls.ts'
import { credits } from './credits.ts'
import { events } from './events.ts'
import { llmProvider } from './llm-provider.ts'
import { meters } from './meters.ts'
import { billingEvents, payments } from './payments.ts'
import { modelPrices, spend } from './spend.ts'
import { subscriptions } from './subscriptions.ts'
import { totals } from './totals.ts'
import { voids } from './voids.ts'

export const app = createApp('usage')
  .route('/events', events)
  .route('/voids', voids)
  .route('/totals', totals)
  .route('/meters', meters)
  .route('/payments', payments)
  .route('/subscriptions', subscriptions)
  .route('/billing-events', billingEvents)
  .route('/credits', credits)
  .route('/llm-calls', llmCalls)
  .route('/tool-calls', toolCalls)
  .route('/llm-provider', llmProvider)
  .route('/spend', spend)
  .route('/model-prices', modelPrices)

Deno.serve(app.fetch)
