import { createApp } from '../../lib/http/index.ts'
import { attempts, deliveries } from './deliveries.ts'
import { dispatch } from './dispatch.ts'
import { endpoints } from './endpoints.ts'
import { eventTypes } from './event-types.ts'
import { messages } from './messages.ts'
import { metrics } from './metrics.ts'
import { polling } from './polling.ts'
import { portalTokens } from './portal-tokens.ts'
import { replays, resend, tests } from './replays.ts'
import { signingSecrets } from './signing-secrets.ts'
import { stats } from './stats.ts'

export const app = createApp('webhooks')
  .route('/endpoints', endpoints)
  .route('/endpoints', signingSecrets)
  .route('/endpoints', tests)
  .route('/endpoints', replays)
  .route('/endpoints', polling)
  .route('/messages', messages)
  .route('/messages', resend)
  .route('/deliveries', deliveries)
  .route('/attempts', attempts)
  .route('/stats', stats)
  .route('/event-types', eventTypes)
  .route('/portal-tokens', portalTokens)
  .route('/dispatch', dispatch)
  .route('/metrics', metrics)

Deno.serve(app.fetch)
