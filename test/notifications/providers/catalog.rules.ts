import type { CatalogRules } from '../../kit/rules/catalog.ts'

export default {
  'a column that names another row is a foreign key': {
    'notification_providers.config_secret_id':
      'Vault lets nobody refer to it; a trigger drops the secret with its row',
    'notification_providers.callback_secret_id':
      'Vault lets nobody refer to it; a trigger drops the secret with its row',
    'notification_callbacks.provider_id': 'the job is the record of who sent it, and outlives the settings',
  },
} satisfies CatalogRules
