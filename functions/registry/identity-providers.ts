import { Hono } from 'hono'
import { z } from 'zod'
import {
  askerOf,
  body,
  check,
  describeRoute,
  params,
  query,
  requestHeaders,
  router,
  validationProblem,
} from '../../lib/http/index.ts'
import {
  AtProvider,
  atProvider,
  bindSsoProvider,
  CheckedProviders,
  checkDueProviders,
  checkIdentityProvider,
  findSignInOptions,
  IdentityProvider,
  IdentityProviderQuery,
  IdentityProviders,
  IdpPath,
  IdpSettings,
  JoinRule,
  listIdentityProviders,
  OidcSettings,
  readIdentityProvider,
  removeIdentityProvider,
  SamlSettings,
  SignIn,
  SignInOptions,
  SignInOptionsRequest,
  SsoProviderBinding,
  setIdentityProvider,
  setJoinRule,
  settleSignIn,
} from '../../lib/registry/index.ts'

const read = router({ auth: 'member', permission: 'read_admin', tenant: 'path' })
  .get(
    '/',
    describeRoute("List a tenant's identity providers, by kind", {
      200: { description: 'A page of them: there is at most one of each kind.', schema: IdentityProviders },
    }),
    query(IdentityProviderQuery),
    async (c) => c.json(await listIdentityProviders(c.var.db, c.var.tenant.id, c.req.valid('query'))),
  )
  .get(
    '/:type',
    describeRoute("Read a tenant's identity provider, without its secret", {
      200: { description: 'The provider, and what its last check found.', schema: IdentityProvider },
    }),
    params(IdpPath),
    async (c) => c.json(await readIdentityProvider(c.var.db, c.var.tenant.id, c.req.valid('param').type)),
  )
  .get(
    '/:type/at-provider',
    describeRoute('Read what to enter at a provider, before or after it is set here', {
      200: { description: 'Addresses of this platform.', schema: AtProvider },
    }),
    params(IdpPath),
    (c) => c.json(atProvider(c.req.valid('param').type)),
  )

const manage = router({ auth: 'member', permission: 'manage', tenant: 'path' })
  .put(
    '/:type',
    describeRoute(
      'Set an identity provider; nobody can sign in by it before it is checked',
      { 200: { description: 'The provider, unverified where anything changed.', schema: IdentityProvider } },
      ['invalid_value', 'feature_not_in_plan'],
    ),
    params(IdpPath),
    // The path says which kind is meant. The errors of a union of both schemas would be useless.
    body(z.looseObject({}), { shownAs: IdpSettings }),
    async (c) => {
      const { type } = c.req.valid('param')
      const checked = check(type === 'oidc' ? OidcSettings : SamlSettings, c.req.valid('json'))
      if (!checked.ok) throw validationProblem('invalid_body', checked.errors)
      return c.json(await setIdentityProvider(c.var.db, c.var.tenant.id, type, checked.data))
    },
  )
  .put(
    '/:type/join-rule',
    describeRoute(
      'Say whom a provider makes a member, and in which role',
      {
        200: { description: 'Who is not covered any more is no member any more.', schema: IdentityProvider },
      },
      ['invalid_value', 'feature_not_in_plan'],
    ),
    params(IdpPath),
    body(JoinRule),
    async (c) => {
      const { type } = c.req.valid('param')
      return c.json(await setJoinRule(c.var.db, c.var.tenant.id, type, c.req.valid('json')))
    },
  )
  .delete(
    '/:type',
    describeRoute('Forget an identity provider and its secret', { 204: { description: 'Forgotten.' } }),
    params(IdpPath),
    async (c) => {
      await removeIdentityProvider(c.var.db, c.var.tenant.id, c.req.valid('param').type)
      return c.body(null, 204)
    },
  )
  .post(
    '/:type/check',
    describeRoute(
      'Check an identity provider by asking it',
      {
        200: {
          description: 'The provider: verified, or not and why in last_check_error.',
          schema: IdentityProvider,
        },
      },
      ['idp_changed', 'idp_just_checked', 'too_many_idp_checks'],
    ),
    params(IdpPath),
    async (c) => {
      const asker = askerOf(c)
      return c.json(await checkIdentityProvider(c.var.db, asker, c.var.tenant.id, c.req.valid('param').type))
    },
  )

const service = router({ auth: 'service' }).put(
  '/:type/sso-provider',
  describeRoute(
    "Say which of Supabase Auth's SSO providers carries out a provider's sign-ins",
    { 204: { description: 'Bound, or unbound.' } },
    [
      'tenant_not_found',
      'not_found',
      'idp_not_verified',
      'sso_provider_taken',
      'tenant_frozen',
      'trial_ended',
    ],
  ),
  params(IdpPath.extend({ ref: z.string() })),
  body(SsoProviderBinding),
  async (c) => {
    const { ref, type } = c.req.valid('param')
    await bindSsoProvider(requestHeaders(c), ref, type, c.req.valid('json').sso_provider_id)
    return c.body(null, 204)
  },
)

export const identityProviders = new Hono().route('/', read).route('/', manage).route('/', service)

/** Cron wakes this one. */
export const providerChecks = router({ auth: 'service' }).post(
  '/check',
  describeRoute('Ask the identity providers that are due, as their managers could', {
    200: { description: 'How many were asked, and what was found.', schema: CheckedProviders },
  }),
  async (c) => c.json(await checkDueProviders(c.var.db)),
)

/** Called before anybody is signed in. */
export const signInOptions = router({ auth: 'public' }).post(
  '/',
  describeRoute(
    'Find out how the people of an e-mail address sign in',
    { 200: { description: 'By their own provider, or by password.', schema: SignInOptions } },
    ['too_many_sign_in_questions'],
  ),
  body(SignInOptionsRequest),
  async (c) => {
    const options = await findSignInOptions(requestHeaders(c), c.req.valid('json').email)
    return c.json(options, 200, { 'cache-control': 'no-store' })
  },
)

/** Auth has settled it already. Whoever is no member learns here why, and what was in the way may be gone. */
export const signIns = router({ auth: 'user' }).post(
  '/',
  describeRoute('Join or leave the tenant whose provider signed the caller in, as its rule says now', {
    200: { description: 'What became of the membership.', schema: SignIn },
  }),
  async (c) => c.json(await settleSignIn(c.var.db)),
)
