import { type ListRules, newestFirst } from '../../kit/rules/lists.ts'

export default {
  'GET /webhooks/endpoints': {
    noun: 'endpoints',
    ...newestFirst,
    async fill({ make }) {
      for (let n = 0; n < 3; n++) await make('/webhooks/endpoints', { kind: 'poll' })
    },
  },
} satisfies ListRules
