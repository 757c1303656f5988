import { createApp } from '../../lib/http/index.ts'
import { events } from './events.ts'

export const app = createApp('usage').route('/events', events)

Deno.serve(app.fetch)
