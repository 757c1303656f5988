import { idOf, letIn, nowhereId, rowId, tenantId } from '../../isolation/matrix/callers.ts'
import type { IsolationRules } from '../../isolation/matrix/rules.ts'

export default {
  relations: {
    // Were people let in to write, no row of theirs could point at another tenant's.
    webhook_deliveries: {
      columns: 'tenant_id event_id endpoint_id status attempt_count ordering_key ended_at',
      key: 'tenant_id',
      select: 'read_admin',
      scopes: ['deliveries:read'],
      service: 'select',
      attempts: (
        [
          [rowId('webhook_events', 'other'), rowId('webhook_endpoints', 'home')],
          [rowId('webhook_events', 'home'), rowId('webhook_endpoints', 'other')],
          [rowId('webhook_events', 'home'), nowhereId],
        ] as const
      ).map(([message, endpoint]) => ({
        as: 'owner',
        before: letIn('webhook_deliveries'),
        tries: `insert into public.webhook_deliveries (tenant_id, event_id, endpoint_id) values ('${tenantId('home')}', '${message}', '${endpoint}')`,
        gives: '23503',
      })),
    },
    webhook_attempts: {
      columns:
        'tenant_id id event_id endpoint_id attempt_number outcome response_status response_body duration_ms error_code error_detail created_at',
      key: 'tenant_id',
      select: 'read_admin',
      scopes: ['deliveries:read'],
      service: 'select',
      attempts: (['other', 'home'] as const).map((name) => ({
        as: 'owner',
        before: letIn('webhook_attempts'),
        tries: `insert into public.webhook_attempts (tenant_id, event_id, endpoint_id, attempt_number, outcome, duration_ms)
          values ('${tenantId('home')}', '${rowId('webhook_events', name)}', '${rowId('webhook_endpoints', name)}', 2, 'succeeded', 1)`,
        gives: name === 'home' ? 'ok' : '23503',
      })),
    },
  },
  functions: {
    list_webhook_deliveries: {
      needs: 'read_admin',
      scope: 'deliveries:read',
      call: (tenant) => `select count(*) from public.list_webhook_deliveries('${idOf(tenant)}', 'pending')`,
    },
    read_webhook_deliveries: {
      needs: 'read_admin',
      scope: 'deliveries:read',
      call: (
        tenant,
      ) => `select count(*) from public.read_webhook_deliveries('${idOf(tenant)}', array['${rowId('webhook_events', tenant)}'::uuid],
        array['${rowId('webhook_endpoints', tenant)}'::uuid])`,
    },
    replay_webhook_deliveries: {
      needs: 'manage',
      scope: 'replays:write',
      call: (
        tenant,
      ) => `select replayed_count from public.replay_webhook_deliveries('${idOf(tenant)}', '${rowId('webhook_endpoints', tenant)}',
        since => now())`,
    },
    poll_webhook_deliveries: {
      needs: 'write',
      scope: 'webhooks:write',
      call: (tenant) =>
        `select count(*) from public.poll_webhook_deliveries('${idOf(tenant)}', '${rowId('webhook_endpoints', tenant)}')`,
    },
    acknowledge_webhook_deliveries: {
      needs: 'write',
      scope: 'webhooks:write',
      call: (
        tenant,
      ) => `select public.acknowledge_webhook_deliveries('${idOf(tenant)}', '${rowId('webhook_endpoints', tenant)}',
        '${nowhereId}', '{}')`,
    },
  },
  rows: {
    'public.webhook_deliveries': (tenant) => `(tenant_id, event_id, endpoint_id)
      values ('${tenantId(tenant)}', '${rowId('webhook_events', tenant)}', '${rowId('webhook_endpoints', tenant)}')`,
    'public.webhook_attempts': (
      tenant,
    ) => `(tenant_id, event_id, endpoint_id, attempt_number, outcome, duration_ms)
      values ('${tenantId(tenant)}', '${rowId('webhook_events', tenant)}', '${rowId('webhook_endpoints', tenant)}', 1, 'succeeded', 1)`,
  },
} satisfies IsolationRules
