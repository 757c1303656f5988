import { admin } from '../../kit/db.ts'
import { type ListRules, newestFirst } from '../../kit/rules/lists.ts'

export default {
  'GET /assessments/participants': {
    noun: 'participants',
    ...newestFirst,
    async fill({ tenant }) {
      for (let n = 1; n <= 3; n++)
        await admin.query('insert into public.participant_sessions (tenant_id) values ($1)', [tenant.id])
    },
  },
  'GET /assessments/pipeline/completions': { isNoList: 'sums of at most 400 days' },
} satisfies ListRules
