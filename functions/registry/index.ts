import { createApp } from '../../lib/http/index.ts'
import { apiKeys, scopes } from './api-keys.ts'
import { audit, auditActions, platformAudit } from './audit.ts'
import { tenantExport } from './export.ts'
import { files } from './files.ts'
import { forgetting } from './forgetting.ts'
import { identityProviders, providerChecks, signInOptions, signIns } from './identity-providers.ts'
import { invitations, invited } from './invitations.ts'
import { lifecycle } from './lifecycle.ts'
import { members, ownership, roles } from './members.ts'
import { operator, tenantState } from './operator.ts'
import { overview } from './overview.ts'
import { portalTokens } from './portal-tokens.ts'
import { entitlements, products, tenantProducts } from './products.ts'
import { projects } from './projects.ts'
import { tenants } from './tenants.ts'

export const app = createApp('registry')
  .route('/tenants', tenants)
  .route('/tenants/:ref/members', members)
  .route('/tenants/:ref/ownership', ownership)
  .route('/tenants/:ref/invitations', invitations)
  .route('/tenants/:ref/projects', projects)
  .route('/tenants/:ref/products', tenantProducts)
  .route('/tenants/:ref/entitlements', entitlements)
  .route('/invitations', invited)
  .route('/products', products)
  .route('/roles', roles)
  .route('/scopes', scopes)
  .route('/tenants/:ref/api-keys', apiKeys)
  .route('/tenants/:ref/identity-providers', identityProviders)
  .route('/identity-providers', providerChecks)
  .route('/sign-in-options', signInOptions)
  .route('/sign-ins', signIns)
  .route('/tenants/:ref/audit', audit)
  .route('/audit', platformAudit)
  .route('/audit-actions', auditActions)
  .route('/portal-tokens', portalTokens)
  .route('/files', files)
  .route('/tenants/:ref/forget-person', forgetting)
  .route('/tenants', lifecycle)
  .route('/tenants', overview)
  .route('/tenants', tenantState)
  .route('/operator', operator)
  .route('/tenants', tenantExport)

Deno.serve(app.fetch)
