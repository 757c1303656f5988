-- bench.fill_sessions(tenants, first, last): one participant session a round for each tenant. Round by
-- round, so that a tenant's rows lie scattered over the whole table, as they do when everybody's
-- participants arrive over the same months.
create or replace function bench.fill_sessions(tenants int, first int, last int) returns void
  language plpgsql
as $$
begin
  if first = 0 then
    insert into public.campaigns (tenant_id, id, name)
    select s.tenant_id, md5('campaign ' || c)::uuid, 'Campaign ' || c
    from public.tenant_slugs as s, generate_series(0, 4) as c
    where s.slug in (select 'tenant-' || n from generate_series(1, tenants) as n);
  end if;

  with made as (insert into public.participant_sessions
    (tenant_id, id, campaign_id, email, full_name, client_status, started_at, completed_at, expires_at)
  select s.tenant_id, private.uuid_v7_at(1720000000000000 + (round * 1000000::bigint + n) * 1000),
    md5('campaign ' || round % 5)::uuid, format('participant-%s-%s@example.com', round, n),
    format('Participant %s of %s', round, n),
    v.status, case when v.status <> 'registered' then now() - interval '2 days' end,
    case when v.status not in ('registered', 'started') then now() - interval '1 day' end, now() + interval '1 year'
  from generate_series(first, last) as round
  cross join generate_series(1, tenants) as n
  join public.tenant_slugs as s on s.slug = 'tenant-' || n
  cross join lateral (select
    ('{registered,registered,registered,started,started,completed,completed,completed,contacted,converted}'::text[])
      [abs(hashint8(round * 1000000::bigint + n)::bigint) % 10 + 1] as status) as v
  order by round, n
  returning tenant_id, id, full_name, email)
  -- What a trigger would write.
  insert into private.participant_names (tenant_id, session_id, words)
  select m.tenant_id, m.id, lower(concat_ws(' ', m.full_name, m.email)) from made as m;
end
$$;

-- bench.fill_sessions_of(tenant, count): so many of one tenant, newer than all others.
create or replace function bench.fill_sessions_of(tenant uuid, count int) returns void
  language sql
as $$
  with made as (
    insert into public.participant_sessions (tenant_id, id, email, full_name)
    select tenant, private.uuid_v7_at(1730000000000000 + n * 1000::bigint), format('person-%s@example.com', n), format('Person %s', n)
    from generate_series(1, count) as n
    returning tenant_id, id, full_name, email)
  insert into private.participant_names (tenant_id, session_id, words)
  select m.tenant_id, m.id, lower(concat_ws(' ', m.full_name, m.email)) from made as m
$$;
