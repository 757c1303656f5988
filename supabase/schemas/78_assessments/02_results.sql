-- Results: what the answers of a participant add up to, one row for each completed session.

create table public.assessment_results (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  ref_id text not null generated always as (private.ulid(id)) stored,
  session_id uuid not null,
  campaign_id uuid,
  framework_id text not null references public.frameworks on delete restrict,
  mode text not null,
  locale text,
  scores jsonb not null,
  primary_id text,
  secondary_id text,
  combination jsonb,
  answered_count int not null,
  item_count int not null,
  framework_version int not null,
  config_version int not null,
  seconds_taken int,
  completed_at timestamptz not null default now(),
  primary key (tenant_id, id),
  -- A session is completed once.
  constraint assessment_results_session_id_idx unique (tenant_id, session_id),
  foreign key (tenant_id, session_id) references public.participant_sessions on delete cascade,
  foreign key (tenant_id, campaign_id) references public.campaigns (tenant_id, id) on delete set null (campaign_id),
  constraint scores_are_a_list check (jsonb_typeof(scores) = 'array' and private.json_fits(scores, 16384)),
  constraint combination_is_small check (jsonb_typeof(combination) = 'object' and private.json_fits(combination, 16384)),
  constraint result_words_are_short check (
    length(mode) <= 40 and length(locale) <= 35 and length(primary_id) <= 40 and length(secondary_id) <= 40),
  constraint something_was_answered check (answered_count between 1 and item_count)
);
create unique index assessment_results_ref_id_idx on public.assessment_results (tenant_id, ref_id) where ref_id is not null;
comment on table public.assessment_results is 'The scores of a completed session. Written when it is completed, and never changed.';
comment on column public.assessment_results.scores is 'The highest first: [{"id": "hero", "score": 83.3, "band": "high"}].';
comment on column public.assessment_results.combination is 'What the two that lead say together, in the tenant''s words: {"title": …, "description": …}.';
comment on column public.assessment_results.config_version is 'The version of the tenant''s configuration that gave the scores. 0 is the framework alone.';
comment on column public.assessment_results.seconds_taken is 'From the first saved answer to the end.';
create index assessment_results_campaign_id_idx on public.assessment_results (tenant_id, campaign_id);
create index assessment_results_framework_id_idx on public.assessment_results (framework_id);
create index assessment_results_completed_at_idx on public.assessment_results (tenant_id, completed_at, framework_id, mode);

alter table public.assessment_results enable row level security;
create policy "members read their tenant's results" on public.assessment_results
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read'))::uuid[]));
grant select on public.assessment_results to authenticated;
grant select, insert, update, delete on public.assessment_results to service_role;

-- A definer, because whether there is a result does not depend on who asks.
create function private.tg_keep_completion() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  if exists (select from public.assessment_results as r where r.tenant_id = new.tenant_id and r.session_id = new.id) then
    perform private.raise_problem(409, 'session_completed', 'This participant has a result, so the assessment stays completed.');
  end if;
  return null;
end
$$;
create trigger participant_sessions_keep_completion after update of completed_at on public.participant_sessions
  for each row when (old.completed_at is not null and new.completed_at is null) execute function private.tg_keep_completion();

-- Each field by its name, because private.anonymous_row() reads the register and the columns of the table for each row. A test
-- holds the two against each other.
create function private.anonymous_result(result public.assessment_results) returns jsonb
  language plpgsql stable
  set search_path = ''
as $$
begin
  return jsonb_build_object('framework_id', result.framework_id, 'mode', result.mode, 'locale', result.locale, 'scores', result.scores,
    'primary_id', result.primary_id, 'secondary_id', result.secondary_id, 'combination', result.combination,
    'answered_count', result.answered_count, 'item_count', result.item_count, 'framework_version', result.framework_version,
    'config_version', result.config_version, 'seconds_taken', result.seconds_taken, 'completed_at', result.completed_at);
end
$$;
comment on function private.anonymous_result(public.assessment_results) is 'A result as analytics may have it: without ids, and without what the register calls personal or secret.';

select private.register_table('public.assessment_results', plain => '{framework_id,mode,locale,scores,primary_id,secondary_id,combination}',
  unaudited => 'written once with the move of its session, which is in the log');
