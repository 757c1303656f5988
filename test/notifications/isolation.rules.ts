import { everyoneId, idOf, letIn, personId, tenantId } from '../isolation/matrix/callers.ts'
import type { IsolationRules } from '../isolation/matrix/rules.ts'

/** Whose the notifications of each tenant are. The first has a row of their own; the failed payment tells all admins. */
const persons = {
  home: ['owner', 'admin', 'straddling-admin'],
  other: ['neighbour', 'straddling-reviewer', 'straddling-member', 'straddling-admin'],
  frozen: ['frozen-owner'],
  ended: ['ended-owner'],
  archived: ['archived-owner'],
  unaccepted: ['unaccepted-owner', 'straddling-admin'],
}

export default {
  relations: {
    notification_types: {
      columns: 'type category description is_critical channels messages example created_at',
      key: `'${everyoneId}'::uuid`,
      directory: 'type',
      select: 'everyone',
      service: 'select',
      attempts: [
        {
          as: 'owner',
          before: 'grant insert on public.notification_types to authenticated',
          tries: `insert into public.notification_types (type, category, description, messages, example)
            values ('a.b', 'plan', 'Mine.', '{"en": "Pay here."}', '{}')`,
          gives: 'refused',
        },
      ],
    },
    notifications: {
      columns:
        'tenant_id id ref_id user_id type message data subject_type subject_ref idempotency_key read_at archived_at created_at',
      key: 'tenant_id',
      select: 'read',
      persons,
      service: 'select',
      attempts: [
        {
          // A message in the name of the platform, to somebody else.
          as: 'owner',
          before: 'grant insert on public.notifications to authenticated',
          tries: `insert into public.notifications (tenant_id, user_id, type, message)
            values ('${tenantId('home')}', '${personId('member')}', 'limit.near', 'Pay here.')`,
          gives: 'refused',
        },
        ...(['neighbour', 'member'] as const).map((name) => ({
          as: 'owner',
          before: letIn('notifications'),
          tries: `insert into public.notifications (tenant_id, user_id, type, message)
            values ('${tenantId('home')}', '${personId(name)}', 'limit.near', 'Tried')`,
          gives: name === 'member' ? 'ok' : '23503',
        })),
        {
          as: 'member',
          tries: `select public.mark_notifications('${tenantId('home')}', array(select ref_id from public.notifications), true)`,
          gives: 'PT422 invalid_value',
        },
      ],
    },
  },
  functions: {
    mark_notifications: {
      needs: 'read',
      whenFrozen: 'what somebody has read is their own affair',
      call: (tenant) =>
        `select public.mark_notifications('${idOf(tenant)}', '{01JD3N8Q4ZB6T2V9XK5M7R0C1E}', true)`,
    },
    mark_all_notifications_read: {
      needs: 'read',
      whenFrozen: 'what somebody has read is their own affair',
      call: (tenant) =>
        `select public.mark_all_notifications_read('${idOf(tenant)}', '01JD3N8Q4ZB6T2V9XK5M7R0C1E')`,
    },
  },
  rows: {
    'public.notifications': (tenant) => `(tenant_id, user_id, type, message)
      values ('${tenantId(tenant)}', '${personId(persons[tenant][0]!)}', 'limit.near', 'Matrix')`,
  },
} satisfies IsolationRules
