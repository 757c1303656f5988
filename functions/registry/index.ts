import { createApp } from '../../lib/http/index.ts'
import { tenantExport } from './export.ts'
import { lifecycle } from './lifecycle.ts'
import { members } from './members.ts'
import { tenants } from './tenants.ts'

export const app = createApp('registry')
  .route('/tenants', tenants)
  .route('/tenants/:ref/members', members)
  .route('/tenants', lifecycle)
  .route('/tenants', tenantExport)

Deno.serve(app.fetch)
