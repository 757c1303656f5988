import type { CatalogRules } from '../../kit/rules/catalog.ts'

export default {
  'every table has a tenant_id': {
    'public.topup_bundles': 'the price list, the same for all',
  },
  'a policy asks tenant_ids() once a statement, in the measured form': {
    'topup_bundles: everyone signed in reads the bundles': 'the price list belongs to no tenant',
  },
} satisfies CatalogRules
