import { letIn, rowId, tenantId } from '../../isolation/matrix/callers.ts'
import type { IsolationRules } from '../../isolation/matrix/rules.ts'

const result = `'money-archetypes', 'likert', '[{"id": "hero", "score": 90, "band": "high"}]', 'hero', 1, 16, 1, 0`
const resultColumns =
  'framework_id, mode, scores, primary_id, answered_count, item_count, framework_version, config_version'

export default {
  relations: {
    participant_answers: {
      columns: 'tenant_id session_id answers revision saved_at',
      key: 'tenant_id',
      select: 'read',
      service: 'all',
      // Nobody answers in the name of a participant. Not even a right to write would reach a session of another tenant.
      attempts: (['home', 'other'] as const).map((owner) => ({
        as: 'owner',
        before: letIn('participant_answers'),
        tries: `insert into public.participant_answers (tenant_id, session_id)
          values ('${tenantId('home')}', '${rowId('participant_sessions', owner)}')
          on conflict do nothing`,
        gives: owner === 'home' ? 'ok' : '23503',
      })),
    },
    assessment_results: {
      columns:
        'tenant_id id ref_id session_id campaign_id framework_id mode locale scores primary_id secondary_id combination answered_count item_count framework_version config_version seconds_taken completed_at',
      key: 'tenant_id',
      select: 'read',
      service: 'all',
      attempts: [
        {
          as: 'owner',
          before: letIn('assessment_results'),
          tries: `insert into public.assessment_results (tenant_id, session_id, ${resultColumns})
            values ('${tenantId('home')}', '${rowId('participant_sessions', 'other')}', ${result})`,
          gives: '23503',
        },
        {
          as: 'owner',
          // A session has one result.
          before: `delete from public.assessment_results; ${letIn('assessment_results')}`,
          tries: `insert into public.assessment_results (tenant_id, session_id, campaign_id, ${resultColumns})
            values ('${tenantId('home')}', '${rowId('participant_sessions', 'home')}', '${rowId('campaigns', 'other')}', ${result})`,
          gives: '23503',
        },
      ],
    },
  },
  rows: {
    'public.participant_answers': (tenant) => `(tenant_id, session_id, answers)
      values ('${tenantId(tenant)}', '${rowId('participant_sessions', tenant)}', '{"l01": 5}')`,
    'public.assessment_results': (tenant) => `(tenant_id, session_id, ${resultColumns})
      values ('${tenantId(tenant)}', '${rowId('participant_sessions', tenant)}', ${result})`,
  },
} satisfies IsolationRules
