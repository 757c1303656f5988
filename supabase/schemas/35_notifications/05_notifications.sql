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
