-- Made by "npm run generate" from supabase/schemas/60_assessments. Change it there.

-- 01_campaigns.sql

-- Campaigns: the assessments that a tenant offers.

create function private.is_campaign_landing(landing jsonb) returns boolean
  language plpgsql immutable parallel safe
  set search_path = ''
as $$
begin
  -- The size first, so that a large value costs nothing.
  return case when private.json_fits(landing, 16384) and jsonb_typeof(landing) = 'object' then
    landing - '{headline,intro}'::text[] = '{}'
    and coalesce(jsonb_typeof(landing -> 'headline'), 'string') = 'string'
    and coalesce(jsonb_typeof(landing -> 'intro'), 'string') = 'string'
    and coalesce(landing ->> 'headline', 'x') ~ '\S' and coalesce(landing ->> 'intro', 'x') ~ '\S'
    and private.is_plain_text(landing ->> 'headline', 200) and private.is_plain_text(landing ->> 'intro', 2000)
    else false end;
end
$$;
comment on function private.is_campaign_landing(jsonb) is
  'Whether it is an object of at most a headline (200 characters) and an intro (2,000 characters), both text.';
grant execute on function private.is_campaign_landing(jsonb) to authenticated, service_role;

create table public.campaigns (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  ref_id text not null generated always as (private.ulid(id)) stored,
  name text not null,
  assessment_type text not null default 'industry4',
  results_disclosure text not null default 'full',
  opens_at timestamptz,
  closes_at timestamptz,
  switched_off_at timestamptz,
  mode text,
  status text not null default 'open',
  landing jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  created_by uuid,
  updated_by uuid,
  primary key (tenant_id, id),
  constraint campaign_name_is_text check (length(btrim(name)) >= 1 and private.is_plain_text(name, 255)),
  constraint assessment_type_is_a_word check (assessment_type ~ '^[a-z0-9][a-z0-9_-]{0,63}$'),
  constraint results_disclosure_is_known check (results_disclosure in ('full', 'summary', 'none')),
  constraint campaign_closes_after_it_opens check (closes_at > opens_at),
  constraint campaign_mode_is_a_word check (mode ~ '^[a-z][a-z0-9_-]{0,39}$'),
  constraint campaign_status_is_known check (status in ('draft', 'open', 'closed')),
  constraint campaign_landing_is_text check (private.is_campaign_landing(landing))
);
create unique index campaigns_ref_id_idx on public.campaigns (tenant_id, ref_id) where ref_id is not null;
comment on table public.campaigns is 'An assessment that a tenant offers: which one, when, and how much of the result a participant sees.';
comment on column public.campaigns.mode is 'The format in which it is taken. Null: any that the tenant has switched on.';
comment on column public.campaigns.status is 'Only an open campaign takes participants. One that is closed keeps those that it has.';
comment on column public.campaigns.landing is 'What its first page says in the place of the framework''s own words: {headline, intro}.';
create trigger campaigns_touch before update on public.campaigns for each row execute function private.tg_touch_updated_at();
create trigger campaigns_stamp_editor before insert or update on public.campaigns for each row execute function private.tg_stamp_editor();

alter table public.campaigns enable row level security;
create policy "members read their tenant's campaigns" on public.campaigns
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read'))::uuid[]));
create policy "members create their tenant's campaigns" on public.campaigns
  for insert to authenticated with check (tenant_id = any ((select private.tenant_ids('write'))::uuid[]));
create policy "members update their tenant's campaigns" on public.campaigns
  for update to authenticated
  using (tenant_id = any ((select private.tenant_ids('write'))::uuid[]))
  with check (tenant_id = any ((select private.tenant_ids('write'))::uuid[]));
create policy "managers delete their tenant's campaigns" on public.campaigns
  for delete to authenticated using (tenant_id = any ((select private.tenant_ids('manage'))::uuid[]));
grant select, delete on public.campaigns to authenticated;
grant insert (tenant_id, id, name, assessment_type, results_disclosure, opens_at, closes_at, mode, status, landing),
  update (name, assessment_type, results_disclosure, opens_at, closes_at, mode, status, landing) on public.campaigns to authenticated;
grant select, insert, update, delete on public.campaigns to service_role;

create function private.tg_emit_campaign_events() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
declare
  campaign public.campaigns := case tg_op when 'DELETE' then old else new end;
  data jsonb := jsonb_build_object('campaign', jsonb_build_object('ref_id', campaign.ref_id, 'name', campaign.name,
    'assessment_type', campaign.assessment_type, 'mode', campaign.mode, 'status', campaign.status,
    'results_disclosure', campaign.results_disclosure,
    'opens_at', private.event_moment(campaign.opens_at), 'closes_at', private.event_moment(campaign.closes_at)));
  ordering_key text := 'campaign ' || campaign.ref_id;
  changed text[];
begin
  case tg_op
    when 'INSERT' then
      perform private.emit_event(campaign.tenant_id, 'campaign.created', data, ordering_key, has_row_lock => true);
    when 'DELETE' then
      perform private.emit_event(campaign.tenant_id, 'campaign.deleted', data, ordering_key, has_row_lock => true);
    else
      changed := private.changed_fields(to_jsonb(old), to_jsonb(new));
      if changed <> '{}' then
        perform private.emit_event(campaign.tenant_id, 'campaign.updated', data || jsonb_build_object('changed', changed),
          ordering_key, has_row_lock => true);
      end if;
  end case;
  return null;
end
$$;
create trigger campaigns_write_event after insert or update or delete on public.campaigns
  for each row execute function private.tg_emit_campaign_events();

create trigger campaigns_take_place after insert on public.campaigns
  for each row execute function private.tg_count_places('campaigns', '1', 'ask');
create trigger campaigns_vacate after delete on public.campaigns
  for each row execute function private.tg_count_places('campaigns', '-1');

create function private.keep_campaigns(tenant uuid, places bigint) returns void
  language sql volatile
  set search_path = ''
as $$
  update public.campaigns as c set switched_off_at = case when not k.is_kept then now() end
  from (
    select o.id, coalesce(row_number() over (order by o.created_at, o.id) <= keep_campaigns.places, true) as is_kept
    from public.campaigns as o where o.tenant_id = keep_campaigns.tenant) as k
  where c.tenant_id = keep_campaigns.tenant and c.id = k.id and (c.switched_off_at is null) <> k.is_kept
$$;
comment on function private.keep_campaigns(uuid, bigint) is
  'Leaves so many campaigns on, the oldest first. Null leaves all. The others take no new participants.';

select private.register_limit('campaigns', 'Campaigns, open or not.',
  '{"trial": 20, "starter": 5, "professional": 50, "business": 500, "enterprise": 10000}', 'creating a campaign');
select private.register_feature('assessments', 'Assessments, with their reports.', '{trial,starter,professional,business,enterprise}',
  'creating or opening a campaign, and changing a framework');
select private.register_switch('campaigns', 'keep_campaigns', feature => 'assessments');

select private.register_table('public.campaigns', plain => '{name,assessment_type,results_disclosure,mode,status,landing}');

select private.register_event_type('campaign.created', 'A campaign was created.',
    '{"campaign": {"ref_id": "ref_id", "name": "text", "assessment_type": "text", "mode?": "text",
      "status": "draft|open|closed", "results_disclosure": "full|summary|none", "opens_at?": "moment", "closes_at?": "moment"}}',
    '{"campaign": {"ref_id": "01JD3ND3E5R7T9V1X3Z5B7D9F1", "name": "Spring leadership check", "assessment_type": "industry4",
      "mode": null, "status": "open", "results_disclosure": "full", "opens_at": "2027-03-01T08:00:00.000Z", "closes_at": null}}');

select private.register_event_type('campaign.updated', 'A campaign was changed. The event has the names of the changed fields, and the campaign as it is now.',
    '{"campaign": {"ref_id": "ref_id", "name": "text", "assessment_type": "text", "mode?": "text",
      "status": "draft|open|closed", "results_disclosure": "full|summary|none", "opens_at?": "moment", "closes_at?": "moment"},
      "changed": "text[]"}',
    '{"campaign": {"ref_id": "01JD3ND3E5R7T9V1X3Z5B7D9F1", "name": "Spring leadership check", "assessment_type": "industry4",
      "mode": null, "status": "open", "results_disclosure": "summary", "opens_at": "2027-03-01T08:00:00.000Z", "closes_at": "2027-05-31T22:00:00.000Z"},
      "changed": ["closes_at", "results_disclosure"]}');

select private.register_event_type('campaign.deleted', 'A campaign was deleted. Its participants stay, without a campaign.',
    '{"campaign": {"ref_id": "ref_id", "name": "text", "assessment_type": "text", "mode?": "text",
      "status": "draft|open|closed", "results_disclosure": "full|summary|none", "opens_at?": "moment", "closes_at?": "moment"}}',
    '{"campaign": {"ref_id": "01JD3ND3E5R7T9V1X3Z5B7D9F1", "name": "Spring leadership check", "assessment_type": "industry4",
      "mode": null, "status": "open", "results_disclosure": "summary", "opens_at": null, "closes_at": null}}');

-- 02_participant_sessions.sql

-- Participant sessions: one person's way through an assessment. Cron removes unfinished sessions that expired.

create table public.participant_sessions (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  ref_id text not null generated always as (private.ulid(id)) stored,
  campaign_id uuid,
  email text,
  full_name text,
  client_status text not null default 'registered',
  mode text,
  locale text,
  landing_variant text,
  invited_at timestamptz,
  consented_at timestamptz,
  token_hash bytea,
  started_at timestamptz,
  completed_at timestamptz,
  expires_at timestamptz not null default now() + interval '30 days',
  is_kept boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  created_by uuid,
  updated_by uuid,
  primary key (tenant_id, id),
  foreign key (tenant_id, campaign_id) references public.campaigns (tenant_id, id) on delete set null (campaign_id),
  constraint client_status_is_known check (
    client_status in ('registered', 'started', 'completed', 'contacted', 'converted', 'archived')),
  constraint participant_is_text check (private.is_plain_text(full_name, 255) and private.is_email(email)),
  constraint session_mode_is_a_word check (mode ~ '^[a-z][a-z0-9_-]{0,39}$'),
  constraint session_locale_is_a_tag check (locale ~ '^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$' and length(locale) <= 35),
  constraint landing_variant_is_known check (landing_variant in ('personas', 'plain')),
  constraint status_fits_what_happened check (
    (client_status <> 'registered' or started_at is null and completed_at is null) and (client_status <> 'started' or completed_at is null)),
  constraint token_is_a_sha256 check (length(token_hash) = 32)
);
create unique index participant_sessions_ref_id_idx on public.participant_sessions (tenant_id, ref_id) where ref_id is not null;
comment on table public.participant_sessions is
  'One person''s way through an assessment, from registered to converted. An unfinished session expires and is removed.';
comment on column public.participant_sessions.token_hash is 'Of the token that the participant''s browser has made. With it the assessment is taken.';
comment on column public.participant_sessions.mode is 'The format of the framework in which the assessment is taken.';
comment on column public.participant_sessions.landing_variant is 'Whether the landing that led here showed its personas. Null where there was no test.';
comment on column public.participant_sessions.invited_at is 'When they were last mailed a link to it. Null for those who came by themselves.';
comment on column public.participant_sessions.is_kept is 'Whether a coach keeps something about them: a bio or a document. Then they are not removed when the session expires.';
comment on column public.participant_sessions.consented_at is 'When the participant allowed the tenant to use the contact details.';

create function private.participant_language(locale text, framework_language text) returns text
  language sql immutable parallel safe
  set search_path = ''
as $$
  -- Language, script and region. The rest of a tag may be any word, and a model is told what stands here.
  select coalesce(lower(split_part(t.tag, '-', 1)) || substr(t.tag, length(split_part(t.tag, '-', 1)) + 1), framework_language)
  from (select substring(locale from '(?i)^[a-z]{2,3}(?:-[a-z]{4})?(?:-(?:[a-z]{2}|[0-9]{3}))?(?=-|$)') as tag) as t
$$;
comment on function private.participant_language(text, text) is
  'In which language a participant is written to: their own if it is known, or else that of the questions.';

create index participant_sessions_campaign_id_idx on public.participant_sessions (tenant_id, campaign_id, id);
create index participant_sessions_client_status_idx on public.participant_sessions (tenant_id, client_status, id);
create index participant_sessions_invited_idx on public.participant_sessions (tenant_id, campaign_id, private.fold_email(email))
  where invited_at is not null;
create unique index participant_sessions_token_hash_idx on public.participant_sessions (token_hash);

-- Only unfinished sessions expire. A completed session, which is a lead, is never removed.
create index participant_sessions_expires_at_idx on public.participant_sessions (expires_at)
  where client_status in ('registered', 'started') and not is_kept;
-- A definer, because the answer is about the plan and not about what the caller may read.
create function private.tg_refuse_switched_off_campaign() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  if exists (select from public.campaigns as c
    where c.tenant_id = new.tenant_id and c.id = new.campaign_id and c.switched_off_at is not null) then
    perform private.refuse_beyond(new.tenant_id, 'campaigns', (select e.in_use from public.plan_excesses as e
      where e.tenant_id = new.tenant_id and e.gate = 'campaigns'));
  end if;
  return null;
end
$$;
create trigger participant_sessions_campaign_is_on after insert on public.participant_sessions
  for each row when (new.campaign_id is not null) execute function private.tg_refuse_switched_off_campaign();
create trigger participant_sessions_touch before update on public.participant_sessions for each row execute function private.tg_touch_updated_at();
create trigger participant_sessions_stamp_editor before insert or update on public.participant_sessions for each row execute function private.tg_stamp_editor();

create function private.sweep_expired_participant_sessions(batch int default 5000) returns int
  language sql volatile
  set search_path = ''
as $$
  -- A limited number, and without rows that are locked, so that no participant waits for the sweep.
  with expired as (
    select tenant_id, id from public.participant_sessions
    where expires_at <= now() and client_status in ('registered', 'started') and not is_kept
    order by expires_at
    limit batch
    for update skip locked
  ), swept as (
    delete from public.participant_sessions as s using expired as e
    where s.tenant_id = e.tenant_id and s.id = e.id
    returning 1
  )
  select count(*)::int from swept
$$;
comment on function private.sweep_expired_participant_sessions(int) is
  'Removes unfinished participant sessions that have expired, the oldest first, at most one batch. Returns how many.';

alter table public.participant_sessions enable row level security;
create policy "members read their tenant's participants" on public.participant_sessions
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read'))::uuid[]));
create policy "members create their tenant's participants" on public.participant_sessions
  for insert to authenticated with check (tenant_id = any ((select private.tenant_ids('write'))::uuid[]));
create policy "members update their tenant's participants" on public.participant_sessions
  for update to authenticated
  using (tenant_id = any ((select private.tenant_ids('write'))::uuid[]))
  with check (tenant_id = any ((select private.tenant_ids('write'))::uuid[]));
create policy "managers delete their tenant's participants" on public.participant_sessions
  for delete to authenticated using (tenant_id = any ((select private.tenant_ids('manage'))::uuid[]));
grant select, delete on public.participant_sessions to authenticated;
grant insert (tenant_id, id, campaign_id, email, full_name, client_status, expires_at),
  update (campaign_id, email, full_name, client_status, started_at, completed_at, expires_at)
  on public.participant_sessions to authenticated;
grant select, insert, update, delete on public.participant_sessions to service_role;

create function private.tg_emit_participant_session_events() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
declare
  data jsonb := jsonb_build_object('participant_session', jsonb_build_object('ref_id', new.ref_id,
    'campaign_id', private.ulid(new.campaign_id), 'email', new.email, 'full_name', new.full_name, 'status', new.client_status,
    'started_at', private.event_moment(new.started_at), 'completed_at', private.event_moment(new.completed_at),
    'expires_at', private.event_moment(new.expires_at), 'created_at', private.event_moment(new.created_at)));
  types text[] := '{}';
  happened jsonb[] := '{}';
  once text[] := '{}';
begin
  if tg_op = 'INSERT' then
    types := array['participant_session.created'];
    happened := array[data];
    once := array[null];
  elsif new.client_status <> old.client_status then
    types := array['participant_session.status_changed'];
    happened := array[data || jsonb_build_object('old_status', old.client_status)];
    once := array[null];
  end if;
  -- A coach may set the status without the moment. With the idempotency key the event is emitted once, even if the
  -- completion is taken back and set again.
  if (new.client_status = 'completed' or new.completed_at is not null)
    and (tg_op = 'INSERT' or old.client_status <> 'completed' and old.completed_at is null) then
    types := types || array['participant_session.completed'];
    happened := happened || data;
    once := once || ('participant_session.completed ' || new.ref_id);
  end if;
  if types <> '{}' then
    perform private.emit_events(new.tenant_id, types, happened, array_fill('participant_session ' || new.ref_id, array[cardinality(types)]), once,
      has_row_lock => true);
  end if;
  return null;
end
$$;
create trigger participant_sessions_write_event after insert on public.participant_sessions
  for each row execute function private.tg_emit_participant_session_events();
create trigger participant_sessions_write_change_event after update on public.participant_sessions
  for each row when (old.client_status <> new.client_status or old.completed_at is null and new.completed_at is not null)
  execute function private.tg_emit_participant_session_events();
select cron.schedule('assessments: remove expired participant sessions', '* * * * *',
  'select private.sweep_expired_participant_sessions()');

-- Nothing gives a place back: a participant who was removed took part in this month.
create trigger participant_sessions_take_place after insert on public.participant_sessions
  for each row execute function private.tg_count_places('participants', '1', 'ask');
select private.register_limit('participants', 'Participants who started this month.',
  '{"trial": 100, "starter": 200, "professional": 2000, "business": 20000, "enterprise": 1000000}', 'adding a participant',
  is_monthly => true);

select private.register_table('public.participant_sessions', plain => '{client_status,mode,locale,landing_variant}', personal => '{email,full_name}', secret => '{token_hash}',
  quiet => '{is_kept}', person => 'email');

select private.register_event_type('participant_session.created', 'A participant was registered for an assessment. This is a new lead.',
    '{"participant_session": {"ref_id": "ref_id", "campaign_id?": "ref_id", "email?": "email", "full_name?": "text",
      "status": "registered|started|completed|contacted|converted|archived", "started_at?": "moment", "completed_at?": "moment",
      "expires_at?": "moment", "created_at?": "moment"}}',
    '{"participant_session": {"ref_id": "01JD3NFYH2K4M6P8R0T2V4X6Z8", "campaign_id": "01JD3ND3E5R7T9V1X3Z5B7D9F1",
      "email": "ada@example.com", "full_name": "Ada Sample", "status": "registered", "started_at": null, "completed_at": null,
      "expires_at": "2026-12-20T09:30:00.000Z", "created_at": "2026-11-20T09:30:00.000Z"}}');

select private.register_event_type('participant_session.status_changed', 'A participant moved to another status of the pipeline.',
    '{"participant_session": {"ref_id": "ref_id", "campaign_id?": "ref_id", "email?": "email", "full_name?": "text",
      "status": "registered|started|completed|contacted|converted|archived", "started_at?": "moment", "completed_at?": "moment",
      "expires_at?": "moment", "created_at?": "moment"},
      "old_status": "registered|started|completed|contacted|converted|archived"}',
    '{"participant_session": {"ref_id": "01JD3NFYH2K4M6P8R0T2V4X6Z8", "campaign_id": "01JD3ND3E5R7T9V1X3Z5B7D9F1",
      "email": "ada@example.com", "full_name": "Ada Sample", "status": "contacted", "started_at": "2026-11-20T10:30:00.000Z",
      "completed_at": "2026-11-20T10:50:12.250Z", "expires_at": "2026-12-20T09:30:00.000Z", "created_at": "2026-11-20T09:30:00.000Z"},
      "old_status": "completed"}');

select private.register_event_type('participant_session.completed', 'A participant has completed the assessment. This is emitted once, even if the status changes later.',
    '{"participant_session": {"ref_id": "ref_id", "campaign_id?": "ref_id", "email?": "email", "full_name?": "text",
      "status": "registered|started|completed|contacted|converted|archived", "started_at?": "moment", "completed_at?": "moment",
      "expires_at?": "moment", "created_at?": "moment"}}',
    '{"participant_session": {"ref_id": "01JD3NFYH2K4M6P8R0T2V4X6Z8", "campaign_id": "01JD3ND3E5R7T9V1X3Z5B7D9F1",
      "email": "ada@example.com", "full_name": "Ada Sample", "status": "completed", "started_at": "2026-11-20T10:30:00.000Z",
      "completed_at": "2026-11-20T10:50:12.250Z", "expires_at": "2026-12-20T09:30:00.000Z", "created_at": "2026-11-20T09:30:00.000Z"}}');

-- 03_participant_moves.sql

-- Participant moves: how each participant came through the pipeline, and who moved them.

create table public.participant_moves (
  tenant_id uuid not null,
  id uuid not null default private.uuid_v7(),
  ref_id text not null generated always as (private.ulid(id)) stored,
  session_id uuid not null,
  from_status text,
  to_status text not null,
  moved_by uuid,
  moved_at timestamptz not null default now(),
  primary key (tenant_id, id),
  foreign key (tenant_id, session_id) references public.participant_sessions on delete cascade
);
create unique index participant_moves_ref_id_idx on public.participant_moves (tenant_id, ref_id) where ref_id is not null;
create index participant_moves_session_id_idx on public.participant_moves (tenant_id, session_id, id);
comment on table public.participant_moves is 'Each status that a participant had, since when, and who moved them there.';
comment on column public.participant_moves.from_status is 'Null for a participant who came in.';
comment on column public.participant_moves.moved_by is 'The member. Null for the participant, and for a server.';

alter table public.participant_moves enable row level security;
create policy "members read their tenant's moves" on public.participant_moves
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read'))::uuid[]));
-- Only a change of the participant writes one.
grant select on public.participant_moves to authenticated, service_role;
create trigger participant_moves_refuse_change before update on public.participant_moves
  for each row execute function private.tg_refuse_change();

-- A definer, because nobody writes the history directly.
create function private.tg_note_participant_move() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  -- The demo's reset puts the history back as well.
  if current_setting('tenantry.is_restoring', true) = 'on' then
    return null;
  end if;
  insert into public.participant_moves (tenant_id, session_id, from_status, to_status, moved_by)
  values (new.tenant_id, new.id, case tg_op when 'UPDATE' then old.client_status end, new.client_status, (select auth.uid()));
  return null;
end
$$;
create trigger participant_sessions_note_arrival after insert on public.participant_sessions
  for each row execute function private.tg_note_participant_move();
create trigger participant_sessions_note_move after update of client_status on public.participant_sessions
  for each row when (new.client_status <> old.client_status) execute function private.tg_note_participant_move();

select private.register_table('public.participant_moves', keeping => 'history', plain => '{from_status,to_status}',
  unaudited => 'append-only, so it is a record itself');

-- 04_former_names.sql

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

-- 05_forgetting.sql

-- Forgetting a participant, who need not have an e-mail address.

-- A definer, because it changes tables that nobody may change directly.
create function public.forget_participant(tenant_id uuid, participant_id uuid) returns jsonb
  language plpgsql security definer
  set search_path = ''
as $$
declare
  session public.participant_sessions;
begin
  perform private.require_permission(forget_participant.tenant_id, 'manage');
  select * into session from public.participant_sessions as s
  where s.tenant_id = forget_participant.tenant_id and s.id = forget_participant.participant_id;
  if session.id is null then
    perform private.raise_problem(404, 'not_found', 'This tenant has no participant with this ref_id.');
  end if;
  return private.forget_rows(session.tenant_id, private.fold_email(session.email), 'public.participant_sessions', session.id, session.ref_id);
end
$$;
comment on function public.forget_participant(uuid, uuid) is
  'Erases what a tenant holds about a participant: the row, what hangs on it or names its ref_id, and whatever names the address if there is one. 404 not_found; 409 is_member.';
grant execute on function public.forget_participant(uuid, uuid) to authenticated, service_role;

-- 06_participant_names.sql

-- Participant names: what a search for participants reads, so that it reads none of their rows.

-- Beside the participants, and not in them: these rows hardly ever change, so Postgres answers from the index alone, in which
-- a tenant's names lie side by side. A hundred thousand are 11 MB of it. An index of participant_sessions would be written
-- with each change of a status, and its rows be looked at after each. An index of trigrams would find nothing by two letters.
create table private.participant_names (
  tenant_id uuid not null,
  session_id uuid not null,
  words text not null,
  primary key (tenant_id, session_id) include (words),
  foreign key (tenant_id, session_id) references public.participant_sessions on delete cascade,
  -- An entry of an index has room for 2,704 bytes.
  constraint participant_words_fit check (octet_length(words) <= 2600)
-- Cron removes sessions every minute. Without a vacuum soon after, each search would look at the rows beside those.
) with (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_insert_scale_factor = 0.01);
comment on table private.participant_names is 'Name and address of each participant who has one, in small letters. Triggers of participant_sessions keep it.';

-- A definer, because nobody writes names directly.
create function private.tg_keep_participant_name() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
declare
  words text := lower(concat_ws(' ', new.full_name, new.email));
begin
  if words = '' then
    delete from private.participant_names as n where n.tenant_id = new.tenant_id and n.session_id = new.id;
  else
    insert into private.participant_names (tenant_id, session_id, words) values (new.tenant_id, new.id, words)
    on conflict on constraint participant_names_pkey do update set words = excluded.words;
  end if;
  return null;
end
$$;
create trigger participant_sessions_keep_first_name after insert on public.participant_sessions
  for each row when (new.full_name is not null or new.email is not null) execute function private.tg_keep_participant_name();
create trigger participant_sessions_keep_name after update of full_name, email on public.participant_sessions
  for each row when (old.full_name is distinct from new.full_name or old.email is distinct from new.email)
  execute function private.tg_keep_participant_name();

-- A definer, because nobody is granted the names. It asks first what the policy of participant_sessions asks.
create function private.find_participants(tenant uuid, search text, status text, campaign uuid, before uuid, most int)
  returns setof uuid
  language plpgsql stable security definer
  set search_path = ''
  rows 50
  -- Back along the key until enough are found, also in a session that planned this while the table was empty.
  set enable_seqscan = off
  set enable_bitmapscan = off
  set enable_sort = off
  -- To compile the statement takes longer than to read a hundred thousand names.
  set jit = off
as $$
declare
  wanted text := lower(left(search, 100));
  behind uuid := coalesce(before, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
begin
  if tenant = any (private.tenant_ids('read')) is not true then
    return;
  elsif status is null and campaign is null then
    return query
    select n.session_id from private.participant_names as n
    where n.tenant_id = tenant and n.session_id < behind and position(wanted in n.words) > 0
    order by n.session_id desc limit least(most, 1001);
  else
    -- Only of whom the words fit, the row is looked at. The offset keeps the planner from beginning with all of a status.
    return query
    select n.session_id from private.participant_names as n
    cross join lateral (
      select from public.participant_sessions as s
      where s.tenant_id = n.tenant_id and s.id = n.session_id
        and (status is null or s.client_status = status) and (campaign is null or s.campaign_id = campaign) offset 0) as s
    where n.tenant_id = tenant and n.session_id < behind and position(wanted in n.words) > 0
    order by n.session_id desc limit least(most, 1001);
  end if;
end
$$;
comment on function private.find_participants(uuid, text, text, uuid, uuid, int) is
  'The newest participants of a tenant before an id whose name or address has this in it, in any case. None, if the caller may not read them.';
grant execute on function private.find_participants(uuid, text, text, uuid, uuid, int) to authenticated;

select private.register_table('private.participant_names', keeping => 'derived', personal => '{words}',
  on_forget => 'delete', forgotten_with => 'public.participant_sessions', unaudited => 'copied from participant_sessions, whose changes are in the log');

-- 10_frameworks/01_frameworks.sql

-- Frameworks: the assessments that the product knows. What a tenant changes of one stands in framework_configs.

create table public.frameworks (
  framework_id text primary key,
  name text not null,
  description text not null,
  version int not null default 1,
  base jsonb not null,
  created_at timestamptz not null default now(),
  constraint framework_id_is_a_word check (framework_id ~ '^[a-z0-9][a-z0-9_-]{0,63}$'),
  constraint base_has_every_part check (jsonb_typeof(base) = 'object'
    and base ?& '{archetypes,voice,scoring,modes,landing,communications,results,providers}')
);
comment on table public.frameworks is 'The assessments that the product knows, each with the configuration that holds where a tenant says nothing else.';
comment on column public.frameworks.version is 'Grows when a migration changes the base.';

alter table public.frameworks enable row level security;
create policy "everyone signed in reads the frameworks" on public.frameworks
  for select to authenticated using (true);
grant select on public.frameworks to authenticated, service_role;

create function private.register_framework(framework_id text, name text, description text, base jsonb) returns void
  language sql
  set search_path = ''
as $$
  insert into public.frameworks as f (framework_id, name, description, base)
  values (register_framework.framework_id, register_framework.name, register_framework.description, register_framework.base)
  on conflict on constraint frameworks_pkey do update set
    version = f.version + case when f.base = excluded.base then 0 else 1 end,
    name = excluded.name, description = excluded.description, base = excluded.base
$$;
comment on function private.register_framework(text, text, text, jsonb) is
  'Adds a framework, or updates it. Each framework stands in a file of its own.';

select private.register_table('public.frameworks', plain => '{framework_id,name,description,base}', unaudited => 'changed by migrations only');

-- 10_frameworks/02_money_archetypes.sql

-- Money archetypes: eight ways of being with money, in five formats.

select private.register_framework('money-archetypes', 'Money archetypes', 'Which of eight money archetypes leads somebody, and which one stands behind it.',
  $base${
    "archetypes": {
      "hero": {
        "position": 1,
        "name": "Hero",
        "colour": "#8C2F1B",
        "emoji": "🛡️",
        "description": "Sets goals, decides fast and wins. Money is a contest.",
        "strengths": ["Decides under pressure", "Saves and invests with a plan"],
        "shadows": ["Rarely asks for help", "Measures worth by results"]
      },
      "artist": {
        "position": 2,
        "name": "Artist",
        "colour": "#7A5C99",
        "emoji": "🎨",
        "description": "Lives for meaning and beauty. Money is a distant language.",
        "strengths": ["Sees value where others do not", "Lives with little when it matters"],
        "shadows": ["Undercharges", "Looks away from numbers"]
      },
      "innocent": {
        "position": 3,
        "name": "Innocent",
        "colour": "#6FA3B5",
        "emoji": "🌱",
        "description": "Trusts that somebody else takes care of it. Money is overwhelming.",
        "strengths": ["Trusts and learns quickly", "Is content"],
        "shadows": ["Leaves decisions to others", "Does not open letters"]
      },
      "victim": {
        "position": 4,
        "name": "Victim",
        "colour": "#5B6770",
        "emoji": "🌧️",
        "description": "Explains today by what went wrong before. Money is what was taken.",
        "strengths": ["Feels for others", "Remembers and warns"],
        "shadows": ["Waits for rescue", "Repeats the old story"]
      },
      "martyr": {
        "position": 5,
        "name": "Martyr",
        "colour": "#A4743A",
        "emoji": "🕯️",
        "description": "Pays for everybody first. Money is love that is owed.",
        "strengths": ["Gives generously", "Holds a family together"],
        "shadows": ["Forgets own needs", "Keeps a silent account"]
      },
      "adventurer": {
        "position": 6,
        "name": "Adventurer",
        "colour": "#C98B1E",
        "emoji": "🎲",
        "description": "Follows the chance of the day. Money is play.",
        "strengths": ["Acts when others hesitate", "Recovers from losses"],
        "shadows": ["Acts before reading", "Has no reserve"]
      },
      "ruler": {
        "position": 7,
        "name": "Ruler",
        "colour": "#3B4A3F",
        "emoji": "👑",
        "description": "Keeps control of every account. Money is power and safety.",
        "strengths": ["Builds lasting structures", "Knows every number"],
        "shadows": ["Trusts nobody with money", "Never has enough"]
      },
      "magician": {
        "position": 8,
        "name": "Magician",
        "colour": "#2F5D62",
        "emoji": "✨",
        "description": "Knows the old patterns and chooses. Money is a tool.",
        "strengths": ["Turns insight into habit", "Stays calm in change"],
        "shadows": ["Is impatient with slower people", "May overlook small steps"]
      }
    },
    "voice": {
      "system_prompt": "You are a warm and exact money coach. You describe patterns and never judge.",
      "tone_directives": ["Speak to one person.", "One idea a sentence."],
      "language": "en"
    },
    "scoring": {
      "engine": {
        "scale_min": 0,
        "scale_max": 100,
        "decimals": 1,
        "missing": "skip",
        "tie_break": ["hero", "artist", "innocent", "victim", "martyr", "adventurer", "ruler", "magician"]
      },
      "severity_bands": {
        "low": {"label": "In the background", "from": 0, "to": 35},
        "medium": {"label": "Present", "from": 35, "to": 65},
        "high": {"label": "Leading", "from": 65, "to": 100}
      },
      "combinations": [{"primary": "hero", "secondary": "martyr", "title": "The tireless provider", "description": "Wins for others, and forgets to rest."}, {"primary": "artist", "secondary": "innocent", "title": "The hidden talent", "description": "Creates much and asks for little."}, {"primary": "ruler", "secondary": "magician", "title": "The steward", "description": "Keeps order without fear."}, {"primary": "adventurer", "secondary": "hero", "title": "The founder", "description": "Dares, and finishes."}]
    },
    "modes": {
      "likert": {
        "is_enabled": true,
        "kind": "scale",
        "title": "Money quiz",
        "intro": "Sixteen sentences. How much is each one yours?",
        "scale": {"min": 1, "max": 5, "labels": {"1": "Not at all", "3": "Partly", "5": "Completely"}},
        "items": {
          "l01": {"position": 1, "prompt": "I set a financial goal and know by when I will reach it.", "weights": {"hero": 2, "magician": 1}},
          "l02": {"position": 2, "prompt": "I decide about money quickly, also under pressure.", "weights": {"hero": 2, "ruler": 1}},
          "l03": {"position": 3, "prompt": "I would rather create something good than be paid well for it.", "weights": {"artist": 2}},
          "l04": {"position": 4, "prompt": "I find it hard to name a price for my work.", "weights": {"artist": 2, "innocent": 1}},
          "l05": {"position": 5, "prompt": "I am glad when somebody else takes care of my money.", "weights": {"innocent": 2}},
          "l06": {"position": 6, "prompt": "Letters from the bank stay closed for a while.", "weights": {"innocent": 2, "victim": 1}},
          "l07": {"position": 7, "prompt": "Others are to blame for most of my money troubles.", "weights": {"victim": 2}},
          "l08": {"position": 8, "prompt": "What happened with money in my family still decides what I can do.", "weights": {"victim": 2, "martyr": 1}},
          "l09": {"position": 9, "prompt": "I pay for others before I pay for myself.", "weights": {"martyr": 2}},
          "l10": {"position": 10, "prompt": "I notice when nobody thanks me for what I gave.", "weights": {"martyr": 2, "victim": 1}},
          "l11": {"position": 11, "prompt": "I buy or invest on the day I hear of a chance.", "weights": {"adventurer": 2}},
          "l12": {"position": 12, "prompt": "I have three months of expenses in reserve.", "weights": {"ruler": 1, "magician": 1, "adventurer": -2}},
          "l13": {"position": 13, "prompt": "I check my accounts every week and know each number.", "weights": {"ruler": 2, "hero": 1}},
          "l14": {"position": 14, "prompt": "I would not let anybody else decide about my money.", "weights": {"ruler": 2}},
          "l15": {"position": 15, "prompt": "I know which of my money habits come from my parents, and I chose which to keep.", "weights": {"magician": 2}},
          "l16": {"position": 16, "prompt": "I stay calm when my income changes.", "weights": {"magician": 2, "artist": 1}}
        }
      },
      "qa": {
        "is_enabled": true,
        "kind": "choice",
        "title": "Four questions",
        "intro": "Choose what is closest.",
        "items": {
          "q01": {"position": 1, "prompt": "An invoice of yours is a month late. What do you do first?", "options": {"a": {"position": 1, "label": "I call and settle it today.", "weights": {"hero": 2}}, "b": {"position": 2, "label": "I write a kind reminder, and another one.", "weights": {"martyr": 2}}, "c": {"position": 3, "label": "I hope that it comes.", "weights": {"innocent": 2}}, "d": {"position": 4, "label": "My system has sent a notice already.", "weights": {"ruler": 2}}}},
          "q02": {"position": 2, "prompt": "You get an unexpected 5,000. Where is it next month?", "options": {"a": {"position": 1, "label": "In something I made possible for others.", "weights": {"martyr": 2}}, "b": {"position": 2, "label": "In materials, a course, a journey.", "weights": {"artist": 1, "adventurer": 1}}, "c": {"position": 3, "label": "In the plan, where it belongs.", "weights": {"magician": 2}}, "d": {"position": 4, "label": "Gone. Something always happens.", "weights": {"victim": 2}}}},
          "q03": {"position": 3, "prompt": "A friend tells you of an investment that doubles in a year.", "options": {"a": {"position": 1, "label": "I am in.", "weights": {"adventurer": 2}}, "b": {"position": 2, "label": "I ask for the figures.", "weights": {"ruler": 2}}, "c": {"position": 3, "label": "I ask what my friend needs.", "weights": {"magician": 1, "martyr": 1}}, "d": {"position": 4, "label": "I would not know how.", "weights": {"innocent": 2}}}},
          "q04": {"position": 4, "prompt": "What did money mean at the table you grew up at?", "options": {"a": {"position": 1, "label": "It was won.", "weights": {"hero": 2}}, "b": {"position": 2, "label": "It was a worry.", "weights": {"victim": 2}}, "c": {"position": 3, "label": "It was not talked about.", "weights": {"innocent": 1, "artist": 1}}, "d": {"position": 4, "label": "It was a tool like others.", "weights": {"magician": 2}}}}
        }
      },
      "game": {
        "is_enabled": true,
        "kind": "choice",
        "title": "Three rounds",
        "intro": "Play as you are.",
        "items": {
          "g01": {"position": 1, "prompt": "The dice show six. You may stop or roll again for double.", "options": {"a": {"position": 1, "label": "Stop.", "weights": {"ruler": 1, "magician": 1}}, "b": {"position": 2, "label": "Roll.", "weights": {"adventurer": 2}}}},
          "g02": {"position": 2, "prompt": "A card lets you take from the richest or give to the poorest.", "options": {"a": {"position": 1, "label": "Take.", "weights": {"hero": 2}}, "b": {"position": 2, "label": "Give.", "weights": {"martyr": 2}}}},
          "g03": {"position": 3, "prompt": "You may swap your place with anybody, once.", "options": {"a": {"position": 1, "label": "I keep mine.", "weights": {"artist": 1, "innocent": 1}}, "b": {"position": 2, "label": "I swap with the leader.", "weights": {"hero": 1, "adventurer": 1}}}}
        }
      },
      "deal": {
        "is_enabled": true,
        "kind": "choice",
        "title": "Three deals",
        "intro": "Choose a side of the table.",
        "items": {
          "d01": {"position": 1, "prompt": "Two offers are on the table.", "options": {"a": {"position": 1, "label": "A safe fee, paid today.", "weights": {"ruler": 2}}, "b": {"position": 2, "label": "A share of what it will become.", "weights": {"adventurer": 2}}}},
          "d02": {"position": 2, "prompt": "The buyer asks for a discount.", "options": {"a": {"position": 1, "label": "I name what falls away for it.", "weights": {"hero": 1, "magician": 1}}, "b": {"position": 2, "label": "I give it, so that everybody is happy.", "weights": {"martyr": 2}}}},
          "d03": {"position": 3, "prompt": "Your partner forgot the payment.", "options": {"a": {"position": 1, "label": "I carry it this time.", "weights": {"martyr": 1, "innocent": 1}}, "b": {"position": 2, "label": "We stop until it is paid.", "weights": {"ruler": 1, "hero": 1}}}}
        }
      },
      "realm": {
        "is_enabled": true,
        "kind": "choice",
        "title": "The journey",
        "intro": "Walk, and answer whom you meet.",
        "items": {
          "r01": {"position": 1, "prompt": "You come to a gate. The keeper asks what you carry.", "options": {"a": {"position": 1, "label": "A sword.", "weights": {"hero": 2}}, "b": {"position": 2, "label": "A song.", "weights": {"artist": 2}}, "c": {"position": 3, "label": "A ledger.", "weights": {"ruler": 2}}, "d": {"position": 4, "label": "Nothing. It was taken.", "weights": {"victim": 2}}}},
          "r02": {"position": 2, "prompt": "In the well you see a face.", "options": {"a": {"position": 1, "label": "A child that waits.", "weights": {"innocent": 2}}, "b": {"position": 2, "label": "Somebody who needs you.", "weights": {"martyr": 2}}, "c": {"position": 3, "label": "Yourself, older.", "weights": {"magician": 2}}, "d": {"position": 4, "label": "The one who dared you to jump.", "weights": {"adventurer": 2}}}}
        }
      }
    },
    "landing": {"headline": "Which money archetype leads you?", "personas": [], "traffic_split": 0.5, "capture_gate": "soft"},
    "communications": {
      "email_templates": {},
      "followups": [{"id": "day3", "after_hours": 72, "template": "followup_day3"}, {"id": "day10", "after_hours": 240, "template": "followup_day10"}]
    },
    "results": {
      "ordering": "score",
      "depth_thresholds": {"secondary": 0.6, "combination": 0.8},
      "spider_chart_enabled": true
    },
    "providers": {"reflection": {"is_enabled": false}, "micro_insight": {"is_enabled": false}, "voice": {"is_enabled": false}}
  }$base$);

-- 10_frameworks/03_industry.sql

-- Industry 4.0: how mature a firm is, in five fields, by one questionnaire.

select private.register_framework('industry4', 'Industry 4.0 maturity', 'How far a firm has come in strategy, processes, technology, people and data.',
  $base${
    "archetypes": {
      "strategy": {
        "position": 1,
        "name": "Strategy",
        "colour": "#1F4E79",
        "emoji": "🧭",
        "description": "Whether there is a direction, and whether people know it.",
        "strengths": [],
        "shadows": []
      },
      "processes": {
        "position": 2,
        "name": "Processes",
        "colour": "#2E7D32",
        "emoji": "⚙️",
        "description": "Whether work runs the same way twice.",
        "strengths": [],
        "shadows": []
      },
      "technology": {
        "position": 3,
        "name": "Technology",
        "colour": "#6A1B9A",
        "emoji": "💡",
        "description": "Whether tools carry the work or hinder it.",
        "strengths": [],
        "shadows": []
      },
      "people": {
        "position": 4,
        "name": "People",
        "colour": "#B65C00",
        "emoji": "🤝",
        "description": "Whether people can and want to change.",
        "strengths": [],
        "shadows": []
      },
      "data": {
        "position": 5,
        "name": "Data",
        "colour": "#00695C",
        "emoji": "📊",
        "description": "Whether decisions rest on figures.",
        "strengths": [],
        "shadows": []
      }
    },
    "voice": {
      "system_prompt": "You are a plain-spoken consultant for small industry firms.",
      "tone_directives": ["Name the next step."],
      "language": "en"
    },
    "scoring": {
      "engine": {
        "scale_min": 0,
        "scale_max": 100,
        "decimals": 0,
        "missing": "neutral",
        "tie_break": ["strategy", "processes", "technology", "people", "data"]
      },
      "severity_bands": {
        "beginning": {"label": "Beginning", "from": 0, "to": 25},
        "developing": {"label": "Developing", "from": 25, "to": 50},
        "established": {"label": "Established", "from": 50, "to": 75},
        "leading": {"label": "Leading", "from": 75, "to": 100}
      },
      "combinations": []
    },
    "modes": {
      "likert": {
        "is_enabled": true,
        "kind": "scale",
        "title": "Industry 4.0 check",
        "intro": "Ten sentences about your firm.",
        "scale": {"min": 1, "max": 7, "labels": {"1": "Not true", "7": "Fully true"}},
        "items": {
          "s1": {"position": 1, "prompt": "We have a written plan for digital work, with owners and dates.", "weights": {"strategy": 1}},
          "s2": {"position": 2, "prompt": "Everybody here could name our three goals.", "weights": {"strategy": 1}},
          "p1": {"position": 3, "prompt": "Our main processes are described and measured.", "weights": {"processes": 1}},
          "p2": {"position": 4, "prompt": "The same order is handled the same way, whoever handles it.", "weights": {"processes": 1}},
          "t1": {"position": 5, "prompt": "Our systems exchange data without anybody typing it again.", "weights": {"technology": 1}},
          "t2": {"position": 6, "prompt": "We can change a tool within a quarter.", "weights": {"technology": 1}},
          "h1": {"position": 7, "prompt": "People here learn new tools in paid time.", "weights": {"people": 1}},
          "h2": {"position": 8, "prompt": "Mistakes are told early.", "weights": {"people": 1}},
          "d1": {"position": 9, "prompt": "We decide by figures that are at most a week old.", "weights": {"data": 1}},
          "d2": {"position": 10, "prompt": "We know who may see which data.", "weights": {"data": 1}}
        }
      }
    },
    "landing": {"headline": "How far is your firm?", "personas": [], "traffic_split": 0.5, "capture_gate": "hard"},
    "communications": {"email_templates": {}, "followups": []},
    "results": {
      "ordering": "declared",
      "depth_thresholds": {"secondary": 0.5, "combination": 1},
      "spider_chart_enabled": true
    },
    "providers": {"reflection": {"is_enabled": false}, "micro_insight": {"is_enabled": false}, "voice": {"is_enabled": false}}
  }$base$);

-- 10_frameworks/04_framework_configs.sql

-- Framework configs: what a tenant changes of a framework, its versions, and the way back.

create function private.config_fits(config jsonb) returns boolean
  language plpgsql immutable parallel safe
  set search_path = ''
as $$
declare
  most_values constant int := 10000;
  small constant text[] := '{voice_overrides,landing_overrides,results_display,providers}';
  large constant text[] := '{archetype_overrides,scoring_overrides,mode_overrides,communications,test_clients}';
  part text;
  stored_size int := 0;
  value_count int := 0;
begin
  if jsonb_typeof(config) <> 'object' then
    return false;
  end if;
  -- A number costs a microsecond below, and a megabyte has half a million. So those that are too many are only counted, and
  -- not further than the part with which they are. What is as small as this has never too many.
  if pg_column_size(config) > 65536 then
    foreach part in array small || large
    loop
      if pg_column_size(config -> part) > 4 * (case when part = any (small) then 65536 else 262144 end) + 1000 then
        return false;
      end if;
      stored_size := stored_size + coalesce(pg_column_size(config -> part), 0);
      value_count := value_count + coalesce(jsonb_array_length(jsonb_path_query_array(config -> part, 'strict $.**.type()')), 0);
      if value_count > most_values then
        return false;
      end if;
    end loop;
    -- What is in none of the parts is not even copied.
    if pg_column_size(config) > stored_size + 1000 then
      return false;
    end if;
  end if;
  return config - (small || large) = '{}' and not private.has_long_number(config) and not exists (
    select from jsonb_each(config) as c
    where octet_length(c.value::text) > case when c.key = any (small) then 65536 else 262144 end);
end
$$;
comment on function private.config_fits(jsonb) is 'Whether each part of a framework config is small enough, all together have at most 10,000 values, and none is there that a config does not have.';
grant execute on function private.config_fits(jsonb) to service_role;

-- Asked before a config is stored, because a constraint that fails writes out the whole row, with each digit of its numbers.
create function private.require_small_config(config jsonb) returns void
  language plpgsql immutable parallel safe
  set search_path = ''
as $$
begin
  if (case when pg_column_size(config) > 65536 then not private.config_fits(config) else private.has_long_number(config) end) then
    perform private.raise_problem(422, 'invalid_value', 'The configuration is too large.',
      '[{"pointer": "", "detail": "has a part that is too large, or too many values: each part may have 64 or 256 KiB, and all together 10,000 values"}]');
  end if;
end
$$;
comment on function private.require_small_config(jsonb) is
  'Refuses what config_fits() refuses, if it is large or has numbers that are. 422 invalid_value.';
grant execute on function private.require_small_config(jsonb) to service_role;

create table public.framework_configs (
  tenant_id uuid not null references public.tenants on delete cascade,
  framework_id text not null references public.frameworks on delete restrict,
  archetype_overrides jsonb not null default '{}',
  voice_overrides jsonb not null default '{}',
  scoring_overrides jsonb not null default '{}',
  mode_overrides jsonb not null default '{}',
  landing_overrides jsonb not null default '{}',
  communications jsonb not null default '{}',
  results_display jsonb not null default '{}',
  providers jsonb not null default '{}',
  test_clients jsonb not null default '[]',
  version int not null default 0,
  reason text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  created_by uuid,
  updated_by uuid,
  primary key (tenant_id, framework_id),
  constraint config_reason_is_text check (private.is_plain_text(reason, 500)),
  constraint config_is_small check (private.config_fits(jsonb_build_object('archetype_overrides', archetype_overrides,
    'voice_overrides', voice_overrides, 'scoring_overrides', scoring_overrides, 'mode_overrides', mode_overrides,
    'landing_overrides', landing_overrides, 'communications', communications, 'results_display', results_display,
    'providers', providers, 'test_clients', test_clients)))
);
comment on table public.framework_configs is 'What a tenant changes of a framework. Objects are merged into the base, lists replace its lists, and null removes.';
comment on column public.framework_configs.version is 'Grows by one with each change. 0 is the base alone.';
create index framework_configs_framework_id_idx on public.framework_configs (framework_id);
create trigger framework_configs_touch before update on public.framework_configs for each row execute function private.tg_touch_updated_at();
create trigger framework_configs_stamp_editor before insert or update on public.framework_configs for each row execute function private.tg_stamp_editor();

alter table public.framework_configs enable row level security;
create policy "members read their tenant's framework configs" on public.framework_configs
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read'))::uuid[]));
-- Nobody else writes: the edge function checks what the resolved configuration would be.
grant select on public.framework_configs to authenticated;
grant select, insert, update, delete on public.framework_configs to service_role;

create table public.framework_config_snapshots (
  tenant_id uuid not null,
  framework_id text not null,
  version int not null,
  full_config jsonb not null,
  diff jsonb not null,
  reason text,
  restored_version int,
  snapshot_by uuid,
  snapshot_at timestamptz not null default now(),
  primary key (tenant_id, framework_id, version),
  foreign key (tenant_id, framework_id) references public.framework_configs on delete cascade
);
comment on table public.framework_config_snapshots is 'Each version of a tenant''s framework config, the newest 50.';
comment on column public.framework_config_snapshots.full_config is 'The nine columns of this version.';
comment on column public.framework_config_snapshots.diff is 'From the version before to this one (RFC 6902).';
comment on column public.framework_config_snapshots.restored_version is 'The version that this one brought back.';

alter table public.framework_config_snapshots enable row level security;
create policy "members read their tenant's config snapshots" on public.framework_config_snapshots
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read'))::uuid[]));
grant select on public.framework_config_snapshots to authenticated;
grant select on public.framework_config_snapshots to service_role;
create trigger framework_config_snapshots_refuse_change before update on public.framework_config_snapshots
  for each row execute function private.tg_refuse_change();

-- A definer, because nobody else writes snapshots.
create function private.save_framework_config(
  tenant uuid, framework text, expected_version int, config jsonb, diff jsonb, reason text default null, restored_version int default null
) returns public.framework_configs
  language plpgsql security definer
  set search_path = ''
as $$
declare
  max_snapshots constant int := 50;
  head public.framework_configs;
begin
  if not exists (select from public.frameworks as f where f.framework_id = framework) then
    perform private.raise_problem(404, 'framework_not_found', 'There is no framework with this name.');
  end if;
  perform private.require_feature(tenant, 'assessments');
  perform private.require_small_config(config);
  select * into head from public.framework_configs as c
  where c.tenant_id = tenant and c.framework_id = framework for update;
  if not found then
    insert into public.framework_configs (tenant_id, framework_id) values (tenant, framework) on conflict do nothing;
    select * into head from public.framework_configs as c
    where c.tenant_id = tenant and c.framework_id = framework for update;
  end if;
  if head.version <> expected_version then
    perform private.raise_problem(412, 'version_mismatch', 'Somebody else has changed this in the meantime.',
      members => jsonb_build_object('version', head.version));
  end if;
  head := jsonb_populate_record(head, config);
  update public.framework_configs as c set
    archetype_overrides = head.archetype_overrides, voice_overrides = head.voice_overrides, scoring_overrides = head.scoring_overrides,
    mode_overrides = head.mode_overrides, landing_overrides = head.landing_overrides, communications = head.communications,
    results_display = head.results_display, providers = head.providers, test_clients = head.test_clients,
    version = head.version + 1, reason = save_framework_config.reason
  where c.tenant_id = tenant and c.framework_id = framework
  returning * into head;
  insert into public.framework_config_snapshots (tenant_id, framework_id, version, full_config, diff, reason, restored_version, snapshot_by)
  values (tenant, framework, head.version, config, save_framework_config.diff, save_framework_config.reason, save_framework_config.restored_version,
    head.updated_by);
  -- Versions have no gaps, and this one holds the lock. So at most 50 are left, whoever writes at the same time.
  delete from public.framework_config_snapshots as s
  where s.tenant_id = tenant and s.framework_id = framework and s.version <= head.version - max_snapshots;
  return head;
end
$$;
comment on function private.save_framework_config(uuid, text, int, jsonb, jsonb, text, int) is
  'Makes the next version of a tenant''s framework config out of all nine columns, keeps it with the difference to the one before, and trims to the newest 50. 404 framework_not_found, 402 feature_not_in_plan, and 412 version_mismatch if the expected version is not the newest.';
grant execute on function private.save_framework_config(uuid, text, int, jsonb, jsonb, text, int) to service_role;

select private.register_table('public.framework_configs',
  plain => '{framework_id,archetype_overrides,voice_overrides,scoring_overrides,mode_overrides,landing_overrides,communications,results_display,providers,test_clients,reason}');
select private.register_table('public.framework_config_snapshots', keeping => 'history',
  plain => '{framework_id,full_config,diff,reason}', unaudited => 'append-only, so it is a record itself');

-- 10_frameworks/05_config_drafts.sql

-- Config drafts: changes of a framework config that are not published yet, and the moment at which some of them will be.

create type public.config_draft_status as enum (
  'draft',     -- somebody is at work on it
  'scheduled', -- it is published at its moment
  'suspended'  -- its moment came, and it could not be published
);

create table public.framework_config_drafts (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  ref_id text not null generated always as (private.ulid(id)) stored,
  framework_id text not null references public.frameworks on delete restrict,
  status public.config_draft_status not null default 'draft',
  revision uuid not null default private.uuid_v7(),
  base_version int not null,
  base_config jsonb not null,
  change jsonb not null,
  reason text,
  publish_at timestamptz,
  scheduled_by uuid,
  problem jsonb,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  created_by uuid,
  updated_by uuid,
  primary key (tenant_id, id),
  constraint draft_reason_is_text check (private.is_plain_text(reason, 500)),
  constraint draft_is_small check (private.config_fits(change) and private.config_fits(base_config)),
  constraint draft_problem_is_small check (private.json_fits(problem, 16384)),
  constraint only_a_draft_has_no_moment check ((status = 'draft') = (publish_at is null)),
  constraint a_suspended_draft_says_why check ((status = 'suspended') = (problem is not null))
);
comment on table public.framework_config_drafts is
  'Changes of a framework config that are not published yet: the draft of each framework, and what is scheduled. A row goes when it is published.';
comment on column public.framework_config_drafts.revision is 'Another one after each change, so that two editors do not overwrite each other.';
comment on column public.framework_config_drafts.base_config is 'The nine columns of the version that is changed. That version may be trimmed before the change is published.';
comment on column public.framework_config_drafts.change is 'The columns that change, each as a whole.';
comment on column public.framework_config_drafts.problem is 'Why it could not be published: {code, detail, version, conflicts}.';
create unique index framework_config_drafts_ref_id_idx on public.framework_config_drafts (tenant_id, ref_id) where ref_id is not null;
create unique index framework_config_drafts_one_draft_idx on public.framework_config_drafts (tenant_id, framework_id) where status = 'draft';
create index framework_config_drafts_framework_idx on public.framework_config_drafts (tenant_id, framework_id, ref_id);
create index framework_config_drafts_framework_id_idx on public.framework_config_drafts (framework_id);
create index framework_config_drafts_publish_at_idx on public.framework_config_drafts (publish_at) where status = 'scheduled';
create trigger framework_config_drafts_touch before update on public.framework_config_drafts
  for each row execute function private.tg_touch_updated_at();
create trigger framework_config_drafts_stamp_editor before insert or update on public.framework_config_drafts
  for each row execute function private.tg_stamp_editor();

alter table public.framework_config_drafts enable row level security;
create policy "members read their tenant's config drafts" on public.framework_config_drafts
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read'))::uuid[]));
-- Nobody else writes: the edge function checks what the resolved configuration would be.
grant select on public.framework_config_drafts to authenticated;
grant select, insert, update, delete on public.framework_config_drafts to service_role;

-- A definer, because only such functions tell people something.
create function private.suspend_config_draft(tenant uuid, draft uuid, problem jsonb) returns boolean
  language plpgsql security definer
  set search_path = ''
as $$
declare
  suspended public.framework_config_drafts;
begin
  update public.framework_config_drafts as d
  set status = 'suspended', problem = suspend_config_draft.problem, revision = private.uuid_v7()
  where d.tenant_id = suspend_config_draft.tenant and d.id = suspend_config_draft.draft and d.status = 'scheduled'
  returning * into suspended;
  if not found then
    return false;
  end if;
  perform private.notify(suspended.tenant_id, 'framework.publish_suspended', '{admins}',
    jsonb_build_object(
      'framework', (select jsonb_build_object('framework_id', f.framework_id, 'name', f.name)
        from public.frameworks as f where f.framework_id = suspended.framework_id),
      'scheduled', jsonb_build_object('ref_id', suspended.ref_id, 'publish_at', private.event_moment(suspended.publish_at)),
      'problem', jsonb_build_object('code', suspend_config_draft.problem ->> 'code')),
    'framework', suspended.framework_id, 'framework.publish_suspended ' || suspended.ref_id);
  return true;
end
$$;
comment on function private.suspend_config_draft(uuid, uuid, jsonb) is
  'Keeps a scheduled change from being published, with the reason, and tells the tenant''s managers. False if it is not scheduled any more.';

create function private.request_config_publications() returns text
  language plpgsql
  set search_path = ''
as $$
begin
  if not exists (select from public.framework_config_drafts as d where d.status = 'scheduled' and d.publish_at <= now()) then
    return 'Nothing is due.';
  end if;
  -- Unlike format(), this is null if no request was made.
  return coalesce('Asked with request ' || private.call_edge_function('/assessments/frameworks/publish-due', timeout_milliseconds => 60000) || '.',
    'Nothing was asked: Vault does not have the secret tenantry_functions_url or tenantry_service_key.');
end
$$;
comment on function private.request_config_publications() is
  'If a scheduled change is due, wakes the edge function that publishes it, because only that function can check the whole. Returns what it did.';
grant execute on function private.suspend_config_draft(uuid, uuid, jsonb) to service_role;

select cron.schedule('assessments: publish scheduled framework configs', '* * * * *', 'select private.request_config_publications()');

select private.register_notification_type('framework.publish_suspended', 'assessments', 'A scheduled change of a framework could not be published.',
  '{"en": "A change of {{framework.name}} was to be published at {{scheduled.publish_at}}, and was not ({{problem.code}}). Look at what is scheduled.",
    "de": "Eine Änderung von {{framework.name}} sollte am {{scheduled.publish_at}} veröffentlicht werden und wurde es nicht ({{problem.code}}). Sieh nach, was geplant ist.",
    "fr": "Une modification de {{framework.name}} devait être publiée le {{scheduled.publish_at}} et ne l’a pas été ({{problem.code}}). Consultez ce qui est prévu."}',
  '{"framework": {"framework_id": "industry4", "name": "Industry 4.0 maturity"},
    "scheduled": {"ref_id": "01JD3N8Q4ZB6T2V9XK5M7R0C1E", "publish_at": "2027-01-04T08:00:00.000Z"}, "problem": {"code": "version_mismatch"}}');

select private.register_table('public.framework_config_drafts', quiet => '{revision}',
  plain => '{framework_id,base_config,change,reason,problem}');

-- 15_campaign_rules.sql

-- Campaign rules: of which assessment a campaign may be, and which campaigns take participants.

alter table public.campaigns add constraint campaigns_assessment_type_fkey
  foreign key (assessment_type) references public.frameworks on delete restrict;
create index campaigns_assessment_type_idx on public.campaigns (assessment_type);

-- Before the row, so that the answer says more than a foreign key does. It depends on nothing that a tenant has:
-- whoever is refused by row level security afterwards has learned nothing.
create function private.tg_know_assessment() returns trigger
  language plpgsql
  set search_path = ''
as $$
declare
  modes text[];
begin
  select array(select m from jsonb_object_keys(f.base -> 'modes') as m order by m) into modes
  from public.frameworks as f where f.framework_id = new.assessment_type;
  if modes is null then
    perform private.raise_problem(422, 'unknown_assessment',
      format('There is no assessment "%s". Choose one of these: %s.', left(new.assessment_type, 64),
        (select string_agg(f.framework_id, ', ' order by f.framework_id) from public.frameworks as f)),
      '[{"pointer": "/assessment_type", "detail": "is no assessment of the product"}]');
  elsif new.mode <> all (modes) then
    perform private.raise_problem(422, 'invalid_value',
      format('The assessment "%s" has no mode "%s". It has these: %s. Leave it null for all of them.', new.assessment_type, left(new.mode, 40),
        array_to_string(modes, ', ')),
      '[{"pointer": "/mode", "detail": "is no mode of this assessment"}]');
  end if;
  return new;
end
$$;
create trigger campaigns_know_assessment before insert or update of assessment_type, mode on public.campaigns
  for each row execute function private.tg_know_assessment();

-- After the row, so that it tells a stranger nothing of the tenant. A definer, because the answer is about the tenant and not
-- about what the caller may read.
create function private.tg_require_enabled_assessment() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
declare
  enabled text[];
begin
  if current_setting('tenantry.is_restoring', true) = 'on' then
    return null;
  end if;
  if not private.is_trusted_caller() then
    perform private.require_feature(new.tenant_id, 'assessments');
  end if;
  -- Whoever disables it at the same time waits, and then finds this campaign.
  select b.enabled_assessments into enabled from public.tenant_brands as b where b.tenant_id = new.tenant_id for share;
  if new.assessment_type = any (enabled) then
    return null;
  end if;
  perform private.raise_problem(422, 'assessment_not_enabled',
    format('The tenant has not enabled the assessment "%s". A manager adds it to enabled_assessments of the brand first.', new.assessment_type),
    '[{"pointer": "/assessment_type", "detail": "is not enabled"}]');
end
$$;
create trigger campaigns_assessment_is_enabled after insert on public.campaigns
  for each row execute function private.tg_require_enabled_assessment();
create trigger campaigns_changed_assessment_is_enabled after update of assessment_type, status on public.campaigns
  for each row when (new.assessment_type <> old.assessment_type or new.status = 'open' and old.status <> 'open')
  execute function private.tg_require_enabled_assessment();

-- A definer for the same reason.
create function private.tg_keep_assessments_in_use() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
declare
  used jsonb;
  used_count int;
begin
  if current_setting('tenantry.is_restoring', true) = 'on' then
    return null;
  end if;
  select count(*), jsonb_agg(jsonb_build_object('ref_id', c.ref_id, 'name', left(c.name, 100)) order by c.id) filter (where c.n <= 5)
  into used_count, used
  from (select o.id, o.ref_id, o.name, row_number() over (order by o.id) as n from public.campaigns as o
    where o.tenant_id = new.tenant_id and o.status = 'open'
      and o.assessment_type = any (old.enabled_assessments) and o.assessment_type <> all (new.enabled_assessments)) as c;
  if used_count > 0 then
    perform private.raise_problem(409, 'assessment_in_use',
      format('%s open %s of an assessment that you would disable. Close %s first.', used_count,
        case used_count when 1 then 'campaign is' else 'campaigns are' end, case used_count when 1 then 'it' else 'them' end),
      members => jsonb_build_object('campaigns', used, 'campaign_count', used_count));
  end if;
  return null;
end
$$;
create trigger tenant_brands_assessments_in_use after update of enabled_assessments on public.tenant_brands
  for each row when (not old.enabled_assessments <@ new.enabled_assessments) execute function private.tg_keep_assessments_in_use();

-- A definer, because the service that registers participants may be asked by anybody.
create function private.tg_refuse_closed_campaign() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
declare
  campaign public.campaigns;
begin
  select * into campaign from public.campaigns as c where c.tenant_id = new.tenant_id and c.id = new.campaign_id;
  if current_setting('tenantry.is_restoring', true) = 'on' or campaign.id is null then
    return null;
  end if;
  if campaign.status <> 'open' then
    perform private.raise_problem(409, 'campaign_not_open', case campaign.status
      when 'draft' then 'This campaign is a draft, so it takes no participants. Open it first.'
      else 'This campaign is closed, so it takes no participants.' end);
  end if;
  -- Of a campaign that is one too many for the plan, another trigger says it.
  if campaign.switched_off_at is not null then
    perform private.require_feature(new.tenant_id, 'assessments');
  end if;
  return null;
end
$$;
create trigger participant_sessions_campaign_is_open after insert or update of campaign_id on public.participant_sessions
  for each row when (new.campaign_id is not null) execute function private.tg_refuse_closed_campaign();

-- 30_clients/01_client_bios.sql

-- Client bios: what a coach knows of a participant, and notes about them.

create table public.client_bios (
  tenant_id uuid not null references public.tenants on delete cascade,
  session_id uuid not null,
  headline text,
  background text,
  goals text,
  notes text,
  revision uuid not null default private.uuid_v7(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  created_by uuid,
  updated_by uuid,
  primary key (tenant_id, session_id),
  foreign key (tenant_id, session_id) references public.participant_sessions on delete cascade,
  constraint bio_headline_is_text check (private.is_plain_text(headline, 200) and headline !~ '[\t\n]'),
  constraint bio_background_is_text check (private.is_plain_text(background, 5000)),
  constraint bio_goals_are_text check (private.is_plain_text(goals, 5000)),
  constraint bio_notes_are_text check (private.is_plain_text(notes, 20000)),
  constraint bio_says_something check (num_nonnulls(headline, background, goals, notes) > 0)
);
comment on table public.client_bios is 'What a coach knows of a participant and notes about them: one for each participant who has one.';
comment on column public.client_bios.revision is 'Another one after each change, so that two editors do not overwrite each other.';
create trigger client_bios_touch before update on public.client_bios for each row execute function private.tg_touch_updated_at();
create trigger client_bios_stamp_editor before insert or update on public.client_bios for each row execute function private.tg_stamp_editor();

alter table public.client_bios enable row level security;
-- Not "read": a reviewer looks at what agents wrote, and needs nothing that a coach noted about a person.
create policy "members read what their tenant notes about clients" on public.client_bios
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read_clients'))::uuid[]));
-- Nobody else writes: only the edge function asks which revision is changed.
grant select on public.client_bios to authenticated;
grant select, insert, update, delete on public.client_bios to service_role;

select private.register_table('public.client_bios', personal => '{headline,background,goals,notes}', quiet => '{revision}',
  on_forget => 'delete', forgotten_with => 'public.participant_sessions');

-- 30_clients/02_client_documents.sql

-- Client documents: files that a coach keeps about a participant. The bytes are in Storage, and these rows say which.

create type public.client_document_state as enum (
  'awaited', -- a link to upload it was given out
  'stored'   -- the file is there, and is what its row says
);

create function private.is_document_name(name text, content_type text) returns boolean
  language plpgsql immutable parallel safe
  set search_path = ''
as $$
begin
  -- The ending too, because it decides what a computer does with the file: a text may be called report.txt and not report.html.
  return private.is_plain_text(name, 200) and name !~ '[\t\n/\\]' and name = btrim(name) and lower(name) ~ ('[^.]\.(' || case content_type
    when 'application/pdf' then 'pdf'
    when 'image/png' then 'png'
    when 'image/jpeg' then 'jpe?g'
    when 'image/webp' then 'webp'
    when 'text/plain' then 'txt|md|csv'
    when 'application/vnd.openxmlformats-officedocument.wordprocessingml.document' then 'docx'
  end || ')$');
end
$$;
comment on function private.is_document_name(text, text) is 'Whether a file of this type may have this name. Null for a type that no document has.';
grant execute on function private.is_document_name(text, text) to authenticated, service_role;

create table public.client_documents (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  ref_id text not null generated always as (private.ulid(id)) stored,
  session_id uuid not null,
  name text not null,
  content_type text not null,
  byte_count int not null,
  storage_path text not null,
  state public.client_document_state not null default 'awaited',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  created_by uuid,
  updated_by uuid,
  primary key (tenant_id, id),
  foreign key (tenant_id, session_id) references public.participant_sessions on delete cascade,
  constraint document_name_fits_its_type check (private.is_document_name(name, content_type) is true),
  constraint document_is_not_too_large check (byte_count between 1 and 10485760),
  -- Nobody can guess the second part, and nobody's row leads to a file of another tenant.
  constraint document_path_is_the_tenants check (
    split_part(storage_path, '/', 1) = private.ulid(tenant_id) and split_part(storage_path, '/', 2) ~ '^[0-9a-f]{32}$' and length(storage_path) = 59)
);
create unique index client_documents_ref_id_idx on public.client_documents (tenant_id, ref_id) where ref_id is not null;
comment on table public.client_documents is 'Files that a coach keeps about a participant: what each is, and where it is in the bucket "clients" of Supabase Storage.';
comment on column public.client_documents.byte_count is 'What was announced. A file of another size is refused.';
create index client_documents_session_id_idx on public.client_documents (tenant_id, session_id, id);
create unique index client_documents_storage_path_idx on public.client_documents (tenant_id, storage_path);
create index client_documents_awaited_idx on public.client_documents (created_at) where state = 'awaited';
create trigger client_documents_touch before update on public.client_documents for each row execute function private.tg_touch_updated_at();
create trigger client_documents_stamp_editor before insert or update on public.client_documents for each row execute function private.tg_stamp_editor();

alter table public.client_documents enable row level security;
create policy "members read their tenant's client documents" on public.client_documents
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read_clients'))::uuid[]));
-- Nobody else writes: a row without its file would be a promise.
grant select on public.client_documents to authenticated;
grant select, insert, update, delete on public.client_documents to service_role;

-- await_client_document() asks for the place.
create trigger client_documents_take_place after insert on public.client_documents
  for each row execute function private.tg_count_places('client_documents', '1');
create trigger client_documents_vacate after delete on public.client_documents
  for each row execute function private.tg_count_places('client_documents', '-1');
select private.register_limit('client_documents', 'Documents of clients, with those whose upload has begun.',
  '{"trial": 50, "starter": 100, "professional": 1000, "business": 10000, "enterprise": 100000}', 'uploading a document of a client');

-- A definer, as the next two: nobody may write a document directly.
create function private.await_client_document(tenant uuid, participant text, name text, content_type text, byte_count int)
  returns public.client_documents
  language plpgsql security definer
  set search_path = ''
as $$
declare
  session uuid;
  awaited public.client_documents;
begin
  -- It asks for the permission as well.
  perform private.require_upload_turn(await_client_document.tenant);
  select s.id into session from public.participant_sessions as s
  where s.tenant_id = await_client_document.tenant and s.ref_id = await_client_document.participant;
  if not found then
    perform private.raise_problem(404, 'participant_not_found', 'This tenant has no participant with this ref_id.');
  end if;
  perform private.require_place(await_client_document.tenant, 'client_documents');
  insert into public.client_documents (tenant_id, session_id, name, content_type, byte_count, storage_path)
  values (await_client_document.tenant, session, await_client_document.name, await_client_document.content_type, await_client_document.byte_count,
    private.ulid(await_client_document.tenant) || '/' || replace(gen_random_uuid()::text, '-', ''))
  returning * into awaited;
  return awaited;
end
$$;
comment on function private.await_client_document(uuid, text, text, text, int) is
  'Makes the row of a document whose bytes are still to come. 404 participant_not_found; 402 limit_reached; 429 too_many_uploads.';

create function private.open_client_document(tenant uuid, participant text, document text) returns public.client_documents
  language plpgsql security definer
  set search_path = ''
as $$
declare
  opened public.client_documents;
begin
  perform private.require_permission(open_client_document.tenant, 'read_clients');
  select d.* into opened from public.client_documents as d
  where d.tenant_id = open_client_document.tenant and d.ref_id = open_client_document.document
    and d.session_id = (select s.id from public.participant_sessions as s
      where s.tenant_id = open_client_document.tenant and s.ref_id = open_client_document.participant);
  if not found then
    perform private.raise_problem(404, 'not_found', 'This participant has no document with this ref_id.');
  elsif opened.state = 'stored' then
    perform private.record_audit(opened.tenant_id, 'client_document.opened', 'client_document', opened.ref_id);
  end if;
  return opened;
end
$$;
comment on function private.open_client_document(uuid, text, text) is
  'A document, for whoever is about to get a link to its file. The audit log says who. 404 not_found.';

create function private.remove_client_document(tenant uuid, participant text, document text) returns text
  language plpgsql security definer
  set search_path = ''
as $$
declare
  path text;
begin
  perform private.require_permission(remove_client_document.tenant, 'write');
  delete from public.client_documents as d
  where d.tenant_id = remove_client_document.tenant and d.ref_id = remove_client_document.document
    and d.session_id = (select s.id from public.participant_sessions as s
      where s.tenant_id = remove_client_document.tenant and s.ref_id = remove_client_document.participant)
  returning d.storage_path into path;
  if not found then
    perform private.raise_problem(404, 'not_found', 'This participant has no document with this ref_id.');
  end if;
  return path;
end
$$;
comment on function private.remove_client_document(uuid, text, text) is
  'Removes a document, and returns which file goes with it. Only the API of Storage deletes that. 404 not_found.';
grant execute on function private.await_client_document(uuid, text, text, text, int), private.open_client_document(uuid, text, text),
  private.remove_client_document(uuid, text, text) to authenticated, service_role;

create function private.sweep_awaited_documents(batch int default 1000) returns int
  language sql volatile
  set search_path = ''
as $$
  -- A link to upload ends after two hours, and an upload that began in time may last a little longer.
  with overdue as (
    select d.tenant_id, d.id from public.client_documents as d
    where d.state = 'awaited' and d.created_at <= now() - interval '3 hours'
    order by d.created_at limit batch for update skip locked
  ), swept as (
    delete from public.client_documents as d using overdue as o where d.tenant_id = o.tenant_id and d.id = o.id returning 1
  )
  select count(*)::int from swept
$$;
comment on function private.sweep_awaited_documents(int) is
  'Removes documents whose upload was not completed within three hours, the oldest first, at most one batch. Returns how many.';
select cron.schedule('assessments: remove documents that were never uploaded', '*/10 * * * *', 'select private.sweep_awaited_documents()');

create function private.keeps_client_file(tenant uuid, name text) returns boolean
  language sql stable
  set search_path = ''
as $$
  select exists (select from public.client_documents as d where d.tenant_id = keeps_client_file.tenant and d.storage_path = keeps_client_file.name)
$$;
comment on function private.keeps_client_file(uuid, text) is 'Whether a document of the tenant is this file.';
select private.register_bucket('clients', keeps => 'keeps_client_file');

select private.register_audit_action('client_document.opened', 'r');
select private.register_table('public.client_documents', plain => '{content_type,storage_path}', personal => '{name}',
  on_forget => 'delete', forgotten_with => 'public.participant_sessions');

-- 30_clients/03_kept_participants.sql

-- Kept participants: whoever has a bio or a document is not removed when the session expires.

-- A definer, because nobody may set it directly.
create function private.tg_keep_participant() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
declare
  tenant uuid := case tg_op when 'DELETE' then old.tenant_id else new.tenant_id end;
  session uuid := case tg_op when 'DELETE' then old.session_id else new.session_id end;
begin
  -- Locked first: whoever removes the last document sees what somebody else adds at the same time.
  perform from public.participant_sessions as s where s.tenant_id = tenant and s.id = session for no key update;
  update public.participant_sessions as s set is_kept = k.is_kept
  from (select exists (select from public.client_bios as b where b.tenant_id = tenant and b.session_id = session)
    or exists (select from public.client_documents as d where d.tenant_id = tenant and d.session_id = session) as is_kept) as k
  where s.tenant_id = tenant and s.id = session and s.is_kept <> k.is_kept;
  return null;
end
$$;
create trigger client_bios_keep_participant after insert or delete on public.client_bios
  for each row execute function private.tg_keep_participant();
create trigger client_documents_keep_participant after insert or delete on public.client_documents
  for each row execute function private.tg_keep_participant();
