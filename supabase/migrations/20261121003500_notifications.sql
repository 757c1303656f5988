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
  type text, category text, description text, messages jsonb, example jsonb, is_critical boolean default false
) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  -- A wrong name of a field must fail in its migration, and not when somebody is to be told.
  perform private.render_message(m.value, register_notification_type.example) from jsonb_each_text(messages) as m;
  insert into public.notification_types as t (type, category, description, is_critical, messages, example)
  values (register_notification_type.type, register_notification_type.category, register_notification_type.description,
    register_notification_type.is_critical, register_notification_type.messages, register_notification_type.example)
  on conflict on constraint notification_types_pkey do update
    set (category, description, is_critical, messages, example) =
      (excluded.category, excluded.description, excluded.is_critical, excluded.messages, excluded.example)
    where (t.category, t.description, t.is_critical, t.messages, t.example)
      is distinct from (excluded.category, excluded.description, excluded.is_critical, excluded.messages, excluded.example);
end
$$;
comment on function private.register_notification_type(text, text, text, jsonb, jsonb, boolean) is
  'Adds a notification type to the catalogue, or updates its row. The file of the noun that notifies calls this. Fails if a message cannot be made from the example.';

select private.register_table('public.notification_types', plain => '{type,category,description,messages,example}', unaudited => 'changed by migrations only');

-- 02_notifications.sql

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
  idempotency_key text default null
) returns int
  language plpgsql security definer
  set search_path = ''
  -- A session that plans this while the tables are new and empty would read all of them for every later call.
  set enable_seqscan = off
as $$
declare
  messages jsonb;
  tenant_locale text;
  told int;
begin
  if cardinality(recipients) > 10000 then
    raise exception 'notify: at most 10,000 recipients in one call.';
  end if;
  select t.messages into messages from public.notification_types as t where t.type = notify.type;
  if messages is null then
    raise exception 'notify: there is no notification type "%" in the catalogue.', left(notify.type, 100);
  end if;
  -- Rows that are restored to an earlier state (the demo's nightly reset) are nothing to tell of.
  select t.locale into tenant_locale from public.tenants as t where t.id = tenant and t.status <> 'archived';
  if not found or current_setting('tenantry.is_restoring', true) = 'on' then
    return 0;
  end if;
  insert into public.notifications (tenant_id, user_id, type, message, data, subject_type, subject_ref, idempotency_key)
  select tenant, m.user_id, notify.type,
    private.render_message(coalesce(messages ->> left(p.locale, 2), messages ->> left(tenant_locale, 2), messages ->> 'en'), notify.data),
    notify.data, notify.subject_type, notify.subject_ref, notify.idempotency_key
  from public.tenant_members as m join public.user_profiles as p on p.user_id = m.user_id
  where m.tenant_id = tenant and m.status = 'active' and (
    m.user_id::text = any (recipients)
    or 'everybody' = any (recipients)
    or 'admins' = any (recipients) and m.role in ('owner', 'admin')
    or 'owners' = any (recipients) and m.role = 'owner')
  -- Two calls at once lock in one order.
  order by m.user_id
  on conflict do nothing;
  get diagnostics told = row_count;
  return told;
end
$$;
comment on function private.notify(uuid, text, text[], jsonb, text, text, text) is
  'Tells people of a tenant something, if and only if this transaction commits. Recipients: owners, admins (owners and admins), everybody, or ids of users; only active members are told. A key counts once for each person. Returns how many were told. Fails for a type that is not in the catalogue, and for data without a field of its message.';

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
