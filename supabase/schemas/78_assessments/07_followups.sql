-- Follow-ups: mails to a participant some time after the assessment. Each is planned when the assessment is completed.

create type public.followup_status as enum ('planned', 'sent', 'cancelled');
create type public.followup_cancel_reason as enum (
  'by_hand',         -- a member said so
  'converted',       -- the participant has become a client
  'archived',        -- the participant was put aside
  -- The others are found out when it is due.
  'no_address',      -- nobody knows where to send it
  'no_consent',      -- the participant has not agreed, or does not any more
  'repeated',        -- the address got the same one on this day, for another session
  'suppressed',      -- nothing goes to this address: its reader has unsubscribed, or there is no such mailbox
  'not_configured',  -- the configuration of the framework does not have it any more
  'no_template',     -- there are no words for it
  'tenant_stopped',  -- the tenant is frozen or archived, or its plan has no follow-ups
  'failed'           -- something about it cannot be sent
);

create table public.followups (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  ref_id text not null generated always as (private.ulid(id)) stored,
  session_id uuid not null,
  followup_id text not null,
  template text not null,
  due_at timestamptz not null,
  status public.followup_status not null default 'planned',
  cancel_reason public.followup_cancel_reason,
  failure_count int not null default 0,
  settled_at timestamptz,
  settled_by uuid,
  created_at timestamptz not null default now(),
  primary key (tenant_id, id),
  -- Planned once, however often a completion is sent.
  constraint followups_followup_id_idx unique (tenant_id, session_id, followup_id),
  foreign key (tenant_id, session_id) references public.participant_sessions on delete cascade,
  constraint followup_id_is_a_word check (followup_id ~ '^[a-z][a-z0-9_-]{0,39}$'),
  constraint followup_template_is_a_word check (template ~ '^[a-z][a-z0-9_-]{0,39}$'),
  constraint only_a_planned_followup_is_unsettled check ((status = 'planned') = (settled_at is null)),
  constraint a_cancelled_followup_says_why check ((status = 'cancelled') = (cancel_reason is not null))
) with (fillfactor = 90);
comment on table public.followups is
  'Mails that go to a participant some time after the assessment, and what became of each. Planned in the transaction that completes it.';
comment on column public.followups.followup_id is 'Which one it is in the configuration of the framework.';
comment on column public.followups.template is 'The name of its words: as it was planned, and once it is sent as it was sent.';
comment on column public.followups.failure_count is 'How often handing it over to the notifications has failed. It is put off each time.';
comment on column public.followups.settled_by is 'The member who has cancelled it, or has moved the participant. Null for the participant and for cron.';
create unique index followups_ref_id_idx on public.followups (tenant_id, ref_id) where ref_id is not null;
create index followups_session_id_idx on public.followups (tenant_id, session_id, id);
create index followups_status_idx on public.followups (tenant_id, status, id);
-- What is due is found without what is not due, and without what is settled.
create index followups_due_at_idx on public.followups (due_at) where status = 'planned';

alter table public.followups enable row level security;
create policy "members read their tenant's follow-ups" on public.followups
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read'))::uuid[]));
-- Nobody else writes: a follow-up that somebody plans by hand would be a mail in words that nobody has checked.
grant select on public.followups to authenticated;
grant select, insert, update, delete on public.followups to service_role;

create function private.plan_followups(taken public.participant_sessions, followups jsonb) returns void
  language plpgsql
  set search_path = ''
as $$
declare
  -- As many as a configuration may have.
  max_followups constant int := 20;
begin
  if jsonb_typeof(followups) is distinct from 'array' or followups = '[]' or taken.client_status in ('converted', 'archived')
      or not private.has_feature(taken.tenant_id, 'followups') then
    return;
  end if;
  -- Also where nobody knows an address yet: it may be given later, and is asked for when one is due.
  insert into public.followups (tenant_id, session_id, followup_id, template, due_at)
  select taken.tenant_id, taken.id, f.id, f.template, taken.completed_at + make_interval(hours => f.after_hours)
  from (select * from jsonb_to_recordset(followups) as o (id text, after_hours int, template text) limit max_followups) as f
  on conflict do nothing;
end
$$;
comment on function private.plan_followups(public.participant_sessions, jsonb) is
  'Plans the follow-ups of a configuration, [{id, after_hours, template}], as of the completion. A second call plans nothing more.';

-- A definer, because nobody writes follow-ups directly.
create function private.tg_cancel_followups() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  update public.followups as f
  set status = 'cancelled', cancel_reason = new.client_status::public.followup_cancel_reason, settled_at = now(), settled_by = (select auth.uid())
  where f.tenant_id = new.tenant_id and f.session_id = new.id and f.status = 'planned';
  return null;
end
$$;
-- At once, and not when one is due: whoever comes back from there is no stranger any more, and is not written to by a machine.
create trigger participant_sessions_cancel_followups after update of client_status on public.participant_sessions
  for each row when (old.client_status <> new.client_status and new.client_status in ('converted', 'archived'))
  execute function private.tg_cancel_followups();

select private.register_feature('followups', 'Follow-ups after an assessment.', '{trial,starter,professional,business,enterprise}');

select private.register_table('public.followups', keeping => 'history', plain => '{followup_id,template}',
  unaudited => 'each row says what became of it, when and by whom');
