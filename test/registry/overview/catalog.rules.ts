import type { CatalogRules } from '../../kit/rules/catalog.ts'

export default {
  'every table has a tenant_id': {
    'private.overview_codes': 'what an overview may tell, the same for all',
  },
} satisfies CatalogRules
