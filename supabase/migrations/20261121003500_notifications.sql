-- Made by "npm run generate" from supabase/schemas/35_notifications. Change it there.

-- 01_notification_types.sql

-- Notification types: the catalogue of what people are told, and in which words.

-- How somebody is told besides inside the application.
create type public.notification_channel as enum ('email', 'sms', 'whatsapp');

create table public.notification_types (
  type text primary key,
  category text not null,
  description text not null,
  is_critical boolean not null default false,
  channels public.notification_channel[] not null default '{email}',
  messages jsonb not null,
  example jsonb not null,
  created_at timestamptz not null default now(),
  constraint notification_type_is_dotted check (type ~ '^[a-z][a-z_]{0,39}(\.[a-z][a-z_]{0,39}){1,3}$'),
  constraint category_is_a_word check (category ~ '^[a-z][a-z_]{1,39}$'),
  constraint message_in_english check (messages ->> 'en' is not null)
);
comment on table public.notification_types is
  'The catalogue of what people are told.';
comment on column public.notification_types.category is 'What a page groups notifications by.';
comment on column public.notification_types.is_critical is 'Whether something stops working unless somebody acts. A page shows it first.';
comment on column public.notification_types.channels is
  'How people are told besides inside the application, as long as neither they nor their tenant have chosen.';
comment on column public.notification_types.messages is
  'The sentence in each language, by its two letters: {"en": "{{domain.host}} is lost."}. A name in braces is a field of the data.';

alter table public.notification_types enable row level security;
create policy "everyone signed in reads the notification types" on public.notification_types
  for select to authenticated using (true);
grant select on public.notification_types to authenticated, service_role;

create function private.render_message(template text, data jsonb) returns text
  language plpgsql immutable
  set search_path = ''
as $$
declare
  field constant text := '\{\{([a-z_]+(?:\.[a-z_]+)*)\}\}';
  texts text[] := regexp_split_to_array(template, field);
  names text[] := array(select m[1] from regexp_matches(template, field, 'g') as m);
  value text;
  message text := texts[1];
begin
  -- Between the texts, and never into a text that holds a value already: a value may look like a field.
  for i in 1 .. cardinality(names) loop
    value := data #>> string_to_array(names[i], '.');
    if value is null then
      raise exception 'The message needs the field "%", and the data does not have it: %', names[i], left(data::text, 500);
    end if;
    -- A name that somebody chose must not keep others from being told, nor turn the direction of the sentence.
    message := message || left(regexp_replace(value, '[[:cntrl:]\u200e\u200f\u202a-\u202e\u2066-\u2069]', ' ', 'g'), 200) || texts[i + 1];
  end loop;
  return left(message, 2000);
end
$$;
comment on function private.render_message(text, jsonb) is
  'A sentence with each {{field.name}} replaced by the data''s value, as plain text. Fails if the data does not have a field.';

create function private.register_notification_type(
  type text, category text, description text, messages jsonb, example jsonb, is_critical boolean default false,
  channels public.notification_channel[] default '{email}'
) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  -- A wrong name of a field must fail in its migration, and not when somebody is to be told.
  perform private.render_message(m.value, register_notification_type.example) from jsonb_each_text(messages) as m;
  insert into public.notification_types as t (type, category, description, is_critical, channels, messages, example)
  values (register_notification_type.type, register_notification_type.category, register_notification_type.description,
    register_notification_type.is_critical, register_notification_type.channels, register_notification_type.messages, register_notification_type.example)
  on conflict on constraint notification_types_pkey do update
    set (category, description, is_critical, channels, messages, example) =
      (excluded.category, excluded.description, excluded.is_critical, excluded.channels, excluded.messages, excluded.example)
    where (t.category, t.description, t.is_critical, t.channels, t.messages, t.example)
      is distinct from (excluded.category, excluded.description, excluded.is_critical, excluded.channels, excluded.messages, excluded.example);
end
$$;
comment on function private.register_notification_type(text, text, text, jsonb, jsonb, boolean, public.notification_channel[]) is
  'Adds a notification type to the catalogue, or updates its row. The file of the noun that notifies calls this. Fails if a message cannot be made from the example.';

select private.register_table('public.notification_types', plain => '{type,category,description,messages,example}', unaudited => 'changed by migrations only');

-- 02_preferences.sql

-- Preferences: which notifications are sent as well, and how, and when nobody is to be disturbed.

create table public.notification_preferences (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  user_id uuid,
  channels jsonb not null default '{}',
  quiet_from time,
  quiet_until time,
  time_zone text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (tenant_id, id),
  foreign key (tenant_id, user_id) references public.tenant_members on delete cascade,
  constraint one_for_each_person unique nulls not distinct (tenant_id, user_id),
  constraint channels_are_small check (jsonb_typeof(channels) = 'object' and private.json_fits(channels, 8192)),
  constraint quiet_hours_have_both check ((quiet_from is null) = (quiet_until is null) and quiet_from <> quiet_until),
  constraint time_zone_is_short check (length(time_zone) <= 64)
);
comment on table public.notification_preferences is
  'What a person wants to be told besides inside the application, one row for each. The row without a person is what the tenant has chosen for everybody who has not chosen.';
comment on column public.notification_preferences.channels is 'By category and channel: {"plan": {"email": false, "sms": true}}. For what is not named the type says by which channels it is sent. What is critical is always sent by these.';
comment on column public.notification_preferences.quiet_from is 'On the clock of the time zone. What is not critical waits until quiet_until. It may be on the next day.';
comment on column public.notification_preferences.time_zone is 'The IANA name. Null is the zone of the tenant.';
create trigger notification_preferences_touch before update on public.notification_preferences
  for each row execute function private.tg_touch_updated_at();
create trigger notification_preferences_check_time_zone before insert or update of time_zone on public.notification_preferences
  for each row when (new.time_zone is not null) execute function private.tg_check_time_zone();

alter table public.notification_preferences enable row level security;
create policy "people read their own notification preferences" on public.notification_preferences
  for select to authenticated
  using (user_id = (select auth.uid()) and tenant_id = any ((select private.tenant_ids('read'))::uuid[]));
grant select on public.notification_preferences to authenticated;
grant select, insert, update, delete on public.notification_preferences to service_role;

create function private.after_quiet_hours(at timestamptz, quiet_from time, quiet_until time, zone text) returns timestamptz
  language plpgsql stable
  set search_path = ''
as $$
declare
  clock timestamp := at at time zone zone;
  -- Quiet hours such as 22:00 to 07:00 end on the next day.
  is_quiet boolean := case when quiet_from < quiet_until then clock::time >= quiet_from and clock::time < quiet_until
    else clock::time >= quiet_from or clock::time < quiet_until end;
begin
  if is_quiet is not true then
    return at;
  end if;
  return greatest(at, ((clock::date + case when clock::time >= quiet_until then 1 else 0 end) + quiet_until) at time zone zone);
end
$$;
comment on function private.after_quiet_hours(timestamptz, time, time, text) is
  'This moment, or the end of the quiet hours in which it is. The hours are those of the clock in this zone.';

select private.register_table('public.notification_preferences', plain => '{channels,time_zone}',
  unaudited => 'what a person wants to be told is their own affair');

-- 03_suppressions.sql

-- Suppressions: addresses to which a tenant sends nothing more.

create type public.suppression_reason as enum (
  'unsubscribed', -- critical mails still go there
  'bounced',      -- there is no such mailbox
  'complained',   -- it was reported as spam
  'manual'        -- a manager said so
);

create table public.notification_suppressions (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  ref_id text not null generated always as (private.ulid(id)) stored,
  channel public.notification_channel not null,
  address text not null,
  reason public.suppression_reason not null,
  expires_at timestamptz,
  created_at timestamptz not null default now(),
  primary key (tenant_id, id),
  constraint one_for_each_address unique (tenant_id, channel, address),
  constraint suppressed_address_is_normal check (length(address) <= 320 and address = private.fold_email(address) and address ~ '^[!-~]+$')
);
comment on table public.notification_suppressions is
  'Addresses to which a tenant sends nothing more: their readers said so, or no mailbox is there. A manager can lift it.';
create unique index notification_suppressions_ref_id_idx on public.notification_suppressions (tenant_id, ref_id) where ref_id is not null;
create index notification_suppressions_expires_at_idx on public.notification_suppressions (expires_at) where expires_at is not null;

alter table public.notification_suppressions enable row level security;
create policy "managers read their tenant's suppressions" on public.notification_suppressions
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read_admin'))::uuid[]));
create policy "managers lift their tenant's suppressions" on public.notification_suppressions
  for delete to authenticated using (tenant_id = any ((select private.tenant_ids('manage'))::uuid[]));
grant select, delete on public.notification_suppressions to authenticated;
grant select, insert, update, delete on public.notification_suppressions to service_role;

create function private.is_suppressed(tenant uuid, channel public.notification_channel, address text, is_critical boolean) returns boolean
  language sql stable
  set search_path = ''
as $$
  select exists (
    select from public.notification_suppressions as s
    where s.tenant_id = is_suppressed.tenant and s.channel = is_suppressed.channel and s.address = private.fold_email(is_suppressed.address)
      and (s.expires_at is null or s.expires_at > now()) and not (is_suppressed.is_critical and s.reason = 'unsubscribed'))
$$;
comment on function private.is_suppressed(uuid, public.notification_channel, text, boolean) is
  'Whether a tenant sends nothing to an address. Whoever unsubscribed is still told what is critical.';

create function private.suppress(tenant uuid, channel public.notification_channel, address text, reason public.suppression_reason,
    expires_at timestamptz default null) returns void
  language sql
  set search_path = ''
as $$
  insert into public.notification_suppressions as s (tenant_id, channel, address, reason, expires_at)
  values (suppress.tenant, suppress.channel, private.fold_email(suppress.address), suppress.reason, suppress.expires_at)
  on conflict on constraint one_for_each_address do update set (reason, expires_at) = (excluded.reason, excluded.expires_at)
    -- A mailbox that does not exist is the stronger reason: nothing at all goes there. What ends takes the place of nothing
    -- that stays.
    where s.expires_at is not null or s.reason = 'unsubscribed' and excluded.expires_at is null
$$;
comment on function private.suppress(uuid, public.notification_channel, text, public.suppression_reason, timestamptz) is
  'Has a tenant send nothing more to an address.';

create function private.sweep_suppressions(batch int default 1000) returns int
  language sql volatile
  set search_path = ''
as $$
  with swept as (
    delete from public.notification_suppressions as s where s.ctid = any (array(
      select o.ctid from public.notification_suppressions as o where o.expires_at <= now() limit batch for update skip locked))
    returning 1
  )
  select count(*)::int from swept
$$;
comment on function private.sweep_suppressions(int) is 'Removes suppressions that have ended, at most one batch. Returns how many.';
select cron.schedule('notifications: remove suppressions that have ended', '*/10 * * * *', 'select private.sweep_suppressions()');

select private.register_table('public.notification_suppressions', personal => '{address}', on_forget => 'keep',
  kept_because => 'Without it, the person would be written to again. A manager can remove it.');

-- 04_jobs.sql

-- Jobs: one for each message that leaves the application, from the transaction of what it tells of until it is settled.

create type private.notification_job_status as enum (
  -- These five in the order in which a job moves, and never back.
  'pending',
  'unknown',     -- a message to a telephone, of which nobody knows; a second one would cost money
  'sent',
  'delivered',   -- the provider says that it arrived
  'failed',      -- it never will be sent, or it came back
  'suppressed',  -- nothing goes to this address
  'skipped'      -- whoever it was for has left meanwhile, or development sends to nobody
);

create table private.notification_jobs (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  channel public.notification_channel not null default 'email',
  type text not null,
  template text not null,
  template_version int,
  words jsonb,
  user_id uuid,
  address text,
  locale text not null default 'en',
  is_critical boolean not null default false,
  data jsonb not null default '{}',
  status private.notification_job_status not null default 'pending',
  idempotency_key text not null,
  batch_key text,
  -- 122 random bits: whoever holds the mail can end such mails.
  unsubscribe_token uuid not null default gen_random_uuid(),
  due_at timestamptz not null default now(),
  queued_at timestamptz,
  -- When an attempt to reach a telephone began. It stays until that attempt is known to have sent nothing.
  begun_at timestamptz,
  provider text,
  provider_id uuid,
  message_id text,
  error text,
  created_at timestamptz not null default now(),
  settled_at timestamptz,
  primary key (tenant_id, id),
  constraint job_is_for_one check ((user_id is null) <> (address is null)),
  constraint job_address_is_normal check (length(address) <= 320 and address = private.fold_email(address) and address ~ '^[!-~]+$'),
  constraint job_number_is_e164 check (channel = 'email' or address ~ '^\+[1-9][0-9]{6,14}$'),
  constraint job_data_is_small check (jsonb_typeof(data) = 'object' and private.json_fits(data, 65536)),
  constraint job_words_are_small check (jsonb_typeof(words) = 'object' and private.json_fits(words, 262144)),
  constraint job_key_is_short check (length(idempotency_key) between 1 and 200 and length(batch_key) between 1 and 200),
  constraint job_error_is_short check (length(error) <= 1000),
  constraint settled_has_a_moment check ((status = 'pending') = (settled_at is null))
) with (fillfactor = 80);
comment on table private.notification_jobs is
  'Every message that leaves the application: to whom, of which template, and what became of it. Written in the transaction of what it tells of.';
comment on column private.notification_jobs.address is 'Of somebody outside. A member''s is looked up when it is sent: it may be another by then, or none that counts.';
comment on column private.notification_jobs.provider_id is 'Whose settings sent it. Only their callbacks say what became of it.';
comment on column private.notification_jobs.message_id is 'How the provider names it in its callbacks.';
comment on column private.notification_jobs.data is 'The values of the template. Emptied once the job is settled, because it may hold the link of an invitation.';
comment on column private.notification_jobs.words is
  'Words of this one mail, in the place of those of its template: {"version", "subject", "body_html", "body_text", "variables"}. Emptied once the job is settled.';
comment on column private.notification_jobs.queued_at is 'When a dispatcher put it into the queue. From then on nothing is added to a digest.';
comment on column private.notification_jobs.batch_key is 'What is told of one key to one person until due_at is one message.';
comment on column private.notification_jobs.template_version is 'The version of the words that were sent.';
create unique index notification_jobs_key_idx on private.notification_jobs (tenant_id, channel, (coalesce(user_id::text, address)), idempotency_key);
create index notification_jobs_unsubscribe_token_idx on private.notification_jobs (unsubscribe_token);
-- The window of a digest is its job: whoever adds to it, and whoever closes it, locks this one row.
create unique index notification_jobs_window_idx on private.notification_jobs (tenant_id, channel, user_id, batch_key)
  where batch_key is not null and queued_at is null and status = 'pending';
create index notification_jobs_waiting_idx on private.notification_jobs (tenant_id, due_at) where queued_at is null and status = 'pending';
create index notification_jobs_due_at_idx on private.notification_jobs (due_at) where queued_at is null and status = 'pending';
create index notification_jobs_message_id_idx on private.notification_jobs (provider_id, message_id) where message_id is not null;
create index notification_jobs_settled_at_idx on private.notification_jobs using brin (settled_at) with (autosummarize = on);

create function private.add_to_digest(held jsonb, added jsonb) returns jsonb
  language sql immutable
  set search_path = ''
as $$
  -- Twenty lines, as many as anybody reads. The others are counted, and stand in the application.
  select jsonb_build_object('count', h.count + 1, 'message', added -> 'message',
    'messages', h.messages || case when h.count < 20 then E'\n' || left(added ->> 'message', 190) else '' end)
  from (select coalesce((held ->> 'count')::int, 1) as count, coalesce(held ->> 'messages', left(held ->> 'message', 190)) as messages) as h
$$;
comment on function private.add_to_digest(jsonb, jsonb) is 'The values of a digest with one more message, made of those that it held.';

-- For those who are no members, or not yet: nobody else is written to by an address that somebody gave.
create function private.message_address(
  tenant uuid, channel public.notification_channel, address text, template text, data jsonb, idempotency_key text,
  locale text default null, is_critical boolean default false, type text default null, words jsonb default null
) returns uuid
  language plpgsql
  set search_path = ''
as $$
declare
  recipient text := case when channel = 'email' then private.normalize_email(address) else address end;
  made uuid;
begin
  insert into private.notification_jobs (tenant_id, channel, type, template, address, locale, is_critical, data, idempotency_key, words)
  select t.id, message_address.channel, coalesce(message_address.type, message_address.template), message_address.template, recipient,
    coalesce(message_address.locale, t.locale), message_address.is_critical, message_address.data, message_address.idempotency_key,
    message_address.words
  from public.tenants as t
  where t.id = message_address.tenant and t.status <> 'archived' and current_setting('tenantry.is_restoring', true) is distinct from 'on'
  on conflict do nothing
  returning id into made;
  return made;
end
$$;
comment on function private.message_address(uuid, public.notification_channel, text, text, jsonb, text, text, boolean, text, jsonb) is
  'Sends a template, or other words in its place, to an address or a number (as E.164 has it), if and only if this transaction commits. A key counts once for each channel and address. Returns the id of the job, or null if there is nothing new to send.';

create function private.mail_address(
  tenant uuid, address text, template text, data jsonb, idempotency_key text, locale text default null, is_critical boolean default false
) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  perform private.message_address(tenant, 'email', address, template, data, idempotency_key, locale, is_critical);
end
$$;
comment on function private.mail_address(uuid, text, text, jsonb, text, text, boolean) is
  'Mails a template to an address, if and only if this transaction commits. A key counts once for each address.';

create function private.sweep_notification_jobs(batch int default 5000) returns int
  language sql volatile
  set search_path = ''
as $$
  with swept as (
    delete from private.notification_jobs as j where j.ctid = any (array(
      select o.ctid from private.notification_jobs as o where o.settled_at < now() - interval '180 days' limit batch for update skip locked))
    returning 1
  )
  select count(*)::int from swept
$$;
comment on function private.sweep_notification_jobs(int) is 'Removes jobs 180 days after they were settled, at most one batch. Returns how many.';
select cron.schedule('notifications: remove old jobs', '*/10 * * * *', 'select private.sweep_notification_jobs()');

select private.register_table('private.notification_jobs', keeping => 'history',
  plain => '{type,template,locale,idempotency_key,batch_key,provider,message_id,error,words}', personal => '{address}', secret => '{data}',
  person => 'address', on_forget => 'delete', unaudited => 'each attempt has a row in the dispatch log');

-- 05_notifications.sql

-- Notifications: what a person is told inside the application, one row for each person.

create table public.notifications (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  ref_id text not null generated always as (private.ulid(id)) stored,
  user_id uuid not null,
  type text not null references public.notification_types on update cascade on delete restrict,
  message text not null,
  data jsonb not null default '{}',
  subject_type text,
  subject_ref text,
  idempotency_key text,
  read_at timestamptz,
  archived_at timestamptz,
  created_at timestamptz not null default now(),
  primary key (tenant_id, id),
  -- Who leaves the tenant takes nothing along.
  foreign key (tenant_id, user_id) references public.tenant_members on delete cascade,
  constraint message_is_text check (length(message) between 1 and 2000),
  constraint notification_data_is_small check (jsonb_typeof(data) = 'object' and private.json_fits(data, 8192)),
  constraint subject_has_both check ((subject_type is null) = (subject_ref is null)),
  constraint subject_is_short check (length(subject_type) between 1 and 100 and length(subject_ref) between 1 and 100),
  constraint notification_key_is_short check (length(idempotency_key) between 1 and 200)
) with (fillfactor = 80);
comment on table public.notifications is
  'What a person is told inside the application. Written in the transaction of what it tells of, and kept for 180 days.';
comment on column public.notifications.message is 'Plain text, in the language of the person or else of the tenant.';
comment on column public.notifications.subject_type is 'What it is about, so that a page can lead there: domain, endpoint, order.';
create unique index notifications_ref_id_idx on public.notifications (tenant_id, ref_id) where ref_id is not null;
create unique index notifications_idempotency_key_idx on public.notifications (tenant_id, user_id, idempotency_key)
  where idempotency_key is not null;
create index notifications_person_idx on public.notifications (tenant_id, user_id, id);
create index notifications_unread_idx on public.notifications (tenant_id, user_id, id) where read_at is null and archived_at is null;
create index notifications_type_idx on public.notifications (type);
create index notifications_created_at_idx on public.notifications using brin (created_at) with (autosummarize = on);

alter table public.notifications enable row level security;
create policy "people read what they are told" on public.notifications
  for select to authenticated
  using (user_id = (select auth.uid()) and tenant_id = any ((select private.tenant_ids('read'))::uuid[]));
grant select on public.notifications to authenticated, service_role;

-- A definer, because nobody may write a notification directly: it would be a message in somebody else's name.
create function private.notify(
  tenant uuid, type text, recipients text[], data jsonb default '{}', subject_type text default null, subject_ref text default null,
  idempotency_key text default null, batch_key text default null, batch_window interval default '5 minutes'
) returns int
  language plpgsql security definer
  set search_path = ''
  -- A session that plans this while the tables are new and empty would read all of them for every later call.
  set enable_seqscan = off
as $$
#variable_conflict use_column
declare
  catalogue public.notification_types;
  place record;
  told int;
begin
  if cardinality(recipients) > 10000 then
    raise exception 'notify: at most 10,000 recipients in one call.';
  end if;
  if batch_window not between interval '0' and interval '7 days' then
    raise exception 'notify: a window of at most seven days.';
  end if;
  select * into catalogue from public.notification_types as t where t.type = notify.type;
  if not found then
    raise exception 'notify: there is no notification type "%" in the catalogue.', left(notify.type, 100);
  end if;
  -- Rows that are restored to an earlier state (the demo's nightly reset) are nothing to tell of.
  select t.locale, t.time_zone into place from public.tenants as t where t.id = tenant and t.status <> 'archived';
  if not found or current_setting('tenantry.is_restoring', true) = 'on' then
    return 0;
  end if;
  with told as (
    insert into public.notifications (tenant_id, user_id, type, message, data, subject_type, subject_ref, idempotency_key)
    select tenant, m.user_id, notify.type,
      private.render_message(coalesce(catalogue.messages ->> left(p.locale, 2), catalogue.messages ->> left(place.locale, 2), catalogue.messages ->> 'en'),
        notify.data),
      notify.data, notify.subject_type, notify.subject_ref, notify.idempotency_key
    from public.tenant_members as m join public.user_profiles as p on p.user_id = m.user_id
    where m.tenant_id = tenant and m.status = 'active' and (
      m.user_id::text = any (recipients)
      or 'everybody' = any (recipients)
      or 'admins' = any (recipients) and m.role in ('owner', 'admin')
      or 'owners' = any (recipients) and m.role = 'owner')
    -- Two calls at once lock in one order.
    order by m.user_id
    on conflict do nothing
    returning id, user_id, message
  ), sent as (
    insert into private.notification_jobs as j (tenant_id, channel, type, template, user_id, locale, is_critical, data, idempotency_key, batch_key, due_at)
    select tenant, c.channel, notify.type, 'notification', n.user_id, coalesce(p.locale, place.locale), catalogue.is_critical,
      jsonb_build_object('message', n.message), n.id::text, case when not catalogue.is_critical then notify.batch_key end,
      case when catalogue.is_critical then now() else private.after_quiet_hours(
        case when notify.batch_key is null then now() else now() + batch_window end, coalesce(own.quiet_from, common.quiet_from),
        case when own.quiet_from is null then common.quiet_until else own.quiet_until end,
        coalesce(own.time_zone, common.time_zone, place.time_zone)) end
    from told as n join public.user_profiles as p on p.user_id = n.user_id
    left join public.notification_preferences as own on own.tenant_id = tenant and own.user_id = n.user_id
    left join public.notification_preferences as common on common.tenant_id = tenant and common.user_id is null
    cross join unnest('{email,sms,whatsapp}'::public.notification_channel[]) as c (channel)
    where (c.channel = 'email' or p.phone_verified_at is not null) and (
      catalogue.is_critical and c.channel = any (catalogue.channels)
      or coalesce(own.channels #>> array[catalogue.category, c.channel::text], common.channels #>> array[catalogue.category, c.channel::text],
        (c.channel = any (catalogue.channels))::text) = 'true')
    -- Two calls at once lock in one order.
    order by n.user_id, c.channel
    on conflict (tenant_id, channel, user_id, batch_key) where batch_key is not null and queued_at is null and status = 'pending'
      do update set template = 'digest', data = private.add_to_digest(j.data, excluded.data)
    returning 1
  )
  select count(*)::int into told from told;
  return told;
end
$$;
comment on function private.notify(uuid, text, text[], jsonb, text, text, text, text, interval) is
  'Tells people of a tenant something, if and only if this transaction commits. Recipients: owners, admins (owners and admins), everybody, or ids of users; only active members are told. A key counts once for each person. What is told of one batch_key within a window is one message. Returns how many were told. Fails for a type that is not in the catalogue, and for data without a field of its message.';

-- Definers, this one and the next: people may change nothing of a row but what it says of themselves.
create function public.mark_notifications(tenant_id uuid, ref_ids text[], is_read boolean default null, is_archived boolean default null)
  returns int
  language plpgsql security definer
  set search_path = ''
as $$
#variable_conflict use_column
declare
  marked int;
begin
  perform private.require_permission(mark_notifications.tenant_id, 'read');
  if ref_ids is null or cardinality(ref_ids) not between 1 and 100 then
    perform private.raise_problem(422, 'invalid_value', 'Name 1 to 100 notifications.',
      '[{"pointer": "/ref_ids", "detail": "must name 1 to 100 notifications"}]');
  end if;
  update public.notifications as n set
    read_at = case when mark_notifications.is_read then coalesce(n.read_at, now()) when not mark_notifications.is_read then null else n.read_at end,
    archived_at = case when mark_notifications.is_archived then coalesce(n.archived_at, now())
      when not mark_notifications.is_archived then null else n.archived_at end
  where n.tenant_id = mark_notifications.tenant_id and n.user_id = (select auth.uid()) and n.ref_id = any (ref_ids);
  get diagnostics marked = row_count;
  return marked;
end
$$;
comment on function public.mark_notifications(uuid, text[], boolean, boolean) is
  'Marks the caller''s own notifications as read or archived, or as neither. Null leaves a mark as it is. Returns how many there are of them.';

create function public.mark_all_notifications_read(tenant_id uuid, until_ref text) returns int
  language plpgsql security definer
  set search_path = ''
as $$
#variable_conflict use_column
declare
  marked int;
begin
  perform private.require_permission(mark_all_notifications_read.tenant_id, 'read');
  -- What arrived after the page was shown was not read.
  update public.notifications as n set read_at = now()
  where n.tenant_id = mark_all_notifications_read.tenant_id and n.user_id = (select auth.uid())
    and n.read_at is null and n.archived_at is null and n.id <= private.ulid_to_uuid(left(until_ref, 27));
  get diagnostics marked = row_count;
  return marked;
end
$$;
comment on function public.mark_all_notifications_read(uuid, text) is
  'Marks all of the caller''s notifications as read, up to the newest one that was shown. Returns how many were unread.';
grant execute on function public.mark_notifications(uuid, text[], boolean, boolean), public.mark_all_notifications_read(uuid, text) to authenticated;

create function private.sweep_notifications(batch int default 5000) returns int
  language sql volatile
  set search_path = ''
as $$
  with swept as (
    delete from public.notifications as n where n.ctid = any (array(
      select o.ctid from public.notifications as o where o.created_at < now() - interval '180 days' limit batch for update skip locked))
    returning 1
  )
  select count(*)::int from swept
$$;
comment on function private.sweep_notifications(int) is 'Removes notifications after 180 days, at most one batch. Returns how many.';
select cron.schedule('notifications: remove old ones', '*/10 * * * *', 'select private.sweep_notifications()');

select private.register_table('public.notifications', keeping => 'history', plain => '{type,subject_type,subject_ref,idempotency_key}',
  personal => '{message,data}', person => 'data', on_forget => 'delete',
  unaudited => 'what it tells of has a row of its own in the log');
