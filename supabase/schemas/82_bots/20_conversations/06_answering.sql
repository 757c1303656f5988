-- Answering: what waits of a contact, whether the bot may answer it, and what became of it. For the service alone.

create table private.bot_answer_counts (
  tenant_id uuid not null references public.tenants on delete cascade,
  bot_id uuid not null,
  -- Of one contact in a day, or of all contacts in an hour: then it is the id of the bot.
  counted_for uuid not null,
  starts_at timestamptz not null,
  message_count int not null,
  primary key (tenant_id, bot_id, counted_for, starts_at),
  constraint bot_answer_counts_bot_fkey foreign key (tenant_id, bot_id) references public.bot_tenants (tenant_id, id) on delete cascade
) with (fillfactor = 70);
create index bot_answer_counts_starts_at_idx on private.bot_answer_counts (starts_at);
comment on table private.bot_answer_counts is 'How many messages a bot has answered: of all its contacts in an hour, and of each in a day.';

create function private.count_bot_answers(tenant uuid, bot uuid, counted_for uuid, starts_at timestamptz, added int, most int) returns boolean
  language plpgsql
  set search_path = ''
as $$
begin
  -- The row is locked until the end of the transaction, so nobody counts beside it.
  insert into private.bot_answer_counts as c (tenant_id, bot_id, counted_for, starts_at, message_count)
  select tenant, bot, count_bot_answers.counted_for, count_bot_answers.starts_at, added where added <= most
  on conflict on constraint bot_answer_counts_pkey do update set message_count = c.message_count + excluded.message_count
    where c.message_count + excluded.message_count <= most;
  return found;
end
$$;
comment on function private.count_bot_answers(uuid, uuid, uuid, timestamptz, int, int) is
  'Counts messages that a bot answers, unless they would be more than this. Returns whether they were counted.';

create function private.begin_bot_answer(tenant uuid, message uuid)
  returns table (bot_id uuid, contact_id uuid, stop text, messages jsonb, turns jsonb, unread text)
  language plpgsql
  set search_path = ''
  set enable_seqscan = off
as $$
#variable_conflict use_column
declare
  asked public.bot_messages;
  state public.conversation_states;
  contact public.contacts;
  settings public.bot_control_settings;
  sender record;
  zone text := (select t.time_zone from public.tenants as t where t.id = tenant);
  opened jsonb;
  newest timestamptz;
  newest_wamid text;
  new_count int;
  found_stop text;
begin
  select * into asked from public.bot_messages as m where m.tenant_id = tenant and m.id = begin_bot_answer.message;
  -- The conversation is held, so that nobody takes it over between the look and the count.
  select * into state from public.conversation_states as s where s.tenant_id = tenant and s.contact_id = asked.contact_id for update;
  select jsonb_agg(jsonb_build_object('id', m.id, 'text', m.message_text, 'kind', m.kind) order by m.occurred_at, m.id), max(m.occurred_at),
    count(*) filter (where m.begun_at is null), (array_agg(m.whatsapp_message_id order by m.occurred_at desc, m.id desc))[1]
  into opened, newest, new_count, newest_wamid
  from (
    select * from public.bot_messages as o
    where o.tenant_id = tenant and o.contact_id = asked.contact_id and o.direction = 'inbound' and o.settled_at is null
    order by o.id limit 50) as m;
  if opened is null then
    return; -- Answered together with an earlier one.
  end if;
  select * into contact from public.contacts as c where c.tenant_id = tenant and c.id = asked.contact_id;
  select * into settings from public.bot_control_settings as s where s.tenant_id = tenant and s.bot_id = asked.bot_id;
  select s.is_verified, s.paused_reason into sender from private.read_bot_sender(tenant, asked.bot_id) as s;
  found_stop := case
    when contact.opted_out_at is not null then 'opted_out'
    when state.taken_over_at is not null then 'taken_over'
    when sender.is_verified is not true then 'not_verified'
    when sender.paused_reason is not null then 'paused'
    when newest < now() - interval '24 hours' then 'window_closed'
    when not settings.enable_auto_reply then 'auto_reply_off' end;
  if found_stop is null and new_count > 0 then
    found_stop := case
      when not private.count_bot_answers(tenant, asked.bot_id, asked.contact_id, date_trunc('day', now(), zone), new_count,
        settings.max_messages_per_user_per_day) then 'day_limit'
      when not private.count_bot_answers(tenant, asked.bot_id, asked.bot_id, date_trunc('hour', now()), new_count,
        settings.max_messages_per_hour) then 'hour_limit' end;
    -- A worker that is killed after this counts nothing again.
    if found_stop is null then
      update public.bot_messages as m set begun_at = now()
      where m.tenant_id = tenant and m.id in (select (o ->> 'id')::uuid from jsonb_array_elements(opened) as o) and m.begun_at is null;
    end if;
  end if;
  return query select asked.bot_id, asked.contact_id, found_stop, opened, (
      select coalesce(jsonb_agg(jsonb_build_object('role', case m.direction when 'inbound' then 'user' else 'assistant' end, 'text', m.message_text)
        order by m.id), '[]')
      from (
        select * from public.bot_messages as o
        where o.tenant_id = tenant and o.bot_id = asked.bot_id and o.contact_id = asked.contact_id and o.message_text is not null
          and (o.direction = 'outbound' or o.settled_at is not null) and o.created_at > now() - interval '24 hours'
        order by o.id desc limit 10) as m),
    case when found_stop is null and new_count > 0 and settings.is_typing_shown then newest_wamid end;
end
$$;
comment on function private.begin_bot_answer(uuid, uuid) is
  'What a contact wrote and nobody has answered, counted for the limits once, with the last turns of the day. stop says why the bot does not answer it. unread is the newest message, once, if its contact may see that it is read. No row if nothing waits.';

create function private.settle_bot_answer(
  tenant uuid, contact uuid, messages uuid[], outcome text, reason text, replies text[], notice text default null, details jsonb default '{}'
) returns boolean
  language plpgsql
  set search_path = ''
  set enable_seqscan = off
as $$
declare
  bot public.bot_tenants;
  person public.contacts;
  settings public.bot_control_settings;
  state public.conversation_states;
  settled uuid[];
  today date := (select (now() at time zone t.time_zone)::date from public.tenants as t where t.id = tenant);
begin
  select b.* into bot from public.bot_tenants as b join public.contacts as c on c.tenant_id = b.tenant_id and c.bot_id = b.id
  where c.tenant_id = tenant and c.id = contact;
  -- Lanes are locked before any row.
  perform private.lock_lanes('bot_messages', array[tenant], array[bot.id]);
  select * into state from public.conversation_states as s where s.tenant_id = tenant and s.contact_id = contact for update;
  select * into person from public.contacts as c where c.tenant_id = tenant and c.id = contact;
  select * into settings from public.bot_control_settings as s where s.tenant_id = tenant and s.bot_id = bot.id;
  -- While the bot was thinking, a person may have taken over, or the contact may have had enough.
  if state.taken_over_at is not null or person.opted_out_at is not null then
    outcome := 'silent';
    reason := case when person.opted_out_at is not null then 'opted_out' else 'taken_over' end;
    replies := '{}';
    notice := null;
  end if;
  with done as (
    update public.bot_messages as m set settled_at = now(), outcome = settle_bot_answer.outcome, reason = settle_bot_answer.reason,
      template_used = details ->> 'template', training_data_ref = details ->> 'training_data', llm_call_ref = details ->> 'call',
      message_text = case when settings.log_conversations or settle_bot_answer.outcome = 'escalated' then m.message_text end,
      raw_payload = case when settings.log_conversations then m.raw_payload end
    where m.tenant_id = tenant and m.id = any (messages) and m.settled_at is null
    returning m.id)
  select array_agg(d.id order by d.id) into settled from done as d;
  -- Somebody else has settled them: each message has one effect.
  if settled is null then
    return false;
  end if;
  if outcome = 'escalated' then
    if state.escalated_at is null then
      update public.conversation_states as s set escalated_at = now(), escalation_reason = settle_bot_answer.reason
      where s.tenant_id = tenant and s.contact_id = contact;
      perform private.announce_escalation(bot, person, settings, reason);
    else
      notice := null;
    end if;
    if reason = 'training_mode' then
      perform private.draft_training_data(tenant, bot.id, details ->> 'question', details ->> 'locale');
    end if;
  elsif reason in ('day_limit', 'hour_limit') then
    if state.notice_on = today then
      notice := null;
    end if;
    update public.conversation_states as s set notice_on = today where s.tenant_id = tenant and s.contact_id = contact;
  end if;
  perform private.enqueue_bot_messages(tenant, bot.id, contact, replies || array_remove(array[notice], null), 'bot', settled[1]);
  return true;
end
$$;
comment on function private.settle_bot_answer(uuid, uuid, uuid[], text, text, text[], text, jsonb) is
  'Says what became of messages of a contact, and sends the replies, all in this transaction. outcome: answered, escalated or silent. notice is sent once: when a conversation is escalated, or once a day above a limit. False if they are settled already.';

create function private.sweep_bot_answer_counts(batch int default 5000) returns int
  language sql volatile
  set search_path = ''
as $$
  with gone as (
    delete from private.bot_answer_counts as c where c.ctid = any (array(
      select o.ctid from private.bot_answer_counts as o where o.starts_at < now() - interval '3 days' limit batch for update skip locked))
    returning 1)
  select count(*)::int from gone
$$;
comment on function private.sweep_bot_answer_counts(int) is 'Deletes counts that no limit asks for any more. Returns how many.';
select cron.schedule('bots: delete old counts', '47 * * * *', 'select private.sweep_bot_answer_counts()');

select private.register_table('private.bot_answer_counts', keeping => 'derived', unaudited => 'counts');
