import { call } from '../kit/call.ts'
import type { ListRules } from '../kit/rules/lists.ts'

export default {
  'GET /registry/tenants/:ref/audit': {
    noun: 'events',
    by: (row) => String(row.seq).padStart(9),
    order: 'the newest first',
    // That somebody reads the audit log is a row of it, once a minute.
    fillLast: ({ tenant, owner }) => call(`/registry/tenants/${tenant.slug}/audit`, { token: owner.token }),
  },
  'GET /registry/audit': { noun: 'events', by: (row) => row.id!, order: 'the newest first' },
  'GET /registry/audit-actions': { noun: 'actions', by: (row) => row.action!, order: 'by name' },
} satisfies ListRules
