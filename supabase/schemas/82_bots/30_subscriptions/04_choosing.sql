-- Choosing: what a contact can subscribe to, and what a chosen plan begins. For the service alone.

create function private.read_subscriber(tenant uuid, contact uuid, texts text[])
  returns table (stop text, is_open boolean, asked int, phone text, plans jsonb, offered jsonb, is_pending boolean, held jsonb)
  language sql stable
  set search_path = ''
as $$
  select private.bot_stop(t, b, s),
    s.enable_payment_flow and exists (select from public.bot_mpesa_accounts as a where a.tenant_id = c.tenant_id and a.bot_id = c.bot_id),
    (select min(w.n)::int from unnest(read_subscriber.texts) with ordinality as w (value, n)
      where length(w.value) <= 40 and private.fold_text(w.value) = any (array(select private.fold_text(v) from unnest(s.subscribe_words) as v))), c.wa_id,
    (select coalesce(jsonb_agg(o.plan order by o.level, o.amount_minor, o.id), '[]') from (
      select p.level, p.amount_minor, p.id, jsonb_build_object('id', p.id, 'plan_name', p.plan_name, 'amount_minor', p.amount_minor, 'currency', p.currency,
        'plan_type', p.plan_type, 'updated_at', p.updated_at, 'is_held', p.plan_type = 'one' and exists (
          select from public.contact_subscriptions as h
          where h.tenant_id = c.tenant_id and h.bot_id = c.bot_id and h.contact_id = c.id and h.plan_id = p.id and h.status = 'subscribed')) as plan
      from public.bot_plans as p where p.tenant_id = c.tenant_id and p.bot_id = c.bot_id and p.is_active
      order by p.level, p.amount_minor, p.id limit 10) as o),
    -- Whoever was offered something yesterday writes "2" for another reason.
    case when i.offered_at > now() - interval '30 minutes' then jsonb_build_object('plans', i.offered_plans, 'at', i.offered_at) end,
    exists (select from public.contact_subscriptions as h
      where h.tenant_id = c.tenant_id and h.bot_id = c.bot_id and h.contact_id = c.id and h.status = 'pending'),
    (select jsonb_build_object('plan_name', h.plan_name, 'expires_at', h.expires_at) from public.contact_subscriptions as h
      where h.tenant_id = c.tenant_id and h.bot_id = c.bot_id and h.contact_id = c.id and h.status = 'subscribed'
        and (h.expires_at is null or h.expires_at > now())
      order by h.level desc, h.expires_at desc nulls first limit 1)
  from public.contacts as c
  join public.tenants as t on t.id = c.tenant_id
  join public.bot_tenants as b on b.tenant_id = c.tenant_id and b.id = c.bot_id
  join public.bot_control_settings as s on s.tenant_id = c.tenant_id and s.bot_id = c.bot_id
  join public.conversation_states as i on i.tenant_id = c.tenant_id and i.contact_id = c.id
  where c.tenant_id = read_subscriber.tenant and c.id = read_subscriber.contact
$$;
comment on function private.read_subscriber(uuid, uuid, text[]) is
  'What decides whether a contact who writes these texts wants to subscribe: the plans and the last offer. asked is the number of the text that is a word for it. is_open is false if the payment flow is off, or the bot has no M-Pesa account.';

create function private.offer_bot_plans(tenant uuid, contact uuid, messages uuid[], reason text, reply text, plans uuid[] default null) returns void
  language plpgsql
  set search_path = ''
as $$
declare
  bot uuid := (select c.bot_id from public.contacts as c where c.tenant_id = tenant and c.id = contact);
begin
  perform private.lock_lanes('bot_messages', array[tenant], array[bot]);
  update public.conversation_states as s set offered_plans = plans, offered_at = case when plans is not null then now() end
  where s.tenant_id = tenant and s.contact_id = contact and (plans is not null or s.offered_plans is not null);
  perform private.settle_bot_answer(tenant, contact, messages, 'answered', offer_bot_plans.reason, array[reply]);
end
$$;
comment on function private.offer_bot_plans(uuid, uuid, uuid[], text, text, uuid[]) is
  'Answers a contact about subscriptions, and remembers which plans were offered, in the order of their numbers. Null: none.';

create function private.choose_bot_plan(tenant uuid, contact uuid, messages uuid[], plan uuid, amount_minor bigint, phone text, reply text) returns text
  language plpgsql
  set search_path = ''
as $$
#variable_conflict use_column
declare
  chosen public.bot_plans;
  state public.conversation_states;
  ordered public.payment_orders;
  subscription uuid;
begin
  select p.* into chosen from public.bot_plans as p join public.contacts as c on c.tenant_id = p.tenant_id and c.bot_id = p.bot_id
  where p.tenant_id = choose_bot_plan.tenant and p.id = choose_bot_plan.plan and c.id = choose_bot_plan.contact and p.is_active
    and p.amount_minor = choose_bot_plan.amount_minor;
  if chosen.id is null then
    return 'changed';
  end if;
  -- Lanes are locked before any row.
  perform private.lock_lanes('bot_messages', array[tenant], array[chosen.bot_id]);
  perform private.lock_lanes('bot_pushes', array[tenant], array[chosen.bot_id]);
  select * into state from public.conversation_states as s
  where s.tenant_id = choose_bot_plan.tenant and s.contact_id = choose_bot_plan.contact for update;
  -- While the bot was thinking, the contact may have written STOP, or a person may have taken over. Or another worker was first.
  if state.taken_over_at is null
    and exists (select from public.contacts as c where c.tenant_id = choose_bot_plan.tenant and c.id = choose_bot_plan.contact and c.opted_out_at is null)
    and exists (select from public.bot_messages as m
      where m.tenant_id = choose_bot_plan.tenant and m.id = any (messages) and m.settled_at is null) then
    -- Whoever holds the conversation is alone with it, so two messages at once begin one payment.
    if exists (select from public.contact_subscriptions as s
      where s.tenant_id = choose_bot_plan.tenant and s.bot_id = chosen.bot_id and s.contact_id = choose_bot_plan.contact and s.status = 'pending') then
      return 'pending';
    end if;
    -- Each of these rings a telephone, and the number may be somebody else's.
    if not private.count_bot_answers(tenant, chosen.bot_id, private.push_counter(choose_bot_plan.contact), date_trunc('day', now()), 1, 5) then
      return 'too_many';
    end if;
    subscription := private.uuid_v7();
    ordered := private.make_payment_order(tenant, 'mpesa', 'bot_subscription', chosen.amount_minor, chosen.currency,
      jsonb_build_object('plan_name', chosen.plan_name, 'bot', private.ulid(chosen.bot_id), 'subscription', private.ulid(subscription)));
    insert into public.contact_subscriptions (tenant_id, id, bot_id, contact_id, plan_id, order_id, plan_name, plan_type, level, amount_minor, currency, phone)
    values (tenant, subscription, chosen.bot_id, contact, chosen.id, ordered.id, chosen.plan_name, chosen.plan_type, chosen.level,
      chosen.amount_minor, chosen.currency, choose_bot_plan.phone);
    update public.conversation_states as s set offered_plans = null, offered_at = null
    where s.tenant_id = choose_bot_plan.tenant and s.contact_id = choose_bot_plan.contact;
    perform private.enqueue_items('bot_pushes', array[tenant], array[chosen.bot_id], array[subscription], array[null::text]);
    perform private.wake_dispatcher('bot_pushes');
  end if;
  perform private.settle_bot_answer(tenant, contact, messages, 'answered', 'plan_chosen', array[reply]);
  return 'begun';
end
$$;
comment on function private.choose_bot_plan(uuid, uuid, uuid[], uuid, bigint, text, text) is
  'Orders a plan for a contact, has M-Pesa asked to ring the phone, and replies, all in this transaction. Or does nothing and says why: changed, pending, or too_many, which is more than five in a day.';

create function private.push_counter(contact uuid) returns uuid
  language sql immutable parallel safe
  set search_path = ''
as $$ select md5('push ' || contact)::uuid $$;
comment on function private.push_counter(uuid) is 'Under which id the payments that a contact begins are counted, apart from its messages.';
