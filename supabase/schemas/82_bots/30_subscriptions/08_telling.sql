-- Telling: contacts hear what became of a payment, and that a month ends. For the service alone.

create function private.find_untold_subscriptions(batch int default 100)
  returns table (tenant_id uuid, id uuid, what text, reason text, plan_name text, expires_at timestamptz, client_name text, locale text, time_zone text, word text)
  language sql stable
  set search_path = ''
as $$
  select s.tenant_id, s.id, s.status::text, s.reason, s.plan_name, s.expires_at, b.client_name, left(t.locale, 2), t.time_zone, i.subscribe_words[1]
  from (select * from public.contact_subscriptions as o where not o.is_told order by o.updated_at limit batch) as s
  join public.tenants as t on t.id = s.tenant_id
  join public.bot_tenants as b on b.tenant_id = s.tenant_id and b.id = s.bot_id
  join public.bot_control_settings as i on i.tenant_id = s.tenant_id and i.bot_id = s.bot_id
$$;
comment on function private.find_untold_subscriptions(int) is 'Subscriptions of whose status the contact was not told yet.';

create function private.find_reminders(batch int default 100)
  returns table (tenant_id uuid, id uuid, what text, reason text, plan_name text, expires_at timestamptz, client_name text, locale text, time_zone text, word text)
  language sql stable
  set search_path = ''
as $$
  select s.tenant_id, s.id, 'reminder', null, s.plan_name, s.expires_at, b.client_name, left(t.locale, 2), t.time_zone, i.subscribe_words[1]
  from public.contact_subscriptions as s
  join public.tenants as t on t.id = s.tenant_id
  join public.bot_tenants as b on b.tenant_id = s.tenant_id and b.id = s.bot_id
  join public.bot_control_settings as i on i.tenant_id = s.tenant_id and i.bot_id = s.bot_id and i.enable_payment_flow
  join public.conversation_states as c on c.tenant_id = s.tenant_id and c.contact_id = s.contact_id
  where s.status = 'subscribed' and s.expires_at > now() and s.expires_at < now() + interval '3 days' and s.reminded_at is null
    -- Within the window only, and some minutes before it closes: the queue has to get it through.
    and c.last_received_at > now() - interval '23 hours 45 minutes' and c.taken_over_at is null
    and exists (select from public.contacts as p where p.tenant_id = s.tenant_id and p.id = s.contact_id and p.opted_out_at is null)
    and private.bot_stop(t, b, i) is null
    -- It is renewed already.
    and not exists (select from public.contact_subscriptions as n
      where n.tenant_id = s.tenant_id and n.bot_id = s.bot_id and n.contact_id = s.contact_id and n.plan_id = s.plan_id
        and n.status = 'subscribed' and n.expires_at > s.expires_at)
  order by s.expires_at limit batch
$$;
comment on function private.find_reminders(int) is 'Months that end within three days, of contacts who may be written to now and were not reminded.';

create function private.tell_subscriber(tenant uuid, subscription uuid, what text, words text) returns boolean
  language plpgsql
  set search_path = ''
as $$
declare
  bot public.bot_tenants;
  subject public.contact_subscriptions;
  state public.conversation_states;
  is_allowed boolean;
begin
  select b.* into bot from public.contact_subscriptions as s join public.bot_tenants as b on b.tenant_id = s.tenant_id and b.id = s.bot_id
  where s.tenant_id = tell_subscriber.tenant and s.id = tell_subscriber.subscription;
  -- Lanes are locked before any row, and a conversation before what was bought in it.
  perform private.lock_lanes('bot_messages', array[tenant], array[bot.id]);
  select i.* into state from public.conversation_states as i
  join public.contact_subscriptions as s on s.tenant_id = i.tenant_id and s.contact_id = i.contact_id
  where s.tenant_id = tell_subscriber.tenant and s.id = tell_subscriber.subscription for update of i;
  if tell_subscriber.what = 'reminder' then
    update public.contact_subscriptions as s set reminded_at = now()
    where s.tenant_id = tell_subscriber.tenant and s.id = tell_subscriber.subscription and s.status = 'subscribed' and s.reminded_at is null
    returning * into subject;
  else
    -- A later status is told instead.
    update public.contact_subscriptions as s set is_told = true
    where s.tenant_id = tell_subscriber.tenant and s.id = tell_subscriber.subscription and s.status::text = tell_subscriber.what and not s.is_told
    returning * into subject;
  end if;
  if subject.id is null then
    return false;
  end if;
  select state.contact_id is not null and state.taken_over_at is null and state.last_received_at > now() - interval '24 hours'
    and c.opted_out_at is null and private.bot_stop(t, bot, i) is null
  into is_allowed
  from public.contacts as c join public.tenants as t on t.id = c.tenant_id
  join public.bot_control_settings as i on i.tenant_id = c.tenant_id and i.bot_id = c.bot_id
  where c.tenant_id = subject.tenant_id and c.id = subject.contact_id;
  if is_allowed then
    perform private.enqueue_bot_messages(tenant, bot.id, subject.contact_id, array[words], 'bot');
  end if;
  return coalesce(is_allowed, false);
end
$$;
comment on function private.tell_subscriber(uuid, uuid, text, text) is
  'Tells a contact of a status or of a month that ends, once, unless the contact may not be written to now. Returns whether a message is sent.';
