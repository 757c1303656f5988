import { anyone, type RouteRules } from '../../kit/rules/routes.ts'

export default {
  'GET /branding/by-slug/:slug': { may: [anyone], path: '/branding/by-slug/leadingwithmeaning' },
  'GET /branding/by-slug/:slug/theme.css': {
    may: [anyone],
    path: '/branding/by-slug/leadingwithmeaning/theme.css',
  },
  'GET /branding/by-domain/:host': { may: [anyone], path: '/branding/by-domain/leadingwithmeaning.test' },
  'GET /branding/by-domain/:host/theme.css': {
    may: [anyone],
    path: '/branding/by-domain/leadingwithmeaning.test/theme.css',
  },
  'GET /branding/resolve': { may: [anyone], path: '/branding/resolve?host=leadingwithmeaning.localhost' },
  'GET /branding/resolve/theme.css': {
    may: [anyone],
    path: '/branding/resolve/theme.css?host=leadingwithmeaning.localhost',
  },
} satisfies RouteRules
