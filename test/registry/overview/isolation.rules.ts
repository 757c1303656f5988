import { idOf } from '../../isolation/matrix/callers.ts'
import type { IsolationRules } from '../../isolation/matrix/rules.ts'

export default {
  functions: {
    read_tenant_overview: {
      needs: 'leave',
      call: (tenant) => `select count(*) from public.read_tenant_overview('${idOf(tenant)}')`,
    },
  },
} satisfies IsolationRules
