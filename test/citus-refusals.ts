/** What Citus would refuse, with why it is so and what the next step would be. By the rules of stack/citus/tables.ts. */
export const refused: Record<string, Record<string, string>> = {
  'a unique key of a distributed table holds its distribution column': {
    ...of(
      'It is looked up before its tenant is known. A reference table of digests leads to the tenant, and a trigger keeps it.',
      [
        'private.api_key_secrets: api_key_secrets_lookup_idx',
        'private.portal_tokens: portal_tokens_token_hash_idx',
        'public.participant_sessions: participant_sessions_token_hash_idx',
      ],
    ),
    ...of(
      'A name that one tenant of all may hold. A reference table of names (slug, host, number) leads to the tenant; it is written seldom.',
      [
        'public.bot_numbers: bot_numbers_verified_idx',
        'public.tenant_domains: tenant_domains_verified_host_idx',
        'public.tenant_slugs: tenant_slugs_pkey',
        'public.tenants: tenants_ref_id_idx',
        'public.tenants: tenants_slug_key',
      ],
    ),
    ...of(
      'An id that somebody else gave, for one tenant of all. A reference table of these ids leads to the tenant.',
      [
        'public.payment_orders: payment_orders_provider_order_id_idx',
        'public.subscriptions: subscriptions_provider_subscription_id_idx',
        'public.tenant_billing: tenant_billing_razorpay_customer_id_key',
        'public.tenant_billing: tenant_billing_razorpay_subscription_id_key',
        'public.tenant_idp_config: tenant_idp_config_sso_provider_idx',
        'public.tenants: tenants_erp_customer_id_key',
        'public.tenants: tenants_stripe_cust_id_key',
      ],
    ),
    'private.audit_pending: audit_pending_pkey':
      'Rows of one transaction, which are gone at its end. Its key takes the tenant too.',
    'public.tenants: tenants_one_platform_idx':
      'There is one platform. A reference table of one row says which tenant it is.',
  },
  'a foreign key of a reference table leads to a reference table': {
    'public.user_profiles: user_profiles_user_id_fkey':
      'auth.users belongs to Auth and stays on the coordinator. The profile goes by a trigger of auth.users instead.',
  },
}

function of(reason: string, names: string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, reason]))
}
