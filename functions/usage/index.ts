import { createApp } from '../../lib/http/index.ts'
import { credits } from './credits.ts'
import { events } from './events.ts'
import { totals } from './totals.ts'

export const app = createApp('usage')
  .route('/events', events)
  .route('/totals', totals)
  .route('/credits', credits)

Deno.serve(app.fetch)
