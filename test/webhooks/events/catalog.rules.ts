import type { CatalogRules } from '../../kit/rules/catalog.ts'

export default {
  'tenant_id refers to tenants and goes with its tenant': {
    'private.webhook_outbox': 'goes with its event; one more key would be asked at each event',
  },
  'any other has one as well, unless Postgres is to inline it': {
    wants_webhook_event:
      'inlined, since it is asked for each event and endpoint; names nothing outside pg_catalog',
  },
} satisfies CatalogRules
