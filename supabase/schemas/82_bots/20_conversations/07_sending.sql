-- Sending: the queue of messages to contacts, and how far each got. For the service alone.

select private.register_queue('bot_messages', '/bots/send', '{5 s,30 s,2 min,10 min,1 h}');

create function private.enqueue_bot_messages(
  tenant uuid, bot uuid, contact uuid, texts text[], source public.bot_message_source, answers uuid default null
) returns uuid[]
  language plpgsql
  set search_path = ''
as $$
declare
  made uuid[];
begin
  if texts = '{}' then
    return '{}';
  end if;
  with written as (
    insert into public.bot_messages (tenant_id, bot_id, contact_id, direction, source, message_text, answers_id, status)
    select tenant, bot, contact, 'outbound', enqueue_bot_messages.source, t.value, answers, 'waiting'
    from unnest(texts) with ordinality as t (value, n) order by t.n
    returning id)
  select array_agg(w.id order by w.id) into made from written as w;
  update public.conversation_states as s set last_message_at = date_trunc('milliseconds', now()) where s.tenant_id = tenant and s.contact_id = contact;
  perform private.enqueue_items('bot_messages', array_fill(tenant, array[cardinality(made)]), array_fill(bot, array[cardinality(made)]), made,
    array_fill(contact::text, array[cardinality(made)]));
  perform private.wake_dispatcher('bot_messages');
  return made;
end
$$;
comment on function private.enqueue_bot_messages(uuid, uuid, uuid, text[], public.bot_message_source, uuid) is
  'Sends texts to a contact, in this order, if and only if this transaction commits. The caller must hold the lane of the bot, and does nothing after this.';

create function private.begin_bot_send(tenant uuid, message uuid)
  returns table (stop text, ref_id text, to_number text, to_user text, text text, phone_number_id text, access_token text, is_ours boolean)
  language plpgsql
  set search_path = ''
  set enable_seqscan = off
as $$
#variable_conflict use_column
declare
  sent public.bot_messages;
  contact public.contacts;
  sender record;
  stopped text;
  is_begun boolean := false;
begin
  select * into sent from public.bot_messages as m
  where m.tenant_id = tenant and m.id = begin_bot_send.message and m.status in ('waiting', 'unknown') for no key update;
  if sent.id is null then
    return; -- Its status came already, or it was deleted.
  end if;
  select * into contact from public.contacts as c where c.tenant_id = tenant and c.id = sent.contact_id;
  select s.whatsapp_phone_number_id, s.access_token, s.is_verified, s.paused_reason into sender from private.read_bot_sender(tenant, sent.bot_id) as s;
  stopped := case
    when contact.opted_out_at is not null then 'opted_out'
    when not exists (select from public.tenants as t
      where t.id = tenant and private.is_writable(t.status, t.trial_ends_at) and t.contract_pending_at is null) then 'tenant_not_active'
    when sender.is_verified is not true then 'not_verified'
    when not exists (select from public.conversation_states as s
      where s.tenant_id = tenant and s.contact_id = sent.contact_id and s.last_received_at > now() - interval '24 hours') then 'window_closed'
    when sender.paused_reason is not null then 'paused' end;
  if stopped is null then
    update public.bot_messages as m set attempted_at = now(), status = 'unknown'
    where m.tenant_id = tenant and m.id = sent.id and (m.attempted_at is null or m.attempted_at < now() - interval '10 minutes');
    is_begun := found;
  end if;
  return query select stopped, sent.ref_id, contact.wa_id, contact.user_id, sent.message_text, sender.whatsapp_phone_number_id, sender.access_token,
    is_begun;
end
$$;
comment on function private.begin_bot_send(uuid, uuid) is
  'What a message needs to be sent, and that it is being sent from now on. is_ours is false for ten minutes after an attempt whose end nobody knows: the status may come. stop says why it is not sent now. No row if it is sent, or gone.';

create function private.complete_bot_sends(given jsonb, dispatcher int default null) returns int
  language plpgsql
  set search_path = ''
  set enable_seqscan = off
as $$
declare
  results private.queue_result[] := array(
    select r from jsonb_populate_recordset(null::private.queue_result, given) as r order by r.lane_id, r.item_id, r.lease_id);
  done record;
  attempt record;
begin
  select * into done from private.complete_items('bot_messages', results, dispatcher);
  for attempt in
    select r.tenant_id, r.item_id, a.value ->> 'wamid' as wamid, (a.value ->> 'is_unsent')::boolean as is_unsent, (a.value ->> 'error_code')::int as error_code,
      left(a.value ->> 'error', 1000) as error, case
        when a.value ->> 'wamid' is not null then 'sent'
        when r.ordinality = any (done.died) or (a.value ->> 'is_final')::boolean then 'failed' end as status
    from unnest(results) with ordinality as r
    join jsonb_array_elements(given) as a on (a.value ->> 'item_id')::uuid = r.item_id and (a.value ->> 'lease_id')::uuid = r.lease_id
    order by r.item_id
  loop
    if attempt.status is not null then
      perform private.raise_bot_message(attempt.tenant_id, attempt.item_id, attempt.status::public.bot_message_status, attempt.wamid,
        attempt.error_code, attempt.error);
    elsif attempt.is_unsent then
      -- WhatsApp did not take it, so another attempt sends no second one.
      update public.bot_messages as m set attempted_at = null, status = 'waiting', error_code = attempt.error_code, error_message = attempt.error
      where m.tenant_id = attempt.tenant_id and m.id = attempt.item_id and m.status in ('waiting', 'unknown');
    end if;
  end loop;
  perform private.wake_tenants_after('bot_messages', results, done.tenants);
  return cardinality(done.settled);
end
$$;
comment on function private.complete_bot_sends(jsonb, int) is
  'Takes the results of attempts to send, [private.queue_result with wamid, or is_final, is_unsent, error_code and error]. Returns how many were settled.';

create function private.raise_bot_message(
  tenant uuid, message uuid, reached public.bot_message_status, wamid text default null, code int default null, error text default null
) returns boolean
  language plpgsql
  set search_path = ''
  set enable_seqscan = off
as $$
declare
  raised public.bot_messages;
begin
  -- Statuses come late and in any order. A lower one changes nothing, and what has failed stays so.
  update public.bot_messages as m set
    status = case when m.status < reached then reached else m.status end,
    whatsapp_message_id = coalesce(m.whatsapp_message_id, wamid), attempted_at = null,
    error_code = case when m.status < reached then code else m.error_code end,
    error_message = case when m.status < reached then raise_bot_message.error else m.error_message end,
    message_text = case when s.log_conversations then m.message_text end
  from public.bot_control_settings as s
  where m.tenant_id = tenant and m.id = message and m.direction = 'outbound' and s.tenant_id = m.tenant_id and s.bot_id = m.bot_id
    and (m.status < reached or m.whatsapp_message_id is null and wamid is not null)
    and not (reached = 'failed' and m.status in ('delivered', 'read'))
  returning m.* into raised;
  if raised.id is null then
    return false;
  end if;
  if raised.status = reached and reached in ('sent', 'failed') then
    perform private.emit_event(tenant, case reached when 'sent' then 'message.sent' else 'message.failed' end, jsonb_build_object('message', jsonb_strip_nulls(jsonb_build_object(
        'ref_id', raised.ref_id, 'contact', private.ulid(raised.contact_id), 'bot', private.ulid(raised.bot_id), 'source', raised.source,
        'text', raised.message_text, 'error_code', raised.error_code))),
      'contact ' || private.ulid(raised.contact_id));
  end if;
  return true;
end
$$;
comment on function private.raise_bot_message(uuid, uuid, public.bot_message_status, text, int, text) is
  'Says how far a message got. It moves forward only. Returns whether anything changed.';

create function private.take_bot_statuses(tenant uuid, bot uuid, given jsonb) returns int
  language plpgsql
  set search_path = ''
  set enable_seqscan = off
as $$
declare
  told record;
  taken int := 0;
begin
  for told in
    select m.id, s.status, s.wamid, s.code, left(s.error, 1000) as error
    from jsonb_to_recordset(given) as s (wamid text, ref text, status text, code int, error text)
    cross join lateral (
      select o.id from public.bot_messages as o
      where o.tenant_id = tenant and o.bot_id = bot and o.direction = 'outbound' and o.whatsapp_message_id = s.wamid
      union all
      -- Before its sender has said under which id WhatsApp took it, or if that answer was lost.
      select o.id from public.bot_messages as o
      where o.tenant_id = tenant and o.bot_id = bot and o.direction = 'outbound' and o.whatsapp_message_id is null
        and o.id = case when s.ref ~ '^[0-9A-HJKMNP-TV-Z]{26}$' then private.ulid_to_uuid(s.ref) end
      limit 1) as m
    -- Two calls at once lock in one order.
    order by m.id
  loop
    if private.raise_bot_message(tenant, told.id, told.status::public.bot_message_status, told.wamid, told.code, told.error) then
      taken := taken + 1;
    end if;
  end loop;
  return taken;
end
$$;
comment on function private.take_bot_statuses(uuid, uuid, jsonb) is
  'What WhatsApp says of messages of a bot, [{wamid, ref, status, code, error}]. Of other bots'' messages it changes nothing. Returns how many got further.';

select private.register_event_type('message.sent', 'WhatsApp took a message of a bot, or of a person who answers for it. The text is left out if log_conversations is off.',
  '{"message": {"ref_id": "ref_id", "contact": "ref_id", "bot": "ref_id", "source": "text", "text?": "text"}}',
  '{"message": {"ref_id": "01JD3N8Q4ZB6T2V9XK5M7R0C1E", "contact": "01JD3N8Q4ZB6T2V9XK5M7R0C1F", "bot": "01JD3N8Q4ZB6T2V9XK5M7R0C1G", "source": "bot", "text": "Yes, from 4,500 shillings."}}');
select private.register_event_type('message.failed', 'A message could not be sent, or WhatsApp could not deliver it.',
  '{"message": {"ref_id": "ref_id", "contact": "ref_id", "bot": "ref_id", "source": "text", "text?": "text", "error_code?": "count"}}',
  '{"message": {"ref_id": "01JD3N8Q4ZB6T2V9XK5M7R0C1E", "contact": "01JD3N8Q4ZB6T2V9XK5M7R0C1F", "bot": "01JD3N8Q4ZB6T2V9XK5M7R0C1G", "source": "bot", "error_code": 131026}}');
