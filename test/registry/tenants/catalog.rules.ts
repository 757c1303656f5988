import type { CatalogRules } from '../../kit/rules/catalog.ts'

export default {
  'a table with a tenant_id has it first in its primary key': {
    'public.tenant_slugs': 'a directory, looked up by slug; a slug is unique over all tenants',
  },
  'every table has a tenant_id': {
    'public.tenants': 'the root itself',
    'public.plans': 'the price list belongs to nobody',
  },
  'a unique key of a tenant-owned table holds its tenant_id': {
    tenant_billing_razorpay_customer_id_key: 'the payment provider gives it out; no member may write it',
    tenant_billing_razorpay_subscription_id_key: 'the payment provider gives it out; no member may write it',
    tenant_slugs_pkey: 'a directory, looked up by slug',
  },
  'every foreign key says what a deletion does': {
    'tenants.tenants_plan_fkey': 'a plan that somebody has cannot be deleted',
  },
  'a policy asks tenant_ids() once a statement, in the measured form': {
    'plans: everyone signed in reads the plans': 'a price list belongs to nobody',
  },
  'every definer in public is one that asks for permission, or is listed': {
    create_tenant: 'anybody signed in may; refuses a caller without a user',
    list_tenant_relations: 'says which relations there are, the same for everybody',
  },
} satisfies CatalogRules
