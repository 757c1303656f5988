import { admin } from '../../kit/db.ts'
import { type ListRules, newestFirst } from '../../kit/rules/lists.ts'

export default {
  'GET /registry/tenants/:ref/projects': {
    noun: 'projects',
    ...newestFirst,
    async fill({ tenant }) {
      for (const name of ['one', 'two', 'three'])
        await admin.query('insert into public.tenant_projects (tenant_id, slug, name) values ($1, $2, $2)', [
          tenant.id,
          name,
        ])
    },
  },
} satisfies ListRules
