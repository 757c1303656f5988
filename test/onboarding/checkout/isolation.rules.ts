import { rowId, tenantId } from '../../isolation/matrix/callers.ts'
import type { IsolationRules } from '../../isolation/matrix/rules.ts'

export default {
  rows: {
    'private.registration_orders': (tenant) => `(tenant_id, order_id, token_hash, invitation_hash)
      values ('${tenantId(tenant)}', '${rowId('payment_orders', tenant)}', sha256('matrix'), sha256('matrix'))`,
  },
} satisfies IsolationRules
