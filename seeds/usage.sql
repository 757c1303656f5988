-- Usage: the last thirty days of each tenant, with a few events a day.

insert into public.usage_events
  (tenant_id, source, event_id, event_type, event_data, tokens_used, model_used, cost_micros, occurred_at)
select t.id, 'seed', 'seed-' || day || '-' || n, v.event_type,
  jsonb_build_object('sample', true),
  case when v.event_type = 'llm.call' then 400 + (day * 37 + n * 101) % 1600 end,
  case when v.event_type = 'llm.call' then 'example-model-1' end,
  case when v.event_type = 'llm.call' then 900 + (day * 53 + n * 17) % 4000 end,
  date_trunc('day', now()) - make_interval(days => day, mins => n * 37)
from public.tenants as t
cross join generate_series(1, 30) as day
cross join generate_series(1, 3) as n
cross join lateral (select ('{page.viewed,assessment.started,llm.call}'::text[])[n] as event_type) as v
where t.kind <> 'platform';
