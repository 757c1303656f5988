import { tenantId } from '../../isolation/matrix/callers.ts'
import type { IsolationRules } from '../../isolation/matrix/rules.ts'

export default {
  rows: {
    'private.notification_jobs': (tenant) => `(tenant_id, id, type, template, address, idempotency_key)
      values ('${tenantId(tenant)}', '${tenantId(tenant)}', 'welcome', 'welcome', 'matrix@example.com', 'matrix')`,
    'private.notification_callbacks': (tenant) => `(tenant_id, job_id, provider_id, event_id, channel)
      values ('${tenantId(tenant)}', '${tenantId(tenant)}', gen_random_uuid(), 'matrix', 'email')`,
  },
} satisfies IsolationRules
