import { everyoneId, idOf, tenantId } from '../../isolation/matrix/callers.ts'
import type { IsolationRules } from '../../isolation/matrix/rules.ts'

export default {
  relations: {
    plans: {
      key: `'${everyoneId}'::uuid`,
      select: 'everyone',
      service: 'select',
      attempts: [
        {
          as: 'owner',
          before: 'grant insert on public.plans to authenticated',
          tries: `insert into public.plans (plan, name, price_minor) values ('free', 'Free', 0)`,
          gives: 'refused',
        },
      ],
    },
    tenants: {
      key: 'id',
      select: 'read',
      update: { needs: 'manage', columns: 'name locale', set: `name = 'Probe'` },
      service: 'all',
    },
    tenant_slugs: { key: 'tenant_id', select: 'read', service: 'all' },
    tenant_billing: {
      key: 'tenant_id',
      select: 'read_admin',
      update: {
        needs: 'own',
        columns:
          'legal_name pan_number has_gst gst_number billing_name billing_address billing_city billing_postal_code billing_state billing_country monthly_spend_cap_usd_micros',
        set: `legal_name = 'Probe'`,
      },
      service: 'all',
    },
  },
  functions: {
    create_tenant: {
      needs: 'signed-in',
      call: () => `select (public.create_tenant('matrix-probe', 'Probe')).slug`,
    },
    rename_tenant_slug: {
      needs: 'manage',
      service: true,
      call: (tenant) => `select (public.rename_tenant_slug('${idOf(tenant)}', 'matrix-probe')).slug`,
    },
  },
  privateFunctions: {
    platform_tenant_id: 'a constant',
    is_reserved_slug: 'pure',
  },
  rows: {
    'private.tenant_turns': (tenant) =>
      `(tenant_id, what, period_at, turn_count) values ('${tenantId(tenant)}', 'probe', now(), 1)`,
  },
} satisfies IsolationRules
