import { keyWith, manager, operator, person, type RouteRules, service, tokenOf } from '../kit/rules/routes.ts'

export default {
  'GET /registry/audit': { may: [operator] },
  'GET /registry/audit-actions': {
    may: [person, keyWith('audit:read'), tokenOf('audit')],
    unaudited: 'reads what is the same for everybody',
  },
  'GET /registry/tenants/:ref/audit': { may: [manager, service, keyWith('audit:read'), tokenOf('audit')] },
  'GET /registry/tenants/:ref/audit/:seq': {
    may: [manager, service, keyWith('audit:read'), tokenOf('audit')],
    path: '/registry/tenants/:ref/audit/1',
  },
  'GET /registry/tenants/:ref/audit/export': {
    may: [manager, service, keyWith('audit:export')],
    path: '/registry/tenants/:ref/audit/export?format=csv',
  },
  'GET /registry/tenants/:ref/audit/verify': { may: [manager, service, keyWith('audit:read')] },
  'POST /registry/tenants/:ref/audit/viewer-tokens': {
    noScreen: 'a program asks for it, and shows the log in a frame of its own pages',
    whenFrozen: 'lets somebody read the audit log for a few minutes',
    may: [manager, keyWith('audit:read')],
    gives: 201,
    body: () => ({}),
  },
  'DELETE /registry/tenants/:ref/audit/viewer-tokens': {
    noScreen: 'a program ends what it asked for',
    whenFrozen: 'takes that back',
    may: [manager, keyWith('audit:read')],
  },
} satisfies RouteRules
