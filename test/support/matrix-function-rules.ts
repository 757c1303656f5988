import { hostOf, nowhereId, type Permission, slugOf, type TenantName, tenantId } from './matrix-world.ts'

/** Who may call every function in public, and which ones in private they reach. What is not in here fails the matrix. */

export interface FunctionRule {
  /** 'everyone' also without signing in; 'signed-in' any person; a permission: held in the tenant it is called with. */
  needs: 'everyone' | 'signed-in' | Permission
  service?: true
  call: (tenant: TenantName | 'nowhere') => string
  /** What the call returns, where the answer and not the permission is the point. */
  answers?: (tenant: TenantName | 'nowhere') => string
}

const idOf = (tenant: TenantName | 'nowhere') => (tenant === 'nowhere' ? nowhereId : tenantId(tenant))
const isPublished = (tenant: TenantName | 'nowhere') => tenant !== 'nowhere' && tenant !== 'archived'

export const functions: Record<string, FunctionRule> = {
  get_tenant_by_slug: {
    needs: 'everyone',
    service: true,
    call: (tenant) => `select public.get_tenant_by_slug('${slugOf(tenant)}') ->> 'slug'`,
    answers: (tenant) => (isPublished(tenant) ? slugOf(tenant) : 'nothing'),
  },
  get_tenant_by_domain: {
    needs: 'everyone',
    service: true,
    call: (tenant) => `select public.get_tenant_by_domain('${hostOf(tenant)}') ->> 'slug'`,
    answers: (tenant) => (isPublished(tenant) ? slugOf(tenant) : 'nothing'),
  },
  refuse_estimated_counts: {
    needs: 'everyone',
    service: true,
    call: () => 'select public.refuse_estimated_counts()',
  },
  create_tenant: {
    needs: 'signed-in',
    call: () => `select (public.create_tenant('matrix-probe', 'Probe')).slug`,
  },
  rename_tenant_slug: {
    needs: 'manage',
    service: true,
    call: (tenant) => `select (public.rename_tenant_slug('${idOf(tenant)}', 'matrix-probe')).slug`,
  },
  change_tenant_status: {
    needs: 'own',
    service: true,
    call: (tenant) => `select (public.change_tenant_status('${idOf(tenant)}', 'frozen')).slug`,
  },
  leave_tenant: { needs: 'read', call: (tenant) => `select public.leave_tenant('${idOf(tenant)}')` },
  log_usage_event: {
    needs: 'write',
    service: true,
    call: (tenant) => `select public.log_usage_event('${idOf(tenant)}', 'matrix.probed')`,
  },
  log_usage_events: {
    needs: 'write',
    service: true,
    call: (tenant) => `select count(*) from public.log_usage_events('${idOf(tenant)}',
      '{probe}', '{api}', '{matrix.probed}', array['{}'::jsonb], '{null}', '{null}', '{null}', '{null}')`,
  },
}

/** Functions in private that ask for permission themselves, called as lib calls them. */
export const privateCalls: Record<string, FunctionRule> = {
  begin_export: { needs: 'export', call: (tenant) => `select private.begin_export('${idOf(tenant)}')` },
  export_tables: {
    needs: 'export',
    call: (tenant) => `select count(*) from private.export_tables('${idOf(tenant)}')`,
  },
  count_export_rows: {
    needs: 'export',
    call: (tenant) => `select private.count_export_rows('${idOf(tenant)}', 'campaigns')`,
  },
  export_rows: {
    needs: 'export',
    call: (tenant) => `select count(*) from private.export_rows('${idOf(tenant)}', 'campaigns')`,
  },
}

/** The functions in private that a signed-in person's statements may reach, and why. None is exposed by the API. */
export const privateFunctions: Record<string, string> = {
  tenant_ids: 'policies call it as the caller',
  colleague_ids: 'the policy on user_profiles calls it',
  platform_tenant_id: 'a constant',
  is_trusted_caller: 'says who is calling, to the caller',
  require_permission: 'tells a caller about their own permission only; invoker functions and lib call it',
  begin_export: 'asks require_permission()',
  export_tables: 'asks require_permission()',
  count_export_rows: 'asks require_permission()',
  export_rows: 'asks require_permission()',
  uuid_v7: 'the default of id columns',
  uuid_v7_at: 'pure; uuid_v7 calls it',
  ulid: 'pure; generated ref_id columns call it',
  ulid_to_uuid: 'pure',
  raise_problem: 'raises, and does nothing else',
  json_merge_patch: 'pure',
  is_https_url: 'pure; check constraints call it',
  is_plain_text: 'pure; check constraints call it',
  is_email: 'pure; check constraints call it',
  is_reserved_slug: 'pure',
  snake_case: 'pure; the brand triggers call it',
  pointer_token: 'pure; the brand triggers call it',
  brand_value_problem: 'pure; the brand triggers call it',
  canonical_brand_path: 'pure; the brand triggers call it',
  normalize_brand: 'pure; the brand triggers call it',
  normalize_email_config: 'pure; the brand triggers call it',
  brand_config: 'pure; tenant_profiles calls it',
}
