import { type ListRules, newestFirst } from '../../kit/rules/lists.ts'

export default {
  'GET /registry/tenants/:ref/invitations': {
    noun: 'invitations',
    ...newestFirst,
    async fill({ tenant, make }) {
      for (const name of ['one', 'two', 'three'])
        await make(`/registry/tenants/${tenant.slug}/invitations`, { email: `${name}@example.com` })
    },
  },
} satisfies ListRules
