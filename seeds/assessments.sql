-- Assessments: a campaign for each tenant that offers one, and participants in each status of the pipeline.

-- Rows that seeds insert are not events, so webhooks report nothing.
select set_config('tenantry.is_restoring', 'on', true);

insert into public.campaigns (tenant_id, name, assessment_type, results_disclosure, opens_at)
select t.id, v.name, v.assessment_type, v.results_disclosure, now() - interval '30 days'
from (values
  ('leadingwithmeaning', 'Spring leadership check', 'industry4', 'full'),
  ('leadingwithmeaning', 'Money and leading', 'money-archetypes', 'summary'),
  ('moneystory', 'Which money archetype are you?', 'money-archetypes', 'full'),
  ('brightpath', 'Digital maturity check', 'industry4', 'summary'),
  ('demo-coaching', 'Sample campaign', 'industry4', 'full')
) as v (slug, name, assessment_type, results_disclosure)
join public.tenants as t on t.slug = v.slug;

insert into public.participant_sessions
  (tenant_id, campaign_id, email, full_name, client_status, started_at, completed_at, expires_at, created_at)
select c.tenant_id, c.id, 'participant' || n || '@example.com', 'Participant ' || n, v.status,
  case when v.status <> 'registered' then at + interval '1 hour' end,
  case when v.status not in ('registered', 'started') then at + interval '80 minutes' end,
  at + interval '30 days', at
from public.campaigns as c
cross join generate_series(1, 12) as n
cross join lateral (select
  ('{registered,started,completed,completed,contacted,converted}'::text[])[1 + n % 6] as status,
  -- Noon, so that a session is never in the future, at any time of day.
  date_trunc('day', now()) - make_interval(days => n * 2, hours => 12) as at) as v;

-- The last client of each tenant, as a coach might note them.
insert into public.client_bios (tenant_id, session_id, headline, goals, notes)
select distinct on (s.tenant_id) s.tenant_id, s.id, 'Leads a team of eight', 'Delegate without checking twice.', 'Prefers calls on Tuesdays.'
from public.participant_sessions as s where s.client_status = 'converted' order by s.tenant_id, s.id desc;

-- One coach has a model write to those who complete an assessment.
select private.save_framework_config(t.id, 'money-archetypes', 0, n.columns || '{"providers": {"reflection": {"is_enabled": true}}}',
  '[{"op": "add", "path": "/providers/reflection", "value": {"is_enabled": true}}]')
from public.tenants as t
cross join (select '{"archetype_overrides": {}, "voice_overrides": {}, "scoring_overrides": {}, "mode_overrides": {}, "landing_overrides": {},
  "communications": {}, "results_display": {}, "providers": {}, "test_clients": []}'::jsonb as columns) as n
where t.slug = 'moneystory';
