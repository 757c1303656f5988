import type { CatalogRules } from '../kit/rules/catalog.ts'

export default {
  'every table has a tenant_id': {
    'private.registration_sessions': 'whoever registers has no tenant yet',
    'private.contract_templates': 'the words are the same for all',
  },
} satisfies CatalogRules
