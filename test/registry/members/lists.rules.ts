import { admin } from '../../kit/db.ts'
import { makePerson } from '../../kit/people.ts'
import type { ListRules } from '../../kit/rules/lists.ts'

export default {
  'GET /registry/tenants/:ref/members': {
    noun: 'members',
    by: (row) => row.created_at!,
    order: 'the newest first',
    async fill({ tenant }) {
      for (const role of ['admin', 'reviewer'])
        await admin.query(
          'insert into public.tenant_members (tenant_id, user_id, role) values ($1, $2, $3)',
          [tenant.id, (await makePerson()).id, role],
        )
    },
  },
  'GET /registry/roles': {
    noun: 'roles',
    by: (row) => String(['owner', 'admin', 'member', 'reviewer'].indexOf(row.role!)),
    order: 'the highest first',
  },
} satisfies ListRules
