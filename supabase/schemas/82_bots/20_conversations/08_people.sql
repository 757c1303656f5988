-- People in a conversation: taking it over from the bot, writing to the contact, handing it back, forgetting the contact.

-- Definers, this one and the next: people may change nothing of a conversation but who answers it.
create function public.take_over_conversation(tenant_id uuid, contact_id uuid) returns void
  language plpgsql security definer
  set search_path = ''
as $$
begin
  perform private.require_permission(take_over_conversation.tenant_id, 'write');
  update public.conversation_states as s set taken_over_at = now(), taken_over_by = auth.uid(), escalated_at = null, escalation_reason = null
  where s.tenant_id = take_over_conversation.tenant_id and s.contact_id = take_over_conversation.contact_id
    and (s.taken_over_at is null or s.taken_over_by is distinct from auth.uid());
  if found then
    perform private.record_audit(take_over_conversation.tenant_id, 'conversation.taken_over', 'contacts', private.ulid(contact_id));
  elsif not exists (select from public.conversation_states as s
      where s.tenant_id = take_over_conversation.tenant_id and s.contact_id = take_over_conversation.contact_id) then
    perform private.raise_problem(404, 'not_found', 'This bot has no contact with this ref_id.');
  end if;
end
$$;
comment on function public.take_over_conversation(uuid, uuid) is
  'The bot does not answer this contact any more: the caller does. It may be taken over from somebody else. 404 not_found.';

create function public.hand_back_conversation(tenant_id uuid, contact_id uuid) returns void
  language plpgsql security definer
  set search_path = ''
as $$
begin
  perform private.require_permission(hand_back_conversation.tenant_id, 'write');
  update public.conversation_states as s set taken_over_at = null, taken_over_by = null, escalated_at = null, escalation_reason = null
  where s.tenant_id = hand_back_conversation.tenant_id and s.contact_id = hand_back_conversation.contact_id;
  if not found then
    perform private.raise_problem(404, 'not_found', 'This bot has no contact with this ref_id.');
  end if;
  perform private.record_audit(hand_back_conversation.tenant_id, 'conversation.handed_back', 'contacts', private.ulid(contact_id));
end
$$;
comment on function public.hand_back_conversation(uuid, uuid) is 'The bot answers this contact again, from the next message on. 404 not_found.';

-- A definer, because people hold no privilege on queues. It answers the message, because a key that may only write may read nothing.
create function public.write_to_contact(tenant_id uuid, bot_id uuid, contact_id uuid, message_text text) returns public.bot_messages
  language plpgsql security definer
  set search_path = ''
as $$
declare
  contact public.contacts;
  received_at timestamptz;
  writer uuid := auth.uid();
  sent_id uuid;
  sent public.bot_messages;
begin
  perform private.require_permission(write_to_contact.tenant_id, 'bots:write');
  if coalesce(length(btrim(left(message_text, 8192))), 0) = 0 or length(message_text) > 4096 or not private.is_plain_text(message_text, 4096) then
    perform private.raise_problem(422, 'invalid_value', 'This is no message.',
      '[{"pointer": "/text", "detail": "must be plain text of 1 to 4096 characters"}]');
  end if;
  select * into contact from public.contacts as c
  where c.tenant_id = write_to_contact.tenant_id and c.bot_id = write_to_contact.bot_id and c.id = write_to_contact.contact_id;
  if contact.id is null then
    perform private.raise_problem(404, 'not_found', 'This bot has no contact with this ref_id.');
  end if;
  perform private.lock_lanes('bot_messages', array[contact.tenant_id], array[contact.bot_id]);
  select s.last_received_at into received_at from public.conversation_states as s
  where s.tenant_id = contact.tenant_id and s.contact_id = contact.id for update;
  if contact.opted_out_at is not null then
    perform private.raise_problem(409, 'contact_opted_out', 'This contact wrote STOP, so nothing may be sent. The contact can write START.');
  elsif received_at is null or received_at < now() - interval '24 hours' then
    perform private.raise_problem(409, 'window_closed',
      'WhatsApp lets a business write for 24 hours after the last message of a customer. Wait until this one writes again.');
  end if;
  -- Whoever writes has taken over. A program that writes leaves it to the bot.
  if writer is not null then
    update public.conversation_states as s set taken_over_at = coalesce(s.taken_over_at, now()), taken_over_by = writer, escalated_at = null, escalation_reason = null
    where s.tenant_id = contact.tenant_id and s.contact_id = contact.id
      and (s.taken_over_at is null or s.taken_over_by is distinct from writer or s.escalated_at is not null);
  end if;
  perform private.record_audit(contact.tenant_id, 'conversation.written_to', 'contacts', contact.ref_id);
  sent_id := (private.enqueue_bot_messages(contact.tenant_id, contact.bot_id, contact.id, array[message_text],
    case when writer is null then 'api_key' else 'person' end::public.bot_message_source))[1];
  select * into sent from public.bot_messages as m where m.tenant_id = contact.tenant_id and m.id = sent_id;
  return sent;
end
$$;
comment on function public.write_to_contact(uuid, uuid, uuid, text) is
  'Sends a text to a contact. A person who writes takes the conversation over. Returns the message. 404 not_found; 409 contact_opted_out, window_closed; 422 invalid_value.';

-- A definer, because it changes tables that nobody may change directly.
create function public.forget_contact(tenant_id uuid, contact_id uuid) returns jsonb
  language plpgsql security definer
  set search_path = ''
as $$
declare
  contact public.contacts;
  forgotten jsonb;
begin
  perform private.require_permission(forget_contact.tenant_id, 'manage');
  select * into contact from public.contacts as c where c.tenant_id = forget_contact.tenant_id and c.id = forget_contact.contact_id;
  if contact.id is null then
    perform private.raise_problem(404, 'not_found', 'This bot has no contact with this ref_id.');
  end if;
  forgotten := private.forget_rows(contact.tenant_id, null, 'public.contacts', contact.id, contact.ref_id);
  delete from public.contacts as c where c.tenant_id = contact.tenant_id and c.id = contact.id;
  return forgotten;
end
$$;
comment on function public.forget_contact(uuid, uuid) is
  'Erases what a tenant holds about a contact: the messages, and whatever names the ref_id. Whoever writes again is a new contact. 404 not_found.';
grant execute on function public.take_over_conversation(uuid, uuid), public.hand_back_conversation(uuid, uuid), public.write_to_contact(uuid, uuid, uuid, text),
  public.forget_contact(uuid, uuid) to authenticated, service_role;

select private.register_audit_action('conversation.taken_over', 'u');
select private.register_audit_action('conversation.handed_back', 'u');
select private.register_audit_action('conversation.written_to', 'c');

insert into private.api_scopes (scope, permission, description) values
  ('bots:write', 'write', 'Write to the contacts of the bots.')
on conflict (scope) do update set (permission, description) = (excluded.permission, excluded.description);
