import type { CatalogRules } from '../../kit/rules/catalog.ts'

export default {
  'tenant_id refers to tenants and goes with its tenant': {
    'private.participant_names': 'goes with its participant',
    'public.participant_moves': 'goes with its participant',
  },
} satisfies CatalogRules
