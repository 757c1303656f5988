import { tenantId } from '../../isolation/matrix/callers.ts'
import type { IsolationRules } from '../../isolation/matrix/rules.ts'

export default {
  relations: {
    notification_providers: {
      columns:
        'tenant_id id ref_id channel provider config config_secret_id callback_secret_id is_active verified_at last_error failing_since_at revision created_at updated_at created_by updated_by',
      secretsShown: {
        config_secret_id:
          'an id in Vault, which no role of the API can read; shown to managers as whether there is a secret',
        callback_secret_id:
          'an id in Vault, which no role of the API can read; shown to managers as whether there is a secret',
      },
      key: 'tenant_id',
      select: 'read_admin',
      delete: 'manage',
      service: 'select',
      attempts: [
        {
          as: 'owner',
          tries: `update public.notification_providers set verified_at = now()`,
          gives: 'denied',
        },
      ],
    },
  },
  rows: {
    'public.notification_providers': (tenant) => `(tenant_id, channel, provider)
      values ('${tenantId(tenant)}', 'email', 'smtp')`,
  },
} satisfies IsolationRules
