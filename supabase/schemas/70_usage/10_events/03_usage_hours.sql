-- Usage hours: what each tenant used in each hour, so that nobody has to add up events.

create table public.usage_hours (
  tenant_id uuid not null references public.tenants on delete cascade,
  -- The beginning of the hour, in UTC.
  starts_at timestamptz not null,
  event_type text not null,
  -- Empty if the events named no model, because a key holds no null.
  model_used text not null default '',
  -- Totals have no upper limit, and a bigint does.
  event_count numeric not null,
  tokens_used numeric not null,
  cost_micros numeric not null,
  -- How many of the events said their tokens, and how many their cost. The others are in no sum.
  tokens_count numeric not null default 0,
  cost_count numeric not null default 0,
  -- How much of each lies in the first 15 and in the first 30 minutes. In some time zones an hour begins there. A row
  -- for each quarter of an hour would say the same, and a month would be four times as many rows to read.
  event_count_15 numeric not null default 0,
  event_count_30 numeric not null default 0,
  tokens_used_15 numeric not null default 0,
  tokens_used_30 numeric not null default 0,
  cost_micros_15 numeric not null default 0,
  cost_micros_30 numeric not null default 0,
  tokens_count_15 numeric not null default 0,
  tokens_count_30 numeric not null default 0,
  cost_count_15 numeric not null default 0,
  cost_count_30 numeric not null default 0,
  primary key (tenant_id, starts_at, event_type, model_used),
  constraint hour_is_whole check (starts_at = date_trunc('hour', starts_at, 'UTC')),
  constraint totals_not_negative check (event_count_15 >= 0 and tokens_used_15 >= 0 and cost_micros_15 >= 0
    and tokens_count_15 >= 0 and cost_count_15 >= 0),
  constraint parts_lie_in_their_hour check (event_count_15 <= event_count_30 and event_count_30 <= event_count
    and tokens_used_15 <= tokens_used_30 and tokens_used_30 <= tokens_used
    and cost_micros_15 <= cost_micros_30 and cost_micros_30 <= cost_micros
    and tokens_count_15 <= tokens_count_30 and tokens_count_30 <= tokens_count
    and cost_count_15 <= cost_count_30 and cost_count_30 <= cost_count)
-- Room on each page, because the rows of this hour change with every batch.
) with (fillfactor = 50);
comment on table public.usage_hours is
  'How many usage events each tenant had in each hour, and their tokens and cost. The transaction that stores events adds to it, so it always agrees with them.';

create function private.add_usage_hours(
  tenant uuid, types text[], models text[], tokens bigint[], costs bigint[], moments timestamptz[]) returns void
  language plpgsql
  set search_path = ''
  set plan_cache_mode = force_generic_plan
as $$
declare
  added public.usage_hours[];
  hour_at timestamptz;
  in_15 int;
  in_30 int;
begin
  if cardinality(moments) = 1 then
    -- Most calls have one event. To put it together here takes a fifth of the time of the query below.
    hour_at := date_trunc('hour', moments[1], 'UTC');
    in_15 := (moments[1] < hour_at + interval '15 minutes')::int;
    in_30 := (moments[1] < hour_at + interval '30 minutes')::int;
    added := array[row(tenant, hour_at, types[1], coalesce(models[1], ''), 1, coalesce(tokens[1], 0), coalesce(costs[1], 0),
      num_nonnulls(tokens[1]), num_nonnulls(costs[1]), in_15, in_30,
      coalesce(tokens[1], 0) * in_15, coalesce(tokens[1], 0) * in_30, coalesce(costs[1], 0) * in_15, coalesce(costs[1], 0) * in_30,
      num_nonnulls(tokens[1]) * in_15, num_nonnulls(tokens[1]) * in_30, num_nonnulls(costs[1]) * in_15, num_nonnulls(costs[1]) * in_30)
      ::public.usage_hours];
  else
    with quarters as (
      -- Few rows, so what follows costs little however many events there are.
      select date_bin('15 minutes', i.moment, 'epoch') as at, i.type, coalesce(i.model, '') as model, count(*) as events,
        coalesce(sum(i.tokens), 0) as tokens, coalesce(sum(i.cost), 0) as cost, count(i.tokens) as told_tokens, count(i.cost) as told_cost
      from unnest(types, models, tokens, costs, moments) as i (type, model, tokens, cost, moment) group by 1, 2, 3
    ), parts as (
      select date_trunc('hour', q.at, 'UTC') as starts_at, q.at < date_trunc('hour', q.at, 'UTC') + interval '15 minutes' as in_15,
        q.at < date_trunc('hour', q.at, 'UTC') + interval '30 minutes' as in_30, q.*
      from quarters as q
    ), hours as (
      select p.starts_at, p.type, p.model, sum(p.events) as events, sum(p.tokens) as tokens, sum(p.cost) as cost,
        sum(p.told_tokens) as told_tokens, sum(p.told_cost) as told_cost,
        coalesce(sum(p.events) filter (where p.in_15), 0) as events_15, coalesce(sum(p.events) filter (where p.in_30), 0) as events_30,
        coalesce(sum(p.tokens) filter (where p.in_15), 0) as tokens_15, coalesce(sum(p.tokens) filter (where p.in_30), 0) as tokens_30,
        coalesce(sum(p.cost) filter (where p.in_15), 0) as cost_15, coalesce(sum(p.cost) filter (where p.in_30), 0) as cost_30,
        coalesce(sum(p.told_tokens) filter (where p.in_15), 0) as told_tokens_15,
        coalesce(sum(p.told_tokens) filter (where p.in_30), 0) as told_tokens_30,
        coalesce(sum(p.told_cost) filter (where p.in_15), 0) as told_cost_15, coalesce(sum(p.told_cost) filter (where p.in_30), 0) as told_cost_30
      from parts as p group by p.starts_at, p.type, p.model
    )
    select array_agg(row(tenant, o.starts_at, o.type, o.model, o.events, o.tokens, o.cost, o.told_tokens, o.told_cost, o.events_15, o.events_30,
      o.tokens_15, o.tokens_30, o.cost_15, o.cost_30, o.told_tokens_15, o.told_tokens_30, o.told_cost_15, o.told_cost_30)::public.usage_hours
      -- Sorted, so that two batches lock these rows in one order. Every batch has locked all of its keys by then.
      order by o.starts_at, o.type, o.model)
    into added from hours as o;
  end if;
  insert into public.usage_hours as h select o.* from unnest(added) as o
  on conflict (tenant_id, starts_at, event_type, model_used) do update set
    event_count = h.event_count + excluded.event_count, event_count_15 = h.event_count_15 + excluded.event_count_15,
    event_count_30 = h.event_count_30 + excluded.event_count_30,
    tokens_used = h.tokens_used + excluded.tokens_used, tokens_used_15 = h.tokens_used_15 + excluded.tokens_used_15,
    tokens_used_30 = h.tokens_used_30 + excluded.tokens_used_30,
    cost_micros = h.cost_micros + excluded.cost_micros, cost_micros_15 = h.cost_micros_15 + excluded.cost_micros_15,
    cost_micros_30 = h.cost_micros_30 + excluded.cost_micros_30,
    tokens_count = h.tokens_count + excluded.tokens_count, tokens_count_15 = h.tokens_count_15 + excluded.tokens_count_15,
    tokens_count_30 = h.tokens_count_30 + excluded.tokens_count_30,
    cost_count = h.cost_count + excluded.cost_count, cost_count_15 = h.cost_count_15 + excluded.cost_count_15,
    cost_count_30 = h.cost_count_30 + excluded.cost_count_30;
end
$$;
comment on function private.add_usage_hours(uuid, text[], text[], bigint[], bigint[], timestamptz[]) is
  'Adds events to usage_hours, given as parallel arrays.';

create function private.take_off_usage_hours(
  tenant uuid, types text[], models text[], tokens bigint[], costs bigint[], moments timestamptz[]) returns void
  language plpgsql
  set search_path = ''
  set plan_cache_mode = force_custom_plan
as $$
begin
  with gone as (
    select date_trunc('hour', e.moment, 'UTC') as starts_at, e.type, coalesce(e.model, '') as model, e.tokens, e.cost,
      e.moment < date_trunc('hour', e.moment, 'UTC') + interval '15 minutes' as in_15,
      e.moment < date_trunc('hour', e.moment, 'UTC') + interval '30 minutes' as in_30
    from unnest(types, models, tokens, costs, moments) as e (type, model, tokens, cost, moment)
  ), taken as materialized (
    select g.starts_at, g.type, g.model, count(*) as events, coalesce(sum(g.tokens), 0) as tokens, coalesce(sum(g.cost), 0) as cost,
      count(g.tokens) as told_tokens, count(g.cost) as told_cost,
      count(*) filter (where g.in_15) as events_15, count(*) filter (where g.in_30) as events_30,
      coalesce(sum(g.tokens) filter (where g.in_15), 0) as tokens_15, coalesce(sum(g.tokens) filter (where g.in_30), 0) as tokens_30,
      coalesce(sum(g.cost) filter (where g.in_15), 0) as cost_15, coalesce(sum(g.cost) filter (where g.in_30), 0) as cost_30,
      count(g.tokens) filter (where g.in_15) as told_tokens_15, count(g.tokens) filter (where g.in_30) as told_tokens_30,
      count(g.cost) filter (where g.in_15) as told_cost_15, count(g.cost) filter (where g.in_30) as told_cost_30
    from gone as g group by 1, 2, 3
  ), locked as materialized (
    -- In the order in which a batch of events locks them.
    select h.starts_at, h.event_type, h.model_used
    from public.usage_hours as h join taken as t on t.starts_at = h.starts_at and t.type = h.event_type and t.model = h.model_used
    where h.tenant_id = tenant order by h.starts_at, h.event_type, h.model_used
    for no key update of h
  )
  update public.usage_hours as h set
    event_count = h.event_count - t.events, event_count_15 = h.event_count_15 - t.events_15, event_count_30 = h.event_count_30 - t.events_30,
    tokens_used = h.tokens_used - t.tokens, tokens_used_15 = h.tokens_used_15 - t.tokens_15, tokens_used_30 = h.tokens_used_30 - t.tokens_30,
    cost_micros = h.cost_micros - t.cost, cost_micros_15 = h.cost_micros_15 - t.cost_15, cost_micros_30 = h.cost_micros_30 - t.cost_30,
    tokens_count = h.tokens_count - t.told_tokens, tokens_count_15 = h.tokens_count_15 - t.told_tokens_15,
    tokens_count_30 = h.tokens_count_30 - t.told_tokens_30,
    cost_count = h.cost_count - t.told_cost, cost_count_15 = h.cost_count_15 - t.told_cost_15, cost_count_30 = h.cost_count_30 - t.told_cost_30
  from taken as t join locked as l on l.starts_at = t.starts_at and l.event_type = t.type and l.model_used = t.model
  where h.tenant_id = tenant and h.starts_at = t.starts_at and h.event_type = t.type and h.model_used = t.model;
end
$$;
comment on function private.take_off_usage_hours(uuid, text[], text[], bigint[], bigint[], timestamptz[]) is
  'Takes events off usage_hours again, given as parallel arrays.';

alter table public.usage_hours enable row level security;
create policy "members read their tenant's usage hours" on public.usage_hours
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read', '{usage:read}'))::uuid[]));
grant select on public.usage_hours to authenticated, service_role;

insert into private.api_scopes (scope, permission, description) values
  ('usage:read', 'read', 'Read usage totals and meters.')
on conflict (scope) do update set (permission, description) = (excluded.permission, excluded.description);

select private.register_table('public.usage_hours', plain => '{event_type,model_used}',
  unaudited => 'it only adds up usage_events, which is a record itself');
