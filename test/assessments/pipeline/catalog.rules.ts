import type { CatalogRules } from '../../kit/rules/catalog.ts'

export default {
  'tenant_id refers to tenants and goes with its tenant': {
    'public.participant_moves': 'goes with its participant',
  },
} satisfies CatalogRules
