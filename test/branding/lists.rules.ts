import { type ListRules, newestFirst } from '../kit/rules/lists.ts'

export default {
  'GET /branding/domains': {
    noun: 'domains',
    ...newestFirst,
    async fill({ tenant, make }) {
      for (const name of ['one', 'two', 'three'])
        await make('/branding/domains', { host: `${name}.${tenant.slug}.example` })
    },
  },
} satisfies ListRules
