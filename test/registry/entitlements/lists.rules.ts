import { admin } from '../../kit/db.ts'
import type { ListRules } from '../../kit/rules/lists.ts'

export default {
  'GET /registry/tenants/:ref/products': {
    noun: 'products',
    by: (row) => row.product!,
    order: 'by name',
    fill: ({ tenant }) =>
      admin.query(
        `insert into public.tenant_products (tenant_id, product) select $1, product from public.products`,
        [tenant.id],
      ),
  },
  'GET /registry/products': { noun: 'products', by: (row) => row.product!, order: 'by name' },
  'GET /registry/tenants/:ref/entitlements': {
    isNoList: 'It is an answer about one tenant, and a tenant has few products.',
  },
} satisfies ListRules
