-- Insights: a remark of a model on one answer, once for each question and answer, and so many in a session.

create table public.participant_insights (
  tenant_id uuid not null,
  session_id uuid not null,
  item_id text not null,
  answer text not null,
  status public.reflection_status not null default 'writing',
  language text not null,
  words text,
  model text,
  begun_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, session_id, item_id, answer),
  foreign key (tenant_id, session_id) references public.participant_sessions on delete cascade,
  constraint insight_is_text check (private.is_plain_text(words, 1000)),
  constraint insight_is_of_an_answer check (length(item_id) <= 40 and length(answer) <= 40 and length(model) <= 255 and length(language) <= 16),
  constraint written_insight_has_words check ((status = 'written') = (words is not null))
);
comment on table public.participant_insights is
  'What a language model remarked on an answer of a participant. One that failed is not asked for again. It goes with its participant.';

alter table public.participant_insights enable row level security;
create policy "members read what was remarked to their tenant's participants" on public.participant_insights
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read'))::uuid[]));
-- Nobody else writes: what it says is the model's.
grant select on public.participant_insights to authenticated, service_role;

create function private.begin_insight(
  token_hash bytea, item text, most int, framework_language text, out tenant uuid, out session uuid, out state text, out words text,
  out answer text, out language text
)
  language plpgsql security definer
  set search_path = ''
  set enable_seqscan = off
as $$
#variable_conflict use_column
declare
  taken public.participant_sessions := private.lock_session(begin_insight.token_hash);
  known public.participant_insights;
begin
  begin_insight.tenant := taken.tenant_id;
  begin_insight.session := taken.id;
  begin_insight.answer := (select a.answers ->> begin_insight.item from public.participant_answers as a
    where a.tenant_id = taken.tenant_id and a.session_id = taken.id);
  if begin_insight.answer is null then
    perform private.raise_problem(422, 'invalid_value', 'Save the answer first.', '[{"pointer": "/item", "detail": "has no saved answer"}]');
  end if;
  select * into known from public.participant_insights as i
  where i.tenant_id = taken.tenant_id and i.session_id = taken.id and i.item_id = begin_insight.item and i.answer = begin_insight.answer;
  if known.status = 'written' then
    begin_insight.state := 'written';
    begin_insight.words := known.words;
    begin_insight.language := known.language;
  elsif known.status = 'writing' and known.begun_at > clock_timestamp() - interval '90 seconds' then
    begin_insight.state := 'writing';
  elsif known.status is not null then
    begin_insight.state := 'unavailable';
  elsif taken.completed_at is not null or not private.has_feature(taken.tenant_id, 'ai_authoring')
    or coalesce((select c.results_disclosure from public.campaigns as c where c.tenant_id = taken.tenant_id and c.id = taken.campaign_id), 'none') = 'none'
    or (select count(*) from public.participant_insights as i where i.tenant_id = taken.tenant_id and i.session_id = taken.id) >= most then
    begin_insight.state := 'not_offered';
  else
    begin_insight.language := private.participant_language(taken.locale, framework_language);
    insert into public.participant_insights (tenant_id, session_id, item_id, answer, language)
    values (taken.tenant_id, taken.id, begin_insight.item, begin_insight.answer, begin_insight.language);
    begin_insight.state := 'begun';
  end if;
end
$$;
comment on function private.begin_insight(bytea, text, int, text) is
  'Whether a remark on a saved answer is there, is being written, or is to be written by the caller now (begun), of so many in a session, and in which language. 404 session_not_found, 422 invalid_value.';

create function private.end_insight(tenant uuid, session uuid, item text, answer text, words text, model text, is_asked boolean) returns void
  language plpgsql security definer
  set search_path = ''
as $$
begin
  if is_asked then
    update public.participant_insights as i set status = case when end_insight.words is null then 'failed' else 'written' end::public.reflection_status,
      words = end_insight.words, model = end_insight.model
    where i.tenant_id = end_insight.tenant and i.session_id = end_insight.session and i.item_id = end_insight.item
      and i.answer = end_insight.answer and i.status = 'writing';
  else
    -- What was refused before a model was asked may be asked for again, and takes no place in the session.
    delete from public.participant_insights as i
    where i.tenant_id = end_insight.tenant and i.session_id = end_insight.session and i.item_id = end_insight.item
      and i.answer = end_insight.answer and i.status = 'writing';
  end if;
end
$$;
comment on function private.end_insight(uuid, uuid, text, text, text, text, boolean) is
  'Keeps what a model remarked on an answer, or notes that it gave nothing.';
grant execute on function private.begin_insight(bytea, text, int, text), private.end_insight(uuid, uuid, text, text, text, text, boolean) to service_role;

select private.register_table('public.participant_insights', plain => '{item_id,answer,language,model}', personal => '{words}',
  on_forget => 'delete', forgotten_with => 'public.participant_sessions',
  unaudited => 'written by a model once, for whoever takes the assessment; its call is a record itself');
