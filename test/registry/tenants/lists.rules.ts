import { type ListRules, newestFirst } from '../../kit/rules/lists.ts'
import { makeTenant } from '../../kit/tenants.ts'

export default {
  'GET /registry/tenants': {
    noun: 'tenants',
    ...newestFirst,
    async fill({ owner }) {
      for (let n = 0; n < 2; n++) await makeTenant({ owner })
    },
  },
} satisfies ListRules
