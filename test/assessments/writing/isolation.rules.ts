import { idOf, letIn, rowId, tenantId } from '../../isolation/matrix/callers.ts'
import type { IsolationRules } from '../../isolation/matrix/rules.ts'

const written = `'written', 'full', 'en', 'Matrix', 'sample-1', now()`

export default {
  relations: {
    participant_reflections: {
      columns: 'tenant_id session_id status attempt disclosure language words model begun_at written_at',
      key: 'tenant_id',
      select: 'read',
      service: 'select',
      // Nobody writes in the name of the model. Not even a right to write would reach a session of another tenant.
      attempts: (['home', 'other'] as const).map((owner) => ({
        as: 'owner',
        before: letIn('participant_reflections'),
        tries: `insert into public.participant_reflections (tenant_id, session_id, disclosure, language)
          values ('${tenantId('home')}', '${rowId('participant_sessions', owner)}', 'full', 'en') on conflict do nothing`,
        gives: owner === 'home' ? 'ok' : '23503',
      })),
    },
    participant_insights: {
      columns: 'tenant_id session_id item_id answer status language words model begun_at',
      key: 'tenant_id',
      select: 'read',
      service: 'select',
      attempts: (['home', 'other'] as const).map((owner) => ({
        as: 'owner',
        before: letIn('participant_insights'),
        tries: `insert into public.participant_insights (tenant_id, session_id, item_id, answer, language)
          values ('${tenantId('home')}', '${rowId('participant_sessions', owner)}', 'l02', '1', 'en')`,
        gives: owner === 'home' ? 'ok' : '23503',
      })),
    },
  },
  privateCalls: {
    require_ai_authoring: {
      needs: 'manage',
      call: (tenant) => `select private.require_ai_authoring('${idOf(tenant)}')`,
    },
  },
  privateFunctions: {
    require_ai_authoring:
      'asks for manage; here and not in public, because only the edge function asks a model',
  },
  rows: {
    'public.participant_insights': (tenant) => `(tenant_id, session_id, item_id, answer, language)
      values ('${tenantId(tenant)}', '${rowId('participant_sessions', tenant)}', 'l01', '5', 'en')`,
    'public.participant_reflections': (
      tenant,
    ) => `(tenant_id, session_id, status, disclosure, language, words, model, written_at)
      values ('${tenantId(tenant)}', '${rowId('participant_sessions', tenant)}', ${written})`,
  },
} satisfies IsolationRules
