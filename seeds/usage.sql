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

-- Meters: what each tenant wants to know of these events.
insert into public.usage_meters (tenant_id, slug, name, event_type, aggregation, value_property, group_by)
select t.id, m.slug, m.name, m.event_type, m.aggregation::public.meter_aggregation, m.value_property, m.group_by::text[]
from public.tenants as t
cross join (values
  ('page-views', 'Page views', 'page.viewed', 'count', null, '{}'),
  ('llm-tokens', 'Tokens of language models', 'llm.call', 'sum', 'tokens_used', '{model_used,source}'),
  ('largest-call', 'The largest call of a language model', 'llm.call', 'max', 'tokens_used', '{model_used}'),
  ('models', 'Language models in use', 'llm.call', 'unique', 'model_used', '{}')
) as m (slug, name, event_type, aggregation, value_property, group_by)
where t.kind <> 'platform';

-- Two coaches pay for their plan. Nothing is asked of a provider: no subscription there has these names.
select set_config('tenantry.is_restoring', 'on', true);
select private.attach_payment_order(t.id, o.id, 'cs_seed_' || t.slug, null)
from public.tenants as t join public.plans as p on p.plan = t.plan
cross join lateral private.make_payment_order(
  t.id, 'stripe', 'subscription', p.price_minor, p.currency, jsonb_build_object('plan', p.plan), 'seed') as o
where t.slug in ('leadingwithmeaning', 'moneystory');
-- And for a bundle of credits.
select private.attach_payment_order(t.id, o.id, 'cs_seed_topup_' || t.slug, null)
from public.tenants as t join public.topup_bundles as b on b.bundle = 'credits_500'
cross join lateral private.make_payment_order(
  t.id, 'stripe', 'topup', b.price_minor, b.currency, jsonb_build_object('bundle', b.bundle, 'credits', b.credits), 'seed-topup') as o
where t.slug in ('leadingwithmeaning', 'moneystory');
select private.receive_payment_event('stripe', 'evt_seed_' || o.id, convert_to(f.fact::text, 'UTF8'), f.fact)
from public.payment_orders as o
cross join lateral (select jsonb_build_object('what', 'captured', 'order_id', o.provider_order_id, 'payment_id', 'in_seed_' || o.id,
  'period', '1', 'period_ends_at', date_trunc('day', now()) + interval '20 days', 'amount_minor', o.amount_minor, 'currency', o.currency) as fact) as f
where o.idempotency_key in ('seed', 'seed-topup');
select private.settle_payment_event('stripe', 'evt_seed_' || o.id) from public.payment_orders as o where o.idempotency_key in ('seed', 'seed-topup');

-- Credits: each demo tenant has some for ever, and its runs used a few.

select count((private.top_up_credits(t.id, 200, 'seed-order', 'infinity')).version)
from public.tenants as t where t.kind <> 'platform';

select count(c.version)
from public.tenants as t
cross join generate_series(1, 3) as n
cross join lateral public.reserve_credits(t.id, 10, 'seed-run-' || n, deliverable_type => 'report') as r
cross join lateral public.consume_credits(t.id, r.reservation_id, 5 + n, 'seed-run-' || n || ' done') as c
where t.kind <> 'platform';

-- Calls of models and tools: each demo tenant has a cap of 20 US dollars, and made a few calls of it.

update public.tenant_billing as b set monthly_spend_cap_usd_micros = 20000000
from public.tenants as t where t.id = b.tenant_id and t.kind <> 'platform';

select count(c.id)
from public.tenants as t
cross join generate_series(1, 6) as n
cross join lateral (select ('{copywriter,analyst}'::text[])[1 + n % 2] as agent,
  ('{gpt-4o-mini,claude-sonnet-4-5}'::text[])[1 + n % 2] as model, ('{openai,anthropic}'::text[])[1 + n % 2] as provider) as m
cross join lateral public.start_llm_call(t.id, m.provider, m.model, 4000, 1000, 'seed-call-' || n, agent => m.agent,
  prompt_sha256 => encode(sha256(convert_to('seed ' || n, 'UTF8')), 'hex')) as s
cross join lateral public.finish_llm_call(t.id, s.id, case n when 5 then 'error' else 'ok' end::public.call_status, 2000 + n * 37, 300 + n * 11,
  cached_tokens => 1024, duration_ms => 900 + n * 210, error_code => case n when 5 then 'overloaded' end) as c
where t.kind <> 'platform';

select count(c.id)
from public.tenants as t
cross join generate_series(1, 3) as n
cross join lateral public.record_tool_call(t.id, 'google_search_console', 'getKeywordRankings', 'ok', 'seed-tool-' || n, 400 + n * 13, 'analyst') as c
where t.kind <> 'platform';
