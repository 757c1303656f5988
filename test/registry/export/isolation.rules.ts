import { idOf } from '../../isolation/matrix/callers.ts'
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
  },
  privateFunctions: {
    begin_export: 'asks require_permission()',
    export_tables: 'asks require_permission()',
    count_export_rows: 'asks require_permission()',
    export_rows: 'asks require_permission()',
  },
} satisfies IsolationRules
