import { createApp } from '../../lib/http/index.ts'
import { dispatch } from './dispatch.ts'
import { metrics } from './metrics.ts'

export const app = createApp('webhooks').route('/dispatch', dispatch).route('/metrics', metrics)

Deno.serve(app.fetch)
