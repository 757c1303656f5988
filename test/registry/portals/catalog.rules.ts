import type { CatalogRules } from '../../kit/rules/catalog.ts'

export default {
  'every table has a tenant_id': {
    'private.portals': 'what each portal opens, the same for all',
  },
  'a unique key of a tenant-owned table holds its tenant_id': {
    'private.portal_tokens_token_hash_idx':
      'a token is shown before its tenant is known, and a hash of it tells of none',
  },
} satisfies CatalogRules
