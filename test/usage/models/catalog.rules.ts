import type { CatalogRules } from '../../kit/rules/catalog.ts'

export default {
  'a column that names another row is a foreign key': {
    'llm_providers.api_key_secret_id':
      'Vault lets nobody refer to it; a trigger drops the secret with its row',
  },
} satisfies CatalogRules
