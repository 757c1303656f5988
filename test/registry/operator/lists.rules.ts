import { type ListRules, newestFirst } from '../../kit/rules/lists.ts'
import { makeTenant } from '../../kit/tenants.ts'

export default {
  'GET /registry/operator/tenants': {
    noun: 'tenants',
    ...newestFirst,
    query: ({ slug }) => `q=${slug}`,
    fill: async ({ tenant }) => {
      for (const n of [1, 2]) await makeTenant({ slug: `${tenant.slug}-${n}` })
    },
  },
  'GET /registry/tenants/:ref/state': { isNoList: 'the figures of one tenant, and its first owners' },
  'GET /registry/operator/queues': { isNoList: 'a figure for each queue there is' },
} satisfies ListRules
