import { hostOf, idOf, rowId, tenantId } from '../../isolation/matrix/callers.ts'
import type { IsolationRules } from '../../isolation/matrix/rules.ts'

export default {
  relations: {
    tenant_domains: {
      columns:
        'tenant_id id ref_id host status is_primary verification_token verified_at last_checked_at last_check_result next_check_at first_missed_at missed_check_count switched_off_at last_routed_at last_route created_at updated_at created_by updated_by',
      secretsShown: {
        verification_token: 'stands in public DNS once it is used, and proves nothing without the zone',
      },
      key: 'tenant_id',
      select: 'read',
      service: 'all',
    },
  },
  functions: {
    set_primary_domain: {
      needs: 'manage',
      service: true,
      call: (tenant) =>
        `select (public.set_primary_domain('${idOf(tenant)}', '${rowId('tenant_domains', tenant)}')).host`,
    },
    remove_domain: {
      needs: 'manage',
      service: true,
      call: (tenant) =>
        `select public.remove_domain('${idOf(tenant)}', '${rowId('tenant_domains', tenant)}')`,
    },
  },
  privateCalls: {
    add_domain: {
      needs: 'manage',
      call: (tenant) => `select private.add_domain('${idOf(tenant)}', 'probe.matrix.test')`,
    },
    start_domain_check: {
      needs: 'manage',
      call: (tenant) =>
        `select * from private.start_domain_check('${idOf(tenant)}', private.ulid('${rowId('tenant_domains', tenant)}'))`,
    },
  },
  privateFunctions: {
    add_domain:
      'asks for manage; here and not in public, because only the edge function knows which hosts can be claimed',
    start_domain_check: 'asks for manage; it only notes the moment',
  },
  rows: {
    'public.tenant_domains': (tenant) => `(tenant_id, id, host, status, is_primary, verified_at)
      values ('${tenantId(tenant)}', '${rowId('tenant_domains', tenant)}', '${hostOf(tenant)}', 'verified', true, now())`,
  },
} satisfies IsolationRules
