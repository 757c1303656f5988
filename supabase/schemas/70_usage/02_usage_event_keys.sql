-- A unique key on a partitioned table must hold the partition's column, so the same event with
-- another time would pass. This small table is what makes a retry harmless.
create table public.usage_event_keys (
  -- No foreign key: checking it for each of a thousand rows cost as much as storing them. The
  -- trigger below clears up after a deleted tenant instead.
  tenant_id uuid not null,
  source text not null,
  event_id text not null,
  payload_hash uuid not null,
  created_at timestamptz not null default now(),
  primary key (tenant_id, source, event_id)
);
comment on table public.usage_event_keys is 'Which event ids a tenant has sent in the last 35 days, and a hash of what each said.';

-- Rows arrive in time order, so a block-range index finds the old ones at almost no cost a row.
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

create function private.sweep_usage_event_keys(batch int default 50000) returns int
  language sql volatile
  set search_path = ''
as $$
  with old as (
    select ctid from public.usage_event_keys where created_at < now() - interval '35 days' limit batch
  ), swept as (
    delete from public.usage_event_keys where ctid = any (array(select ctid from old)) returning 1
  )
  select count(*)::int from swept
$$;
comment on function private.sweep_usage_event_keys(int) is 'Forgets event ids older than 35 days, at most a batch; answers how many.';

alter table public.usage_event_keys enable row level security;
create policy "members read their tenant's usage keys" on public.usage_event_keys
  for select to authenticated using (tenant_id = any (array(select private.tenant_ids('read'))));
grant select on public.usage_event_keys to authenticated, service_role;

select cron.schedule('usage: forget old event ids', '*/10 * * * *',
  'select private.sweep_usage_event_keys()');

select private.register_table('public.usage_event_keys', plain => '{source,event_id}', unaudited => 'remembers what usage_events holds already');
