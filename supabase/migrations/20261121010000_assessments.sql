-- Made by "npm run generate" from supabase/schemas/60_assessments. Change it there.

-- 01_campaigns.sql

-- Campaigns: the assessments that a tenant offers.

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
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  created_by uuid,
  updated_by uuid,
  primary key (tenant_id, id),
  constraint campaign_name_is_text check (length(btrim(name)) >= 1 and private.is_plain_text(name, 255)),
  constraint assessment_type_is_a_word check (assessment_type ~ '^[a-z0-9][a-z0-9_-]{0,63}$'),
  constraint results_disclosure_is_known check (results_disclosure in ('full', 'summary', 'none')),
  constraint campaign_closes_after_it_opens check (closes_at > opens_at)
);
create unique index campaigns_ref_id_idx on public.campaigns (tenant_id, ref_id) where ref_id is not null;
comment on table public.campaigns is 'An assessment that a tenant offers: which one, when, and how much of the result a participant sees.';
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
grant insert (tenant_id, id, name, assessment_type, results_disclosure, opens_at, closes_at),
  update (name, assessment_type, results_disclosure, opens_at, closes_at) on public.campaigns to authenticated;
grant select, insert, update, delete on public.campaigns to service_role;

create function private.tg_emit_campaign_events() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
declare
  campaign public.campaigns := case tg_op when 'DELETE' then old else new end;
  data jsonb := jsonb_build_object('campaign', jsonb_build_object('ref_id', campaign.ref_id, 'name', campaign.name,
    'assessment_type', campaign.assessment_type, 'results_disclosure', campaign.results_disclosure,
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
select private.register_switch('campaigns', 'keep_campaigns');

select private.register_table('public.campaigns', plain => '{name,assessment_type,results_disclosure}');

select private.register_event_type('campaign.created', 'A campaign was created.',
    '{"campaign": {"ref_id": "ref_id", "name": "text", "assessment_type": "text", "results_disclosure": "full|summary|none", "opens_at?": "moment", "closes_at?": "moment"}}',
    '{"campaign": {"ref_id": "01JD3ND3E5R7T9V1X3Z5B7D9F1", "name": "Spring leadership check", "assessment_type": "industry4",
      "results_disclosure": "full", "opens_at": "2027-03-01T08:00:00.000Z", "closes_at": null}}');

select private.register_event_type('campaign.updated', 'A campaign was changed. The event has the names of the changed fields, and the campaign as it is now.',
    '{"campaign": {"ref_id": "ref_id", "name": "text", "assessment_type": "text", "results_disclosure": "full|summary|none", "opens_at?": "moment", "closes_at?": "moment"},
      "changed": "text[]"}',
    '{"campaign": {"ref_id": "01JD3ND3E5R7T9V1X3Z5B7D9F1", "name": "Spring leadership check", "assessment_type": "industry4",
      "results_disclosure": "summary", "opens_at": "2027-03-01T08:00:00.000Z", "closes_at": "2027-05-31T22:00:00.000Z"},
      "changed": ["closes_at", "results_disclosure"]}');

select private.register_event_type('campaign.deleted', 'A campaign was deleted. Its participants stay, without a campaign.',
    '{"campaign": {"ref_id": "ref_id", "name": "text", "assessment_type": "text", "results_disclosure": "full|summary|none", "opens_at?": "moment", "closes_at?": "moment"}}',
    '{"campaign": {"ref_id": "01JD3ND3E5R7T9V1X3Z5B7D9F1", "name": "Spring leadership check", "assessment_type": "industry4",
      "results_disclosure": "summary", "opens_at": null, "closes_at": null}}');

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
  token_hash bytea,
  started_at timestamptz,
  completed_at timestamptz,
  expires_at timestamptz not null default now() + interval '30 days',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  created_by uuid,
  updated_by uuid,
  primary key (tenant_id, id),
  foreign key (tenant_id, campaign_id) references public.campaigns (tenant_id, id) on delete set null (campaign_id),
  constraint client_status_is_known check (
    client_status in ('registered', 'started', 'completed', 'contacted', 'converted', 'archived')),
  constraint participant_is_text check (private.is_plain_text(full_name, 255) and private.is_email(email)),
  constraint token_is_a_sha256 check (length(token_hash) = 32)
);
create unique index participant_sessions_ref_id_idx on public.participant_sessions (tenant_id, ref_id) where ref_id is not null;
comment on table public.participant_sessions is
  'One person''s way through an assessment, from registered to converted. An unfinished session expires and is removed.';
create index participant_sessions_campaign_id_idx on public.participant_sessions (tenant_id, campaign_id);
create index participant_sessions_client_status_idx on public.participant_sessions (tenant_id, client_status, id);
create index participant_sessions_token_hash_idx on public.participant_sessions (token_hash);

-- Only unfinished sessions expire. A completed session, which is a lead, is never removed.
create index participant_sessions_expires_at_idx on public.participant_sessions (expires_at)
  where client_status in ('registered', 'started');
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
    where expires_at <= now() and client_status in ('registered', 'started')
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
  ordering_key text := 'participant_session ' || new.ref_id;
begin
  if tg_op = 'INSERT' then
    perform private.emit_event(new.tenant_id, 'participant_session.created', data, ordering_key, has_row_lock => true);
  elsif new.client_status <> old.client_status then
    perform private.emit_event(new.tenant_id, 'participant_session.status_changed',
      data || jsonb_build_object('old_status', old.client_status), ordering_key, has_row_lock => true);
  end if;
  -- The status or the moment may be set first. With the idempotency key the event is emitted once, even if the
  -- completion is taken back and set again.
  if (new.client_status = 'completed' or new.completed_at is not null)
    and (tg_op = 'INSERT' or old.client_status <> 'completed' and old.completed_at is null) then
    perform private.emit_event(new.tenant_id, 'participant_session.completed', data, ordering_key,
      'participant_session.completed ' || new.ref_id, has_row_lock => true);
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

select private.register_table('public.participant_sessions', plain => '{client_status}', personal => '{email,full_name}', secret => '{token_hash}',
  person => 'email');

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
