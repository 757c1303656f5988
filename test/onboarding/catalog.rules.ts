import type { CatalogRules } from '../kit/rules/catalog.ts'

export default {
  'every table has a tenant_id': {
    'private.registration_sessions': 'whoever registers has no tenant yet',
  },
} satisfies CatalogRules
