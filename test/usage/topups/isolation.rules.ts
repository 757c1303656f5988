import { everyoneId, idOf } from '../../isolation/matrix/callers.ts'
import type { IsolationRules } from '../../isolation/matrix/rules.ts'

export default {
  relations: {
    topup_bundles: {
      columns: 'bundle name credits price_minor currency is_offered created_at updated_at',
      key: `'${everyoneId}'::uuid`,
      directory: 'bundle',
      select: 'everyone',
      service: 'select',
      attempts: [
        {
          as: 'owner',
          before: 'grant insert on public.topup_bundles to authenticated',
          tries: `insert into public.topup_bundles (bundle, name, credits, price_minor) values ('mine', 'Mine', 1000000, 1)`,
          gives: 'refused',
        },
      ],
    },
    credit_topup_orders: {
      columns:
        'tenant_id id ref_id provider provider_order_id bundle credits amount_minor currency status paid_at expires_at created_at',
      key: 'tenant_id',
      select: 'read_admin',
      service: 'select',
      view: 'payment_orders',
    },
  },
  privateCalls: {
    order_topup: {
      needs: 'manage',
      call: (tenant) => `select (private.order_topup('${idOf(tenant)}', 'stripe', 'credits_500')).kind`,
    },
  },
  privateFunctions: {
    order_topup:
      'asks for manage; here and not in public, because only the edge function makes the order at the provider',
  },
} satisfies IsolationRules
