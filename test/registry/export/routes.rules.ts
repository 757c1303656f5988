import { anyone, owner, type RouteRules, service } from '../../kit/rules/routes.ts'

export default {
  'GET /registry/tenants/:ref/export': {
    noScreen: 'a link that exports once does the same for a browser',
    may: [owner, service],
    isExclusive: true,
  },
  'POST /registry/tenants/:ref/export/links': {
    whenFrozen: 'leads to an export, which a frozen tenant may have',
    may: [owner],
    gives: 201,
  },
  // Nobody may do this without a link: test/registry/export/links.test.ts has one.
  'GET /registry/tenants/:ref/export/file': {
    may: [anyone],
    gives: 404,
    path: '/registry/tenants/:ref/export/file?token=texp_nobodys',
  },
} satisfies RouteRules
