import { admin } from '../../kit/db.ts'
import { type ListRules, newestFirst } from '../../kit/rules/lists.ts'

export default {
  'GET /notifications/suppressions': {
    noun: 'suppressions',
    ...newestFirst,
    async fill({ tenant }) {
      for (const name of ['a', 'b', 'c'])
        await admin.query(`select private.suppress($1, 'email', $2, 'bounced')`, [
          tenant.id,
          `${name}@example.com`,
        ])
    },
  },
} satisfies ListRules
