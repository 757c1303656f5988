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
