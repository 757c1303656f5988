import type { CatalogRules } from '../../kit/rules/catalog.ts'

export default {
  'tenant_id refers to tenants and goes with its tenant': {
    'public.participant_reflections': 'goes with its session',
    'public.participant_insights': 'goes with its session',
  },
} satisfies CatalogRules
