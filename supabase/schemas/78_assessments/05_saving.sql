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
