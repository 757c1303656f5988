import { hostOf, idOf, isPublished, slugOf, tenantId } from '../../isolation/matrix/callers.ts'
import type { IsolationRules } from '../../isolation/matrix/rules.ts'

export default {
  relations: {
    tenant_idp_config: {
      key: 'tenant_id',
      select: 'read_admin',
      delete: 'manage',
      service: 'select',
      attempts: [
        {
          as: 'owner',
          tries: `update public.tenant_idp_config set verified = true`,
          gives: 'denied',
        },
      ],
    },
  },
  functions: {
    find_idp_for_email: {
      needs: 'everyone',
      service: true,
      call: (tenant) => `select public.find_idp_for_email('somebody@${hostOf(tenant)}') ->> 'tenant'`,
      answers: (tenant) => (isPublished(tenant) ? slugOf(tenant) : 'nothing'),
    },
    set_idp_config: {
      needs: 'manage',
      service: true,
      call: (tenant) =>
        `select public.set_idp_config('${idOf(tenant)}', 'saml', '{"metadata_xml": "probe"}') is not null`,
    },
  },
  rows: {
    'public.tenant_idp_config': (
      tenant,
    ) => `(tenant_id, type, verified, verified_at, last_checked_at, sso_provider_id)
      values ('${tenantId(tenant)}', 'oidc', true, now(), now(), gen_random_uuid())`,
  },
} satisfies IsolationRules
