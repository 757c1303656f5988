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
      columns: 'tenant_id product enabled config expires_at settled_end_at created_at updated_at',
      key: 'tenant_id',
      select: 'read',
      scopes: ['entitlements:read'],
      service: 'all',
    },
    plan_excesses: {
      columns: 'tenant_id gate in_use most found_at switches_off_at switched_off_at settled_at',
      key: 'tenant_id',
      select: 'read',
      scopes: ['entitlements:read'],
      service: 'select',
    },
  },
  functions: {
    check_gate: {
      needs: 'read',
      scope: 'entitlements:read',
      service: true,
      call: (tenant) => `select public.check_gate('${idOf(tenant)}', 'campaigns')`,
    },
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
    'private.tenant_count_changes': (tenant) =>
      `(tenant_id, gate, period_at, change) values ('${tenantId(tenant)}', 'probe', now(), 1)`,
    'private.tenant_counts': (tenant) => `(tenant_id, gate, used) values ('${tenantId(tenant)}', 'probe', 1)`,
    'public.plan_excesses': (tenant) =>
      `(tenant_id, gate, in_use, most) values ('${tenantId(tenant)}', 'participants', 2, 1)`,
    'public.tenant_products': (tenant) => `(tenant_id, product) values ('${tenantId(tenant)}', 'bots')`,
  },
  conditions: [
    ['find_entitlement', 'not granted.enabled', 'false'],
    ['find_entitlement', 'granted.expires_at <= now()', 'false'],
  ],
} satisfies IsolationRules
