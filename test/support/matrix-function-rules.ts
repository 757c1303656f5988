import {
  callers,
  domainId,
  endpointId,
  hostOf,
  invitationId,
  keyId,
  nowhereId,
  type Permission,
  personId,
  slugOf,
  type TenantName,
  tenantId,
} from './matrix-world.ts'

/** Who may call every function in public, and which ones in private they reach. What is not in here fails the matrix. */

export interface FunctionRule {
  /** 'everyone' also without signing in; 'signed-in' any person; a permission: held in the tenant it is called with. */
  needs: 'everyone' | 'signed-in' | Permission
  /** The scope with which an API key may call it as well. A reading scope may call what needs "read". */
  scope?: string
  service?: true
  call: (tenant: TenantName | 'nowhere') => string
  /** What a person who is signed in hears, where the matrix has nothing that would be granted. */
  refusal?: string
  /** What the call returns, where the answer and not the permission is the point. */
  answers?: (tenant: TenantName | 'nowhere') => string
}

const idOf = (tenant: TenantName | 'nowhere') => (tenant === 'nowhere' ? nowhereId : tenantId(tenant))
const invitationOf = (tenant: TenantName | 'nowhere') =>
  tenant === 'nowhere' ? nowhereId : invitationId(tenant)
const probeHash = `sha256('probe'::bytea)`
const domainIn = (tenant: TenantName | 'nowhere') => (tenant === 'nowhere' ? nowhereId : domainId(tenant))
const endpointIn = (tenant: TenantName | 'nowhere') => (tenant === 'nowhere' ? nowhereId : endpointId(tenant))
const signingSecret = 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD'
const keyHash = '$argon2id$v=19$m=1024,t=1,p=1$c2FsdA$aGFzaA'
/** A key of the tenant. */
const keyOf = (tenant: TenantName | 'nowhere') => {
  const caller = callers.find((one) => one.key?.of === tenant)
  return caller ? keyId(caller.name) : nowhereId
}
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
  create_tenant: {
    needs: 'signed-in',
    call: () => `select (public.create_tenant('matrix-probe', 'Probe')).slug`,
  },
  rename_tenant_slug: {
    needs: 'manage',
    service: true,
    call: (tenant) => `select (public.rename_tenant_slug('${idOf(tenant)}', 'matrix-probe')).slug`,
  },
  set_primary_domain: {
    needs: 'manage',
    service: true,
    call: (tenant) => `select (public.set_primary_domain('${idOf(tenant)}', '${domainIn(tenant)}')).host`,
  },
  remove_domain: {
    needs: 'manage',
    service: true,
    call: (tenant) => `select public.remove_domain('${idOf(tenant)}', '${domainIn(tenant)}')`,
  },
  change_tenant_status: {
    needs: 'own',
    service: true,
    call: (tenant) => `select (public.change_tenant_status('${idOf(tenant)}', 'frozen')).slug`,
  },
  leave_tenant: { needs: 'read', call: (tenant) => `select public.leave_tenant('${idOf(tenant)}')` },
  invite_member: {
    needs: 'manage',
    service: true,
    call: (tenant) =>
      `select public.invite_member('${idOf(tenant)}', 'probe@matrix.test', 'member', ${probeHash})`,
  },
  resend_invitation: {
    needs: 'manage',
    service: true,
    call: (tenant) =>
      `select public.resend_invitation('${idOf(tenant)}', '${invitationOf(tenant)}', ${probeHash})`,
  },
  revoke_invitation: {
    needs: 'manage',
    service: true,
    call: (tenant) => `select public.revoke_invitation('${idOf(tenant)}', '${invitationOf(tenant)}')`,
  },
  // Bound to a confirmed address and not to a tenant; test/registry/invitations/accept.test.ts has its rules.
  accept_invitation: {
    needs: 'signed-in',
    refusal: 'PT404 invitation_not_found',
    call: () => `select public.accept_invitation('tinv_probe')`,
  },
  transfer_ownership: {
    needs: 'own',
    call: (tenant) =>
      `select public.transfer_ownership('${idOf(tenant)}', '${tenant === 'nowhere' ? nowhereId : personId(`${tenant}-anchor`)}')`,
  },
  list_roles: { needs: 'signed-in', call: () => 'select public.list_roles()' },
  check_entitlement: {
    needs: 'read',
    service: true,
    call: (tenant) => `select public.check_entitlement('${idOf(tenant)}', 'bots')`,
  },
  read_audit_log: {
    needs: 'inspect',
    service: true,
    call: (tenant) => `select count(*) from public.read_audit_log('${idOf(tenant)}')`,
  },
  log_usage_event: {
    needs: 'write',
    scope: 'usage:write',
    service: true,
    call: (tenant) => `select public.log_usage_event('${idOf(tenant)}', 'matrix.probed')`,
  },
  log_usage_events: {
    needs: 'write',
    scope: 'usage:write',
    service: true,
    call: (tenant) => `select count(*) from public.log_usage_events('${idOf(tenant)}',
      '{probe}', '{api}', '{matrix.probed}', array['{}'::jsonb], '{null}', '{null}', '{null}', '{null}')`,
  },
  create_api_key: {
    needs: 'manage',
    call: (tenant) => `select (public.create_api_key('${idOf(tenant)}', 'Probe', '{usage:write}', 'AAAAAAAA',
      '${keyHash}', sha256('probe'))).ref_id`,
  },
  rotate_api_key: {
    needs: 'manage',
    call: (tenant) => `select (public.rotate_api_key('${idOf(tenant)}', '${keyOf(tenant)}', 'AAAAAAAA',
      '${keyHash}', sha256('probe'))).ref_id`,
  },
  revoke_api_key: {
    needs: 'inspect',
    service: true,
    call: (tenant) => `select (public.revoke_api_key('${idOf(tenant)}', '${keyOf(tenant)}')).ref_id`,
  },
  create_webhook_endpoint: {
    needs: 'manage',
    call: (tenant) => `select (public.create_webhook_endpoint('${idOf(tenant)}', '${signingSecret}',
      'https://probe.matrix.test/')).ref_id`,
  },
  update_webhook_endpoint: {
    needs: 'manage',
    call: (tenant) => `select (public.update_webhook_endpoint('${idOf(tenant)}', '${endpointIn(tenant)}',
      '{"description": "Probe"}')).ref_id`,
  },
  disable_webhook_endpoint: {
    needs: 'inspect',
    service: true,
    call: (tenant) =>
      `select (public.disable_webhook_endpoint('${idOf(tenant)}', '${endpointIn(tenant)}')).ref_id`,
  },
  delete_webhook_endpoint: {
    needs: 'manage',
    call: (tenant) => `select public.delete_webhook_endpoint('${idOf(tenant)}', '${endpointIn(tenant)}')`,
  },
  rotate_webhook_secret: {
    needs: 'manage',
    call: (tenant) => `select (public.rotate_webhook_secret('${idOf(tenant)}', '${endpointIn(tenant)}',
      '${signingSecret}')).ref_id`,
  },
  reveal_webhook_secret: {
    needs: 'manage',
    call: (tenant) => `select public.reveal_webhook_secret('${idOf(tenant)}', '${endpointIn(tenant)}')`,
  },
  read_webhook_stats: {
    needs: 'inspect',
    call: (tenant) =>
      `select since from public.read_webhook_stats('${idOf(tenant)}', '${endpointIn(tenant)}')`,
  },
  replay_webhook_deliveries: {
    needs: 'manage',
    call: (
      tenant,
    ) => `select replayed_count from public.replay_webhook_deliveries('${idOf(tenant)}', '${endpointIn(tenant)}',
      since => now())`,
  },
  send_webhook_test: {
    needs: 'manage',
    call: (tenant) => `select public.send_webhook_test('${idOf(tenant)}', '${endpointIn(tenant)}')`,
  },
  poll_webhook_deliveries: {
    needs: 'write',
    scope: 'webhooks:write',
    call: (tenant) =>
      `select count(*) from public.poll_webhook_deliveries('${idOf(tenant)}', '${endpointIn(tenant)}')`,
  },
  acknowledge_webhook_deliveries: {
    needs: 'write',
    scope: 'webhooks:write',
    call: (
      tenant,
    ) => `select public.acknowledge_webhook_deliveries('${idOf(tenant)}', '${endpointIn(tenant)}',
      '${nowhereId}', '{}')`,
  },
}

/** Functions in private that ask for permission themselves, called as lib calls them. */
export const privateCalls: Record<string, FunctionRule> = {
  add_domain: {
    needs: 'manage',
    call: (tenant) => `select private.add_domain('${idOf(tenant)}', 'probe.matrix.test')`,
  },
  start_domain_check: {
    needs: 'manage',
    call: (tenant) =>
      `select * from private.start_domain_check('${idOf(tenant)}', private.ulid('${domainIn(tenant)}'))`,
  },
  start_audit_export: {
    needs: 'inspect',
    call: (tenant) => `select private.start_audit_export('${idOf(tenant)}', 'csv')`,
  },
  export_audit_log: {
    needs: 'inspect',
    call: (tenant) => `select count(*) from private.export_audit_log('${idOf(tenant)}', 0, 9)`,
  },
  verify_audit_log: {
    needs: 'inspect',
    call: (tenant) => `select * from private.verify_audit_log('${idOf(tenant)}', 0, null)`,
  },
  issue_audit_viewer: {
    needs: 'inspect',
    call: (tenant) => `select private.issue_audit_viewer('${idOf(tenant)}', sha256('probe'), 60)`,
  },
  revoke_audit_viewers: {
    needs: 'inspect',
    call: (tenant) => `select private.revoke_audit_viewers('${idOf(tenant)}')`,
  },
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
  caller_api_key: 'says which key is calling, to the caller',
  is_trusted_caller: 'says who is calling, to the caller',
  require_permission: 'tells a caller about their own permission only; invoker functions and lib call it',
  has_feature: 'policies call it; answers yes or no for the tenants it is asked about',
  has_product: 'policies call it; answers yes or no for the tenants it is asked about',
  has_project_support: 'the policy on tenant_projects calls it',
  require_entitlement: 'invoker functions and lib call it after require_permission()',
  require_project_support: 'the trigger on tenant_projects and lib call it after the permission was asked',
  record_refusal: 'records a refusal of the caller, where they belong and bounded',
  start_audit_export: 'asks require_permission()',
  export_audit_log: 'asks require_permission()',
  verify_audit_log: 'asks require_permission()',
  issue_audit_viewer: 'asks require_permission()',
  revoke_audit_viewers: 'asks require_permission()',
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
  first_uuid_at: 'pure; lists of messages begin and end by it',
  add_domain:
    'asks for manage; here and not in public, because only the edge function knows which hosts can be claimed',
  start_domain_check: 'asks for manage; it only notes the moment',
  snake_case: 'pure; the brand triggers call it',
  pointer_token: 'pure; the brand triggers call it',
  brand_value_problem: 'pure; the brand triggers call it',
  canonical_brand_path: 'pure; the brand triggers call it',
  normalize_brand: 'pure; the brand triggers call it',
  normalize_email_config: 'pure; the brand triggers call it',
  brand_config: 'pure; tenant_profiles calls it',
}
