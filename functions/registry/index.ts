import { createApp } from '../../lib/http/index.ts'
import { apiKeys } from './api-keys.ts'
import { members } from './members.ts'
import { tenants } from './tenants.ts'

export const app = createApp('registry')
  .route('/tenants', tenants)
  .route('/tenants/:ref/members', members)
  .route('/tenants/:ref/api-keys', apiKeys)

Deno.serve(app.fetch)
