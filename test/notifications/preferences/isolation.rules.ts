import { letIn, personId, tenantId } from '../../isolation/matrix/callers.ts'
import type { IsolationRules } from '../../isolation/matrix/rules.ts'

/** Whose the preferences of each tenant are. */
const persons = {
  home: ['owner'],
  other: ['neighbour'],
  frozen: ['frozen-owner'],
  ended: ['ended-owner'],
  archived: ['archived-owner'],
  unaccepted: ['unaccepted-owner'],
}

export default {
  relations: {
    notification_preferences: {
      columns: 'tenant_id id user_id channels quiet_from quiet_until time_zone created_at updated_at',
      key: 'tenant_id',
      select: 'read',
      persons,
      service: 'all',
      attempts: [
        {
          // So that somebody else hears nothing more.
          as: 'owner',
          before: 'grant insert on public.notification_preferences to authenticated',
          tries: `insert into public.notification_preferences (tenant_id, user_id, channels)
            values ('${tenantId('home')}', '${personId('member')}', '{"plan": {"email": false}}')`,
          gives: 'refused',
        },
        ...(['neighbour', 'member'] as const).map((name) => ({
          as: 'owner',
          before: letIn('notification_preferences'),
          tries: `insert into public.notification_preferences (tenant_id, user_id)
            values ('${tenantId('home')}', '${personId(name)}')`,
          gives: name === 'member' ? 'ok' : '23503',
        })),
      ],
    },
  },
  rows: {
    'public.notification_preferences': (tenant) => `(tenant_id, user_id)
      values ('${tenantId(tenant)}', '${personId(persons[tenant][0]!)}')`,
  },
} satisfies IsolationRules
