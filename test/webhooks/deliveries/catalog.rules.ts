import type { CatalogRules } from '../../kit/rules/catalog.ts'

export default {
  'tenant_id refers to tenants and goes with its tenant': {
    'public.webhook_deliveries': 'goes with its event; one more key would be asked at each delivery',
    'public.webhook_attempts': 'goes with its delivery; one more key would be asked at each attempt',
  },
  'a column that names another row is a foreign key': {
    'webhook_deliveries.lease_id': 'names no row: whoever takes a lease makes it up',
  },
  'any other has one as well, unless Postgres is to inline it': {
    webhook_retry_wait: 'inlined; names nothing outside pg_catalog',
  },
} satisfies CatalogRules
