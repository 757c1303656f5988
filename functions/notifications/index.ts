import { createApp } from '../../lib/http/index.ts'
import { notifications } from './notifications.ts'

export const app = createApp('notifications').route('/', notifications)

Deno.serve(app.fetch)
