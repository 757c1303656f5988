import { keyWith, manager, owner, person, type RouteRules, reader } from '../../kit/rules/routes.ts'

export default {
  'GET /registry/tenants/:ref/members': { may: [reader, keyWith('members:read')] },
  'PATCH /registry/tenants/:ref/members/:user': { may: [manager], body: () => ({ role: 'member' }) },
  'DELETE /registry/tenants/:ref/members/:user': { may: [manager], gives: 204 },
  'POST /registry/tenants/:ref/ownership': { may: [owner], body: ({ subject }) => ({ to: subject.refId }) },
  'GET /registry/roles': { noScreen: 'the roles have names in five languages in the console', may: [person] },
} satisfies RouteRules
