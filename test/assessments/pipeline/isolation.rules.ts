import { letIn, rowId, tenantId } from '../../isolation/matrix/callers.ts'
import type { IsolationRules } from '../../isolation/matrix/rules.ts'

export default {
  relations: {
    participant_moves: {
      columns: 'tenant_id id ref_id session_id from_status to_status moved_by moved_at',
      key: 'tenant_id',
      select: 'read',
      service: 'select',
      attempts: (['home', 'other'] as const).map((owner) => ({
        as: 'owner',
        before: letIn('participant_moves'),
        tries: `insert into public.participant_moves (tenant_id, session_id, to_status)
          values ('${tenantId('home')}', '${rowId('participant_sessions', owner)}', 'converted')`,
        gives: owner === 'home' ? 'ok' : '23503',
      })),
    },
  },
  privateFunctions: {
    find_participants:
      'the search of lib calls it; it asks for the permission itself, as finding.test.ts shows',
  },
  // Each participant has come in by a move.
  rows: {},
} satisfies IsolationRules
