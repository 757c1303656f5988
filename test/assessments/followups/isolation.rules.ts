import { letIn, rowId, tenantId } from '../../isolation/matrix/callers.ts'
import type { IsolationRules } from '../../isolation/matrix/rules.ts'

const columns = 'tenant_id, session_id, followup_id, template, due_at'

export default {
  relations: {
    followups: {
      columns:
        'tenant_id id ref_id session_id followup_id template due_at status cancel_reason failure_count settled_at settled_by created_at',
      key: 'tenant_id',
      select: 'read',
      service: 'all',
      // Nobody plans a mail by hand. Not even a right to write would reach a participant of another tenant.
      attempts: (['home', 'other'] as const).map((owner) => ({
        as: 'owner',
        before: letIn('followups'),
        tries: `insert into public.followups (${columns})
          values ('${tenantId('home')}', '${rowId('participant_sessions', owner)}', 'day9', 'followup_day3', now())`,
        gives: owner === 'home' ? 'ok' : '23503',
      })),
    },
  },
  rows: {
    'public.followups': (tenant) => `(${columns})
      values ('${tenantId(tenant)}', '${rowId('participant_sessions', tenant)}', 'day3', 'followup_day3', now() + interval '3 days')`,
  },
} satisfies IsolationRules
