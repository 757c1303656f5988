import { type ListRules, newestFirst } from '../../kit/rules/lists.ts'
import { makeUnsettled } from './world.ts'

export default {
  'GET /notifications/unsettled': {
    noun: 'unsettled_messages',
    ...newestFirst,
    async fill({ tenant }) {
      for (const key of ['a', 'b', 'c']) await makeUnsettled(tenant.id, { key })
    },
  },
} satisfies ListRules
