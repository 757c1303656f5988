import type { CatalogRules } from '../../kit/rules/catalog.ts'

export default {
  'a column that names another row is a foreign key': {
    'webhook_endpoints.secret_id': 'Vault lets nobody refer to it; a trigger drops what no endpoint names',
    'webhook_endpoints.previous_secret_id':
      'Vault lets nobody refer to it; a trigger drops what no endpoint names',
    'webhook_endpoints.headers_secret_id':
      'Vault lets nobody refer to it; a trigger drops what no endpoint names',
  },
} satisfies CatalogRules
