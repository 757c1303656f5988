import { type ListRules, newestFirst } from '../../kit/rules/lists.ts'

export default {
  'GET /registry/tenants/:ref/api-keys': {
    noun: 'api_keys',
    ...newestFirst,
    async fill({ tenant, make }) {
      for (const name of ['one', 'two', 'three'])
        await make(`/registry/tenants/${tenant.slug}/api-keys`, { name, scopes: ['usage:write'] })
    },
  },
  'GET /registry/scopes': { noun: 'scopes', by: (row) => row.scope!, order: 'by name' },
} satisfies ListRules
