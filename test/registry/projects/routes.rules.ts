import { manager, type RouteRules, reader } from '../../kit/rules/routes.ts'

export default {
  'GET /registry/tenants/:ref/projects': { may: [reader] },
  // No product of a new tenant supports projects.
  'POST /registry/tenants/:ref/projects': {
    may: [manager],
    gives: 402,
    body: () => ({ slug: 'spring', name: 'Spring' }),
  },
  'GET /registry/tenants/:ref/projects/:project': {
    noScreen: 'the list of all says the same',
    may: [reader],
    gives: 404,
    path: '/registry/tenants/:ref/projects/spring',
  },
  'PATCH /registry/tenants/:ref/projects/:project': {
    may: [manager],
    gives: 404,
    path: '/registry/tenants/:ref/projects/spring',
    body: () => ({ name: 'Summer' }),
  },
} satisfies RouteRules
