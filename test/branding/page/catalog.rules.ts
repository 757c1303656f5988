import type { CatalogRules } from '../../kit/rules/catalog.ts'

export default {
  'any other has one as well, unless Postgres is to inline it': {
    find_tenant_page_by_slug: 'inlined; every name in it is qualified',
    find_tenant_page_by_host: 'inlined; every name in it is qualified',
  },
  'every definer in public is one that asks for permission, or is listed': {
    get_tenant_by_slug: 'public; returns the page that anybody may see',
    get_tenant_by_domain: 'public; returns the page that anybody may see',
  },
  'every table with updated_at has the trigger that sets it': {
    'private.tenant_pages': 'written by one function, which sets it',
  },
} satisfies CatalogRules
