import type { CatalogRules } from '../kit/rules/catalog.ts'

export default {
  'every table has a tenant_id': {
    'private.registered_tables': 'the register of tables; tells of no tenant',
    'private.partitioned_tables': 'the register of partitioned tables; tells of no tenant',
  },
  'any other has one as well, unless Postgres is to inline it': {
    keep_partitions: 'a procedure that commits cannot set one; names every schema',
    uuid_v7: 'inlined into defaults; every name in it is qualified',
    uuid_v7_at: 'inlined; names nothing outside pg_catalog',
  },
  'every definer in public is one that asks for permission, or is listed': {
    refuse_estimated_counts: 'runs before every request, and looks at nothing but its headers',
  },
} satisfies CatalogRules
