-- Made by "npm run generate" from supabase/schemas/78_assessments. Change it there.

-- 01_answers.sql

-- Answers: what a participant has said so far, saved as it comes.

create table public.participant_answers (
  tenant_id uuid not null,
  session_id uuid not null,
  answers jsonb not null default '{}',
  revision int not null default 1,
  saved_at timestamptz not null default now(),
  primary key (tenant_id, session_id),
  foreign key (tenant_id, session_id) references public.participant_sessions on delete cascade,
  constraint answers_are_small check (jsonb_typeof(answers) = 'object' and private.json_fits(answers, 65536))
) with (fillfactor = 80);
comment on table public.participant_answers is
  'What a participant has answered, by the ids of the items: a point of the scale, or the id of an option. Never words of their own.';
comment on column public.participant_answers.revision is 'Grows with each save, so that scores are never of other answers than the ones that are kept.';

alter table public.participant_answers enable row level security;
create policy "members read their tenant's answers" on public.participant_answers
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read'))::uuid[]));
-- Only participants answer. A member who could write here would answer in their name.
grant select on public.participant_answers to authenticated;
grant select, insert, update, delete on public.participant_answers to service_role;

select private.register_table('public.participant_answers', plain => '{answers}',
  unaudited => 'saved many times in a session, and what they add up to has a row of its own');

-- 02_results.sql

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

-- 03_offers.sql

-- Offers: what a stranger may know of a campaign, and who may begin it. For the edge function alone.

select private.register_feature('voice', 'Assessments by voice: questions are read aloud.', '{trial,professional,business,enterprise}');

create function private.is_campaign_open(campaign public.campaigns) returns boolean
  language sql stable
  set search_path = ''
as $$
  select campaign.status = 'open' and campaign.switched_off_at is null
    and coalesce(campaign.opens_at <= now(), true) and coalesce(campaign.closes_at > now(), true)
$$;
comment on function private.is_campaign_open(public.campaigns) is 'Whether a campaign takes new participants now, as far as it is up to the campaign.';

create function private.find_offer(slug text, campaign uuid)
  returns table (tenant_id uuid, campaign public.campaigns, is_open boolean, framework_name text, framework_version int,
    base jsonb, config jsonb, config_version int, booking_url text,
    has_voice boolean, voice_id text)
  language sql stable
  set search_path = ''
  -- Plans of tables that were empty when the session began would read all of them.
  set enable_seqscan = off
as $$
  select t.id, c, private.is_campaign_open(c) and private.has_feature(t.id, 'assessments'), f.name, f.version, f.base,
    coalesce(to_jsonb(o) - '{tenant_id,framework_id,version,reason,created_at,updated_at,created_by,updated_by}'::text[], '{}'),
    coalesce(o.version, 0), b.booking_url, private.has_feature(t.id, 'voice'), b.voice_id
  from public.tenant_slugs as s
  join public.tenants as t on t.id = s.tenant_id and t.status <> 'archived'
  join public.tenant_brands as b on b.tenant_id = t.id and b.is_active
  join public.campaigns as c on c.tenant_id = t.id and c.id = find_offer.campaign and c.status <> 'draft'
  join public.frameworks as f on f.framework_id = c.assessment_type
  left join public.framework_configs as o on o.tenant_id = t.id and o.framework_id = f.framework_id
  where s.slug = find_offer.slug and (s.retired_at is null or s.retired_at > now() - interval '90 days')
$$;
comment on function private.find_offer(text, uuid) is
  'A campaign with the framework that it offers and what the tenant changes of it. No row for a draft, or if there is no such tenant or campaign.';

-- A definer, as are those of the next files: the edge function works as the service, which may not count places or emit events.
create function private.begin_session(
  tenant uuid, campaign uuid, token_hash bytea, mode text, locale text default null, email text default null, full_name text default null,
  has_consented boolean default false, landing_variant text default null
) returns void
  language plpgsql security definer
  set search_path = ''
as $$
#variable_conflict use_column
declare
  earlier public.participant_sessions;
  chosen public.campaigns;
begin
  select * into earlier from public.participant_sessions as s where s.token_hash = begin_session.token_hash;
  if found then
    -- A browser that did not hear the answer asks again.
    if earlier.tenant_id = tenant and earlier.campaign_id is not distinct from begin_session.campaign then
      return;
    end if;
    perform private.raise_problem(409, 'token_taken', 'This token belongs to a session of another campaign. Make a new one.');
  end if;
  select * into chosen from public.campaigns as c where c.tenant_id = tenant and c.id = begin_session.campaign;
  if not found or not private.is_campaign_open(chosen) or not private.has_feature(tenant, 'assessments') then
    perform private.raise_problem(409, 'campaign_not_open', 'This campaign takes no participants now.');
  end if;
  -- So many may sit in one room, behind one address.
  if not private.take_turn(tenant, private.turn_from_here('session'), 600, 'hour') then
    perform private.raise_problem(429, 'too_many_sessions', 'Too many sessions were begun from here in this hour. Try again later.');
  end if;
  perform private.require_place(tenant, 'participants');
  insert into public.participant_sessions (tenant_id, campaign_id, email, full_name, mode, locale, landing_variant, consented_at, token_hash)
  values (tenant, begin_session.campaign, begin_session.email, begin_session.full_name, begin_session.mode, begin_session.locale,
    begin_session.landing_variant, case when has_consented then now() end, begin_session.token_hash)
  on conflict (token_hash) do nothing;
  if not found then
    -- The same browser was faster on another connection.
    perform private.begin_session(tenant, begin_session.campaign, begin_session.token_hash, begin_session.mode);
  end if;
end
$$;
comment on function private.begin_session(uuid, uuid, bytea, text, text, text, text, boolean, text) is
  'Begins a session with the token of a participant''s browser. The same token again changes nothing. 409 campaign_not_open, 409 token_taken, 429 too_many_sessions, and 402 limit_reached if the plan has no place.';
grant execute on function private.begin_session(uuid, uuid, bytea, text, text, text, text, boolean, text) to service_role;

-- 04_leads.sql

-- Leads: a participant who has completed an assessment and said how to be reached. The coach hears of each once.

create function private.announce_lead(lead public.participant_sessions, campaign_name text) returns void
  language plpgsql
  set search_path = ''
as $$
declare
  -- The contact may come before the result or after it.
  key constant text := 'lead ' || lead.ref_id;
  coach_address text;
  data jsonb;
begin
  if lead.completed_at is null or lead.email is null or lead.consented_at is null then
    return;
  end if;
  data := jsonb_build_object('person', coalesce(lead.full_name, lead.email), 'email', lead.email, 'campaign', coalesce(campaign_name, '–'));
  -- A workshop of forty ends at one moment. A manager who wants mails gets one of it.
  perform private.notify(lead.tenant_id, 'assessment.lead', '{admins}', data, 'participant_session', lead.ref_id, key, 'leads', '15 minutes');
  -- An address that no mail reaches must not keep a participant from finishing.
  select coalesce(private.normalize_email(b.coach_notification_email), private.normalize_email(b.coach_email)) into coach_address
  from public.tenant_brands as b where b.tenant_id = lead.tenant_id;
  if coach_address is not null then
    perform private.message_address(lead.tenant_id, 'email', coach_address, 'new_lead', data, key);
  end if;
end
$$;
comment on function private.announce_lead(public.participant_sessions, text) is
  'Tells the managers in the application, and the coach by mail, of a participant who is through, can be reached and agrees to it. Once, however often it is called.';

-- The coach is mailed as the brand says, and managers who want a mail too say so in their preferences.
select private.register_notification_type('assessment.lead', 'assessments', 'Somebody has completed an assessment and can be reached.',
  '{"en": "{{person}} has completed {{campaign}}.", "de": "{{person}} hat {{campaign}} abgeschlossen.", "fr": "{{person}} a terminé {{campaign}}."}',
  '{"person": "Ada Example", "email": "ada@example.com", "campaign": "Spring leadership check"}', channels => '{}');

select private.register_email_template('new_lead', t.locale, 'A new lead', t.subject, t.body_html,
  '[{"key": "person", "description": "The name of the participant, or else the address.", "required": true},
    {"key": "email", "description": "The address of the participant.", "required": true},
    {"key": "campaign", "description": "The name of the campaign.", "required": true},
    {"key": "tenant", "description": "The name of the tenant.", "required": true}]', 'alert')
from (values
  ('en', '{{person}} has completed {{campaign}}',
    '<p>{{person}} has completed {{campaign}}.</p><p>You reach them at <a href="mailto:{{email}}">{{email}}</a>. The result is in the pipeline of {{tenant}}.</p>'),
  ('de', '{{person}} hat {{campaign}} abgeschlossen',
    '<p>{{person}} hat {{campaign}} abgeschlossen.</p><p>Die Adresse ist <a href="mailto:{{email}}">{{email}}</a>. Das Ergebnis steht in der Pipeline von {{tenant}}.</p>'),
  ('fr', '{{person}} a terminé {{campaign}}',
    '<p>{{person}} a terminé {{campaign}}.</p><p>Son adresse est <a href="mailto:{{email}}">{{email}}</a>. Le résultat se trouve dans le pipeline de {{tenant}}.</p>')
) as t (locale, subject, body_html);

-- 05_saving.sql

-- Saving: what whoever holds the token of a session may read and write of it. The functions are for the edge function alone.

create function private.find_session(token_hash bytea)
  returns table (session public.participant_sessions, tenant_slug text, campaign_ref text, answers jsonb, revision int)
  language plpgsql stable
  set search_path = ''
  set enable_seqscan = off
as $$
begin
  return query
    select s, t.slug, c.ref_id, coalesce(a.answers, '{}'), coalesce(a.revision, 0)
    from public.participant_sessions as s
    join public.tenants as t on t.id = s.tenant_id and t.status <> 'archived'
    left join public.campaigns as c on c.tenant_id = s.tenant_id and c.id = s.campaign_id
    left join public.participant_answers as a on a.tenant_id = s.tenant_id and a.session_id = s.id
    where s.token_hash = find_session.token_hash and (s.expires_at > now() or s.completed_at is not null);
  if not found then
    perform private.raise_problem(404, 'session_not_found', 'There is no session of this token, or it has expired. Begin again.');
  end if;
end
$$;
comment on function private.find_session(bytea) is 'The session of a token, with its answers. 404 session_not_found.';

create function private.lock_session(token_hash bytea) returns public.participant_sessions
  language plpgsql
  set search_path = ''
as $$
declare
  locked public.participant_sessions;
begin
  select s.* into locked from public.participant_sessions as s
  where s.token_hash = lock_session.token_hash and (s.expires_at > now() or s.completed_at is not null) for no key update;
  if not found then
    perform private.raise_problem(404, 'session_not_found', 'There is no session of this token, or it has expired. Begin again.');
  end if;
  return locked;
end
$$;
comment on function private.lock_session(bytea) is 'The session of a token. Whoever changes it waits here for the one before. 404 session_not_found.';

create function private.require_taking(taken public.participant_sessions) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  if taken.completed_at is not null then
    perform private.raise_problem(409, 'session_completed', 'This session is completed. Its answers cannot be changed.');
  end if;
  -- A campaign that has closed meanwhile keeps nobody from finishing. A tenant that may not write does.
  if taken.campaign_id is null or not private.has_feature(taken.tenant_id, 'assessments') then
    perform private.raise_problem(409, 'campaign_not_open', 'This campaign has ended.');
  end if;
end
$$;

create function private.save_answers(token_hash bytea, given jsonb, removed text[] default '{}', out saved jsonb, out saved_at timestamptz)
  language plpgsql security definer
  set search_path = ''
as $$
#variable_conflict use_column
declare
  taken public.participant_sessions := private.lock_session(save_answers.token_hash);
begin
  perform private.require_taking(taken);
  insert into public.participant_answers as a (tenant_id, session_id, answers)
  values (taken.tenant_id, taken.id, given - removed)
  on conflict on constraint participant_answers_pkey do update set
    answers = (a.answers || given) - removed, revision = a.revision + 1, saved_at = now()
  returning a.answers, a.saved_at into save_answers.saved, save_answers.saved_at;
  if taken.client_status = 'registered' or taken.started_at is null then
    update public.participant_sessions as s set started_at = coalesce(s.started_at, now()),
      client_status = case when s.client_status = 'registered' then 'started' else s.client_status end
    where s.tenant_id = taken.tenant_id and s.id = taken.id;
  end if;
end
$$;
comment on function private.save_answers(bytea, jsonb, text[]) is
  'Adds answers to those of a session, and takes some back. The edge function has checked them. 404 session_not_found, 409 session_completed, 409 campaign_not_open.';

create function private.save_contact(token_hash bytea, email text, full_name text, has_consented boolean) returns void
  language plpgsql security definer
  set search_path = ''
as $$
declare
  taken public.participant_sessions := private.lock_session(save_contact.token_hash);
begin
  if not private.has_feature(taken.tenant_id, 'assessments') then
    perform private.raise_problem(409, 'campaign_not_open', 'This campaign has ended.');
  end if;
  update public.participant_sessions as s set
    email = coalesce(save_contact.email, s.email), full_name = coalesce(save_contact.full_name, s.full_name),
    consented_at = case when has_consented then coalesce(s.consented_at, now()) when not has_consented then null else s.consented_at end
  where s.tenant_id = taken.tenant_id and s.id = taken.id
  returning s.* into taken;
  perform private.announce_lead(taken, (select c.name from public.campaigns as c where c.tenant_id = taken.tenant_id and c.id = taken.campaign_id));
end
$$;
comment on function private.save_contact(bytea, text, text, boolean) is
  'Notes who takes the assessment. What is null stays as it is. 404 session_not_found, 409 campaign_not_open.';
grant execute on function private.find_session(bytea), private.save_answers(bytea, jsonb, text[]), private.save_contact(bytea, text, text, boolean)
  to service_role;

-- 06_completing.sql

-- Completing: one transaction for the result, the move in the pipeline, usage, events, the lead and the follow-ups.

select private.register_event_type('assessment.completed', 'A participant has completed an assessment. The event has the scores and, if they are known, name and address: what a CRM needs.',
    '{"participant_session": {"ref_id": "ref_id", "email?": "email", "full_name?": "text", "has_consented": "flag"},
      "campaign": {"ref_id": "ref_id", "name": "text"},
      "result": {"ref_id": "ref_id", "framework_id": "text", "mode": "text", "scores": "object[]", "primary_id?": "text", "secondary_id?": "text",
        "answered_count": "count", "item_count": "count", "completed_at": "moment"}}',
    '{"participant_session": {"ref_id": "01JD3NFYH2K4M6P8R0T2V4X6Z8", "email": "ada@example.com", "full_name": "Ada Sample", "has_consented": true},
      "campaign": {"ref_id": "01JD3ND3E5R7T9V1X3Z5B7D9F1", "name": "Which money archetype are you?"},
      "result": {"ref_id": "01JD3NG2M4P6R8T0V2X4Z6B8D0", "framework_id": "money-archetypes", "mode": "likert",
        "scores": [{"id": "hero", "score": 83.3, "band": "high"}, {"id": "ruler", "score": 61, "band": "medium"}],
        "primary_id": "hero", "secondary_id": "ruler", "answered_count": 16, "item_count": 16, "completed_at": "2026-11-20T10:50:12.250Z"}}');

select private.register_event_type('analytics.completed', 'Somebody has completed an assessment. The event says nothing of who it was: no name, no address, and no id that leads to them.',
    '{"campaign": {"ref_id": "ref_id"},
      "result": {"framework_id": "text", "mode": "text", "locale?": "text", "scores": "object[]", "primary_id?": "text", "secondary_id?": "text",
        "answered_count": "count", "item_count": "count"}}',
    '{"campaign": {"ref_id": "01JD3ND3E5R7T9V1X3Z5B7D9F1"},
      "result": {"framework_id": "money-archetypes", "mode": "likert", "locale": "en",
        "scores": [{"id": "hero", "score": 83.3, "band": "high"}, {"id": "ruler", "score": 61, "band": "medium"}],
        "primary_id": "hero", "secondary_id": "ruler", "answered_count": 16, "item_count": 16, "framework_version": 1,
        "config_version": 3, "seconds_taken": 312, "completed_at": "2026-11-20T10:50:12.25+00:00"}}');

create function private.find_result(token_hash bytea)
  returns table (disclosure text, result public.assessment_results)
  language sql stable
  set search_path = ''
  set enable_seqscan = off
as $$
  -- What is shown goes by the campaign as it is now: a coach may show more after a workshop than before it.
  select coalesce(c.results_disclosure, 'none'), r
  from public.participant_sessions as s
  join public.assessment_results as r on r.tenant_id = s.tenant_id and r.session_id = s.id
  left join public.campaigns as c on c.tenant_id = s.tenant_id and c.id = s.campaign_id
  where s.token_hash = find_result.token_hash
$$;
comment on function private.find_result(bytea) is 'The result of a token''s session, and how much of it is shown. No row before it is completed.';
grant execute on function private.find_result(bytea) to service_role;

create function private.complete_session(
  token_hash bytea, revision int, framework text, framework_version int, config_version int, scores jsonb, primary_id text, secondary_id text,
  combination jsonb, answered_count int, item_count int, followups jsonb default '[]'
) returns table (disclosure text, result public.assessment_results)
  language plpgsql security definer
  set search_path = ''
as $$
declare
  taken public.participant_sessions := private.lock_session(complete_session.token_hash);
  chosen public.campaigns;
  moment timestamptz := now();
begin
  if taken.completed_at is not null then
    return query select f.* from private.find_result(complete_session.token_hash) as f;
    return;
  end if;
  perform private.require_taking(taken);
  -- Not found, if another device has saved an answer since the scores were worked out.
  select c.* into chosen
  from public.participant_answers as a join public.campaigns as c on c.tenant_id = a.tenant_id and c.id = taken.campaign_id
  where a.tenant_id = taken.tenant_id and a.session_id = taken.id and a.revision = complete_session.revision;
  if not found then
    return;
  end if;
  insert into public.assessment_results (tenant_id, session_id, campaign_id, framework_id, mode, locale, scores, primary_id, secondary_id, combination,
    answered_count, item_count, framework_version, config_version, seconds_taken, completed_at)
  values (taken.tenant_id, taken.id, taken.campaign_id, left(complete_session.framework, 64), taken.mode, taken.locale, complete_session.scores,
    complete_session.primary_id, complete_session.secondary_id, complete_session.combination, complete_session.answered_count, complete_session.item_count,
    complete_session.framework_version, complete_session.config_version, extract(epoch from moment - taken.started_at)::int, moment)
  returning * into result;
  update public.participant_sessions as s set completed_at = moment,
    client_status = case when s.client_status in ('registered', 'started') then 'completed' else s.client_status end
  where s.tenant_id = taken.tenant_id and s.id = taken.id
  returning s.* into taken;

  perform private.ingest_usage_events(taken.tenant_id, null, array['completion ' || result.ref_id], array['assessments'], array['assessment.completed'],
    array[jsonb_build_object('framework_id', result.framework_id, 'mode', result.mode)], array[null::bigint], array[null::text], array[null::bigint],
    array[null::timestamptz]);
  perform private.emit_events(taken.tenant_id, array['assessment.completed', 'analytics.completed'], array[
    jsonb_build_object(
      'participant_session', jsonb_build_object('ref_id', taken.ref_id, 'email', taken.email, 'full_name', taken.full_name,
        'has_consented', taken.consented_at is not null),
      'campaign', jsonb_build_object('ref_id', chosen.ref_id, 'name', chosen.name),
      'result', jsonb_build_object('ref_id', result.ref_id, 'framework_id', result.framework_id, 'mode', result.mode, 'scores', result.scores,
        'primary_id', result.primary_id, 'secondary_id', result.secondary_id, 'answered_count', result.answered_count,
        'item_count', result.item_count, 'completed_at', private.event_moment(result.completed_at))),
    jsonb_build_object('campaign', jsonb_build_object('ref_id', chosen.ref_id), 'result', private.anonymous_result(result))],
    -- No key for the second one: it would lead to the participant.
    array['participant_session ' || taken.ref_id, null], has_row_lock => true);
  perform private.announce_lead(taken, chosen.name);
  perform private.plan_followups(taken, complete_session.followups);
  disclosure := coalesce(chosen.results_disclosure, 'none');
  return next;
end
$$;
comment on function private.complete_session(bytea, int, text, int, int, jsonb, text, text, jsonb, int, int, jsonb) is
  'Completes a session with the scores of a revision of its answers, and plans its follow-ups. The answer is that of find_result(), also for a second call, which changes nothing. No row if the answers are of another revision. 404 session_not_found, 409 campaign_not_open.';
grant execute on function private.complete_session(bytea, int, text, int, int, jsonb, text, text, jsonb, int, int, jsonb) to service_role;

-- 07_followups.sql

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

-- 08_sending_followups.sql

-- Sending follow-ups: what is due is handed over to the notifications, which send it, try again and end it with one click.

create function private.read_followups(tenants uuid[], followups uuid[])
  returns table (tenant_id uuid, id uuid, idempotency_key text, template text, cancel_reason public.followup_cancel_reason, address text, locale text,
    words jsonb, data jsonb)
  language sql stable
  set search_path = ''
  -- Plans of tables that were empty when the session began would read all of them.
  set enable_seqscan = off
as $$
  with due as materialized (
    select f.tenant_id, f.id, f.followup_id, s.client_status, s.full_name, s.consented_at,
      private.normalize_email(s.email) as address,
      s.locale,
      r.framework_id, c.name as campaign, case when c.results_disclosure <> 'none' then r.primary_id end as primary_id
    from unnest(tenants, followups) as asked (tenant_id, id)
    join public.followups as f on f.tenant_id = asked.tenant_id and f.id = asked.id and f.status = 'planned'
    join public.participant_sessions as s on s.tenant_id = f.tenant_id and s.id = f.session_id
    join public.assessment_results as r on r.tenant_id = f.tenant_id and r.session_id = f.session_id
    left join public.campaigns as c on c.tenant_id = s.tenant_id and c.id = s.campaign_id
  ), configured as materialized (
    -- Once for each configuration, because it may be large. It is the one of now: whoever changes the words, or takes a
    -- follow-up out, means those that are still to come.
    select w.tenant_id, w.framework_id, o.version, f.name, m.communications, b.booking_url,
      private.has_feature(w.tenant_id, 'followups') as may_send,
      coalesce(o.voice_overrides ->> 'language', f.base #>> '{voice,language}') as language, f.base -> 'archetypes' as archetypes,
      o.archetype_overrides
    from (select distinct d.tenant_id, d.framework_id from due as d) as w
    join public.frameworks as f on f.framework_id = w.framework_id
    left join public.framework_configs as o on o.tenant_id = w.tenant_id and o.framework_id = w.framework_id
    left join public.tenant_brands as b on b.tenant_id = w.tenant_id
    cross join lateral (select private.json_merge_patch(f.base -> 'communications', coalesce(o.communications, '{}')) as communications) as m
  ), worded as materialized (
    select w.tenant_id, w.framework_id, w.followup_id, e.template, case when o.own ->> 'body_html' is not null then
      o.own || jsonb_build_object('version', coalesce(k.version, 0), 'body_text', null, 'variables', '[]'::jsonb) end as words
    from (select distinct d.tenant_id, d.framework_id, d.followup_id from due as d) as w
    join configured as k using (tenant_id, framework_id)
    cross join lateral (
      select f ->> 'template' as template from jsonb_path_query(k.communications, 'lax $.followups[*]') as f
      where f ->> 'id' = w.followup_id limit 1) as e
    cross join lateral (select k.communications #> array['email_templates', e.template] as own) as o
  )
  -- Anybody may give anybody's address, and as often as they like. It gets one of a kind on a day.
  select d.tenant_id, d.id, format('followup %s %s %s', d.framework_id, d.followup_id, current_date), w.template,
    (case
      when not k.may_send then 'tenant_stopped'
      when d.client_status in ('converted', 'archived') then d.client_status
      when w.template is null then 'not_configured'
      when d.address is null then 'no_address'
      when d.consented_at is null then 'no_consent'
      when private.is_suppressed(d.tenant_id, 'email', d.address, false) then 'suppressed'
      -- As read_notification_jobs() finds it.
      when w.words is null and not exists (
        select from public.email_templates as e
        where e.tenant_id in (d.tenant_id, private.platform_tenant_id()) and e.slug = w.template and e.is_active
          and e.locale in (l.locale, left(l.locale, 2), 'en')) then 'no_template'
    end)::public.followup_cancel_reason,
    d.address, l.locale, w.words,
    jsonb_strip_nulls(jsonb_build_object('person', coalesce(d.full_name, d.address), 'campaign', coalesce(d.campaign, k.name),
      'booking_url', coalesce(k.communications ->> 'booking_url', k.booking_url),
      'primary', coalesce(k.archetype_overrides #>> array[d.primary_id, 'name'], k.archetypes #>> array[d.primary_id, 'name'])))
  from due as d
  join configured as k using (tenant_id, framework_id)
  left join worded as w using (tenant_id, framework_id, followup_id)
  -- The tenant's own words are in the language of the questions that the participant has answered.
  cross join lateral (select case when w.words is null then private.participant_language(d.locale, k.language) else k.language end as locale) as l
$$;
comment on function private.read_followups(uuid[], uuid[]) is
  'What planned follow-ups need to be sent now: the address, the words of the tenant''s configuration if it has some, and their values. cancel_reason says why one is not sent.';

create function private.settle_followups(tenants uuid[], followups uuid[]) returns void
  language plpgsql
  set search_path = ''
  set enable_seqscan = off
as $$
declare
  due record;
begin
  for due in select * from private.read_followups(tenants, followups) loop
    if due.cancel_reason is null and private.message_address(due.tenant_id, 'email', due.address, due.template, due.data,
        due.idempotency_key, due.locale, type => 'assessment.followup', words => due.words) is null then
      due.cancel_reason := 'repeated';
    end if;
    update public.followups as f set cancel_reason = due.cancel_reason, settled_at = now(), template = coalesce(due.template, f.template),
      status = case when due.cancel_reason is null then 'sent' else 'cancelled' end::public.followup_status
    where f.tenant_id = due.tenant_id and f.id = due.id;
  end loop;
  -- One whose result is gone is about nothing. It must not stay due for ever.
  update public.followups as f set status = 'cancelled', cancel_reason = 'failed', settled_at = now()
  from unnest(tenants, followups) as asked (tenant_id, id)
  where f.tenant_id = asked.tenant_id and f.id = asked.id and f.status = 'planned';
end
$$;
comment on function private.settle_followups(uuid[], uuid[]) is
  'Hands planned follow-ups over to the notifications, or cancels them. All of them, or none if one fails.';

create function private.send_due_followups(batch int default 5000) returns int
  language plpgsql
  set search_path = ''
  set enable_seqscan = off
as $$
declare
  max_failures constant int := 5;
  tenants uuid[];
  followups uuid[];
begin
  with oldest as (
    select f.tenant_id, f.id from public.followups as f where f.status = 'planned' and f.due_at <= now()
    order by f.due_at limit batch - batch / 5 for update skip locked
  ), youngest as (
    -- What has become due just now does not wait for those of a tenant that has very many.
    select f.tenant_id, f.id from public.followups as f where f.status = 'planned' and f.due_at <= now()
    order by f.due_at desc limit batch / 5 for update skip locked
  )
  select array_agg(d.tenant_id), array_agg(d.id) into tenants, followups
  from (select * from oldest union select * from youngest) as d;
  if tenants is null then
    return 0;
  end if;
  begin
    perform private.settle_followups(tenants, followups);
  exception when others then
    -- One of them cannot be sent. Each gets a turn of its own, so that the others go.
    for n in 1 .. cardinality(followups) loop
      begin
        perform private.settle_followups(tenants[n:n], followups[n:n]);
      exception when others then
        raise warning 'The follow-up % could not be handed over (%).', private.ulid(followups[n]), sqlstate;
        update public.followups as f set failure_count = f.failure_count + 1, due_at = now() + make_interval(mins => 10 * (f.failure_count + 1)),
          status = case when f.failure_count + 1 < max_failures then 'planned' else 'cancelled' end::public.followup_status,
          cancel_reason = case when f.failure_count + 1 >= max_failures then 'failed'::public.followup_cancel_reason end,
          settled_at = case when f.failure_count + 1 >= max_failures then now() end
        where f.tenant_id = tenants[n] and f.id = followups[n];
      end;
    end loop;
  end;
  return cardinality(followups);
end
$$;
comment on function private.send_due_followups(int) is
  'Hands follow-ups that are due over to the notifications, at most one batch: four fifths are those that have waited longest. Returns how many.';
select cron.schedule('assessments: send follow-ups', '* * * * *', 'select private.send_due_followups()');

-- 09_followup_words.sql

-- The words of follow-ups: what is mailed for a tenant whose configuration has no words of its own.

-- The address of a page to book at has a line of its own: where there is none, nothing is missing.
select private.register_email_template(t.slug, t.locale, t.name, t.subject,
  t.body_html || '<p><a href="{{booking_url}}">{{booking_url}}</a></p><p>{{tenant}}</p>',
  '[{"key": "person", "description": "The name of the participant, or else the address."},
    {"key": "campaign", "description": "The name of the campaign."},
    {"key": "booking_url", "description": "Where to book a conversation, if the framework or the brand says it."},
    {"key": "tenant", "description": "The name of the tenant."}]', 'custom')
from (values
  ('followup_day3', 'en', 'Follow-up after three days', 'What has stayed with you?',
    '<p>Hello {{person}},</p><p>a few days ago you completed “{{campaign}}”. Often the first thing that comes to mind is what matters most. What has stayed with you?</p><p>If you would like to talk about it, answer this mail.</p>'),
  ('followup_day3', 'de', 'Nachfrage nach drei Tagen', 'Was ist geblieben?',
    '<p>Hallo {{person}},</p><p>vor ein paar Tagen hast du «{{campaign}}» abgeschlossen. Oft ist das Erste, was dir einfällt, auch das Wichtigste. Was ist geblieben?</p><p>Wenn du darüber sprechen möchtest, antworte auf diese Mail.</p>'),
  ('followup_day3', 'fr', 'Relance après trois jours', 'Que vous en reste-t-il ?',
    '<p>Bonjour {{person}},</p><p>il y a quelques jours, vous avez terminé « {{campaign}} ». Souvent, ce qui vient d’abord à l’esprit compte le plus. Que vous en reste-t-il ?</p><p>Si vous souhaitez en parler, répondez à ce message.</p>'),
  ('followup_day10', 'en', 'Follow-up after ten days', 'One step from your result',
    '<p>Hello {{person}},</p><p>your result of “{{campaign}}” is more than a week old. Which one small step has come out of it, or could still?</p><p>If a conversation would help, answer this mail.</p>'),
  ('followup_day10', 'de', 'Nachfrage nach zehn Tagen', 'Ein Schritt aus deinem Ergebnis',
    '<p>Hallo {{person}},</p><p>dein Ergebnis von «{{campaign}}» ist mehr als eine Woche alt. Welcher eine kleine Schritt ist daraus geworden, oder kann es noch?</p><p>Wenn dir ein Gespräch hilft, antworte auf diese Mail.</p>'),
  ('followup_day10', 'fr', 'Relance après dix jours', 'Un pas après votre résultat',
    '<p>Bonjour {{person}},</p><p>votre résultat de « {{campaign}} » date de plus d’une semaine. Quel petit pas en est sorti, ou pourrait encore en sortir ?</p><p>Si un échange vous aide, répondez à ce message.</p>')
) as t (slug, locale, name, subject, body_html);

-- 10_writing/01_authoring.sql

-- Writing: what a language model writes for an assessment. The gate stands here, because here it is asked for.

select private.register_feature('ai_authoring', 'Writing assessments with AI.', '{trial,professional,business,enterprise}',
  'asking for a suggestion for a framework');

-- A definer, because a plan's features are nobody's to read directly.
create function private.require_ai_authoring(tenant uuid) returns void
  language plpgsql security definer
  set search_path = ''
as $$
begin
  -- First, so that a stranger hears nothing of the plan.
  perform private.require_permission(tenant, 'manage');
  perform private.require_feature(tenant, 'ai_authoring');
end
$$;
comment on function private.require_ai_authoring(uuid) is
  'Refuses unless the caller may have texts for this tenant written by a model: 402 feature_not_in_plan, and what require_permission() refuses.';
grant execute on function private.require_ai_authoring(uuid) to authenticated;

-- 10_writing/02_reflections.sql

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

-- 10_writing/03_insights.sql

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

-- 11_invitations.sql

-- Invitations: participants whom a member asks to take an assessment, each by a mail with a link of their own.

select private.register_email_template('participant_invitation', t.locale, 'An invitation to an assessment', t.subject, t.body_html,
  '[{"key": "person", "description": "The name of the participant, or else the address.", "required": true},
    {"key": "campaign", "description": "The name of the campaign.", "required": true},
    {"key": "link", "description": "Where the assessment is taken. Whoever has it can see and change the answers.", "required": true},
    {"key": "expires_on", "description": "The last day of the link.", "required": true},
    {"key": "tenant", "description": "The name of the tenant.", "required": true}]', 'onboarding')
from (values
  ('en', '{{tenant}} invites you to “{{campaign}}”',
    '<p>Hello {{person}},</p><p>{{tenant}} invites you to “{{campaign}}”.</p><p><a href="{{link}}">Start</a></p><p>The link is yours alone, and open until {{expires_on}}. You can stop at any time and go on later with it. If you do not know {{tenant}}, ignore this mail.</p>'),
  ('de', '{{tenant}} lädt Sie zu «{{campaign}}» ein',
    '<p>Guten Tag {{person}},</p><p>{{tenant}} lädt Sie zu «{{campaign}}» ein.</p><p><a href="{{link}}">Beginnen</a></p><p>Der Link ist nur für Sie und gilt bis {{expires_on}}. Sie können jederzeit aufhören und mit ihm später weitermachen. Wenn Sie {{tenant}} nicht kennen, lassen Sie diese Mail liegen.</p>'),
  ('fr', '{{tenant}} vous invite à « {{campaign}} »',
    '<p>Bonjour {{person}},</p><p>{{tenant}} vous invite à « {{campaign}} ».</p><p><a href="{{link}}">Commencer</a></p><p>Le lien est à vous seul et valable jusqu’au {{expires_on}}. Vous pouvez vous arrêter à tout moment et continuer plus tard avec lui. Si vous ne connaissez pas {{tenant}}, ignorez ce message.</p>')
) as t (locale, subject, body_html);

create function private.require_invitable(tenant uuid, campaign public.campaigns, emails text[]) returns void
  language plpgsql
  set search_path = ''
as $$
declare
  -- Each line is one reason why an address cannot be written to.
  reason record;
begin
  if coalesce(cardinality(emails), 0) not between 1 and 50 then
    perform private.raise_problem(422, 'invalid_value', 'Invite between one person and fifty at once.');
  end if;
  for reason in
    with asked as (
      select n - 1 as at, private.normalize_email(e) as address from unnest(emails) with ordinality as u (e, n)
    ), judged as (
      select a.at, case
        when a.address is null then 'invalid'
        when exists (select from asked as o where o.address = a.address and o.at < a.at) then 'twice'
        when private.is_suppressed(tenant, 'email', a.address, false) then 'suppressed'
        -- By what was mailed, because a participant may be removed and invited again.
        when exists (select from private.notification_jobs as j
          where j.tenant_id = require_invitable.tenant and j.channel = 'email' and coalesce(j.user_id::text, j.address) = a.address
            and starts_with(j.idempotency_key, 'assessment invitation ' || campaign.ref_id) and j.created_at > now() - interval '1 hour')
          then 'too_soon' end as verdict
      from asked as a
    )
    select j.verdict, jsonb_agg(jsonb_build_object('pointer', format('/people/%s/email', j.at), 'detail', case j.verdict
      when 'invalid' then 'is not an e-mail address in plain ASCII'
      when 'twice' then 'is in the list twice'
      when 'suppressed' then 'gets no mail of this tenant'
      else 'was invited less than an hour ago' end) order by j.at) as errors
    from judged as j where j.verdict is not null group by j.verdict
    order by array_position('{invalid,twice,suppressed,too_soon}', j.verdict)
    limit 1
  loop
    case reason.verdict
      when 'suppressed' then
        perform private.raise_problem(409, 'address_suppressed',
          'Somebody has unsubscribed from the mails of this tenant, or has no such mailbox. Nobody was invited.', reason.errors);
      when 'too_soon' then
        perform private.raise_problem(429, 'invited_too_soon',
          'Somebody was invited to this campaign less than an hour ago. Nobody was invited. Leave them out, or wait.', reason.errors);
      else
        perform private.raise_problem(422, 'invalid_value', 'Somebody cannot be invited by this address. Nobody was invited.', reason.errors);
    end case;
  end loop;
end
$$;
comment on function private.require_invitable(uuid, public.campaigns, text[]) is
  'Refuses unless all of these may be mailed an invitation to this campaign now. 409 address_suppressed, 422 invalid_value, 429 invited_too_soon.';

-- A definer, because nobody may write a token or a mail directly.
create function private.invite_participants(
  tenant uuid, campaign uuid, mode text, framework_language text, emails text[], full_names text[], locales text[], tokens text[]
) returns table (participant text, is_new boolean)
  language plpgsql security definer
  set search_path = ''
  set enable_seqscan = off
as $$
#variable_conflict use_column
declare
  chosen public.campaigns;
  invited public.participant_sessions;
  address text;
  page record;
begin
  perform private.require_permission(invite_participants.tenant, 'write');
  perform private.require_feature(invite_participants.tenant, 'assessments');
  -- Those who invite to one campaign at the same time wait for each other here, so that nobody is invited twice.
  select * into chosen from public.campaigns as c
  where c.tenant_id = invite_participants.tenant and c.id = invite_participants.campaign for no key update;
  if not found then
    perform private.raise_problem(404, 'campaign_not_found', 'This tenant has no campaign with this ref_id.');
  elsif not private.is_campaign_open(chosen) then
    perform private.raise_problem(409, 'campaign_not_open', 'This campaign takes no participants now.');
  end if;
  perform private.require_invitable(invite_participants.tenant, chosen, emails);
  select t.slug, t.time_zone, case when b.canonical_quiz_url is not null and b.slug_prefix <> ''
    then rtrim(b.canonical_quiz_url, '/') || '/' || b.slug_prefix else b.canonical_quiz_url end as url into page
  from public.tenants as t join public.tenant_brands as b on b.tenant_id = t.id where t.id = invite_participants.tenant;

  for n in 1 .. cardinality(emails) loop
    address := private.normalize_email(emails[n]);
    -- Only one that was invited: anybody may have given this address to a session of their own.
    update public.participant_sessions as s set
      token_hash = sha256(convert_to(tokens[n], 'UTF8')), invited_at = now(), expires_at = greatest(s.expires_at, now() + interval '30 days'),
      full_name = coalesce(full_names[n], s.full_name), locale = coalesce(locales[n], s.locale)
    where s.tenant_id = chosen.tenant_id and s.id = (
      select o.id from public.participant_sessions as o
      where o.tenant_id = chosen.tenant_id and o.campaign_id = chosen.id and private.fold_email(o.email) = address
        and o.invited_at is not null and o.completed_at is null and o.client_status in ('registered', 'started')
      -- Who was invited by another address may have typed this one. That was with consent.
      order by o.consented_at is not null, o.id limit 1)
    returning s.* into invited;
    is_new := not found;
    if is_new then
      perform private.require_place(chosen.tenant_id, 'participants');
      insert into public.participant_sessions as s (tenant_id, campaign_id, email, full_name, mode, locale, token_hash, invited_at)
      values (chosen.tenant_id, chosen.id, address, full_names[n], invite_participants.mode, locales[n], sha256(convert_to(tokens[n], 'UTF8')), now())
      returning s.* into invited;
    end if;
    perform private.mail_address(chosen.tenant_id, address, 'participant_invitation', jsonb_strip_nulls(jsonb_build_object(
      'person', coalesce(invited.full_name, address), 'campaign', chosen.name, 'session_token', tokens[n], 'campaign_ref', chosen.ref_id,
      'tenant_slug', page.slug, 'quiz_url', page.url, 'expires_on', to_char(invited.expires_at at time zone page.time_zone, 'YYYY-MM-DD'))),
      format('assessment invitation %s %s', chosen.ref_id, gen_random_uuid()),
      locale => private.participant_language(invited.locale, framework_language));
    participant := invited.ref_id;
    return next;
  end loop;
end
$$;
comment on function private.invite_participants(uuid, uuid, text, text, text[], text[], text[], text[]) is
  'Makes a participant of each address, or finds the one that was invited and is not through, and mails a link with this token. All or nobody. 402 limit_reached, 404 campaign_not_found, 409 campaign_not_open, address_suppressed, 422 invalid_value, 429 invited_too_soon.';
grant execute on function private.invite_participants(uuid, uuid, text, text, text[], text[], text[], text[]) to authenticated;
