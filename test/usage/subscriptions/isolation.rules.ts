import { idOf, letIn, rowId, tenantId } from '../../isolation/matrix/callers.ts'
import type { IsolationRules } from '../../isolation/matrix/rules.ts'

export default {
  relations: {
    subscriptions: {
      columns:
        'tenant_id id ref_id order_id provider provider_subscription_id plan status paid_until_at cancel_requested_at cancelled_at replaced_at next_cancel_at freezes_at froze_at created_at updated_at',
      key: 'tenant_id',
      select: 'read_admin',
      service: 'select',
      attempts: [
        {
          as: 'owner',
          before: letIn('subscriptions'),
          tries: `insert into public.subscriptions (tenant_id, order_id, provider, plan)
            values ('${tenantId('home')}', '${rowId('payment_orders', 'other')}', 'stripe', 'starter')`,
          gives: '23503',
        },
      ],
    },
  },
  privateCalls: {
    request_cancellation: {
      needs: 'read_admin',
      call: (tenant) =>
        `select (private.request_cancellation('${idOf(tenant)}', private.ulid('${rowId('subscriptions', tenant)}'))).plan`,
    },
  },
  privateFunctions: {
    request_cancellation:
      'asks for read_admin; here and not in public, because only the edge function cancels at the provider',
  },
  rows: {
    // The one that froze the frozen tenant: only then may its owner order a plan.
    'public.subscriptions': (tenant) => `(tenant_id, id, order_id, provider, plan, status, froze_at)
      values ('${tenantId(tenant)}', '${rowId('subscriptions', tenant)}', '${rowId('payment_orders', tenant)}', 'stripe', 'starter', 'active',
        (select t.frozen_at from public.tenants as t where t.id = '${tenantId(tenant)}'))`,
  },
} satisfies IsolationRules
