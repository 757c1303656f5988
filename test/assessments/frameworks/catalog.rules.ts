import type { CatalogRules } from '../../kit/rules/catalog.ts'

export default {
  'every table has a tenant_id': { 'public.frameworks': 'belongs to the product' },
  'tenant_id refers to tenants and goes with its tenant': {
    'public.framework_config_snapshots': 'goes with its configuration',
  },
  'a policy asks tenant_ids() once a statement, in the measured form': {
    'frameworks: everyone signed in reads the frameworks': 'a framework belongs to no tenant',
  },
} satisfies CatalogRules
