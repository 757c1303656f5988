import type { CatalogRules } from '../kit/rules/catalog.ts'

export default {
  'every table has a tenant_id': {
    'private.registered_buckets': 'which buckets there are is the same for all',
  },
} satisfies CatalogRules
