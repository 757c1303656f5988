import { tenantId } from '../../isolation/matrix/callers.ts'
import type { IsolationRules } from '../../isolation/matrix/rules.ts'

export default {
  relations: {
    llm_providers: {
      columns:
        'tenant_id provider_type base_url default_model api_key_secret_id is_active verified_at last_error revision created_at updated_at created_by updated_by',
      secretsShown: {
        api_key_secret_id:
          'an id in Vault, which no role of the API can read; shown to managers as whether there is a key',
      },
      key: 'tenant_id',
      select: 'read_admin',
      delete: 'manage',
      service: 'select',
      attempts: [
        { as: 'owner', tries: `update public.llm_providers set verified_at = now()`, gives: 'denied' },
        {
          // Where the key is sent to.
          as: 'owner',
          tries: `update public.llm_providers set base_url = 'https://eve.example/v1'`,
          gives: 'denied',
        },
      ],
    },
  },
  rows: {
    'public.llm_providers': (tenant) => `(tenant_id, provider_type, base_url, default_model)
      values ('${tenantId(tenant)}', 'openai', 'https://api.openai.com/v1', 'gpt-4o-mini')`,
  },
} satisfies IsolationRules
