import { idOf, rowId, tenantId } from '../../isolation/matrix/callers.ts'
import type { IsolationRules } from '../../isolation/matrix/rules.ts'

const signingSecret = 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD'

export default {
  relations: {
    webhook_endpoints: {
      columns:
        'tenant_id id ref_id kind url description event_types scheme secret_id previous_secret_id previous_secret_expires_at headers_secret_id header_names static_header rate_limit_per_second is_enabled disabled_at disabled_reason revision idempotency_key expires_at created_at updated_at created_by updated_by',
      secretsShown: {
        secret_id: 'an id in Vault, which no role of the API can read',
        previous_secret_id: 'an id in Vault, which no role of the API can read',
        headers_secret_id: 'an id in Vault, which no role of the API can read',
      },
      key: 'tenant_id',
      select: 'read_admin',
      scopes: ['endpoints:read', 'endpoints:write'],
      service: 'select',
    },
  },
  functions: {
    create_webhook_endpoint: {
      needs: 'manage',
      scope: 'endpoints:write',
      call: (tenant) => `select (public.create_webhook_endpoint('${idOf(tenant)}', '${signingSecret}',
        'https://probe.matrix.test/')).ref_id`,
    },
    update_webhook_endpoint: {
      needs: 'manage',
      scope: 'endpoints:write',
      call: (
        tenant,
      ) => `select (public.update_webhook_endpoint('${idOf(tenant)}', '${rowId('webhook_endpoints', tenant)}',
        '{"description": "Probe"}')).ref_id`,
    },
    disable_webhook_endpoint: {
      whenFrozen: 'what is sent to the wrong place can always be stopped',
      needs: 'read_admin',
      service: true,
      call: (tenant) =>
        `select (public.disable_webhook_endpoint('${idOf(tenant)}', '${rowId('webhook_endpoints', tenant)}')).ref_id`,
    },
    delete_webhook_endpoint: {
      needs: 'manage',
      scope: 'endpoints:write',
      call: (tenant) =>
        `select public.delete_webhook_endpoint('${idOf(tenant)}', '${rowId('webhook_endpoints', tenant)}')`,
    },
    rotate_webhook_secret: {
      needs: 'manage',
      scope: 'endpoints:write',
      call: (
        tenant,
      ) => `select (public.rotate_webhook_secret('${idOf(tenant)}', '${rowId('webhook_endpoints', tenant)}',
        '${signingSecret}')).ref_id`,
    },
    reveal_webhook_secret: {
      needs: 'manage',
      scope: 'endpoints:write',
      call: (tenant) =>
        `select public.reveal_webhook_secret('${idOf(tenant)}', '${rowId('webhook_endpoints', tenant)}')`,
    },
    read_webhook_stats: {
      needs: 'read_admin',
      scope: 'deliveries:read',
      call: (tenant) =>
        `select since from public.read_webhook_stats('${idOf(tenant)}', '${rowId('webhook_endpoints', tenant)}')`,
    },
    list_webhook_stats: {
      needs: 'read_admin',
      scope: 'deliveries:read',
      call: (tenant) => `select count(*) from public.list_webhook_stats('${idOf(tenant)}')`,
    },
    read_webhook_series: {
      needs: 'read_admin',
      scope: 'deliveries:read',
      call: (tenant) => `select max(succeeded_count) from public.read_webhook_series('${idOf(tenant)}')`,
    },
    send_webhook_test: {
      needs: 'manage',
      scope: 'endpoints:write',
      call: (tenant) =>
        `select public.send_webhook_test('${idOf(tenant)}', '${rowId('webhook_endpoints', tenant)}')`,
    },
  },
  rows: {
    'public.webhook_endpoints': (tenant) => `(tenant_id, id, kind, secret_id)
      values ('${tenantId(tenant)}', '${rowId('webhook_endpoints', tenant)}', 'poll',
        vault.create_secret('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'))`,
  },
} satisfies IsolationRules
