import { everyoneId, idOf, tenantId } from '../../isolation/matrix/callers.ts'
import type { IsolationRules } from '../../isolation/matrix/rules.ts'

export default {
  relations: {
    plans: {
      columns: 'plan name price_minor currency trial_days features limits created_at updated_at',
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
      columns:
        'id ref_id slug name status kind plan tenant_type locale time_zone trial_ends_at created_at updated_at created_by updated_by frozen_at archived_at purgeable_at industry website country state data_privacy_level active_platforms deployment_mode contract_accepted_at contract_pending_at status_changed_at',
      withheld:
        'erp_customer_id stripe_cust_id contract_start contract_end sales_owner metadata status_reason',
      key: 'id',
      select: 'read',
      scopes: ['tenant:read', 'brand:read', 'entitlements:read'],
      update: {
        needs: 'manage',
        columns: 'name locale time_zone industry website country state data_privacy_level active_platforms',
        set: `name = 'Probe'`,
      },
      service: 'all',
      // What concerns billing is for managers, and they read it by read_tenant_account().
      attempts: (['reviewer', 'member', 'admin', 'owner', 'reading-key'] as const).flatMap((as) => [
        { as, tries: 'select stripe_cust_id from public.tenants', gives: 'denied' },
        { as, tries: 'select from public.tenants order by sales_owner', gives: 'denied' },
        { as, tries: `update public.tenants set name = 'Probe' returning metadata`, gives: 'denied' },
        { as, tries: 'select slug, status, plan from public.tenants', gives: 'ok' },
      ]),
    },
    tenant_slugs: {
      columns: 'slug tenant_id retired_at created_at',
      key: 'tenant_id',
      select: 'read',
      service: 'all',
    },
    tenant_billing: {
      columns:
        'tenant_id legal_name pan_number has_gst gst_number billing_name billing_address billing_city billing_postal_code billing_state billing_country razorpay_customer_id razorpay_subscription_id monthly_spend_cap_usd_micros created_at updated_at',
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
    list_tenant_relations: { needs: 'signed-in', call: () => 'select public.list_tenant_relations()' },
    create_tenant: {
      whenFrozen: 'makes another tenant',
      needs: 'signed-in',
      call: () => `select (public.create_tenant('matrix-probe', 'Probe')).slug`,
    },
    read_tenant_account: {
      needs: 'read_admin',
      service: true,
      call: (tenant) => `select * from public.read_tenant_account('${idOf(tenant)}')`,
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
    permissions_in_effect: 'what tenant_ids() says, for each permission',
  },
  rows: {
    'private.tenant_turns': (tenant) =>
      `(tenant_id, what, period_at, turn_count) values ('${tenantId(tenant)}', 'probe', now(), 1)`,
  },
} satisfies IsolationRules
