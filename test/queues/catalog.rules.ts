import type { CatalogRules } from '../kit/rules/catalog.ts'

export default {
  'every table has a tenant_id': {
    'private.queues': 'belongs to the product',
    'private.queue_dispatchers': 'a place for a worker that serves all tenants',
    'private.queue_calls': 'when workers that serve all tenants were called',
  },
  'tenant_id refers to tenants and goes with its tenant': {
    'private.queue_items': 'goes with its lane, by a trigger: a key would be checked for each item',
  },
  'a column that names another row is a foreign key': {
    'queue_lanes.lane_id': "is the id of a domain's row: the domain keeps the lane by a trigger",
    'queue_items.tenant_id': 'goes with its lane, by a trigger',
    'queue_items.lane_id': 'goes with its lane, by a trigger: a key would be checked for each item',
    'queue_items.item_id': "is the id of a domain's row, which says what is sent",
    'queue_items.lease_id': 'names no row: whoever takes a lease makes it up',
    'queue_dispatchers.run_id': 'names no row: each run makes it up',
  },
  'any other has one as well, unless Postgres is to inline it': {
    retry_wait: 'inlined; names nothing outside pg_catalog',
  },
} satisfies CatalogRules
