import { idOf, letIn, rowId, tenantId } from '../../isolation/matrix/callers.ts'
import type { IsolationRules } from '../../isolation/matrix/rules.ts'

export default {
  relations: {
    payment_orders: {
      columns:
        'tenant_id id ref_id provider provider_order_id kind amount_minor currency bought status pay_url idempotency_key paid_at next_ask_at created_at updated_at',
      key: 'tenant_id',
      select: 'read_admin',
      service: 'select',
    },
    payments: {
      columns:
        'tenant_id id order_id provider provider_payment_id period period_ends_at amount_minor currency status reason settled_at created_at updated_at',
      key: 'tenant_id',
      select: 'read_admin',
      service: 'select',
      attempts: (['other', 'home'] as const).map((name) => ({
        as: 'owner',
        before: letIn('payments'),
        tries: `insert into public.payments (tenant_id, order_id, provider, provider_payment_id, amount_minor, currency, status)
          values ('${tenantId('home')}', '${rowId('payment_orders', name)}', 'stripe', 'in_tried', 4900, 'CHF', 'failed')`,
        gives: name === 'home' ? 'ok' : '23503',
      })),
    },
    billing_events: {
      columns:
        'tenant_id id ref_id event_type provider provider_entity_id amount_minor currency plan payload created_at',
      key: 'tenant_id',
      select: 'read_admin',
      service: 'select',
    },
  },
  privateCalls: {
    order_plan: {
      needs: 'read_admin',
      call: (tenant) => `select (private.order_plan('${idOf(tenant)}', 'stripe', 'business')).kind`,
    },
  },
  privateFunctions: {
    order_plan:
      'asks for read_admin; here and not in public, because only the edge function makes the order at the provider',
  },
  rows: {
    'public.payment_orders': (tenant) => `(tenant_id, id, provider, kind, amount_minor, currency, bought)
      values ('${tenantId(tenant)}', '${rowId('payment_orders', tenant)}', 'stripe', 'topup', 4900, 'CHF', '{"bundle": "credits_500", "credits": 500}')`,
    'public.payments': (
      tenant,
    ) => `(tenant_id, order_id, provider, provider_payment_id, amount_minor, currency, status)
      values ('${tenantId(tenant)}', '${rowId('payment_orders', tenant)}', 'stripe', 'in_matrix', 4900, 'CHF', 'failed')`,
    'public.billing_events': (tenant) => `(tenant_id, event_type, provider, payload)
      values ('${tenantId(tenant)}', 'payment.failed', 'stripe', '{"order": "01JD3N8Q4ZB6T2V9XK5M7R0C1F", "kind": "subscription"}')`,
  },
} satisfies IsolationRules
