import { anyone, manager, person, type RouteRules, service } from '../../kit/rules/routes.ts'

export default {
  'GET /registry/tenants/:ref/identity-providers': { may: [manager] },
  // The tenant has none: past the door is 404 not_found.
  'GET /registry/tenants/:ref/identity-providers/:type': {
    noScreen: 'the list of all says the same',
    may: [manager],
    gives: 404,
    path: '/registry/tenants/:ref/identity-providers/oidc',
  },
  'GET /registry/tenants/:ref/identity-providers/:type/at-provider': {
    may: [manager],
    path: '/registry/tenants/:ref/identity-providers/oidc/at-provider',
  },
  'PUT /registry/tenants/:ref/identity-providers/:type': {
    may: [manager],
    path: '/registry/tenants/:ref/identity-providers/saml',
    body: () => ({ metadata_url: 'https://idp.example/metadata' }),
  },
  'DELETE /registry/tenants/:ref/identity-providers/:type': {
    may: [manager],
    gives: 404,
    path: '/registry/tenants/:ref/identity-providers/oidc',
  },
  'POST /registry/tenants/:ref/identity-providers/:type/check': {
    may: [manager],
    gives: 404,
    path: '/registry/tenants/:ref/identity-providers/oidc/check',
  },
  'PUT /registry/tenants/:ref/identity-providers/:type/join-rule': {
    may: [manager],
    gives: 404,
    path: '/registry/tenants/:ref/identity-providers/oidc/join-rule',
    body: () => ({ rule: 'off' }),
  },
  'PUT /registry/tenants/:ref/identity-providers/:type/sso-provider': {
    may: [service],
    gives: 404,
    path: '/registry/tenants/:ref/identity-providers/saml/sso-provider',
    body: () => ({ sso_provider_id: null }),
  },
  'POST /registry/identity-providers/check': { may: [service] },
  'POST /registry/sign-ins': {
    unaudited: 'no provider signed the caller in, so no tenant is meant',
    whenFrozen: 'lets people leave, and asks for the state of the tenant before anybody joins',
    may: [person],
  },
  'POST /registry/sign-in-options': {
    whenFrozen: 'changes nothing',
    may: [anyone],
    body: () => ({ email: 'somebody@example.com' }),
  },
} satisfies RouteRules
