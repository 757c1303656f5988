import type { CatalogRules } from '../../kit/rules/catalog.ts'

export default {
  'every table has a tenant_id': {
    'private.font_families': 'the fonts that are served are the same for all',
  },
} satisfies CatalogRules
