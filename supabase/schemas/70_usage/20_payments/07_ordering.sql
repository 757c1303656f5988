-- Ordering: how a tenant's managers order a plan, and which orders the provider is asked about.

create function private.take_order_turn(tenant uuid) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  if not private.take_turn(take_order_turn.tenant, 'payment_order', 30, 'hour') then
    perform private.raise_problem(429, 'too_many_orders', 'This tenant has made 30 orders in this hour.');
  end if;
end
$$;
comment on function private.take_order_turn(uuid) is
  'Counts an order of whatever kind, because each one is a request to the provider. 429 too_many_orders.';

-- A definer, because nobody may write an order directly. It asks for read_admin and not for manage: a frozen tenant and
-- one whose trial ended must be able to pay.
create function private.order_plan(
  tenant uuid, provider public.payment_provider, plan text, idempotency_key text default null
) returns public.payment_orders
  language plpgsql security definer
  set search_path = ''
as $$
declare
  wanted public.plans;
  buyer public.tenants;
begin
  perform private.require_permission(order_plan.tenant, 'read_admin');
  select * into buyer from public.tenants as t where t.id = order_plan.tenant;
  -- Asked before anything about the plan, because money would not help.
  if buyer.kind = 'customer' and not private.may_buy_plan(buyer) then
    perform private.raise_problem(403, 'tenant_frozen',
      'This tenant was frozen for another reason than a payment. Ask the platform.');
  end if;
  select * into wanted from public.plans as p where p.plan = order_plan.plan and p.trial_days is null and p.price_minor > 0;
  if not found then
    perform private.raise_problem(422, 'invalid_value', format('The plans that can be ordered are: %s.',
      (select string_agg(p.plan, ', ' order by p.price_minor) from public.plans as p where p.trial_days is null and p.price_minor > 0)),
      '[{"pointer": "/plan", "detail": "must be a plan that can be ordered"}]');
  end if;
  perform private.take_order_turn(order_plan.tenant);
  return private.make_payment_order(order_plan.tenant, order_plan.provider, 'subscription', wanted.price_minor, wanted.currency,
    jsonb_build_object('plan', wanted.plan), order_plan.idempotency_key);
end
$$;
comment on function private.order_plan(uuid, public.payment_provider, text, text) is
  'Orders a plan, for an owner or an admin. The provider does not know of it yet. A second call with the same key answers the first order. 403 tenant_frozen; 409 not_billable, conflict; 422 for a plan without a price; 429 too_many_orders.';
grant execute on function private.order_plan(uuid, public.payment_provider, text, text) to authenticated;

-- A definer: not even the service may write orders directly.
create function private.claim_open_orders(
  batch int default 50, providers public.payment_provider[] default '{razorpay,stripe}', least_wait interval default '15 minutes'
)
  returns table (tenant_id uuid, id uuid, ref_id text, provider public.payment_provider, provider_order_id text, is_recurring boolean)
  language sql volatile security definer
  set search_path = ''
as $$
  with due as materialized (
    select o.tenant_id, o.id from public.payment_orders as o
    where o.next_ask_at <= now() and o.provider = any (providers)
    order by o.next_ask_at limit batch
    for no key update skip locked
  ), claimed as (
    -- Asked after 15 minutes, then half an hour, and so on to once a day. Where a payment takes a minute, from less on. After four days nobody pays an order any more,
    -- and what a provider sends later is still settled.
    update public.payment_orders as o set
      next_ask_at = case when o.created_at > now() - interval '4 days' and o.provider_order_id is not null
        then now() + least(greatest(now() - o.created_at, least_wait), interval '1 day') end
    from due as d where o.tenant_id = d.tenant_id and o.id = d.id
    returning o.tenant_id, o.id, o.ref_id, o.provider, o.provider_order_id, o.kind
  )
  select c.tenant_id, c.id, c.ref_id, c.provider, c.provider_order_id, k.is_recurring
  from claimed as c join private.order_kinds as k on k.kind = c.kind
  where c.provider_order_id is not null
$$;
comment on function private.claim_open_orders(int, public.payment_provider[], interval) is
  'The orders that nobody has paid, as far as we know, and about which the provider is to be asked now. Two callers never get the same one.';

grant execute on function private.attach_payment_order(uuid, uuid, text, text), private.claim_open_orders(int, public.payment_provider[], interval),
  private.receive_payment_event(public.payment_provider, text, bytea, jsonb),
  private.settle_payment_event(public.payment_provider, text) to service_role;
