-- Sending: what a job needs to be sent, and what becomes of it. The functions are for the dispatcher alone.

create function private.read_notification_jobs(tenants uuid[], jobs uuid[])
  returns table (tenant_id uuid, job_id uuid, channel public.notification_channel, type text, is_critical boolean, stop text, address text,
    locale text, data jsonb, words jsonb, look jsonb, provider_id uuid, provider_ref text, provider public.notification_provider, config jsonb,
    secret text, unsubscribe_token uuid)
  language sql stable
  set search_path = ''
  -- Plans of tables that were empty when the session began would read all of them.
  set enable_seqscan = off
as $$
  select j.tenant_id, j.id, j.channel, j.type, j.is_critical,
    case
      -- A dispatcher began to send it and was not heard of again. Whether it did, only the provider knows.
      when j.begun_at is not null then 'unknown'
      when t.status = 'archived' or r.address is null then 'skipped'
      -- A code that is no longer taken.
      when j.type = 'phone_code' and j.created_at < now() - interval '10 minutes' then 'skipped'
      when private.is_suppressed(j.tenant_id, j.channel, r.address, j.is_critical) then 'suppressed'
      -- People are told by mail and inside the application as well. Whoever has no other way is told that it failed.
      when p.id is null and j.channel <> 'email' and j.user_id is not null then 'skipped' end,
    r.address, j.locale, j.data, coalesce(j.words, to_jsonb(w)), private.mail_look(j.tenant_id), p.id, p.ref_id, p.provider, p.config,
    -- A subquery and not a join: with a join, Postgres may decrypt every secret in Vault.
    (select s.decrypted_secret from vault.decrypted_secrets as s where s.id = p.config_secret_id),
    case when not j.is_critical then j.unsubscribe_token end
  from unnest(tenants, jobs) as asked (tenant_id, job_id)
  join private.notification_jobs as j on j.tenant_id = asked.tenant_id and j.id = asked.job_id
  join public.tenants as t on t.id = j.tenant_id
  cross join lateral (
    -- A member's address as Auth has confirmed it now, or a number that they have confirmed, and nobody's who has left meanwhile.
    select case when j.user_id is null then j.address when j.channel <> 'email' then (
        select o.phone from public.tenant_members as m join public.user_profiles as o on o.user_id = m.user_id
        where m.tenant_id = j.tenant_id and m.user_id = j.user_id and m.status = 'active' and o.phone_verified_at is not null)
      else (
      select a.address from public.tenant_members as m, private.confirmed_address(m.user_id) as a (address)
      where m.tenant_id = j.tenant_id and m.user_id = j.user_id and m.status = 'active'
        and private.may_assert_address(m.user_id, a.address, m.tenant_id)) end as address
  ) as r
  left join lateral (
    select e.version, e.subject, e.body_html, e.body_text, e.send_via, e.variables from public.email_templates as e
    where e.tenant_id in (j.tenant_id, private.platform_tenant_id()) and e.slug = j.template and e.is_active
      and e.locale in (j.locale, left(j.locale, 2), 'en')
    -- The language counts more than whose words they are: nobody reads a mail that they do not understand.
    order by array_position(array[j.locale, left(j.locale, 2), 'en'], e.locale), e.tenant_id = j.tenant_id desc
    limit 1
  ) as w on true
  left join lateral (
    select o.* from public.notification_providers as o
    where o.tenant_id in (j.tenant_id, private.platform_tenant_id()) and o.channel = j.channel and o.is_active and o.verified_at is not null
    order by coalesce(o.provider::text = w.send_via::text, false) desc, o.tenant_id = j.tenant_id desc
    limit 1
  ) as p on true
  where j.status = 'pending'
$$;
comment on function private.read_notification_jobs(uuid[], uuid[]) is
  'What pending jobs need to be sent: the address as it counts now, the words in the language of the person, the look, and by whom. stop says why one is not sent.';

create function private.begin_phone_message(tenant uuid, job uuid, provider_id uuid, provider text) returns boolean
  language plpgsql
  set search_path = ''
as $$
begin
  update private.notification_jobs as j
  set begun_at = now(), provider_id = begin_phone_message.provider_id, provider = begin_phone_message.provider
  where j.tenant_id = begin_phone_message.tenant and j.id = begin_phone_message.job and j.status = 'pending' and j.begun_at is null;
  return found;
end
$$;
comment on function private.begin_phone_message(uuid, uuid, uuid, text) is
  'Says that a message to a telephone is being sent from now on. A dispatcher that is killed after that sends no second one. False if another has begun before.';

create function private.record_notification_attempts(attempts jsonb) returns void
  language plpgsql
  set search_path = ''
as $$
declare
  refused record;
begin
  insert into public.notification_dispatch_log (tenant_id, notification_job_id, channel, type, recipients_count, provider, status,
    provider_response, error, duration_ms, attempt)
  select j.tenant_id, j.id, j.channel::text, j.type, case when a.dispatched = 'skipped_dev_filter' then 0 else 1 end, a.provider,
    a.dispatched::public.dispatch_status, jsonb_build_object('detail', left(a.detail, 250)),
    case when a.dispatched = 'failed' then left(a.detail, 1000) end, a.duration_ms, coalesce(a.attempt, 1)
  from jsonb_to_recordset(attempts) as a (tenant_id uuid, job_id uuid, dispatched text, provider text, detail text, duration_ms int, attempt int)
  join private.notification_jobs as j on j.tenant_id = a.tenant_id and j.id = a.job_id
  where a.dispatched is not null;

  update private.notification_jobs as j set
    status = a.status::private.notification_job_status, settled_at = now(), data = '{}', words = null,
    provider = coalesce(a.provider, j.provider), provider_id = coalesce(a.provider_id, j.provider_id),
    message_id = left(a.message_id, 300), template_version = a.template_version,
    error = case when a.status <> 'sent' then left(a.detail, 1000) end
  from jsonb_to_recordset(attempts) as a (tenant_id uuid, job_id uuid, status text, provider text, provider_id uuid, message_id text,
    template_version int, detail text, has_begun boolean)
  where j.tenant_id = a.tenant_id and j.id = a.job_id and a.status is not null
    -- Whoever began to send to a telephone knows better than whoever found that somebody had begun.
    and (j.status = 'pending' or j.status = 'unknown' and a.has_begun);

  -- The provider did not take it, so another attempt costs nothing more.
  update private.notification_jobs as j set begun_at = null
  from jsonb_to_recordset(attempts) as a (tenant_id uuid, job_id uuid, status text, has_begun boolean)
  where j.tenant_id = a.tenant_id and j.id = a.job_id and j.status = 'pending' and a.status is null and a.has_begun;

  -- A callback may have been quicker than this. Then the job is settled already, and its values are kept no longer.
  update private.notification_jobs as j set message_id = coalesce(j.message_id, left(a.message_id, 300)), template_version = a.template_version
  from jsonb_to_recordset(attempts) as a (tenant_id uuid, job_id uuid, status text, message_id text, template_version int)
  where j.tenant_id = a.tenant_id and j.id = a.job_id and a.status = 'sent' and j.status in ('delivered', 'failed') and j.template_version is null;

  -- A provider that knows the key no more is not asked again: the platform's takes its place, and the admins hear it once.
  for refused in
    update public.notification_providers as p set verified_at = null, last_error = left(a.detail, 1000)
    from (select distinct on (r.provider_id) r.* from jsonb_to_recordset(attempts) as r (tenant_id uuid, provider_id uuid, detail text, is_refused boolean)
      where r.is_refused) as a
    where p.tenant_id = a.tenant_id and p.id = a.provider_id and p.verified_at is not null and p.tenant_id <> private.platform_tenant_id()
    returning p.tenant_id, p.ref_id, p.channel, p.provider
  loop
    perform private.notify(refused.tenant_id, 'provider.refused', '{admins}', jsonb_build_object('provider', refused.provider),
      'notification_provider', refused.ref_id);
  end loop;

  -- Nobody takes the place of the platform's own. Its operators hear it once, until it has sent something again.
  for refused in
    update public.notification_providers as p set last_error = left(a.detail, 1000)
    from (select distinct on (r.provider_id) r.* from jsonb_to_recordset(attempts) as r (provider_id uuid, detail text, is_refused boolean)
      where r.is_refused) as a
    where p.tenant_id = private.platform_tenant_id() and p.id = a.provider_id and p.last_error is null
    returning p.tenant_id, p.ref_id, p.channel, p.provider
  loop
    perform private.notify(refused.tenant_id, 'platform.provider_refused', '{admins}',
      jsonb_build_object('provider', refused.provider, 'channel', refused.channel), 'notification_provider', refused.ref_id);
  end loop;

  -- What cannot be sent for a moment is tried again, and is nothing to tell of. What lasts is.
  update public.notification_providers as p set failing_since_at = now()
  where p.tenant_id = private.platform_tenant_id() and p.failing_since_at is null and p.id in (
    select a.provider_id from jsonb_to_recordset(attempts) as a (provider_id uuid, is_down boolean) where a.is_down);
  for refused in
    update public.notification_providers as p set last_error = left(a.detail, 1000)
    from (select distinct on (r.provider_id) r.* from jsonb_to_recordset(attempts) as r (provider_id uuid, detail text, is_down boolean)
      where r.is_down) as a
    where p.tenant_id = private.platform_tenant_id() and p.id = a.provider_id and p.last_error is null
      and p.failing_since_at <= now() - interval '5 minutes'
    returning p.tenant_id, p.ref_id, p.channel, p.provider
  loop
    perform private.notify(refused.tenant_id, 'platform.provider_unreachable', '{admins}',
      jsonb_build_object('provider', refused.provider, 'channel', refused.channel), 'notification_provider', refused.ref_id);
  end loop;
  if exists (select from public.notification_providers as p
      where p.tenant_id = private.platform_tenant_id() and (p.last_error is not null or p.failing_since_at is not null)) then
    update public.notification_providers as p set last_error = null, failing_since_at = null
    where p.tenant_id = private.platform_tenant_id() and (p.last_error is not null or p.failing_since_at is not null) and p.id in (
      select a.provider_id from jsonb_to_recordset(attempts) as a (provider_id uuid, dispatched text) where a.dispatched = 'sent');
  end if;
end
$$;
comment on function private.record_notification_attempts(jsonb) is
  'Writes attempts to the dispatch log, settles the jobs whose status is given, and takes back the trust in providers that refused their credentials.';

select private.register_notification_type('provider.refused', 'messages', 'A provider of messages does not accept the credentials of the tenant.',
  '{"en": "{{provider}} does not accept your credentials any more. Your messages go out by our provider until you set them again.",
    "de": "{{provider}} nimmt deine Zugangsdaten nicht mehr an. Deine Nachrichten gehen über unseren Anbieter hinaus, bis du sie neu setzt.",
    "fr": "{{provider}} n’accepte plus vos identifiants. Vos messages partent par notre prestataire jusqu’à ce que vous les redéfinissiez."}',
  '{"provider": "smtp"}', is_critical => true);

select private.register_notification_type('platform.provider_refused', 'messages', 'A provider of messages does not accept the credentials of the platform.',
  '{"en": "{{provider}} does not accept the platform''s credentials for {{channel}}. Tenants without a provider of their own send nothing by it.",
    "de": "{{provider}} nimmt die Zugangsdaten der Plattform für {{channel}} nicht an. Mandanten ohne eigenen Anbieter verschicken darüber nichts.",
    "fr": "{{provider}} n’accepte pas les identifiants de la plateforme pour {{channel}}. Les clients sans prestataire à eux n’envoient rien par là."}',
  '{"provider": "smtp", "channel": "email"}', is_critical => true);

select private.register_notification_type('platform.provider_unreachable', 'messages', 'A provider of messages of the platform cannot be reached.',
  '{"en": "{{provider}} has not been reachable for minutes. Messages by {{channel}} of tenants without a provider of their own wait, and are given up after hours.",
    "de": "{{provider}} ist seit Minuten nicht erreichbar. Nachrichten über {{channel}} von Mandanten ohne eigenen Anbieter warten, und nach Stunden werden sie aufgegeben.",
    "fr": "{{provider}} est injoignable depuis plusieurs minutes. Les messages par {{channel}} des clients sans prestataire à eux attendent, et sont abandonnés après des heures."}',
  '{"provider": "smtp", "channel": "email"}', is_critical => true);
