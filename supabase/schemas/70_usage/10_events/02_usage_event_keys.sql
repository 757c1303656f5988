-- Usage event keys: the ids of recent events, so that an event that is sent twice counts once.

-- A unique key on a partitioned table must contain the column of the partition. Then the same event with another
-- time would be accepted again. This small table prevents that.
create table public.usage_event_keys (
  -- No foreign key: checking it for each of a thousand rows took as long as storing them. Instead the trigger
  -- below removes the rows of a deleted tenant.
  tenant_id uuid not null,
  source text not null,
  event_id text not null,
  payload_hash uuid not null,
  -- The event that was stored under this key. No foreign key, for the same reason.
  usage_event_id uuid,
  created_at timestamptz not null default now(),
  primary key (tenant_id, source, event_id),
  constraint event_key_is_short check (length(source) <= 255 and length(event_id) <= 255)
);
comment on table public.usage_event_keys is 'The event ids that a tenant has sent in the last 35 days, and a hash of the content of each event.';

-- Rows arrive in order of time, so a block-range index finds the old rows and costs almost nothing per row.
create index usage_event_keys_created_at_idx on public.usage_event_keys using brin (created_at);

create function private.tg_forget_usage_keys() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  delete from public.usage_event_keys where tenant_id = old.id;
  return null;
end
$$;
create trigger tenants_forget_usage_keys after delete on public.tenants
  for each row execute function private.tg_forget_usage_keys();

create function private.usage_window(out earliest timestamptz, out latest timestamptz)
  language plpgsql stable
  set search_path = ''
as $$
begin
  earliest := now() - coalesce(nullif(current_setting('tenantry.usage_past', true), ''), '35 days')::interval;
  latest := now() + coalesce(nullif(current_setting('tenantry.usage_ahead', true), ''), '1 hour')::interval;
end
$$;
comment on function private.usage_window() is
  'Between which moments an event may lie that is logged now. The settings tenantry.usage_past and tenantry.usage_ahead of the database say otherwise.';

create function private.sweep_usage_event_keys(batch int default 50000) returns int
  language sql volatile
  set search_path = ''
as $$
  with old as (
    select ctid from public.usage_event_keys 
    -- An event that lay ahead when it came may come again for so much longer.
    where created_at < (select w.earliest - (w.latest - now()) from private.usage_window() as w) limit batch
  ), swept as (
    delete from public.usage_event_keys where ctid = any (array(select ctid from old)) returning 1
  )
  select count(*)::int from swept
$$;
comment on function private.sweep_usage_event_keys(int) is 'Removes event ids that are older than any event may be, at most one batch. Returns how many.';

alter table public.usage_event_keys enable row level security;
create policy "members read their tenant's usage keys" on public.usage_event_keys
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read'))::uuid[]));
grant select on public.usage_event_keys to authenticated, service_role;

select cron.schedule('usage: forget old event ids', '*/10 * * * *',
  'select private.sweep_usage_event_keys()');

select private.register_table('public.usage_event_keys', plain => '{source,event_id}', unaudited => 'each key belongs to a row of usage_events');
