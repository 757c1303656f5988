import type { ListRules } from '../../kit/rules/lists.ts'

export default {
  'GET /registry/tenants/:ref/identity-providers': {
    noun: 'identity_providers',
    by: (row) => row.type!,
    order: 'by kind',
    async fill({ tenant, make }) {
      const at = `/registry/tenants/${tenant.slug}/identity-providers`
      await make(`${at}/saml`, { metadata_url: 'https://idp.example/metadata' }, 'PUT')
      await make(`${at}/oidc`, { issuer: 'https://idp.example', client_id: 'x' }, 'PUT')
    },
  },
} satisfies ListRules
