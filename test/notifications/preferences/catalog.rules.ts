import type { CatalogRules } from '../../kit/rules/catalog.ts'

export default {
  'a policy asks tenant_ids() once a statement, in the measured form': {
    'notification_preferences: people read their own notification preferences':
      'asks whose row it is as well',
  },
} satisfies CatalogRules
