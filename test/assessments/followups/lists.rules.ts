import { type ListRules, newestFirst } from '../../kit/rules/lists.ts'
import { planFollowup } from './planned.ts'

export default {
  'GET /assessments/followups': {
    noun: 'followups',
    ...newestFirst,
    async fill({ tenant }) {
      for (let n = 1; n <= 3; n++) await planFollowup(tenant)
    },
  },
} satisfies ListRules
