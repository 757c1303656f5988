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
