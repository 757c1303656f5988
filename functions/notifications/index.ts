import { createApp } from '../../lib/http/index.ts'
import { callbacks } from './callbacks.ts'
import { dispatch } from './dispatch.ts'
import { dispatches } from './dispatches.ts'
import { messages } from './messages.ts'
import { notifications } from './notifications.ts'
import { phone } from './phone.ts'
import { preferences } from './preferences.ts'
import { providers } from './providers.ts'
import { suppressions, unsubscribing } from './suppressions.ts'
import { templates } from './templates.ts'
import { unsettled } from './unsettled.ts'

export const app = createApp('notifications')
  .route('/dispatch', dispatch)
  .route('/dispatches', dispatches)
  .route('/templates', templates)
  .route('/providers', providers)
  .route('/callbacks', callbacks)
  .route('/messages', messages)
  .route('/unsettled', unsettled)
  .route('/preferences', preferences)
  .route('/phone', phone)
  .route('/suppressions', suppressions)
  .route('/unsubscribe', unsubscribing)
  .route('/', notifications)

Deno.serve(app.fetch)
