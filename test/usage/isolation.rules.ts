import { idOf, tenantId } from '../isolation/matrix/callers.ts'
import type { IsolationRules } from '../isolation/matrix/rules.ts'

export default {
  relations: {
    usage_events: {
      // The cost too: whoever logs an event says it. The month's sum and its cap are billing, and stand in tenant_billing.
      columns:
        'tenant_id id user_id source event_id event_type event_data tokens_used model_used cost_micros occurred_at created_at',
      key: 'tenant_id',
      select: 'read',
      scopes: ['usage:read'],
      service: 'select',
    },
    usage_event_keys: {
      columns: 'tenant_id source event_id payload_hash usage_event_id created_at',
      key: 'tenant_id',
      select: 'read',
      service: 'select',
    },
    usage_event_voids: {
      columns: 'tenant_id usage_event_id occurred_at reason user_id api_key_id created_at',
      key: 'tenant_id',
      select: 'read',
      scopes: ['usage:read'],
      service: 'select',
    },
    usage_hours: {
      columns:
        'tenant_id starts_at event_type model_used event_count tokens_used cost_micros tokens_count cost_count event_count_15 event_count_30 tokens_used_15 tokens_used_30 cost_micros_15 cost_micros_30 tokens_count_15 tokens_count_30 cost_count_15 cost_count_30',
      key: 'tenant_id',
      select: 'read',
      scopes: ['usage:read'],
      service: 'select',
    },
    usage_days: {
      columns:
        'tenant_id time_zone starts_at event_type model_used event_count tokens_used cost_micros tokens_count cost_count',
      key: 'tenant_id',
      select: 'read',
      scopes: ['usage:read'],
      service: 'select',
    },
  },
  functions: {
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
    void_usage_events: {
      needs: 'manage',
      scope: 'voids:write',
      service: true,
      call: (tenant) => `select count(*) from public.void_usage_events('${idOf(tenant)}',
        '{null}', '{api}', '{matrix.unknown}', '{null}')`,
    },
  },
  rows: {
    'public.usage_event_voids': (tenant) =>
      `(tenant_id, usage_event_id, occurred_at) values ('${tenantId(tenant)}', '${tenantId(tenant)}', '2026-11-21T10:00:00Z')`,
    'public.usage_events': (tenant) =>
      `(tenant_id, event_id, event_type) values ('${tenantId(tenant)}', 'matrix', 'matrix.made')`,
    'public.usage_hours': (tenant) =>
      `(tenant_id, starts_at, event_type, event_count, tokens_used, cost_micros) values ('${tenantId(tenant)}', '2026-11-21T10:00:00Z', 'matrix.made', 1, 0, 0)`,
    'public.usage_days': (
      tenant,
    ) => `(tenant_id, time_zone, starts_at, event_type, model_used, event_count, tokens_used, cost_micros, tokens_count, cost_count)
      values ('${tenantId(tenant)}', 'UTC', '2026-11-21T00:00:00Z', 'matrix.day', '', 1, 0, 0, 0, 0)`,
    'public.usage_event_keys': (tenant) => `(tenant_id, source, event_id, payload_hash)
      values ('${tenantId(tenant)}', 'api', 'matrix', '${tenantId(tenant)}')`,
  },
} satisfies IsolationRules
