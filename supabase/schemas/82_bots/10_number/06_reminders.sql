-- Reminders: an access token that expires, and a verify token that is old.

create function private.tell_of_expiring_tokens(batch int default 500) returns int
  language plpgsql
  set search_path = ''
as $$
declare
  due record;
  told int := 0;
begin
  for due in
    select n.tenant_id, n.bot_id, b.ref_id, b.client_name, s.days, to_char(n.whatsapp_token_expires_at at time zone t.time_zone, 'YYYY-MM-DD') as expires_on
    from public.bot_numbers as n
    join public.tenants as t on t.id = n.tenant_id and t.status <> 'archived'
    join public.bot_tenants as b on b.tenant_id = n.tenant_id and b.id = n.bot_id
    cross join lateral (select case when n.whatsapp_token_expires_at <= now() + interval '1 day' then 1
      when n.whatsapp_token_expires_at <= now() + interval '7 days' then 7 else 14 end) as s (days)
    where n.whatsapp_token_expires_at > now() and n.whatsapp_token_expires_at <= now() + interval '14 days'
      and (n.expiry_told_days is null or n.expiry_told_days > s.days)
    order by n.whatsapp_token_expires_at limit batch for no key update of n skip locked
  loop
    update public.bot_numbers as n set expiry_told_days = due.days where n.tenant_id = due.tenant_id and n.bot_id = due.bot_id;
    perform private.notify(due.tenant_id, 'bot.token_expiring', '{admins}',
      jsonb_build_object('bot', due.client_name, 'expires_on', due.expires_on), 'bot', due.ref_id);
    told := told + 1;
  end loop;
  return told;
end
$$;
comment on function private.tell_of_expiring_tokens(int) is
  'Tells the managers of each access token that expires within 14, 7 and 1 days, once for each, at most one batch. Returns of how many.';

create function private.tell_of_old_verify_tokens(batch int default 500) returns int
  language plpgsql
  set search_path = ''
as $$
declare
  due record;
  told int := 0;
begin
  for due in
    select n.tenant_id, n.bot_id, b.ref_id, b.client_name
    from public.bot_numbers as n
    join public.tenants as t on t.id = n.tenant_id and t.status <> 'archived'
    join public.bot_tenants as b on b.tenant_id = n.tenant_id and b.id = n.bot_id
    where n.verify_token_made_at < now() - interval '90 days' and n.verify_token_told_at is null
    order by n.verify_token_made_at limit batch for no key update of n skip locked
  loop
    update public.bot_numbers as n set verify_token_told_at = now() where n.tenant_id = due.tenant_id and n.bot_id = due.bot_id;
    perform private.notify(due.tenant_id, 'bot.verify_token_old', '{admins}', jsonb_build_object('bot', due.client_name), 'bot', due.ref_id);
    told := told + 1;
  end loop;
  return told;
end
$$;
comment on function private.tell_of_old_verify_tokens(int) is
  'Tells the managers of each verify token that is older than 90 days, once, at most one batch. Returns of how many.';

select private.register_notification_type('bot.token_expiring', 'bots', 'The access token of a bot''s number expires soon.',
  '{"en": "The WhatsApp access token of your bot {{bot}} expires on {{expires_on}}. Make a new one at Meta and enter it.",
    "de": "Das WhatsApp-Zugriffstoken deines Bots {{bot}} läuft am {{expires_on}} ab. Erzeuge bei Meta ein neues und trage es ein.",
    "fr": "Le jeton d’accès WhatsApp de votre bot {{bot}} expire le {{expires_on}}. Créez-en un nouveau chez Meta et saisissez-le."}',
  '{"bot": "Kassangas Music Shop", "expires_on": "2026-12-20"}', is_critical => true);
select private.register_notification_type('bot.verify_token_old', 'bots', 'The verify token of a bot''s number is older than 90 days.',
  '{"en": "The verify token of your bot {{bot}} is older than 90 days. Make a new one and enter it at Meta.",
    "de": "Das Prüftoken deines Bots {{bot}} ist älter als 90 Tage. Erzeuge ein neues und trage es bei Meta ein.",
    "fr": "Le jeton de vérification de votre bot {{bot}} a plus de 90 jours. Créez-en un nouveau et saisissez-le chez Meta."}',
  '{"bot": "Kassangas Music Shop"}');

select cron.schedule('bots: tell of access tokens that expire', '23 * * * *', 'select private.tell_of_expiring_tokens()');
select cron.schedule('bots: tell of old verify tokens', '29 5 * * *', 'select private.tell_of_old_verify_tokens()');
