-- Pushing: M-Pesa is asked to ring the phone of a contact, once. For the service alone.

select private.register_queue('bot_pushes', '/bots/checkouts/push', '{2 s,10 s,30 s,2 min}');

-- A definer, because whoever creates a bot holds no privilege on queues.
create function private.tg_keep_push_lane() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  if tg_op = 'DELETE' then
    delete from private.queue_lanes as l where l.tenant_id = old.tenant_id and l.queue = 'bot_pushes' and l.lane_id = old.id;
    return null;
  end if;
  perform private.open_lane('bot_pushes', new.tenant_id, new.id, rate_limit_per_second => 5);
  return null;
end
$$;
create trigger bot_tenants_keep_push_lane after insert or delete on public.bot_tenants for each row execute function private.tg_keep_push_lane();

create function private.read_push(tenant uuid, subscription uuid)
  returns table (stop text, ref_id text, order_ref text, bot_id uuid, phone text, amount_minor bigint, plan_name text)
  language sql stable
  set search_path = ''
as $$
  select case
      when s.status <> 'pending' or s.checkout_request_id is not null then 'over'
      when c.opted_out_at is not null then 'opted_out'
      when private.bot_stop(t, b, i) is not null then 'bot_off'
      -- Whoever chose so long ago has put the phone away.
      when s.created_at < now() - interval '10 minutes' then 'too_late' end,
    s.ref_id, o.ref_id, s.bot_id, s.phone, s.amount_minor, s.plan_name
  from public.contact_subscriptions as s
  join public.payment_orders as o on o.tenant_id = s.tenant_id and o.id = s.order_id
  join public.tenants as t on t.id = s.tenant_id
  join public.bot_tenants as b on b.tenant_id = s.tenant_id and b.id = s.bot_id
  join public.bot_control_settings as i on i.tenant_id = s.tenant_id and i.bot_id = s.bot_id
  left join public.contacts as c on c.tenant_id = s.tenant_id and c.id = s.contact_id
  where s.tenant_id = read_push.tenant and s.id = read_push.subscription
$$;
comment on function private.read_push(uuid, uuid) is 'What M-Pesa needs to ring a phone. stop says why it is not asked. No row if the subscription is gone.';

create function private.begin_push(tenant uuid, subscription uuid) returns text
  language plpgsql
  set search_path = ''
as $$
declare
  token text := encode(extensions.gen_random_bytes(20), 'hex');
begin
  update public.contact_subscriptions as s set attempted_at = now(), callback_token_hash = sha256(convert_to(token, 'UTF8'))
  where s.tenant_id = begin_push.tenant and s.id = begin_push.subscription and s.status = 'pending' and s.attempted_at is null;
  return case when found then token end;
end
$$;
comment on function private.begin_push(uuid, uuid) is
  'Says that M-Pesa is being asked from now on, and returns the token of the callback. Null if it was asked before: nobody knows how that ended, and a phone must not ring twice.';

create function private.lock_subscription(tenant uuid, subscription uuid) returns public.contact_subscriptions
  language plpgsql
  set search_path = ''
as $$
declare
  locked public.contact_subscriptions;
begin
  -- The order first, as whoever settles a payment locks them.
  perform from public.payment_orders as o join public.contact_subscriptions as s on s.tenant_id = o.tenant_id and s.order_id = o.id
  where s.tenant_id = lock_subscription.tenant and s.id = lock_subscription.subscription for no key update of o;
  select * into locked from public.contact_subscriptions as s
  where s.tenant_id = lock_subscription.tenant and s.id = lock_subscription.subscription for no key update;
  return locked;
end
$$;
comment on function private.lock_subscription(uuid, uuid) is 'A subscription, held together with its order until the transaction ends.';

create function private.give_up_subscription(stored public.contact_subscriptions, failure text) returns boolean
  language plpgsql
  set search_path = ''
as $$
begin
  update public.contact_subscriptions as s set status = 'failed', reason = failure
  where s.tenant_id = stored.tenant_id and s.id = stored.id and s.status = 'pending' and s.checkout_request_id is null;
  if not found then
    return false;
  end if;
  perform private.review_payment_order(o, is_closed => true)
  from public.payment_orders as o where o.tenant_id = stored.tenant_id and o.id = stored.order_id;
  return true;
end
$$;
comment on function private.give_up_subscription(public.contact_subscriptions, text) is
  'A subscription that M-Pesa has no payment of, as far as we know, has failed, and so has its order. The row must be locked.';

create function private.end_push(tenant uuid, subscription uuid, checkout text default null, failure text default null) returns boolean
  language plpgsql
  set search_path = ''
as $$
declare
  stored public.contact_subscriptions;
begin
  stored := private.lock_subscription(end_push.tenant, end_push.subscription);
  if checkout is not null then
    return private.attach_checkout(stored, checkout);
  elsif failure is not null then
    -- A callback has come: M-Pesa did take it.
    return private.give_up_subscription(stored, failure);
  end if;
  update public.contact_subscriptions as s set attempted_at = null, callback_token_hash = null
  where s.tenant_id = stored.tenant_id and s.id = stored.id and s.checkout_request_id is null;
  return found;
end
$$;
comment on function private.end_push(uuid, uuid, text, text) is
  'Says how M-Pesa calls the payment, or that it refused it for good; or neither, which means that M-Pesa was not reached and may be asked again.';

create function private.attach_checkout(stored public.contact_subscriptions, checkout text) returns boolean
  language plpgsql
  set search_path = ''
as $$
declare
  attached public.payment_orders;
begin
  if stored.id is null or stored.checkout_request_id is not null or stored.attempted_at is null then
    return coalesce(stored.checkout_request_id = checkout, false);
  end if;
  attached := private.attach_payment_order(stored.tenant_id, stored.order_id, checkout, null);
  update public.contact_subscriptions as s set checkout_request_id = attached.provider_order_id
  where s.tenant_id = stored.tenant_id and s.id = stored.id;
  -- The prompt is on the phone for a minute.
  update public.payment_orders as o set next_ask_at = now() + interval '20 seconds' where o.tenant_id = stored.tenant_id and o.id = stored.order_id;
  return true;
exception when unique_violation then
  -- It is the payment of another order.
  return false;
end
$$;
comment on function private.attach_checkout(public.contact_subscriptions, text) is
  'Notes how M-Pesa calls the payment of a subscription, once. False for the payment of another one. The row must be locked.';
