-- Onboarding runs: what an agent finds out about a new tenant, and who approves it.

create type public.onboarding_run_status as enum (
  'pending',     -- waits for the contract, or for an agent
  'researching', -- an agent is at work
  'review',      -- somebody with the permission "review" reads what the agent wrote
  'completed'
);

create table public.onboarding_runs (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  ref_id text not null generated always as (private.ulid(id)) stored,
  status public.onboarding_run_status not null default 'pending',
  research_output text,
  context_file_ref text,
  note text,
  reviewed_by uuid,
  reviewed_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (tenant_id, id),
  constraint research_is_short check (length(research_output) <= 200000),
  constraint context_file_ref_is_short check (length(context_file_ref) between 1 and 255),
  constraint run_note_is_text check (length(btrim(note)) >= 1 and private.is_plain_text(note, 2000)),
  constraint review_has_something_to_read check (status not in ('review', 'completed') or research_output is not null),
  constraint completed_was_reviewed check (status <> 'completed' or reviewed_by is not null and reviewed_at is not null)
);
comment on table public.onboarding_runs is
  'The research about a new tenant: pending, researching, review, completed, or back to researching with a note. One at a time is open.';
comment on column public.onboarding_runs.note is 'Why somebody sent it back to the agent.';
create unique index onboarding_runs_ref_id_idx on public.onboarding_runs (tenant_id, ref_id) where ref_id is not null;
create unique index onboarding_runs_open_idx on public.onboarding_runs (tenant_id) where status <> 'completed';
create trigger onboarding_runs_touch before update on public.onboarding_runs for each row execute function private.tg_touch_updated_at();

alter table public.onboarding_runs enable row level security;
create policy "members read their tenant's onboarding runs" on public.onboarding_runs
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read'))::uuid[]));
grant select on public.onboarding_runs to authenticated, service_role;

create function private.lock_onboarding_run(tenant uuid, allowed public.onboarding_run_status[]) returns public.onboarding_runs
  language plpgsql
  set search_path = ''
as $$
declare
  run public.onboarding_runs;
begin
  select * into run from public.onboarding_runs as r
  where r.tenant_id = lock_onboarding_run.tenant order by r.id desc limit 1 for no key update;
  if not found then
    perform private.raise_problem(404, 'not_found', 'This tenant has no onboarding run.');
  elsif run.status <> all (allowed) then
    perform private.raise_problem(409, 'run_not_there', format('The run is %s.', run.status), members => jsonb_build_object('run_status', run.status));
  end if;
  return run;
end
$$;
comment on function private.lock_onboarding_run(uuid, public.onboarding_run_status[]) is
  'The newest run of a tenant, locked, if it is in one of these states. 404 not_found; 409 run_not_there.';

-- Definers, this one and the next two: nobody may write a run directly.
create function private.start_onboarding_run(tenant uuid) returns public.onboarding_runs
  language plpgsql security definer
  set search_path = ''
as $$
declare
  run public.onboarding_runs := private.lock_onboarding_run(start_onboarding_run.tenant, '{pending,researching}');
begin
  if exists (select from public.tenants as t where t.id = start_onboarding_run.tenant and t.contract_pending_at is not null) then
    perform private.raise_problem(403, 'contract_not_accepted', 'The contract of this tenant is not accepted yet.');
  end if;
  update public.onboarding_runs as r set status = 'researching' where r.tenant_id = run.tenant_id and r.id = run.id returning * into run;
  return run;
end
$$;
comment on function private.start_onboarding_run(uuid) is
  'Says that an agent is at work. For the service. A second call changes nothing. 403 contract_not_accepted; 404; 409 run_not_there.';

create function private.submit_onboarding_run(tenant uuid, research text, context_file text default null) returns public.onboarding_runs
  language plpgsql security definer
  set search_path = ''
as $$
declare
  run public.onboarding_runs := private.lock_onboarding_run(submit_onboarding_run.tenant, '{researching}');
begin
  update public.onboarding_runs as r set status = 'review', research_output = submit_onboarding_run.research,
    context_file_ref = coalesce(submit_onboarding_run.context_file, r.context_file_ref)
  where r.tenant_id = run.tenant_id and r.id = run.id returning * into run;
  perform private.notify(run.tenant_id, 'onboarding.review', '{admins}', '{}', 'onboarding_run', run.ref_id,
    'review ' || run.ref_id || ' ' || extract(epoch from run.updated_at));
  return run;
end
$$;
comment on function private.submit_onboarding_run(uuid, text, text) is
  'Hands in what an agent found, for review. For the service. 404 not_found; 409 run_not_there.';

create function private.review_onboarding_run(tenant uuid, is_approved boolean, note text default null) returns public.onboarding_runs
  language plpgsql security definer
  set search_path = ''
as $$
declare
  run public.onboarding_runs;
begin
  perform private.require_permission(review_onboarding_run.tenant, 'review');
  run := private.lock_onboarding_run(review_onboarding_run.tenant, '{review}');
  if not is_approved and review_onboarding_run.note is null then
    perform private.raise_problem(422, 'invalid_value', 'Say what is to be done better.', '[{"pointer": "/note", "detail": "is needed to send it back"}]');
  end if;
  update public.onboarding_runs as r set
    status = case when is_approved then 'completed' else 'researching' end::public.onboarding_run_status,
    note = review_onboarding_run.note, reviewed_by = (select auth.uid()), reviewed_at = now()
  where r.tenant_id = run.tenant_id and r.id = run.id returning * into run;
  if is_approved then
    perform private.emit_event(run.tenant_id, 'onboarding.completed', jsonb_build_object('run', jsonb_build_object('ref_id', run.ref_id)),
      'onboarding ' || run.ref_id, 'onboarding ' || run.ref_id, has_row_lock => true);
  end if;
  return run;
end
$$;
comment on function private.review_onboarding_run(uuid, boolean, text) is
  'Approves what an agent found, or sends it back with a note. For callers with the permission "review". 404 not_found; 409 run_not_there; 422.';
grant execute on function private.start_onboarding_run(uuid), private.submit_onboarding_run(uuid, text, text) to service_role;
grant execute on function private.review_onboarding_run(uuid, boolean, text) to authenticated;

select private.register_notification_type('onboarding.review', 'onboarding', 'The research about the tenant waits for review.',
  '{"en": "The research about your business is done. Read and approve it.",
    "de": "Die Recherche zu deinem Unternehmen ist fertig. Lies und bestätige sie.",
    "fr": "La recherche sur votre entreprise est terminée. Lisez-la et approuvez-la."}', '{}');
select private.register_event_type('onboarding.completed', 'The research about a new tenant was approved.',
  '{"run": {"ref_id": "ref_id"}}', '{"run": {"ref_id": "01JD3N8Q4ZB6T2V9XK5M7R0C1E"}}');

select private.register_table('public.onboarding_runs', keeping => 'history', plain => '{context_file_ref}', personal => '{research_output,note}',
  on_forget => 'keep', kept_because => 'Research about a company, which its members approve.');
