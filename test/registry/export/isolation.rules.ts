import { idOf, personId, tenantId } from '../../isolation/matrix/callers.ts'
import type { IsolationRules } from '../../isolation/matrix/rules.ts'

export default {
  privateCalls: {
    begin_export: { needs: 'export', call: (tenant) => `select private.begin_export('${idOf(tenant)}')` },
    export_tables: {
      needs: 'export',
      call: (tenant) => `select count(*) from private.export_tables('${idOf(tenant)}')`,
    },
    count_export_rows: {
      needs: 'export',
      call: (tenant) => `select private.count_export_rows('${idOf(tenant)}', 'campaigns')`,
    },
    export_rows: {
      needs: 'export',
      call: (tenant) => `select count(*) from private.export_rows('${idOf(tenant)}', 'campaigns')`,
    },
    issue_export_link: {
      needs: 'export',
      call: (tenant) => `select private.issue_export_link('${idOf(tenant)}', sha256('probe'))`,
    },
  },
  privateFunctions: {
    begin_export: 'asks require_permission()',
    export_tables: 'asks require_permission()',
    count_export_rows: 'asks require_permission()',
    export_rows: 'asks require_permission()',
    issue_export_link: 'asks require_permission()',
  },
  rows: {
    'private.export_links': (tenant) => `(tenant_id, user_id, token_hash, expires_at)
      values ('${tenantId(tenant)}', '${personId(`${tenant}-anchor`)}', sha256(convert_to('${tenantId(tenant)}', 'UTF8')), now() + interval '1 minute')`,
  },
} satisfies IsolationRules
