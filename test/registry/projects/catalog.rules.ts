import type { CatalogRules } from '../../kit/rules/catalog.ts'

export default {
  'a policy asks tenant_ids() once a statement, in the measured form': {
    'tenant_projects: managers create projects where a product supports them':
      'asks for the entitlement of those tenants as well, once a statement',
  },
} satisfies CatalogRules
