import type { CatalogRules } from '../../kit/rules/catalog.ts'

export default {
  'tenant_id refers to tenants and goes with its tenant': {
    'public.participant_answers': 'goes with its session',
  },
  'a unique key of a tenant-owned table holds its tenant_id': {
    participant_sessions_token_hash_idx:
      'a participant names the token and not the tenant, and only the service writes it',
  },
} satisfies CatalogRules
