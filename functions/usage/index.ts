import { createApp } from '../../lib/http/index.ts'
import { events } from './events.ts'
import { totals } from './totals.ts'

export const app = createApp('usage').route('/events', events).route('/totals', totals)

Deno.serve(app.fetch)
