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
