import type { CatalogRules } from '../../kit/rules/catalog.ts'

export default {
  'a unique key of a tenant-owned table holds its tenant_id': {
    subscriptions_provider_subscription_id_idx:
      'a directory: a renewal names the subscription and not the tenant',
  },
} satisfies CatalogRules
