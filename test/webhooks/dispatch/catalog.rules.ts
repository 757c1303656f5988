import type { CatalogRules } from '../../kit/rules/catalog.ts'

export default {
  'every table has a tenant_id': {
    'private.webhook_dispatchers': 'a place for a worker that serves all tenants',
    'private.webhook_dispatcher_calls': 'one row, about workers that serve all tenants',
  },
  'a column that names another row is a foreign key': {
    'webhook_dispatchers.run_id': 'names no row: each run makes it up',
  },
} satisfies CatalogRules
