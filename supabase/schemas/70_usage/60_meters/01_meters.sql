-- Meters: what a tenant wants to know about its usage events. A meter stores nothing: it reads the events when it is asked,
-- so it knows of those before it too, a void counts at once, and logging costs the same with meters or without.

create type public.meter_aggregation as enum ('count', 'sum', 'unique', 'max', 'latest');

-- What follows "data." is the path of a key in the event's data.
create function private.is_meter_property(property text) returns boolean
  language plpgsql immutable parallel safe
  set search_path = ''
as $$
begin
  return coalesce(property ~ '^(event_type|model_used|source|data(\.[A-Za-z0-9_-]{1,64}){1,4})$', false);
end
$$;

create function private.is_meter_grouping(properties text[]) returns boolean
  language plpgsql immutable parallel safe
  set search_path = ''
as $$
begin
  return cardinality(properties) <= 5 and coalesce(array_ndims(properties), 1) = 1
    and not exists (select from unnest(properties) as p (property) where not private.is_meter_property(p.property))
    and (select count(*) = count(distinct p.property) from unnest(properties) as p (property));
end
$$;
grant execute on function private.is_meter_property(text), private.is_meter_grouping(text[]) to authenticated, service_role;

create table public.usage_meters (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  ref_id text not null generated always as (private.ulid(id)) stored,
  slug text not null,
  name text not null,
  -- Which events it looks at. Null for all.
  event_type text,
  aggregation public.meter_aggregation not null,
  value_property text,
  group_by text[] not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  archived_at timestamptz,
  primary key (tenant_id, id),
  constraint meter_slug_is_free unique (tenant_id, slug),
  constraint meter_slug_format check (slug ~ '^[a-z0-9][a-z0-9_-]{0,62}[a-z0-9]$'),
  constraint meter_name_is_text check (length(btrim(name)) >= 1 and private.is_plain_text(name, 200)),
  constraint meter_event_type_is_a_dotted_word check (event_type ~ '^[a-z0-9][a-z0-9_.:-]{0,127}$'),
  constraint meter_value_fits_aggregation check (case aggregation
    when 'count' then value_property is null
    when 'unique' then private.is_meter_property(value_property)
    else coalesce(value_property in ('tokens_used', 'cost_micros')
      or value_property like 'data.%' and private.is_meter_property(value_property), false) end),
  constraint meter_groups_are_properties check (private.is_meter_grouping(group_by))
);
create unique index usage_meters_ref_id_idx on public.usage_meters (tenant_id, ref_id) where ref_id is not null;
comment on table public.usage_meters is
  'What a tenant measures of its usage events: which events, which value of them, how values are put together, and what they can be split by.';
create trigger usage_meters_touch before update on public.usage_meters for each row execute function private.tg_touch_updated_at();

create function private.tg_archive_meter() returns trigger
  language plpgsql
  set search_path = ''
as $$
begin
  new.archived_at := case when new.archived_at is not null then coalesce(old.archived_at, now()) end;
  return new;
end
$$;
comment on function private.tg_archive_meter() is 'Whoever archives a meter does it now, whatever moment they give.';
create trigger usage_meters_archive before update of archived_at on public.usage_meters
  for each row execute function private.tg_archive_meter();

alter table public.usage_meters enable row level security;
create policy "members read their tenant's meters" on public.usage_meters
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read', '{usage:read}'))::uuid[]));
create policy "managers define their tenant's meters" on public.usage_meters
  for insert to authenticated with check (tenant_id = any ((select private.tenant_ids('manage'))::uuid[]));
create policy "managers change their tenant's meters" on public.usage_meters
  for update to authenticated
  using (tenant_id = any ((select private.tenant_ids('manage'))::uuid[]))
  with check (tenant_id = any ((select private.tenant_ids('manage'))::uuid[]));
grant select on public.usage_meters to authenticated;
-- What was measured keeps its meaning: another value, type or aggregation is another meter.
grant insert (tenant_id, slug, name, event_type, aggregation, value_property, group_by), update (name, group_by, archived_at)
  on public.usage_meters to authenticated;
grant select, insert, update, delete on public.usage_meters to service_role;

select private.register_table('public.usage_meters', plain => '{slug,name,event_type,value_property,group_by}');
