-- Using a number: what receiving and sending read of it, and how a bot is paused.

-- Definers, all of them, because they read Vault or write what nobody else may. Only for the service.
create function private.read_bot_webhook(bot_ref text)
  returns table (tenant_id uuid, bot_id uuid, whatsapp_phone_number_id text, whatsapp_business_account_id text, app_secret text)
  language sql stable security definer
  set search_path = ''
as $$
  select f.tenant_id, f.bot_id, f.whatsapp_phone_number_id, f.whatsapp_business_account_id, f.app_secret
  from (
    select n.tenant_id, n.bot_id, n.whatsapp_phone_number_id, n.whatsapp_business_account_id,
      -- A subquery and not a join: with a join, Postgres may decrypt every secret in Vault.
      (select s.decrypted_secret from vault.decrypted_secrets as s where s.id = n.app_secret_id) as app_secret
    from public.bot_numbers as n join public.tenants as t on t.id = n.tenant_id and t.status <> 'archived'
    where n.bot_id = private.ulid_to_uuid(left(read_bot_webhook.bot_ref, 27))) as f
  where f.app_secret is not null
$$;
comment on function private.read_bot_webhook(text) is
  'What a webhook of Meta is verified with, by the ref_id of the bot. No row if the bot is unknown or has no number. Only for the service.';

create function private.read_bot_sender(tenant uuid, bot uuid)
  returns table (whatsapp_phone_number_id text, access_token text, is_verified boolean, paused_reason text)
  language sql stable security definer
  set search_path = ''
as $$
  select n.whatsapp_phone_number_id, (select s.decrypted_secret from vault.decrypted_secrets as s where s.id = n.access_token_secret_id),
    n.is_verified, n.paused_reason
  from public.bot_numbers as n
  where n.tenant_id = read_bot_sender.tenant and n.bot_id = read_bot_sender.bot
$$;
comment on function private.read_bot_sender(uuid, uuid) is
  'By which number a bot sends, and with which access token. It sends nothing unless the number is verified and not paused. Only for the service.';

create function private.tell_of_pause(tenant uuid, bot uuid, is_paused boolean, reason text) returns void
  language plpgsql
  set search_path = ''
as $$
declare
  subject public.bot_tenants;
begin
  -- Whoever calls this has locked the bot, for which the key stands.
  select * into subject from public.bot_tenants as b where b.tenant_id = tell_of_pause.tenant and b.id = tell_of_pause.bot;
  perform private.emit_event(subject.tenant_id, case when is_paused then 'bot.paused' else 'bot.resumed' end,
    jsonb_build_object('bot', jsonb_build_object('ref_id', subject.ref_id, 'client_name', subject.client_name), 'reason', tell_of_pause.reason),
    'bot ' || subject.ref_id, has_row_lock => true);
  if is_paused then
    perform private.notify(subject.tenant_id, 'bot.paused', '{admins}', jsonb_build_object('bot', subject.client_name), 'bot', subject.ref_id);
  end if;
end
$$;
comment on function private.tell_of_pause(uuid, uuid, boolean, text) is 'Tells webhooks that a bot is paused or not any more, and its managers if it is.';

create function private.pause_bot(tenant uuid, bot uuid, reason text) returns boolean
  language plpgsql security definer
  set search_path = ''
as $$
begin
  -- The bot before its number, as whoever sets a number locks them.
  perform from public.bot_tenants as b where b.tenant_id = pause_bot.tenant and b.id = pause_bot.bot for no key update;
  update public.bot_numbers as n set paused_at = now(), paused_reason = pause_bot.reason
  where n.tenant_id = pause_bot.tenant and n.bot_id = pause_bot.bot and n.paused_at is null;
  if found then
    perform private.tell_of_pause(tenant, bot, true, reason);
    return true;
  end if;
  return false;
end
$$;
comment on function private.pause_bot(uuid, uuid, text) is
  'Has a bot send nothing until its number is verified again, and tells its managers once. The reason is a word, as token_invalid. Returns whether it was not paused before. Only for the service.';

create function private.resume_bot(tenant uuid, bot uuid) returns boolean
  language plpgsql security definer
  set search_path = ''
as $$
declare
  reason text;
begin
  perform from public.bot_tenants as b where b.tenant_id = resume_bot.tenant and b.id = resume_bot.bot for no key update;
  select n.paused_reason into reason from public.bot_numbers as n
  where n.tenant_id = resume_bot.tenant and n.bot_id = resume_bot.bot and n.paused_at is not null for no key update;
  if reason is null then
    return false;
  end if;
  update public.bot_numbers as n set paused_at = null, paused_reason = null
  where n.tenant_id = resume_bot.tenant and n.bot_id = resume_bot.bot;
  perform private.tell_of_pause(tenant, bot, false, reason);
  return true;
end
$$;
comment on function private.resume_bot(uuid, uuid) is
  'Has a bot send again. The event says why it was paused. Returns whether it was paused before. Only for the service.';
grant execute on function private.read_bot_webhook(text), private.read_bot_sender(uuid, uuid), private.pause_bot(uuid, uuid, text),
  private.resume_bot(uuid, uuid) to service_role;

select private.register_event_type('bot.paused', 'A bot sends nothing until its number is verified again. The reason is a word, as token_invalid.',
  '{"bot": {"ref_id": "ref_id", "client_name": "text"}, "reason": "text"}',
  '{"bot": {"ref_id": "01JD3N8Q4ZB6T2V9XK5M7R0C1E", "client_name": "Kassangas Music Shop"}, "reason": "token_invalid"}');
select private.register_event_type('bot.resumed', 'A bot sends again. The reason is the one for which it was paused.',
  '{"bot": {"ref_id": "ref_id", "client_name": "text"}, "reason": "text"}',
  '{"bot": {"ref_id": "01JD3N8Q4ZB6T2V9XK5M7R0C1E", "client_name": "Kassangas Music Shop"}, "reason": "token_invalid"}');

select private.register_notification_type('bot.paused', 'bots', 'A bot sends nothing, because WhatsApp does not take it any more.',
  '{"en": "Your bot {{bot}} is paused and answers nobody on WhatsApp. Verify its number to learn what to do.",
    "de": "Dein Bot {{bot}} pausiert und antwortet niemandem auf WhatsApp. Prüfe seine Nummer, um zu erfahren, was zu tun ist.",
    "fr": "Votre bot {{bot}} est en pause et ne répond à personne sur WhatsApp. Vérifiez son numéro pour savoir que faire."}',
  '{"bot": "Kassangas Music Shop"}', is_critical => true);
