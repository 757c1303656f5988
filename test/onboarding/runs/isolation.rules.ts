import { idOf, tenantId } from '../../isolation/matrix/callers.ts'
import type { IsolationRules } from '../../isolation/matrix/rules.ts'

export default {
  relations: {
    onboarding_runs: {
      columns:
        'tenant_id id ref_id status research_output context_file_ref note reviewed_by reviewed_at created_at updated_at',
      key: 'tenant_id',
      select: 'read',
      service: 'select',
    },
  },
  privateCalls: {
    review_onboarding_run: {
      needs: 'review',
      call: (tenant) => `select (private.review_onboarding_run('${idOf(tenant)}', true)).ref_id`,
    },
  },
  privateFunctions: {
    review_onboarding_run:
      'asks for review; here and not in public, because the page of the edge function reads it',
  },
  rows: {
    'public.onboarding_runs': (tenant) =>
      `(tenant_id, status, research_output) values ('${tenantId(tenant)}', 'review', 'Matrix')`,
  },
} satisfies IsolationRules
