import type { CatalogRules } from '../../kit/rules/catalog.ts'

export default {
  'every table has a tenant_id': {
    'private.order_kinds': 'a register, the same for all',
    'private.payment_events': 'an event is stored before anybody knows whose order it is about',
  },
  'a unique key of a tenant-owned table holds its tenant_id': {
    payment_orders_provider_order_id_idx: 'a directory: a webhook names the order and not the tenant',
  },
} satisfies CatalogRules
