import type { CatalogRules } from '../../kit/rules/catalog.ts'

export default {
  'a column that names another row is a foreign key': {
    'tenant_idp_config.client_secret_id':
      'Vault lets nobody refer to it; triggers drop the secret with its row',
    'tenant_idp_config.sso_provider_id': 'Auth makes and deletes its own; not every Auth has the table',
  },
  'a unique key of a tenant-owned table holds its tenant_id': {
    tenant_idp_config_sso_provider_idx: 'a directory: one tenant a provider; only the service writes it',
  },
  'every definer in public is one that asks for permission, or is listed': {
    find_idp_for_email: 'public; says of a domain where its people sign in',
  },
  'a flag is named is_* or has_*': {
    'tenant_idp_config.verified': 'the name requirement document 003 gives it',
  },
} satisfies CatalogRules
