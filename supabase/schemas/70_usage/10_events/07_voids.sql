-- Voids: usage events that no longer count. An event is never changed, so its void is a row of its own.

create table public.usage_event_voids (
  tenant_id uuid not null references public.tenants on delete cascade,
  usage_event_id uuid not null,
  -- The moment of the event, so that a void goes when the partition of its event goes.
  occurred_at timestamptz not null,
  reason text,
  user_id uuid,
  api_key_id uuid,
  created_at timestamptz not null default now(),
  primary key (tenant_id, usage_event_id),
  constraint void_reason_is_short check (length(reason) between 1 and 500)
);
comment on table public.usage_event_voids is
  'Usage events that were voided: when, by whom and why. Append-only. The event itself stays, and its totals were taken off usage_hours.';
create index usage_event_voids_occurred_at_idx on public.usage_event_voids (occurred_at);
create trigger usage_event_voids_never_change before update on public.usage_event_voids
  for each row execute function private.tg_refuse_change();

alter table public.usage_event_voids enable row level security;
create policy "members read their tenant's voids" on public.usage_event_voids
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read', '{usage:read}'))::uuid[]));
grant select on public.usage_event_voids to authenticated, service_role;

-- Position n of each array is event n: its id, or else the source and event_id under which it was sent. It looks each up
-- along an index, so one plan serves every batch. By the id alone: with the tenant, Postgres could read all of its events
-- in a partition that was empty when the plan was made.
create function private.find_usage_events(tenant uuid, ids uuid[], sources text[], event_ids text[])
  returns table (n int, id uuid, moment timestamptz, type text, model text, tokens bigint, cost bigint)
  language plpgsql stable
  set search_path = ''
  set plan_cache_mode = force_generic_plan
  set enable_nestloop = on
  set enable_seqscan = off
as $$
#variable_conflict use_column
begin
  return query
  select i.n::int, case when u.tenant_id = tenant then u.id end, u.occurred_at, u.event_type, u.model_used, u.tokens_used, u.cost_micros
  from unnest(ids, sources, event_ids) with ordinality as i (id, source, event_id, n)
  left join public.usage_event_keys as k
    on i.id is null and k.tenant_id = tenant and k.source = i.source and k.event_id = i.event_id
  left join public.usage_events as u on u.id = coalesce(i.id, k.usage_event_id)
  order by i.n;
end
$$;
comment on function private.find_usage_events(uuid, uuid[], text[], text[]) is
  'The events of a tenant with these ids, or sent under these sources and event_ids. Its id is null where it has no such event.';

-- Position n of each array is void n. One plan serves every batch, as of private.store_usage_events().
create function private.void_usage_events(
  tenant uuid, member uuid, key uuid, ids uuid[], sources text[], event_ids text[], reasons text[]
) returns table (n int, id uuid, outcome text)
  language plpgsql
  set search_path = ''
  set plan_cache_mode = force_generic_plan
  set enable_nestloop = off
as $$
#variable_conflict use_column
declare
  found_events record;
  taken record;
begin
  select array_agg(f.id order by f.n) as ids, array_agg(f.moment order by f.n) as moments, array_agg(f.type order by f.n) as types,
    array_agg(f.model order by f.n) as models, array_agg(f.tokens order by f.n) as tokens, array_agg(f.cost order by f.n) as costs
  into found_events from private.find_usage_events(tenant, ids, sources, event_ids) as f;
  with firsts as materialized (
    select distinct on (f.id) f.* from unnest(found_events.ids, found_events.moments, found_events.types, found_events.models,
      found_events.tokens, found_events.costs, reasons) with ordinality as f (id, moment, type, model, tokens, cost, reason, n)
    where f.id is not null order by f.id, f.n
  ), voided as (
    -- Sorted, so that two calls wait for each other in one order. Only the first void of an event takes it off.
    insert into public.usage_event_voids as v (tenant_id, usage_event_id, occurred_at, reason, user_id, api_key_id)
    select tenant, f.id, f.moment, f.reason, member, key from firsts as f order by f.id
    on conflict do nothing
    returning v.usage_event_id
  )
  select array_agg(f.type) as types, array_agg(f.model) as models, array_agg(f.tokens) as tokens, array_agg(f.cost) as costs,
    array_agg(f.moment) as moments
  into taken from firsts as f join voided as v on v.usage_event_id = f.id;
  if taken.types is not null then
    perform private.take_off_usage_hours(tenant, taken.types, taken.models, taken.tokens, taken.costs, taken.moments);
  end if;
  return query
  select a.n::int, a.id, case when a.id is null then 'not_found' else 'voided' end
  from unnest(found_events.ids) with ordinality as a (id, n) order by a.n;
end
$$;
comment on function private.void_usage_events(uuid, uuid, uuid, uuid[], text[], text[], text[]) is
  'Voids a batch of usage events and takes them off usage_hours. An event that was voided before is answered as voided and taken off once.';

-- A definer, as the functions that log events: nobody may write a void without the totals.
create function public.void_usage_events(
  tenant_id uuid, ref_ids text[], sources text[], event_ids text[], reasons text[]
) returns table (n int, id uuid, outcome text)
  language plpgsql security definer
  set search_path = ''
as $$
begin
  perform private.require_permission(void_usage_events.tenant_id, 'voids:write');
  if greatest(cardinality(ref_ids), cardinality(sources), cardinality(event_ids), cardinality(reasons)) > 1000 then
    perform private.raise_problem(422, 'invalid_value', 'At most 1000 events can be voided in one call.');
  end if;
  return query select * from private.void_usage_events(void_usage_events.tenant_id, (select auth.uid()),
    (select private.caller_api_key()),
    -- What is no ref_id names no event. Without its null the source and event_id would be looked at.
    array(select case when r.ref is not null then coalesce(private.ulid_to_uuid(left(r.ref, 27)), '00000000-0000-0000-0000-000000000000') end
      from unnest(ref_ids) with ordinality as r (ref, n) order by r.n),
    sources, event_ids, reasons);
end
$$;
comment on function public.void_usage_events(uuid, text[], text[], text[], text[]) is
  'Voids usage events, given as parallel arrays: each by its ref_id, or by the source and event_id under which it was sent. Returns voided or not_found for each.';
grant execute on function public.void_usage_events(uuid, text[], text[], text[], text[]) to authenticated, service_role;

create function private.sweep_usage_event_voids(at timestamptz default now()) returns int
  language sql volatile
  set search_path = ''
as $$
  with swept as (
    delete from public.usage_event_voids as v
    where v.occurred_at < private.oldest_kept_month('public.usage_events', at) returning 1
  )
  select count(*)::int from swept
$$;
comment on function private.sweep_usage_event_voids(timestamptz) is 'Removes the voids of events whose partition was dropped. Returns how many.';
select cron.schedule('usage: forget voids of dropped events', '47 3 * * *', 'select private.sweep_usage_event_voids()');

insert into private.api_scopes (scope, permission, description) values
  ('voids:write', 'manage', 'Void usage events.')
on conflict (scope) do update set (permission, description) = (excluded.permission, excluded.description);

select private.register_table('public.usage_event_voids', plain => '{reason}', keeping => 'history',
  unaudited => 'append-only, and it says itself who voided what');
