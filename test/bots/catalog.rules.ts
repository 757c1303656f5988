import type { CatalogRules } from '../kit/rules/catalog.ts'

export default {
  'a column that names another row is a foreign key': {
    'bot_tenants.ai_api_key_secret_id':
      'Vault lets nobody refer to it; a trigger drops the secret with its row',
  },
  'a flag is named is_* or has_*': {
    'bot_control_settings.enable_ai_responses': 'the name requirement document 004 gives it',
    'bot_control_settings.enable_training_mode': 'the name requirement document 004 gives it',
  },
} satisfies CatalogRules
