-- Watching: callbacks that only wake, payments that nobody knows the end of, and months that end. For the service alone.

create function private.hear_checkout(subscription_ref text, token text, checkout text) returns boolean
  language plpgsql
  set search_path = ''
as $$
declare
  heard public.contact_subscriptions;
begin
  select * into heard from public.contact_subscriptions as s
  where s.id = private.ulid_to_uuid(left(subscription_ref, 27)) and s.callback_token_hash = sha256(convert_to(left(token, 100), 'UTF8'));
  if heard.id is null then
    return false;
  end if;
  heard := private.lock_subscription(heard.tenant_id, heard.id);
  -- The token went to M-Pesa alone. If its answer was lost, this is how we learn what it calls the payment.
  if not private.attach_checkout(heard, checkout) then
    return false;
  end if;
  update public.payment_orders as o set next_ask_at = now()
  where o.tenant_id = heard.tenant_id and o.id = heard.order_id and o.status in ('created', 'failed')
    -- One callback after another wakes once.
    and (o.next_ask_at is null or o.next_ask_at > now() + interval '2 seconds');
  if found then
    perform private.call_edge_function('/bots/checkouts/check', timeout_milliseconds => 60000);
  end if;
  return found;
end
$$;
comment on function private.hear_checkout(text, text, text) is
  'Takes a callback of M-Pesa, which nobody signed: whatever it says, M-Pesa is only asked now and not later. Returns whether it is.';

create function private.review_subscriptions(batch int default 500) returns int
  language plpgsql
  set search_path = ''
as $$
declare
  due record;
  held public.contact_subscriptions;
  reviewed int := 0;
  ended int;
begin
  for due in
    select o.tenant_id, o.id from public.contact_subscriptions as o
    where o.status = 'pending' and o.checkout_request_id is null
      -- M-Pesa was never asked, because it could not be reached. Or it was asked, and never said how it calls the payment: after
      -- a day the contact may try again, and a late callback is still heard.
      and o.created_at < now() - case when o.attempted_at is null then interval '15 minutes' else interval '1 day' end
    order by o.created_at limit batch
  loop
    held := private.lock_subscription(due.tenant_id, due.id);
    if private.give_up_subscription(held, case when held.attempted_at is null then 'not_sent' else 'unclear' end) then
      reviewed := reviewed + 1;
    end if;
  end loop;
  update public.contact_subscriptions as s set status = 'expired'
  where s.ctid = any (array(
    select o.ctid from public.contact_subscriptions as o
    where o.status = 'subscribed' and o.expires_at <= now() order by o.expires_at limit batch for no key update skip locked));
  get diagnostics ended = row_count;
  return reviewed + ended;
end
$$;
comment on function private.review_subscriptions(int) is
  'Ends months that are over, and gives up payments that M-Pesa was not asked about, or that it never named. Returns how many.';

create function private.tell_of_unclear_payments(batch int default 500) returns int
  language plpgsql
  set search_path = ''
as $$
declare
  due record;
  told int := 0;
begin
  for due in
    select s.tenant_id, s.id, s.bot_id, s.contact_id from public.contact_subscriptions as s
    where s.status = 'pending' and s.attempted_at < now() - interval '15 minutes' and not s.is_unclear_told and s.contact_id is not null
    order by s.created_at limit batch
  loop
    -- A conversation before what was bought in it.
    update public.conversation_states as i set escalated_at = now(), escalation_reason = 'payment_unclear'
    where i.tenant_id = due.tenant_id and i.contact_id = due.contact_id and i.escalated_at is null;
    if found then
      perform private.announce_escalation(b, c, i, 'payment_unclear')
      from public.bot_tenants as b, public.contacts as c, public.bot_control_settings as i
      where b.tenant_id = due.tenant_id and b.id = due.bot_id and c.tenant_id = due.tenant_id and c.id = due.contact_id
        and i.tenant_id = due.tenant_id and i.bot_id = due.bot_id;
    end if;
    update public.contact_subscriptions as s set is_unclear_told = true where s.tenant_id = due.tenant_id and s.id = due.id;
    told := told + 1;
  end loop;
  return told;
end
$$;
comment on function private.tell_of_unclear_payments(int) is
  'Has a person look at payments whose end nobody knows after 15 minutes, once for each. Returns how many.';

create function private.request_checkout_checks() returns text
  language plpgsql
  set search_path = ''
as $$
begin
  if not exists (select from public.payment_orders as o where o.next_ask_at <= now() and o.provider = 'mpesa')
    and not exists (select from public.contact_subscriptions as s where not s.is_told)
    and not exists (select from private.find_reminders(1)) then
    return 'Nothing is due.';
  end if;
  -- Unlike format(), this is null if no request was made.
  return coalesce('Asked with request ' || private.call_edge_function('/bots/checkouts/check', timeout_milliseconds => 60000) || '.',
    'Nothing was asked: Vault does not have the secret tenantry_functions_url or tenantry_service_key.');
end
$$;
comment on function private.request_checkout_checks() is
  'If M-Pesa is to be asked about a payment, or a contact to be told of one, wakes the edge function that does. Returns what it did.';

select cron.schedule('bots: ask M-Pesa about payments', '* * * * *', 'select private.request_checkout_checks()');
select cron.schedule('bots: tell of payments that are unclear', '* * * * *', 'select private.tell_of_unclear_payments()');
select cron.schedule('bots: end subscriptions', '* * * * *', 'select private.review_subscriptions()');
