import { admin } from '../kit/db.ts'
import { type ListRules, newestFirst } from '../kit/rules/lists.ts'

export default {
  'GET /notifications': {
    noun: 'notifications',
    ...newestFirst,
    // Last: what happens while other lists are filled tells people something too.
    async fillLast({ tenant, owner }) {
      for (const percent of [80, 85, 90])
        await admin.query(`select private.notify($1, 'limit.near', array[$2], $3)`, [
          tenant.id,
          owner.id,
          { limit: 'members', percent, most: 10 },
        ])
    },
  },
} satisfies ListRules
