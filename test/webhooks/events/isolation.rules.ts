import { rowId, tenantId } from '../../isolation/matrix/callers.ts'
import type { IsolationRules } from '../../isolation/matrix/rules.ts'

export default {
  relations: {
    webhook_events: {
      columns: 'tenant_id id type version payload ordering_key idempotency_key is_test created_at',
      key: 'tenant_id',
      select: 'read_admin',
      scopes: ['deliveries:read'],
      service: 'select',
    },
  },
  privateFunctions: {
    first_uuid_at: 'pure; lists of messages begin and end by it',
  },
  rows: {
    'public.webhook_events': (tenant) => `(tenant_id, id, type, version, payload)
      values ('${tenantId(tenant)}', '${rowId('webhook_events', tenant)}', 'webhook.test', 1, '{}')`,
  },
} satisfies IsolationRules
