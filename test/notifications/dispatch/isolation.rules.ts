import { tenantId } from '../../isolation/matrix/callers.ts'
import type { IsolationRules } from '../../isolation/matrix/rules.ts'

export default {
  relations: {
    notification_dispatch_log: {
      columns:
        'tenant_id id ref_id notification_job_id channel type recipients_count provider status provider_response error duration_ms attempt created_at',
      key: 'tenant_id',
      select: 'read_admin',
      service: 'select',
    },
  },
  rows: {
    'public.notification_dispatch_log': (tenant) => `(tenant_id, notification_job_id, channel, type, status)
      values ('${tenantId(tenant)}', gen_random_uuid(), 'email', 'limit.near', 'sent')`,
  },
} satisfies IsolationRules
