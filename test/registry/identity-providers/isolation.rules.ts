import { hostOf, idOf, isPublished, slugOf, tenantId } from '../../isolation/matrix/callers.ts'
import type { IsolationRules } from '../../isolation/matrix/rules.ts'

export default {
  relations: {
    tenant_idp_config: {
      columns:
        'tenant_id id ref_id type metadata verified verified_at last_checked_at last_check_error discovered keys_expire_at client_secret_id sso_provider_id revision check_started_at join_rule join_role join_claim join_groups certificate_told_ends_at certificate_told_days created_at updated_at created_by updated_by',
      secretsShown: {
        client_secret_id:
          'an id in Vault, which no role of the API can read; shown to managers as whether there is a secret',
      },
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
      whenFrozen: 'counts who asks, and changes nothing',
      service: true,
      call: (tenant) => `select public.find_idp_for_email('somebody@${hostOf(tenant)}') ->> 'tenant'`,
      answers: (tenant) => (isPublished(tenant) ? slugOf(tenant) : 'nothing'),
    },
    set_join_rule: {
      needs: 'manage',
      service: true,
      call: (tenant) =>
        `select public.set_join_rule('${idOf(tenant)}', 'oidc', '{"rule": "off"}') is not null`,
    },
    set_idp_config: {
      needs: 'manage',
      service: true,
      call: (tenant) =>
        `select public.set_idp_config('${idOf(tenant)}', 'saml', '{"metadata_xml": "probe"}') is not null`,
    },
  },
  privateCalls: {
    list_rule_providers: {
      needs: 'read',
      scope: 'members:read',
      call: (tenant) => `select count(*) from private.list_rule_providers('${idOf(tenant)}', '{}')`,
    },
  },
  privateFunctions: {
    list_rule_providers: 'asks require_permission()',
    settle_own_membership:
      'about the caller alone, by what their provider asserted to Auth: test/registry/joining has its rules',
  },
  rows: {
    'public.tenant_idp_config': (
      tenant,
    ) => `(tenant_id, type, verified, verified_at, last_checked_at, sso_provider_id)
      values ('${tenantId(tenant)}', 'oidc', true, now(), now(), gen_random_uuid())`,
    'private.rule_memberships': (tenant) => `(tenant_id, user_id, idp_id, given_role)
      select m.tenant_id, m.user_id, c.id, 'member' from public.tenant_members as m join public.tenant_idp_config as c on c.tenant_id = m.tenant_id
      where m.tenant_id = '${tenantId(tenant)}' order by m.user_id limit 1`,
  },
} satisfies IsolationRules
