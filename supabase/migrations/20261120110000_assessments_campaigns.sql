-- Assessments: campaigns, and the participants who go through them (the coach's lead pipeline).

create table public.campaigns (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  ref_id text not null generated always as (private.ulid(id)) stored,
  name text not null,
  assessment_type text not null default 'industry4',
  results_disclosure text not null default 'full',
  opens_at timestamptz,
  closes_at timestamptz,
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
comment on table public.campaigns is 'An assessment offered by a tenant: which one, when, and how much of the result a participant sees.';

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
  'One person''s way through an assessment, from registered to converted. An unfinished one expires and is removed.';
create index participant_sessions_campaign_id_idx on public.participant_sessions (tenant_id, campaign_id);
create index participant_sessions_client_status_idx on public.participant_sessions (tenant_id, client_status, id);
create index participant_sessions_token_hash_idx on public.participant_sessions (token_hash);
-- Only the unfinished expire; a lead is never swept away.
create index participant_sessions_expires_at_idx on public.participant_sessions (expires_at)
  where client_status in ('registered', 'started');

create trigger campaigns_touch before update on public.campaigns for each row execute function private.tg_touch_updated_at();
create trigger campaigns_stamp_editor before insert or update on public.campaigns for each row execute function private.tg_stamp_editor();
create trigger participant_sessions_touch before update on public.participant_sessions for each row execute function private.tg_touch_updated_at();
create trigger participant_sessions_stamp_editor before insert or update on public.participant_sessions for each row execute function private.tg_stamp_editor();

create function private.sweep_expired_participant_sessions(batch int default 5000) returns int
  language sql volatile
  set search_path = ''
as $$
  -- Bounded, and past rows somebody holds: the sweep never makes a participant wait.
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
  'Removes unfinished participant sessions past their expiry, oldest first, at most a batch; answers how many.';

alter table public.campaigns enable row level security;
alter table public.participant_sessions enable row level security;

create policy "members read their tenant's campaigns" on public.campaigns
  for select to authenticated using (tenant_id = any (array(select private.tenant_ids('read'))));
create policy "members create their tenant's campaigns" on public.campaigns
  for insert to authenticated with check (tenant_id = any (array(select private.tenant_ids('write'))));
create policy "members update their tenant's campaigns" on public.campaigns
  for update to authenticated
  using (tenant_id = any (array(select private.tenant_ids('write'))))
  with check (tenant_id = any (array(select private.tenant_ids('write'))));
create policy "managers delete their tenant's campaigns" on public.campaigns
  for delete to authenticated using (tenant_id = any (array(select private.tenant_ids('manage'))));

create policy "members read their tenant's participants" on public.participant_sessions
  for select to authenticated using (tenant_id = any (array(select private.tenant_ids('read'))));
create policy "members create their tenant's participants" on public.participant_sessions
  for insert to authenticated with check (tenant_id = any (array(select private.tenant_ids('write'))));
create policy "members update their tenant's participants" on public.participant_sessions
  for update to authenticated
  using (tenant_id = any (array(select private.tenant_ids('write'))))
  with check (tenant_id = any (array(select private.tenant_ids('write'))));
create policy "managers delete their tenant's participants" on public.participant_sessions
  for delete to authenticated using (tenant_id = any (array(select private.tenant_ids('manage'))));

grant select, delete on public.campaigns, public.participant_sessions to authenticated;
grant insert (tenant_id, id, name, assessment_type, results_disclosure, opens_at, closes_at),
  update (name, assessment_type, results_disclosure, opens_at, closes_at) on public.campaigns to authenticated;
grant insert (tenant_id, id, campaign_id, email, full_name, client_status, expires_at),
  update (campaign_id, email, full_name, client_status, started_at, completed_at, expires_at)
  on public.participant_sessions to authenticated;
grant select, insert, update, delete on public.campaigns, public.participant_sessions to service_role;
