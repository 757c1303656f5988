import { idOf, rowId, tenantId } from '../../isolation/matrix/callers.ts'
import type { IsolationRules, RelationRule } from '../../isolation/matrix/rules.ts'

const read = {
  key: 'tenant_id',
  select: 'read',
  scopes: ['credits:read'],
  service: 'select',
} satisfies Partial<RelationRule>
const reservation = (tenant: Parameters<typeof idOf>[0]) => rowId('credit_reservations', tenant)

export default {
  relations: {
    credit_balances: {
      ...read,
      columns:
        'tenant_id credits_monthly credits_available credits_reserved credits_consumed credits_topup period_start period_end next_reset_at next_due_at version entered_at',
    },
    credit_periods: {
      ...read,
      columns:
        'tenant_id period_start period_end first_version opening allocated topped_up consumed refunded adjusted expired closing',
    },
    credit_lots: {
      ...read,
      columns: 'tenant_id id kind credits credits_left version expires_at closed_at created_at',
    },
    credit_reservations: {
      ...read,
      columns:
        'tenant_id id credits status credits_consumed credits_refunded activity_run_id deliverable_type expires_at created_at closed_at',
    },
    credit_ledger: {
      ...read,
      columns:
        'tenant_id version type credits credits_held balance_after reserved_after reservation_id activity_run_id deliverable_type topup_order_id expires_at actor note idempotency_key request_hash created_at',
    },
  },
  functions: {
    reserve_credits: {
      needs: 'write',
      scope: 'credits:write',
      service: true,
      call: (tenant) => `select public.reserve_credits('${idOf(tenant)}', 1, 'matrix-reserve')`,
    },
    reserve_credits_batch: {
      needs: 'write',
      scope: 'credits:write',
      service: true,
      call: (tenant) =>
        `select count(*) from public.reserve_credits_batch('${idOf(tenant)}', '{1}', '{matrix-batch}')`,
    },
    consume_credits: {
      needs: 'write',
      scope: 'credits:write',
      service: true,
      call: (tenant) =>
        `select public.consume_credits('${idOf(tenant)}', '${reservation(tenant)}', 1, 'matrix-consume')`,
    },
    release_credits: {
      needs: 'write',
      scope: 'credits:write',
      service: true,
      call: (tenant) =>
        `select public.release_credits('${idOf(tenant)}', '${reservation(tenant)}', 'matrix-release')`,
    },
    read_credits: {
      whenFrozen: 'reads; what has expired by now is entered in the ledger',
      needs: 'read',
      scope: 'credits:read',
      service: true,
      call: (tenant) => `select public.read_credits('${idOf(tenant)}')`,
    },
  },
  // A balance whose parts agree, as the functions would have made it: ten credits, of which two are reserved.
  rows: {
    'public.credit_balances': (
      tenant,
    ) => `(tenant_id, credits_available, credits_reserved, period_start, period_end, next_reset_at, next_due_at, version)
      values ('${tenantId(tenant)}', 10, 2, '2026-11-01', '2026-11-30', 'infinity', 'infinity', 2)`,
    'public.credit_periods': (tenant) =>
      `(tenant_id, period_start, period_end, first_version, opening) values ('${tenantId(tenant)}', '2026-11-01', '2026-11-30', 1, 0)`,
    'public.credit_lots': (tenant) =>
      `(tenant_id, kind, credits, credits_left, version) values ('${tenantId(tenant)}', 'topup', 10, 10, 1)`,
    'public.credit_reservations': (tenant) =>
      `(tenant_id, id, credits, expires_at) values ('${tenantId(tenant)}', '${reservation(tenant)}', 2, 'infinity')`,
    'public.credit_ledger': (
      tenant,
    ) => `(tenant_id, version, type, credits, credits_held, balance_after, reserved_after, reservation_id, actor, created_at)
      values ('${tenantId(tenant)}', 1, 'topup', 10, 0, 10, 0, null, 'system', now()),
        ('${tenantId(tenant)}', 2, 'reserved', 0, 2, 10, 2, '${reservation(tenant)}', 'system', now())`,
  },
} satisfies IsolationRules
