import type { CatalogRules } from '../../kit/rules/catalog.ts'

export default {
  'tenant_id refers to tenants and goes with its tenant': {
    'public.webhook_deliveries': 'goes with its event; one more key would be asked at each delivery',
    'public.webhook_attempts': 'goes with its delivery; one more key would be asked at each attempt',
  },
} satisfies CatalogRules
