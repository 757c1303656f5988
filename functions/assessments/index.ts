import { createApp } from '../../lib/http/index.ts'
import { campaigns } from './campaigns.ts'
import { clients } from './clients.ts'
import { drafts } from './drafts.ts'
import { followups } from './followups.ts'
import { frameworks } from './frameworks.ts'
import { invitations } from './invitations.ts'
import { participants, pipeline } from './participants.ts'
import { suggestions } from './suggestions.ts'
import { campaignPages, sessions } from './taking.ts'

export const app = createApp('assessments')
  .route('/frameworks', frameworks)
  .route('/frameworks', drafts)
  .route('/frameworks', suggestions)
  .route('/campaigns', campaigns)
  .route('/campaigns', invitations)
  .route('/participants', participants)
  .route('/participants', clients)
  .route('/pipeline', pipeline)
  .route('/followups', followups)
  .route('/take', campaignPages)
  .route('/sessions', sessions)

Deno.serve(app.fetch)
