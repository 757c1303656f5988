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
