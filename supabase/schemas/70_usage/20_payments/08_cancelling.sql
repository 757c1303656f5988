-- Cancelling: how a tenant's managers end a subscription, and how the provider is told until it has heard.

-- A definer, because nobody may write a subscription directly. It asks for read_admin and not for manage: who is frozen
-- because of a charge that failed must be able to end the charges.
create function private.request_cancellation(tenant uuid, ref text) returns public.subscriptions
  language plpgsql security definer
  set search_path = ''
as $$
declare
  found_row public.subscriptions;
begin
  perform private.require_permission(request_cancellation.tenant, 'read_admin');
  -- The tenant first, as settling does.
  perform from public.tenants as t where t.id = request_cancellation.tenant for no key update;
  select * into found_row from public.subscriptions as s
  where s.tenant_id = request_cancellation.tenant and s.ref_id = request_cancellation.ref for no key update;
  if not found then
    perform private.raise_problem(404, 'not_found', 'There is no such subscription.');
  elsif found_row.status = 'cancelled' or found_row.cancel_requested_at is not null then
    return found_row;
  elsif found_row.status = 'pending' or found_row.replaced_at is not null then
    perform private.raise_problem(409, 'conflict', 'Nothing is charged for this subscription. Cancel the one that is active.');
  end if;
  update public.subscriptions as s set cancel_requested_at = now(), next_cancel_at = now()
  where s.tenant_id = found_row.tenant_id and s.id = found_row.id
  returning * into found_row;
  return found_row;
end
$$;
comment on function private.request_cancellation(uuid, text) is
  'Notes that a subscription is to be cancelled, for an owner or an admin. The provider is told by the edge function, and again by cron until it has heard. A second call changes nothing. 404 not_found; 409 conflict for one that is not charged.';
grant execute on function private.request_cancellation(uuid, text) to authenticated;

-- A definer: not even the service may write subscriptions directly.
create function private.claim_subscriptions_to_cancel(batch int default 20)
  returns table (provider public.payment_provider, provider_subscription_id text, at_period_end boolean)
  language sql volatile security definer
  set search_path = ''
as $$
  -- Asked again after 5 minutes, then 10, and so on to once a day: one that the provider refuses must not keep others waiting.
  update public.subscriptions as s set
    next_cancel_at = now() + least(greatest(now() - coalesce(s.replaced_at, s.cancel_requested_at), interval '5 minutes'), interval '1 day')
  from (select d.tenant_id, d.id from public.subscriptions as d
    where d.next_cancel_at <= now()
    order by d.next_cancel_at limit batch for no key update skip locked) as due
  where s.tenant_id = due.tenant_id and s.id = due.id
  returning s.provider, s.provider_subscription_id, s.replaced_at is null and s.status = 'active'
$$;
comment on function private.claim_subscriptions_to_cancel(int) is
  'Subscriptions that a newer one replaced or that somebody cancelled, and that the provider still charges. at_period_end: what was paid is used to its end.';
grant execute on function private.claim_subscriptions_to_cancel(int) to service_role;

create function private.request_order_checks() returns text
  language plpgsql
  set search_path = ''
as $$
declare
  request bigint;
begin
  if not exists (select from public.payment_orders as o where o.next_ask_at <= now())
    and not exists (select from public.subscriptions as s where s.next_cancel_at <= now()) then
    return 'Nothing is due.';
  end if;
  request := private.call_edge_function('/usage/payments/check', timeout_milliseconds => 120000);
  -- Unlike format(), this is null if no request was made.
  return coalesce('Asked with request ' || request || '.',
    'Nothing was asked: Vault does not have the secret tenantry_functions_url or tenantry_service_key.');
end
$$;
comment on function private.request_order_checks() is
  'If an order is open for 15 minutes or a subscription is to be cancelled, wakes the edge function that asks the provider, because only that function knows the provider''s keys. Returns what it did.';

select cron.schedule('usage: ask providers about open orders', '*/5 * * * *', 'select private.request_order_checks()');
