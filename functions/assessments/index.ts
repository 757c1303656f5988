import { createApp } from '../../lib/http/index.ts'
import { frameworks } from './frameworks.ts'

export const app = createApp('assessments').route('/frameworks', frameworks)

Deno.serve(app.fetch)
