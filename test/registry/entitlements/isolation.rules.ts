import { everyoneId, idOf, tenantId } from '../../isolation/matrix/callers.ts'
import type { IsolationRules } from '../../isolation/matrix/rules.ts'

export default {
  relations: {
    products: {
      columns: 'product name description supports_projects features created_at updated_at',
      key: `'${everyoneId}'::uuid`,
      select: 'everyone',
      directory: 'product',
      service: 'all',
      attempts: [
        {
          as: 'owner',
          before: 'grant insert on public.products to authenticated',
          tries: `insert into public.products (product, name) values ('free', 'Free')`,
          gives: 'refused',
        },
      ],
    },
    tenant_products: {
      columns: 'tenant_id product enabled config expires_at created_at updated_at',
      key: 'tenant_id',
      select: 'read',
      scopes: ['entitlements:read'],
      service: 'all',
    },
  },
  functions: {
    check_entitlement: {
      needs: 'read',
      scope: 'entitlements:read',
      service: true,
      call: (tenant) => `select public.check_entitlement('${idOf(tenant)}', 'bots')`,
    },
  },
  privateFunctions: {
    require_entitlement: 'invoker functions and lib call it after require_permission()',
  },
  rows: {
    'public.tenant_products': (tenant) => `(tenant_id, product) values ('${tenantId(tenant)}', 'bots')`,
  },
  conditions: [
    ['find_entitlement', 'not granted.enabled', 'false'],
    ['find_entitlement', 'granted.expires_at <= now()', 'false'],
  ],
} satisfies IsolationRules
