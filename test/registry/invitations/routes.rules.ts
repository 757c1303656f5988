import { randomUUID } from 'node:crypto'
import { ulidOf } from '../../../lib/db/index.ts'
import { anyone, manager, person, type RouteRules } from '../../kit/rules/routes.ts'

export default {
  'GET /registry/tenants/:ref/invitations': { may: [manager] },
  'POST /registry/tenants/:ref/invitations': {
    may: [manager],
    gives: 201,
    body: () => ({ email: 'invited@example.com' }),
  },
  // Nobody may do this without an invitation to do it to: test/registry/invitations/invitations.test.ts has one.
  'POST /registry/tenants/:ref/invitations/:invitation/resend': {
    may: [manager],
    gives: 404,
    path: `/registry/tenants/:ref/invitations/${ulidOf(randomUUID())}/resend`,
    body: () => ({}),
  },
  'DELETE /registry/tenants/:ref/invitations/:invitation': {
    may: [manager],
    gives: 404,
    path: `/registry/tenants/:ref/invitations/${ulidOf(randomUUID())}`,
  },
  'POST /registry/invitations/look-up': {
    whenFrozen: 'changes nothing',
    may: [anyone],
    gives: 404,
    body: () => ({ token: 'tinv_nobodys' }),
  },
  'POST /registry/invitations/accept': {
    unaudited: 'there is no such invitation, so no tenant is meant',
    whenFrozen: 'asks for a token first, and then for the state of its tenant',
    may: [person],
    gives: 404,
    body: () => ({ token: 'tinv_nobodys' }),
  },
} satisfies RouteRules
