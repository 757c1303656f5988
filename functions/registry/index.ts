import { createApp } from '../../lib/http/index.ts'
import { audit } from './audit.ts'
import { members } from './members.ts'
import { tenants } from './tenants.ts'

export const app = createApp('registry')
  .route('/tenants', tenants)
  .route('/tenants/:ref/members', members)
  .route('/tenants/:ref/audit', audit)

Deno.serve(app.fetch)
