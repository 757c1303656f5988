import { idOf, tenantId } from '../../isolation/matrix/callers.ts'
import type { IsolationRules } from '../../isolation/matrix/rules.ts'

export default {
  functions: {
    read_tenant_lifecycle: {
      needs: 'read_admin',
      service: true,
      call: (tenant) => `select slug from public.read_tenant_lifecycle('${idOf(tenant)}')`,
    },
    change_tenant_status: {
      needs: 'own',
      service: true,
      call: (tenant) => `select (public.change_tenant_status('${idOf(tenant)}', 'frozen')).slug`,
    },
  },
  rows: {
    'private.demo_snapshots': (tenant) =>
      `(tenant_id, relation, rows) values ('${tenantId(tenant)}', 'tenants', '[]')`,
  },
} satisfies IsolationRules
