import { type ListRules, newestFirst } from '../../kit/rules/lists.ts'
import { makeSubscription } from './world.ts'

export default {
  'GET /usage/subscriptions': {
    noun: 'subscriptions',
    ...newestFirst,
    async fill({ tenant }) {
      for (let n = 0; n < 3; n++) await makeSubscription(tenant)
    },
  },
} satisfies ListRules
