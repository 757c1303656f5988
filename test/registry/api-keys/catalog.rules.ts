import type { CatalogRules } from '../../kit/rules/catalog.ts'

export default {
  'every table has a tenant_id': {
    'private.api_scopes': 'what the scopes mean, the same for all',
  },
  'a unique key of a tenant-owned table holds its tenant_id': {
    'private.api_key_secrets_lookup_idx':
      'a directory: who presents a key has not said of which tenant it is',
  },
} satisfies CatalogRules
