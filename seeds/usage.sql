-- Usage: the last thirty days of each tenant, with a few events a day.

select count(*)
from public.tenants as t
cross join lateral (
  select array_agg('seed-' || day || '-' || n) as ids, array_agg(v.event_type) as types,
    array_agg(jsonb_build_object('sample', true)) as data,
    array_agg(case when v.event_type = 'llm.call' then 400 + (day * 37 + n * 101) % 1600 end::bigint) as tokens,
    array_agg(case when v.event_type = 'llm.call' then 'example-model-1' end) as models,
    array_agg(case when v.event_type = 'llm.call' then 900 + (day * 53 + n * 17) % 4000 end::bigint) as costs,
    array_agg(date_trunc('day', now()) - make_interval(days => day, mins => n * 37)) as moments
  from generate_series(1, 30) as day
  cross join generate_series(1, 3) as n
  cross join lateral (select ('{page.viewed,assessment.started,llm.call}'::text[])[n] as event_type) as v
) as e
cross join lateral private.ingest_usage_events(
  t.id, null, e.ids, array_fill('seed'::text, array[90]), e.types, e.data, e.tokens, e.models, e.costs, e.moments) as stored
where t.kind <> 'platform';

-- Credits: each demo tenant bought some, and its runs used a few.

select count((private.top_up_credits(t.id, 200, 'seed-order', 'infinity')).version)
from public.tenants as t where t.kind <> 'platform';

select count(c.version)
from public.tenants as t
cross join generate_series(1, 3) as n
cross join lateral public.reserve_credits(t.id, 10, 'seed-run-' || n, deliverable_type => 'report') as r
cross join lateral public.consume_credits(t.id, r.reservation_id, 5 + n, 'seed-run-' || n || ' done') as c
where t.kind <> 'platform';
