-- Receiving: what WhatsApp brings becomes messages of contacts, each once.

select private.register_queue('bot_answers', '/bots/answer', '{5 s,30 s,2 min,10 min}');

-- A definer, because whoever creates a bot holds no privilege on queues.
create function private.tg_keep_bot_lanes() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  if tg_op = 'DELETE' then
    delete from private.queue_lanes as l where l.tenant_id = old.tenant_id and l.queue in ('bot_answers', 'bot_messages') and l.lane_id = old.id;
    return null;
  end if;
  perform private.open_lane('bot_answers', new.tenant_id, new.id);
  -- As many as WhatsApp takes of one number.
  perform private.open_lane('bot_messages', new.tenant_id, new.id, rate_limit_per_second => 80);
  return null;
end
$$;
create trigger bot_tenants_keep_lanes after insert or delete on public.bot_tenants for each row execute function private.tg_keep_bot_lanes();

create function private.find_contact(tenant uuid, bot uuid, given_wa_id text, given_user_id text, given_name text) returns uuid
  language plpgsql
  set search_path = ''
as $$
declare
  by_user public.contacts;
  by_number public.contacts;
  found_id uuid;
begin
  select * into by_user from public.contacts as c where c.tenant_id = tenant and c.bot_id = bot and c.user_id = given_user_id;
  select * into by_number from public.contacts as c where c.tenant_id = tenant and c.bot_id = bot and c.wa_id = given_wa_id;
  -- Telephone numbers are given to others after some time. Somebody else's conversation stays with the person who had it.
  if by_number.user_id <> given_user_id then
    update public.contacts as c set wa_id = null where c.tenant_id = tenant and c.id = by_number.id;
    by_number := null;
  end if;
  if by_user.id <> by_number.id then
    perform private.join_contacts(tenant, bot, by_user.id, by_number.id);
  end if;
  found_id := coalesce(by_user.id, by_number.id);
  if found_id is null then
    insert into public.contacts (tenant_id, bot_id, wa_id, user_id, full_name)
    values (tenant, bot, given_wa_id, given_user_id, given_name) returning id into found_id;
  else
    update public.contacts as c
    set wa_id = coalesce(given_wa_id, c.wa_id), user_id = coalesce(given_user_id, c.user_id), full_name = coalesce(given_name, c.full_name)
    where c.tenant_id = tenant and c.id = found_id
      and (coalesce(given_wa_id, c.wa_id), coalesce(given_user_id, c.user_id), coalesce(given_name, c.full_name))
        is distinct from (c.wa_id, c.user_id, c.full_name);
  end if;
  return found_id;
end
$$;
comment on function private.find_contact(uuid, uuid, text, text, text) is
  'The contact with this number or this id of a user, made if there is none. Two contacts who turn out to be one person are joined. The caller must hold the lane of the bot.';

create function private.join_contacts(tenant uuid, bot uuid, kept uuid, other uuid) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  update public.bot_messages as m set contact_id = kept where m.tenant_id = tenant and m.bot_id = bot and m.contact_id = other;
  update public.conversation_states as s set
    last_received_at = greatest(s.last_received_at, o.last_received_at), last_message_at = greatest(s.last_message_at, o.last_message_at),
    taken_over_at = coalesce(s.taken_over_at, o.taken_over_at), taken_over_by = coalesce(s.taken_over_by, o.taken_over_by),
    escalated_at = coalesce(s.escalated_at, o.escalated_at), escalation_reason = coalesce(s.escalation_reason, o.escalation_reason),
    notice_on = greatest(s.notice_on, o.notice_on)
  from public.conversation_states as o
  where s.tenant_id = tenant and s.contact_id = kept and o.tenant_id = tenant and o.contact_id = other;
  -- What was paid for under the other name.
  update public.contact_subscriptions as p set contact_id = kept where p.tenant_id = tenant and p.bot_id = bot and p.contact_id = other;
  -- Whoever did not want to be written to does not want it under the other name either.
  update public.contacts as c set opted_out_at = coalesce(c.opted_out_at, o.opted_out_at)
  from public.contacts as o
  where c.tenant_id = tenant and c.id = kept and o.tenant_id = tenant and o.id = other;
  delete from public.contacts as c where c.tenant_id = tenant and c.id = other;
end
$$;
comment on function private.join_contacts(uuid, uuid, uuid, uuid) is 'Moves the messages of one contact to another, who is the same person, and removes it.';

create function private.receive_bot_messages(tenant uuid, bot uuid, given jsonb) returns int
  language plpgsql
  set search_path = ''
  set enable_seqscan = off
as $$
declare
  message record;
  sender uuid;
  made public.bot_messages;
  is_known_bot boolean;
  logged boolean := (select s.log_conversations from public.bot_control_settings as s where s.tenant_id = tenant and s.bot_id = bot);
  items uuid[] := '{}';
  keys text[] := '{}';
  events jsonb[] := '{}';
  event_keys text[] := '{}';
  received int := 0;
begin
  -- Whoever holds the lane is alone with the contacts of the bot, so two webhooks at once make no contact twice.
  perform private.lock_lanes('bot_answers', array[tenant], array[bot]);
  for message in
    select m.* from rows from (jsonb_to_recordset(given)
      as (wamid text, wa_id text, user_id text, name text, kind text, text text, at timestamptz, payload jsonb)) with ordinality as m (wamid, wa_id, user_id, name, kind, text, at, payload, n)
    order by m.n
  loop
    continue when exists (
      select from public.bot_messages as m where m.tenant_id = tenant and m.bot_id = bot and m.whatsapp_message_id = message.wamid);
    sender := private.find_contact(tenant, bot, message.wa_id, message.user_id, message.name);
    insert into public.bot_messages (tenant_id, bot_id, contact_id, direction, source, kind, whatsapp_message_id, message_text, raw_payload, occurred_at)
    values (tenant, bot, sender, 'inbound', 'contact', message.kind, message.wamid, message.text,
      case when private.json_fits(message.payload, 65536) then message.payload end,
      date_trunc('milliseconds', least(message.at, clock_timestamp())))
    on conflict do nothing returning * into made;
    continue when made.id is null;
    received := received + 1;
    insert into public.conversation_states as s (tenant_id, bot_id, contact_id, last_received_at, last_message_at)
    values (tenant, bot, sender, made.occurred_at, made.occurred_at)
    on conflict on constraint conversation_states_pkey do update set
      last_received_at = greatest(s.last_received_at, excluded.last_received_at), last_message_at = greatest(s.last_message_at, excluded.last_message_at);
    if private.is_stop_word(message.text) then
      update public.contacts as c set opted_out_at = coalesce(c.opted_out_at, now()) where c.tenant_id = tenant and c.id = sender;
      update public.bot_messages as m set settled_at = now(), outcome = 'silent', reason = 'opted_out' where m.tenant_id = tenant and m.id = made.id;
    elsif message.kind = 'reaction' then
      update public.bot_messages as m set settled_at = now(), outcome = 'silent', reason = 'reaction' where m.tenant_id = tenant and m.id = made.id;
    else
      if private.fold_text(left(message.text, 40)) = 'start' then
        update public.contacts as c set opted_out_at = null where c.tenant_id = tenant and c.id = sender and c.opted_out_at is not null;
      end if;
      items := items || made.id;
      keys := keys || sender::text;
    end if;
    events := events || jsonb_build_object('message', jsonb_strip_nulls(jsonb_build_object('ref_id', made.ref_id, 'contact', private.ulid(sender), 'bot', private.ulid(bot),
      'kind', made.kind, 'text', case when logged then made.message_text end)));
    event_keys := event_keys || ('contact ' || private.ulid(sender));
  end loop;
  if events <> '{}' then
    perform private.emit_events(tenant, array_fill('message.received'::text, array[cardinality(events)]), events, event_keys, has_row_lock => true);
  end if;
  if items <> '{}' then
    perform private.enqueue_items('bot_answers', array_fill(tenant, array[cardinality(items)]), array_fill(bot, array[cardinality(items)]), items, keys);
    perform private.wake_dispatcher('bot_answers');
  end if;
  return received;
end
$$;
comment on function private.receive_bot_messages(uuid, uuid, jsonb) is
  'Stores what contacts wrote to a bot, [{wamid, wa_id, user_id, name, kind, text, at, payload}], and has it answered. What is there already changes nothing. Returns how many were new.';

select private.register_event_type('message.received', 'A contact wrote to a bot. The text is left out if log_conversations is off.',
  '{"message": {"ref_id": "ref_id", "contact": "ref_id", "bot": "ref_id", "kind": "text", "text?": "text"}}',
  '{"message": {"ref_id": "01JD3N8Q4ZB6T2V9XK5M7R0C1E", "contact": "01JD3N8Q4ZB6T2V9XK5M7R0C1F", "bot": "01JD3N8Q4ZB6T2V9XK5M7R0C1G", "kind": "text", "text": "Do you sell ukuleles?"}}');
