import type { CatalogRules } from '../../kit/rules/catalog.ts'

export default {
  'every table has a tenant_id': {
    'public.user_profiles': 'a person may belong to several tenants',
    'private.role_permissions': 'what the roles mean, the same for all',
  },
  'a policy asks tenant_ids() once a statement, in the measured form': {
    'user_profiles: people read themselves and their colleagues':
      'asks for the person as well, once a statement',
    'user_profiles: people update themselves': 'asks for the person, once a statement',
  },
  'every definer in public is one that asks for permission, or is listed': {
    list_roles: 'what the roles mean, the same for everybody',
  },
} satisfies CatalogRules
