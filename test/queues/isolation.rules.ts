import { rowId, tenantId } from '../isolation/matrix/callers.ts'
import type { IsolationRules } from '../isolation/matrix/rules.ts'

export default {
  rows: {
    'private.queue_lanes': (tenant) => `(tenant_id, queue, lane_id)
      values ('${tenantId(tenant)}', 'webhooks', '${rowId('queue_lanes', tenant)}')`,
    'private.queue_items': (tenant) => `(tenant_id, queue, lane_id, item_id)
      values ('${tenantId(tenant)}', 'webhooks', '${rowId('queue_lanes', tenant)}', '${rowId('queue_items', tenant)}')`,
  },
} satisfies IsolationRules
