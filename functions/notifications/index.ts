import { createApp } from '../../lib/http/index.ts'
import { notifications } from './notifications.ts'
import { providers } from './providers.ts'
import { templates } from './templates.ts'

export const app = createApp('notifications')
  .route('/templates', templates)
  .route('/providers', providers)
  .route('/', notifications)

Deno.serve(app.fetch)
