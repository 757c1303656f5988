-- Former names: under which code of before the rename reads participants.

create view public.campaign_assignments with (security_invoker = true) as
select s.tenant_id, s.id, s.ref_id, s.campaign_id, c.name as campaign_name, c.assessment_type, s.email, s.full_name, s.client_status,
  s.started_at, s.completed_at, s.expires_at, s.created_at, s.updated_at
from public.participant_sessions as s
left join public.campaigns as c on c.tenant_id = s.tenant_id and c.id = s.campaign_id;
comment on view public.campaign_assignments is 'The participants, each with its campaign, under a name that the table had before. It can only be read.';

create view public.stakeholder_sessions with (security_invoker = true) as
select s.tenant_id, s.id, s.ref_id, s.campaign_id, c.name as campaign_name, c.assessment_type, s.email, s.full_name, s.client_status,
  s.started_at, s.completed_at, s.expires_at, s.created_at, s.updated_at
from public.participant_sessions as s
left join public.campaigns as c on c.tenant_id = s.tenant_id and c.id = s.campaign_id;
comment on view public.stakeholder_sessions is 'The participants, each with its campaign, under the first name of the table. It can only be read.';

grant select on public.campaign_assignments, public.stakeholder_sessions to authenticated, service_role;
