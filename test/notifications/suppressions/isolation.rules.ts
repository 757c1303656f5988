import { tenantId } from '../../isolation/matrix/callers.ts'
import type { IsolationRules } from '../../isolation/matrix/rules.ts'

export default {
  relations: {
    notification_suppressions: {
      columns: 'tenant_id id ref_id channel address reason expires_at created_at',
      key: 'tenant_id',
      select: 'read_admin',
      delete: 'manage',
      service: 'all',
      attempts: [
        {
          // So that a rival hears nothing more from somebody else's tenant.
          as: 'owner',
          before: 'grant insert on public.notification_suppressions to authenticated',
          tries: `insert into public.notification_suppressions (tenant_id, channel, address, reason)
            values ('${tenantId('other')}', 'email', 'a@example.com', 'manual')`,
          gives: 'refused',
        },
      ],
    },
  },
  rows: {
    'public.notification_suppressions': (tenant) => `(tenant_id, channel, address, reason)
      values ('${tenantId(tenant)}', 'email', 'matrix@example.com', 'manual')`,
  },
} satisfies IsolationRules
