-- Webhooks: the catalogue of events, and who tells of what. A domain that comes later adds a row to the
-- catalogue and calls private.emit_event() where it happens; docs/webhooks.md shows every type.
--
-- What is told: ids are ref_ids, moments are UTC. No secret and no hash, ever. Of people, what the
-- receiver cannot do without: a participant's name and address, since a CRM is the point of telling,
-- and a member's address, by which other systems know them.

create function private.event_schema(fields jsonb) returns jsonb
  language plpgsql immutable
  set search_path = ''
as $$
declare
  field record;
  described jsonb;
  properties jsonb := '{}';
  required jsonb := '[]';
begin
  for field in select rtrim(f.key, '?') as name, f.key like '%?' as is_optional, f.value, f.value #>> '{}' as kind from jsonb_each(fields) as f loop
    described := case
      when jsonb_typeof(field.value) = 'object' then private.event_schema(field.value)
      when field.kind like '%|%' then jsonb_build_object('type', 'string', 'enum', to_jsonb(string_to_array(field.kind, '|')
        || case when field.is_optional then array[null::text] else '{}' end))
      else case field.kind
        when 'text' then '{"type": "string"}'
        when 'text[]' then '{"type": "array", "items": {"type": "string"}}'
        when 'object' then '{"type": "object"}'
        when 'flag' then '{"type": "boolean"}'
        when 'count' then '{"type": "integer", "minimum": 0}'
        when 'moment' then '{"type": "string", "format": "date-time"}'
        when 'ref_id' then '{"type": "string", "pattern": "^[0-7][0-9A-HJKMNP-TV-Z]{25}$"}'
        when 'message_id' then '{"type": "string", "pattern": "^msg_[0-7][0-9A-HJKMNP-TV-Z]{25}$"}'
        -- Not the formats "email" and "uri", which are narrower than what the tables take.
        when 'email' then '{"type": "string", "pattern": "^[^@\\s]+@[^@\\s]+$"}'
        when 'url' then '{"type": "string", "pattern": "^https?://"}'
      end::jsonb end;
    if described is null then
      raise exception 'An event''s field "%" is of no known kind: %.', field.name, field.value;
    end if;
    if field.is_optional then
      described := jsonb_set(described, '{type}', jsonb_build_array(described -> 'type', 'null'));
    else
      required := required || to_jsonb(field.name);
    end if;
    properties := jsonb_set(properties, array[field.name], described);
  end loop;
  return jsonb_build_object('type', 'object', 'properties', properties, 'required', required, 'additionalProperties', true);
end
$$;
comment on function private.event_schema(jsonb) is
  'The JSON Schema of an event''s data, from {field: kind}: text, ref_id, moment, a|b|c, … or an object of fields. A name that ends in ? may be null or missing. Whoever receives must expect fields to be added.';

insert into public.webhook_event_types (type, description, is_operational, schema, example)
select t.type, t.description, t.type ~ '^(endpoint|delivery|webhook)\.',
  '{"$schema": "https://json-schema.org/draft/2020-12/schema"}' || private.event_schema(t.fields), t.example
from (values
  ('brand.updated', 'The tenant''s brand was changed: which fields, and the public page as it is now (null while it is switched off).',
    '{"tenant": {"ref_id": "ref_id", "slug": "text"}, "changed": "text[]",
      "page?": {"ref_id": "ref_id", "slug": "text", "display_name": "text", "tenant_type": "text", "locale": "text", "brand": "object",
        "coach?": "object", "links": "object", "enabled_assessments": "text[]"}}'::jsonb,
    '{"tenant": {"ref_id": "01JD3N8Q4ZB6T2V9XK5M7R0C1E", "slug": "leadingwithmeaning"},
      "changed": ["brand.colors", "brand.tagline"],
      "page": {"ref_id": "01JD3N8Q4ZB6T2V9XK5M7R0C1E", "slug": "leadingwithmeaning", "display_name": "Leading with Meaning",
        "tenant_type": "coach", "locale": "en",
        "brand": {"colors": {"primary": "#2d5a3d", "accent": "#c9a227"}, "fonts": {"heading": "Playfair Display", "body": "Lato"}, "logo": null,
          "theme_mode": "override", "tagline": "Lead from what matters.", "messages": {"welcome": null, "completion": null}, "show_powered_by": true},
        "coach": {"name": "Mark Ellery", "title": "Executive coach", "photo": null},
        "links": {"site": "https://leadingwithmeaning.example.com", "booking": null, "quiz": null},
        "enabled_assessments": ["industry4", "leadership-values"]}}'::jsonb),
  ('tenant.renamed', 'The tenant has another slug; the old one leads to it for 90 days.',
    '{"tenant": {"ref_id": "ref_id", "slug": "text"}, "old_slug": "text"}',
    '{"tenant": {"ref_id": "01JD3N8Q4ZB6T2V9XK5M7R0C1E", "slug": "leadingwithmeaning"}, "old_slug": "mark-ellery-coaching"}'),
  ('tenant.status_changed', 'The tenant came to another status. That it was archived is not told, that it was restored is.',
    '{"tenant": {"ref_id": "ref_id", "slug": "text"}, "old_status": "demo|trial|active|frozen|archived", "new_status": "demo|trial|active|frozen|archived"}',
    '{"tenant": {"ref_id": "01JD3N8Q4ZB6T2V9XK5M7R0C1E", "slug": "leadingwithmeaning"}, "old_status": "trial", "new_status": "active"}'),
  ('member.joined', 'Somebody belongs to the tenant from now on, for the first time or again.',
    '{"member": {"ref_id": "ref_id", "email?": "email", "name?": "text", "role": "owner|admin|member|reviewer"}}',
    '{"member": {"ref_id": "5NXV80000080084000000000G2", "email": "iris@example.com", "name": "Iris Okonjo", "role": "reviewer"}}'),
  ('member.role_changed', 'A member of the tenant has another role.',
    '{"member": {"ref_id": "ref_id", "email?": "email", "role": "owner|admin|member|reviewer"}, "old_role": "owner|admin|member|reviewer"}',
    '{"member": {"ref_id": "5NXV80000080084000000000G2", "email": "iris@example.com", "role": "admin"}, "old_role": "reviewer"}'),
  ('member.removed', 'Somebody belongs to the tenant no longer: was deactivated, or was removed or left.',
    '{"member": {"ref_id": "ref_id", "email?": "email", "role": "owner|admin|member|reviewer"}, "reason": "deactivated|removed"}',
    '{"member": {"ref_id": "5NXV80000080084000000000G2", "email": "iris@example.com", "role": "reviewer"}, "reason": "removed"}'),
  ('domain.verified', 'A custom domain was found to be the tenant''s, and shows its page.',
    '{"domain": {"ref_id": "ref_id", "host": "text"}, "verified_at": "moment"}',
    '{"domain": {"ref_id": "01JD3NAB7G0C4H8D2W6Y9ZQ5TF", "host": "quiz.example.com"}, "verified_at": "2026-11-20T09:30:00.000Z"}'),
  ('domain.lost', 'A custom domain shows the tenant''s page no longer: its record is gone, or another tenant proved that the host is theirs.',
    '{"domain": {"ref_id": "ref_id", "host": "text"}, "reason?": "text"}',
    '{"domain": {"ref_id": "01JD3NAB7G0C4H8D2W6Y9ZQ5TF", "host": "quiz.example.com"}, "reason": "no_record"}'),
  ('domain.removed', 'A custom domain was taken off the tenant''s list.',
    '{"domain": {"ref_id": "ref_id", "host": "text"}, "was_verified": "flag"}',
    '{"domain": {"ref_id": "01JD3NAB7G0C4H8D2W6Y9ZQ5TF", "host": "quiz.example.com"}, "was_verified": true}'),
  ('campaign.created', 'A campaign was created.',
    '{"campaign": {"ref_id": "ref_id", "name": "text", "assessment_type": "text", "results_disclosure": "full|summary|none", "opens_at?": "moment", "closes_at?": "moment"}}',
    '{"campaign": {"ref_id": "01JD3ND3E5R7T9V1X3Z5B7D9F1", "name": "Spring leadership check", "assessment_type": "industry4",
      "results_disclosure": "full", "opens_at": "2027-03-01T08:00:00.000Z", "closes_at": null}}'),
  ('campaign.updated', 'A campaign was changed: which fields, and the campaign as it is now.',
    '{"campaign": {"ref_id": "ref_id", "name": "text", "assessment_type": "text", "results_disclosure": "full|summary|none", "opens_at?": "moment", "closes_at?": "moment"},
      "changed": "text[]"}',
    '{"campaign": {"ref_id": "01JD3ND3E5R7T9V1X3Z5B7D9F1", "name": "Spring leadership check", "assessment_type": "industry4",
      "results_disclosure": "summary", "opens_at": "2027-03-01T08:00:00.000Z", "closes_at": "2027-05-31T22:00:00.000Z"},
      "changed": ["closes_at", "results_disclosure"]}'),
  ('campaign.deleted', 'A campaign was deleted; its participants stay, without a campaign.',
    '{"campaign": {"ref_id": "ref_id", "name": "text", "assessment_type": "text", "results_disclosure": "full|summary|none", "opens_at?": "moment", "closes_at?": "moment"}}',
    '{"campaign": {"ref_id": "01JD3ND3E5R7T9V1X3Z5B7D9F1", "name": "Spring leadership check", "assessment_type": "industry4",
      "results_disclosure": "summary", "opens_at": null, "closes_at": null}}'),
  ('participant_session.created', 'A participant was registered for an assessment: a new lead.',
    '{"participant_session": {"ref_id": "ref_id", "campaign_id?": "ref_id", "email?": "email", "full_name?": "text",
      "status": "registered|started|completed|contacted|converted|archived", "started_at?": "moment", "completed_at?": "moment",
      "expires_at?": "moment", "created_at?": "moment"}}',
    '{"participant_session": {"ref_id": "01JD3NFYH2K4M6P8R0T2V4X6Z8", "campaign_id": "01JD3ND3E5R7T9V1X3Z5B7D9F1",
      "email": "ada@example.com", "full_name": "Ada Sample", "status": "registered", "started_at": null, "completed_at": null,
      "expires_at": "2026-12-20T09:30:00.000Z", "created_at": "2026-11-20T09:30:00.000Z"}}'),
  ('participant_session.status_changed', 'A participant came to another place in the pipeline.',
    '{"participant_session": {"ref_id": "ref_id", "campaign_id?": "ref_id", "email?": "email", "full_name?": "text",
      "status": "registered|started|completed|contacted|converted|archived", "started_at?": "moment", "completed_at?": "moment",
      "expires_at?": "moment", "created_at?": "moment"},
      "old_status": "registered|started|completed|contacted|converted|archived"}',
    '{"participant_session": {"ref_id": "01JD3NFYH2K4M6P8R0T2V4X6Z8", "campaign_id": "01JD3ND3E5R7T9V1X3Z5B7D9F1",
      "email": "ada@example.com", "full_name": "Ada Sample", "status": "contacted", "started_at": "2026-11-20T10:30:00.000Z",
      "completed_at": "2026-11-20T10:50:12.250Z", "expires_at": "2026-12-20T09:30:00.000Z", "created_at": "2026-11-20T09:30:00.000Z"},
      "old_status": "completed"}'),
  ('participant_session.completed', 'A participant has completed the assessment. Told once, whatever becomes of the status later.',
    '{"participant_session": {"ref_id": "ref_id", "campaign_id?": "ref_id", "email?": "email", "full_name?": "text",
      "status": "registered|started|completed|contacted|converted|archived", "started_at?": "moment", "completed_at?": "moment",
      "expires_at?": "moment", "created_at?": "moment"}}',
    '{"participant_session": {"ref_id": "01JD3NFYH2K4M6P8R0T2V4X6Z8", "campaign_id": "01JD3ND3E5R7T9V1X3Z5B7D9F1",
      "email": "ada@example.com", "full_name": "Ada Sample", "status": "completed", "started_at": "2026-11-20T10:30:00.000Z",
      "completed_at": "2026-11-20T10:50:12.250Z", "expires_at": "2026-12-20T09:30:00.000Z", "created_at": "2026-11-20T09:30:00.000Z"}}'),
  ('product.granted', 'The tenant may use a product, from now on or until another moment than before. When that moment comes, nothing is told.',
    '{"product": "text", "expires_at?": "moment"}',
    '{"product": "marketing", "expires_at": "2027-11-20T00:00:00.000Z"}'),
  ('product.revoked', 'The tenant may use a product no longer.',
    '{"product": "text"}',
    '{"product": "marketing"}'),
  ('api_key.created', 'An API key was created, or made to replace another one of the same name.',
    '{"api_key": {"ref_id": "ref_id", "name": "text"}}',
    '{"api_key": {"ref_id": "01JD3NJ5A7C9E1G3J5M7P9R1T3", "name": "Reporting server"}}'),
  ('api_key.revoked', 'An API key was revoked. That one was replaced or has expired is not told.',
    '{"api_key": {"ref_id": "ref_id", "name": "text"}}',
    '{"api_key": {"ref_id": "01JD3NJ5A7C9E1G3J5M7P9R1T3", "name": "Reporting server"}}'),

  -- Operational: the queue tells of itself. The first four are emitted where deliveries are completed.
  ('endpoint.failing', 'An endpoint has had no success for so much (percent) of the five days after which it is disabled.',
    '{"endpoint_id": "ref_id", "url": "url", "percent": "count", "failing_since": "moment", "consecutive_failures": "count"}',
    '{"endpoint_id": "01JD3NKQ2S4V6X8Z0B2D4F6H8K", "url": "https://hooks.example.com/tenantry", "percent": 50,
      "failing_since": "2026-11-18T09:30:00.000Z", "consecutive_failures": 42}'),
  ('endpoint.disabled', 'An endpoint gets nothing more: it asked for that, answered 410 (gone), or failed for five days.',
    '{"endpoint_id": "ref_id", "url": "url", "reason": "asked|gone|failing", "failing_since?": "moment"}',
    '{"endpoint_id": "01JD3NKQ2S4V6X8Z0B2D4F6H8K", "url": "https://hooks.example.com/tenantry", "reason": "failing",
      "failing_since": "2026-11-15T09:30:00.000Z"}'),
  ('endpoint.recovered', 'An endpoint of which endpoint.failing was told takes deliveries again.',
    '{"endpoint_id": "ref_id", "url": "url", "failing_since": "moment"}',
    '{"endpoint_id": "01JD3NKQ2S4V6X8Z0B2D4F6H8K", "url": "https://hooks.example.com/tenantry", "failing_since": "2026-11-18T09:30:00.000Z"}'),
  ('delivery.exhausted', 'A message was tried for the last time and did not arrive. It is kept for 90 days and can be replayed.',
    '{"endpoint_id": "ref_id", "url": "url", "message_id": "message_id", "event_type": "text", "attempt_count": "count", "last_error?": "text"}',
    '{"endpoint_id": "01JD3NKQ2S4V6X8Z0B2D4F6H8K", "url": "https://hooks.example.com/tenantry", "message_id": "msg_01JD3NN0W2Y4A6C8E0G2J4M6P8",
      "event_type": "participant_session.completed", "attempt_count": 10, "last_error": "The receiver answered with 500."}'),
  ('webhook.test', 'A test, which somebody sent to one endpoint to see whether it arrives.',
    '{"note": "text"}',
    '{"note": "This is a test. Nothing has happened."}')
) as t (type, description, fields, example);

create function private.event_moment(moment timestamptz) returns text
  language sql stable parallel safe
  set search_path = ''
as $$
  -- A date-time has four digits for the year; what lies beyond, or at infinity, is told as null.
  select case when moment >= '0001-01-01 00:00Z' and moment < '10000-01-01 00:00Z'
    then to_char(moment at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') end
$$;
comment on function private.event_moment(timestamptz) is 'A moment as events tell it: ISO 8601, UTC, milliseconds.';

create function private.changed_fields(old_row jsonb, new_row jsonb) returns text[]
  language sql immutable parallel safe
  set search_path = ''
as $$
  select coalesce(array_agg(f.key order by f.key), '{}')
  from jsonb_object_keys(old_row || new_row) as f (key)
  where f.key not in ('created_at', 'created_by', 'updated_at', 'updated_by') and new_row -> f.key is distinct from old_row -> f.key
$$;

-- Triggers, so that it makes no difference which way a change came. All are definers: whoever makes
-- something happen may not write events. They come after the row and hold its lock, which is what puts
-- the events of one row in order (has_row_lock).

create function private.tg_tell_of_brand() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
declare
  changed text[] := private.changed_fields(to_jsonb(old) - 'brand', to_jsonb(new) - 'brand')
    || array(select 'brand.' || f from unnest(private.changed_fields(old.brand, new.brand)) as f);
begin
  if changed <> '{}' then
    perform private.emit_event(new.tenant_id, 'brand.updated', jsonb_build_object(
      'tenant', (select jsonb_build_object('ref_id', t.ref_id, 'slug', t.slug) from public.tenants as t where t.id = new.tenant_id),
      'changed', changed, 'page', private.render_tenant_page(new.tenant_id)), 'brand', has_row_lock => true);
  end if;
  return null;
end
$$;
create trigger tenant_brands_tell after update on public.tenant_brands for each row execute function private.tg_tell_of_brand();

create function private.tg_tell_of_tenant() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
declare
  data jsonb := jsonb_build_object('tenant', jsonb_build_object('ref_id', new.ref_id, 'slug', new.slug));
begin
  if new.slug <> old.slug then
    perform private.emit_event(new.id, 'tenant.renamed', data || jsonb_build_object('old_slug', old.slug), 'tenant', has_row_lock => true);
  end if;
  -- Nobody is told of an archiving: an archived tenant's endpoints rest, so it would arrive after the restoring.
  if new.status <> old.status then
    perform private.emit_event(new.id, 'tenant.status_changed',
      data || jsonb_build_object('old_status', old.status, 'new_status', new.status), 'tenant', has_row_lock => true);
  end if;
  return null;
end
$$;
create trigger tenants_tell after update on public.tenants
  for each row when (old.slug <> new.slug or old.status <> new.status) execute function private.tg_tell_of_tenant();

create function private.tg_tell_of_member() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
declare
  member public.tenant_members := case tg_op when 'DELETE' then old else new end;
  was_active boolean := tg_op <> 'INSERT' and old.status = 'active';
  is_active boolean := tg_op <> 'DELETE' and new.status = 'active';
  ordering_key text := 'member ' || private.ulid(member.user_id);
  person jsonb;
begin
  -- Whose account was deleted has no profile by now.
  select jsonb_build_object('ref_id', private.ulid(member.user_id), 'email', p.email, 'name', p.name, 'role', member.role) into person
  from (select) as one left join public.user_profiles as p on p.user_id = member.user_id;
  if is_active and not was_active then
    perform private.emit_event(member.tenant_id, 'member.joined', jsonb_build_object('member', person), ordering_key, has_row_lock => true);
  elsif was_active and not is_active then
    perform private.emit_event(member.tenant_id, 'member.removed', jsonb_build_object('member', person - 'name',
      'reason', case tg_op when 'DELETE' then 'removed' else 'deactivated' end), ordering_key, has_row_lock => true);
  elsif is_active and new.role <> old.role then
    perform private.emit_event(member.tenant_id, 'member.role_changed',
      jsonb_build_object('member', person - 'name', 'old_role', old.role), ordering_key, has_row_lock => true);
  end if;
  return null;
end
$$;
create trigger tenant_members_tell after insert or delete on public.tenant_members
  for each row execute function private.tg_tell_of_member();
create trigger tenant_members_tell_of_change after update on public.tenant_members
  for each row when (old.status <> new.status or old.role <> new.role) execute function private.tg_tell_of_member();

create function private.tg_tell_of_domain() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
declare
  domain public.tenant_domains := case tg_op when 'DELETE' then old else new end;
  was_verified boolean := tg_op <> 'INSERT' and old.status = 'verified';
  data jsonb := jsonb_build_object('domain', jsonb_build_object('ref_id', domain.ref_id, 'host', domain.host));
  -- A host can be longer than a key.
  ordering_key text := 'domain ' || case when length(domain.host) > 150 then md5(domain.host) else domain.host end;
begin
  if tg_op = 'DELETE' then
    perform private.emit_event(domain.tenant_id, 'domain.removed', data || jsonb_build_object('was_verified', was_verified),
      ordering_key, has_row_lock => true);
  elsif new.status = 'verified' and not was_verified then
    perform private.emit_event(domain.tenant_id, 'domain.verified',
      data || jsonb_build_object('verified_at', private.event_moment(new.verified_at)), ordering_key, has_row_lock => true);
  elsif was_verified and new.status <> 'verified' then
    perform private.emit_event(domain.tenant_id, 'domain.lost', data || jsonb_build_object('reason', new.last_check_result),
      ordering_key, has_row_lock => true);
  end if;
  return null;
end
$$;
create trigger tenant_domains_tell after insert or delete on public.tenant_domains
  for each row execute function private.tg_tell_of_domain();
create trigger tenant_domains_tell_of_change after update on public.tenant_domains
  for each row when (old.status <> new.status) execute function private.tg_tell_of_domain();

create function private.tg_tell_of_campaign() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
declare
  campaign public.campaigns := case tg_op when 'DELETE' then old else new end;
  data jsonb := jsonb_build_object('campaign', jsonb_build_object('ref_id', campaign.ref_id, 'name', campaign.name,
    'assessment_type', campaign.assessment_type, 'results_disclosure', campaign.results_disclosure,
    'opens_at', private.event_moment(campaign.opens_at), 'closes_at', private.event_moment(campaign.closes_at)));
  ordering_key text := 'campaign ' || campaign.ref_id;
  changed text[];
begin
  case tg_op
    when 'INSERT' then
      perform private.emit_event(campaign.tenant_id, 'campaign.created', data, ordering_key, has_row_lock => true);
    when 'DELETE' then
      perform private.emit_event(campaign.tenant_id, 'campaign.deleted', data, ordering_key, has_row_lock => true);
    else
      changed := private.changed_fields(to_jsonb(old), to_jsonb(new));
      if changed <> '{}' then
        perform private.emit_event(campaign.tenant_id, 'campaign.updated', data || jsonb_build_object('changed', changed),
          ordering_key, has_row_lock => true);
      end if;
  end case;
  return null;
end
$$;
create trigger campaigns_tell after insert or update or delete on public.campaigns
  for each row execute function private.tg_tell_of_campaign();

create function private.tg_tell_of_participant_session() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
declare
  data jsonb := jsonb_build_object('participant_session', jsonb_build_object('ref_id', new.ref_id,
    'campaign_id', private.ulid(new.campaign_id), 'email', new.email, 'full_name', new.full_name, 'status', new.client_status,
    'started_at', private.event_moment(new.started_at), 'completed_at', private.event_moment(new.completed_at),
    'expires_at', private.event_moment(new.expires_at), 'created_at', private.event_moment(new.created_at)));
  ordering_key text := 'participant_session ' || new.ref_id;
begin
  if tg_op = 'INSERT' then
    perform private.emit_event(new.tenant_id, 'participant_session.created', data, ordering_key, has_row_lock => true);
  elsif new.client_status <> old.client_status then
    perform private.emit_event(new.tenant_id, 'participant_session.status_changed',
      data || jsonb_build_object('old_status', old.client_status), ordering_key, has_row_lock => true);
  end if;
  -- By whichever of the two it is said first; the idempotency key is for one that is taken back and said again.
  if (new.client_status = 'completed' or new.completed_at is not null)
    and (tg_op = 'INSERT' or old.client_status <> 'completed' and old.completed_at is null) then
    perform private.emit_event(new.tenant_id, 'participant_session.completed', data, ordering_key,
      'participant_session.completed ' || new.ref_id, has_row_lock => true);
  end if;
  return null;
end
$$;
create trigger participant_sessions_tell after insert on public.participant_sessions
  for each row execute function private.tg_tell_of_participant_session();
create trigger participant_sessions_tell_of_change after update on public.participant_sessions
  for each row when (old.client_status <> new.client_status or old.completed_at is null and new.completed_at is not null)
  execute function private.tg_tell_of_participant_session();

create function private.tg_tell_of_product() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
declare
  product public.tenant_products := case tg_op when 'DELETE' then old else new end;
  was_usable boolean := tg_op <> 'INSERT' and old.enabled and (old.expires_at is null or old.expires_at > now());
  is_usable boolean := tg_op <> 'DELETE' and new.enabled and (new.expires_at is null or new.expires_at > now());
begin
  if is_usable and (not was_usable or new.expires_at is distinct from old.expires_at) then
    perform private.emit_event(product.tenant_id, 'product.granted',
      jsonb_build_object('product', product.product, 'expires_at', private.event_moment(product.expires_at)),
      'product ' || product.product, has_row_lock => true);
  elsif was_usable and not is_usable then
    perform private.emit_event(product.tenant_id, 'product.revoked', jsonb_build_object('product', product.product),
      'product ' || product.product, has_row_lock => true);
  end if;
  return null;
end
$$;
create trigger tenant_products_tell after insert or update or delete on public.tenant_products
  for each row execute function private.tg_tell_of_product();

create function private.tg_tell_of_api_key() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
declare
  key public.api_keys := case tg_op when 'DELETE' then old else new end;
  data jsonb := jsonb_build_object('api_key', jsonb_build_object('ref_id', key.ref_id, 'name', key.name));
begin
  if tg_op = 'INSERT' then
    perform private.emit_event(key.tenant_id, 'api_key.created', data, 'api_key ' || key.ref_id, has_row_lock => true);
  elsif old.revoked_at is null and (tg_op = 'DELETE' or new.revoked_at is not null) then
    perform private.emit_event(key.tenant_id, 'api_key.revoked', data, 'api_key ' || key.ref_id, has_row_lock => true);
  end if;
  return null;
end
$$;
create trigger api_keys_tell after insert or delete on public.api_keys
  for each row execute function private.tg_tell_of_api_key();
create trigger api_keys_tell_of_change after update of revoked_at on public.api_keys
  for each row when (old.revoked_at is null and new.revoked_at is not null) execute function private.tg_tell_of_api_key();
