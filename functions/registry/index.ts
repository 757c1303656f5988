import { createApp } from '../../lib/http/index.ts'
import { members } from './members.ts'
import { entitlements, products, tenantProducts } from './products.ts'
import { projects } from './projects.ts'
import { tenants } from './tenants.ts'

export const app = createApp('registry')
  .route('/tenants', tenants)
  .route('/tenants/:ref/members', members)
  .route('/tenants/:ref/projects', projects)
  .route('/tenants/:ref/products', tenantProducts)
  .route('/tenants/:ref/entitlements', entitlements)
  .route('/products', products)

Deno.serve(app.fetch)
