import type { CatalogRules } from '../../kit/rules/catalog.ts'

export default {
  'a unique key of a tenant-owned table holds its tenant_id': {
    tenant_domains_verified_host_idx: 'a directory: one verified holder a host, over all tenants',
  },
} satisfies CatalogRules
