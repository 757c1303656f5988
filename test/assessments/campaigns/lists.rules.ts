import { type ListRules, newestFirst } from '../../kit/rules/lists.ts'

export default {
  'GET /assessments/campaigns': {
    noun: 'campaigns',
    ...newestFirst,
    async fill({ make }) {
      for (let n = 1; n <= 3; n++) await make('/assessments/campaigns', { name: `Number ${n}` })
    },
  },
} satisfies ListRules
