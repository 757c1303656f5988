import { createApp } from '../../lib/http/index.ts'
import { identityProviders, signInOptions } from './identity-providers.ts'
import { members } from './members.ts'
import { tenants } from './tenants.ts'

export const app = createApp('registry')
  .route('/tenants', tenants)
  .route('/tenants/:ref/members', members)
  .route('/tenants/:ref/identity-providers', identityProviders)
  .route('/sign-in-options', signInOptions)

Deno.serve(app.fetch)
