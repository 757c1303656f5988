-- Reflections: what a model writes to a participant about the result, once.

create type public.reflection_status as enum (
  'writing', -- a model is being asked
  'written',
  'failed'   -- it gave nothing, and may be asked again
);

create table public.participant_reflections (
  tenant_id uuid not null,
  session_id uuid not null,
  status public.reflection_status not null default 'writing',
  attempt int not null default 1,
  disclosure text not null,
  language text not null,
  words text,
  model text,
  begun_at timestamptz not null default clock_timestamp(),
  written_at timestamptz,
  primary key (tenant_id, session_id),
  foreign key (tenant_id, session_id) references public.participant_sessions on delete cascade,
  constraint reflection_is_text check (private.is_plain_text(words, 8000)),
  constraint reflection_model_is_short check (length(model) <= 255 and length(language) <= 16),
  constraint written_reflection_has_words check ((status = 'written') = (words is not null) and (words is null) = (written_at is null)),
  constraint reflection_disclosure_is_known check (disclosure in ('full', 'summary'))
);
comment on table public.participant_reflections is
  'What a language model wrote to a participant about the result: one text, which is written and paid once. It goes with its participant.';
comment on column public.participant_reflections.disclosure is 'How much of the result the model was told. Who may see less of the result does not see the text.';
comment on column public.participant_reflections.attempt is 'How often a model was asked. The third time is the last.';

alter table public.participant_reflections enable row level security;
create policy "members read what was written to their tenant's participants" on public.participant_reflections
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read'))::uuid[]));
-- Nobody else writes: what it says is the model's.
grant select on public.participant_reflections to authenticated, service_role;

-- Definers, as all that whoever holds a token may do. For the edge function alone.
create function private.begin_reflection(
  token_hash bytea, framework_language text, out tenant uuid, out session uuid, out state text, out words text, out attempt int, out language text
)
  language plpgsql security definer
  set search_path = ''
  set enable_seqscan = off
as $$
#variable_conflict use_column
declare
  -- Who asks at the same time waits here, and then finds that it is being written.
  taken public.participant_sessions := private.lock_session(begin_reflection.token_hash);
  known public.participant_reflections;
  shown text := (select c.results_disclosure from public.campaigns as c where c.tenant_id = taken.tenant_id and c.id = taken.campaign_id);
begin
  if not exists (select from public.assessment_results as r where r.tenant_id = taken.tenant_id and r.session_id = taken.id) then
    perform private.raise_problem(409, 'session_not_completed', 'This session is not completed. Finish it first.');
  end if;
  begin_reflection.tenant := taken.tenant_id;
  begin_reflection.session := taken.id;
  select * into known from public.participant_reflections as r where r.tenant_id = taken.tenant_id and r.session_id = taken.id;
  if shown is null or shown = 'none' or known.status = 'written' and shown <> 'full' and shown <> known.disclosure then
    begin_reflection.state := 'not_offered';
  elsif known.status = 'written' then
    begin_reflection.state := 'written';
    begin_reflection.words := known.words;
    begin_reflection.language := known.language;
  elsif not private.has_feature(taken.tenant_id, 'ai_authoring') then
    begin_reflection.state := 'not_offered';
  -- Longer than the edge function waits for a model. After that, whoever asked it is gone.
  elsif known.status = 'writing' and known.begun_at > clock_timestamp() - interval '90 seconds' then
    begin_reflection.state := 'writing';
  elsif known.attempt >= 3 then
    begin_reflection.state := 'unavailable';
  else
    begin_reflection.language := private.participant_language(taken.locale, framework_language);
    insert into public.participant_reflections as r (tenant_id, session_id, disclosure, language)
    values (taken.tenant_id, taken.id, shown, begin_reflection.language)
    on conflict on constraint participant_reflections_pkey do update set
      status = 'writing', attempt = r.attempt + 1, disclosure = excluded.disclosure, language = excluded.language, begun_at = clock_timestamp()
    returning r.attempt into begin_reflection.attempt;
    begin_reflection.state := 'begun';
  end if;
end
$$;
comment on function private.begin_reflection(bytea, text) is
  'Whether a text about a token''s result is there, is being written, or is to be written by the caller now (begun), and in which language. 404 session_not_found, 409 session_not_completed.';

create function private.end_reflection(tenant uuid, session uuid, attempt int, words text, model text, is_asked boolean) returns void
  language plpgsql security definer
  set search_path = ''
as $$
begin
  -- Nothing happens if the participant is gone, or if somebody else writes by now.
  update public.participant_reflections as r set
    status = case when end_reflection.words is null then 'failed' else 'written' end::public.reflection_status,
    words = end_reflection.words, model = end_reflection.model,
    written_at = case when end_reflection.words is not null then now() end,
    -- What was refused before a model was asked is no attempt: there may be credits tomorrow.
    attempt = r.attempt - case when is_asked then 0 else 1 end
  where r.tenant_id = end_reflection.tenant and r.session_id = end_reflection.session and r.attempt = end_reflection.attempt
    and r.status = 'writing';
end
$$;
comment on function private.end_reflection(uuid, uuid, int, text, text, boolean) is
  'Keeps what a model wrote in an attempt that was begun, or notes that it gave nothing.';
grant execute on function private.begin_reflection(bytea, text), private.end_reflection(uuid, uuid, int, text, text, boolean) to service_role;

select private.register_table('public.participant_reflections', plain => '{disclosure,language,model}', personal => '{words}',
  on_forget => 'delete', forgotten_with => 'public.participant_sessions',
  unaudited => 'written by a model once, for whoever has taken the assessment; its call is a record itself');
