import type { CatalogRules } from '../../kit/rules/catalog.ts'

export default {
  'every table has a tenant_id': {
    'private.status_moves': 'the moves of status there are, the same for all',
    'private.tenant_purges': 'outlives the tenant it tells of',
    'private.kept_slugs': 'outlives the tenants whose slugs it keeps',
  },
} satisfies CatalogRules
