import { personId, tenantId } from '../../isolation/matrix/callers.ts'
import type { IsolationRules } from '../../isolation/matrix/rules.ts'

const persons = {
  home: 'owner',
  other: 'neighbour',
  frozen: 'frozen-owner',
  ended: 'ended-owner',
  archived: 'archived-owner',
  unaccepted: 'unaccepted-owner',
} as const

export default {
  rows: {
    'private.phone_confirmations': (tenant) => `(tenant_id, user_id, phone, code_hash)
      values ('${tenantId(tenant)}', '${personId(persons[tenant])}', '+447700900123', sha256('matrix'))`,
  },
} satisfies IsolationRules
