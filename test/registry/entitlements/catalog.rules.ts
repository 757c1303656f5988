import type { CatalogRules } from '../../kit/rules/catalog.ts'

export default {
  'every table has a tenant_id': {
    'public.products': 'the catalogue of products belongs to nobody',
    'private.gates': 'the register of features and limits belongs to nobody',
    'private.plan_switches': 'names functions of the catalogue, not tenants',
  },
  'a policy asks tenant_ids() once a statement, in the measured form': {
    'products: everyone signed in reads the products': 'a catalogue belongs to nobody',
  },
  'any other has one as well, unless Postgres is to inline it': {
    is_same_period: 'inlined; it names nothing outside pg_catalog',
  },
  'a flag is named is_* or has_*': {
    'products.supports_projects': "the word of the products' manifests",
    'tenant_products.enabled': "the word of the registry's requirements",
  },
} satisfies CatalogRules
