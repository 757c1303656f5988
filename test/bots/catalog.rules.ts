import type { CatalogRules } from '../kit/rules/catalog.ts'

export default {
  'a column that names another row is a foreign key': {
    'bot_tenants.ai_api_key_secret_id':
      'Vault lets nobody refer to it; a trigger drops the secret with its row',
    'bot_words.bot_id': 'the words come and go with rows of training data, which have the key',
    'bot_numbers.access_token_secret_id': 'as the key of a model',
    'bot_numbers.app_secret_id': 'as the key of a model',
    'bot_numbers.verify_token_secret_id': 'as the key of a model',
    'bot_mpesa_accounts.consumer_key_secret_id': 'as the key of a model',
    'bot_mpesa_accounts.consumer_secret_secret_id': 'as the key of a model',
    'bot_mpesa_accounts.passkey_secret_id': 'as the key of a model',
  },
  'a unique key of a tenant-owned table holds its tenant_id': {
    bot_numbers_verified_idx: 'a number that is verified belongs to one bot, over all tenants',
  },
  'a flag is named is_* or has_*': {
    'bot_control_settings.enable_ai_responses': 'the name requirement document 004 gives it',
    'bot_control_settings.enable_training_mode': 'the name requirement document 004 gives it',
    'bot_control_settings.enable_auto_reply': 'the name requirement document 004 gives it',
    'bot_control_settings.enable_payment_flow': 'the name requirement document 004 gives it',
    'bot_control_settings.log_conversations': 'the name requirement document 004 gives it',
  },
} satisfies CatalogRules
