-- Event types: the catalogue of what webhooks can report.

create table public.webhook_event_types (
  type text not null,
  version int not null default 1,
  description text not null,
  -- Operational events are about the webhooks themselves. An endpoint gets one only if it names the type.
  is_operational boolean not null default false,
  schema jsonb not null,
  example jsonb not null,
  created_at timestamptz not null default now(),
  primary key (type, version),
  constraint event_type_is_dotted check (type ~ '^[a-z][a-z_]{0,39}(\.[a-z][a-z_]{0,39}){1,3}$'),
  constraint version_counts_from_one check (version >= 1),
  constraint schema_is_of_an_object check (schema ->> 'type' = 'object'),
  constraint example_is_an_object check (jsonb_typeof(example) = 'object')
);
comment on table public.webhook_event_types is
  'The catalogue of event types. For each version it has the form of the event''s data (JSON Schema 2020-12) and an example.';

alter table public.webhook_event_types enable row level security;
create policy "everyone signed in reads the event types" on public.webhook_event_types
  for select to authenticated using (true);
grant select on public.webhook_event_types to authenticated, service_role;

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
        when 'object[]' then '{"type": "array", "items": {"type": "object"}}'
        when 'flag' then '{"type": "boolean"}'
        when 'count' then '{"type": "integer", "minimum": 0}'
        when 'moment' then '{"type": "string", "format": "date-time"}'
        when 'ref_id' then '{"type": "string", "pattern": "^[0-7][0-9A-HJKMNP-TV-Z]{25}$"}'
        when 'message_id' then '{"type": "string", "pattern": "^msg_[0-7][0-9A-HJKMNP-TV-Z]{25}$"}'
        -- Not the formats "email" and "uri": they accept less than the tables do.
        when 'email' then '{"type": "string", "pattern": "^[^@\\s]+@[^@\\s]+$"}'
        when 'url' then '{"type": "string", "pattern": "^https?://"}'
      end::jsonb end;
    if described is null then
      raise exception 'The field "%" of an event has an unknown kind: %.', field.name, field.value;
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
  'The JSON Schema of an event''s data, from {field: kind}. A kind is text, ref_id, moment, a|b|c, … or an object of fields. A field whose name ends in ? may be null or missing. Receivers must expect that fields are added.';

create function private.register_event_type(
  type text, description text, fields jsonb, example jsonb, is_operational boolean default false, version int default 1
) returns void
  language sql
  set search_path = ''
as $$
  insert into public.webhook_event_types as t (type, version, description, is_operational, schema, example)
  values (register_event_type.type, register_event_type.version, register_event_type.description, register_event_type.is_operational,
    '{"$schema": "https://json-schema.org/draft/2020-12/schema"}' || private.event_schema(fields), register_event_type.example)
  on conflict (type, version) do update
    set (description, is_operational, schema, example) = (excluded.description, excluded.is_operational, excluded.schema, excluded.example)
    where (t.description, t.is_operational, t.schema, t.example)
      is distinct from (excluded.description, excluded.is_operational, excluded.schema, excluded.example)
$$;
comment on function private.register_event_type(text, text, jsonb, jsonb, boolean, int) is
  'Adds an event type to the catalogue, or updates its row. The file of the noun that emits it calls this.';

create function private.event_moment(moment timestamptz) returns text
  language plpgsql stable parallel safe
  set search_path = ''
as $$
begin
  -- A date-time has four digits for the year. A moment outside this range, or infinity, becomes null.
  return case when moment >= '0001-01-01 00:00Z' and moment < '10000-01-01 00:00Z'
    then to_char(moment at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') end;
end
$$;
comment on function private.event_moment(timestamptz) is 'A moment as events show it: ISO 8601, UTC, milliseconds.';

select private.register_table('public.webhook_event_types', plain => '{type,description,schema,example}', unaudited => 'changed by migrations only');

insert into private.api_scopes (scope, permission, description) values
  ('event_types:read', 'read', 'Read the catalogue of event types.')
on conflict (scope) do update set (permission, description) = (excluded.permission, excluded.description);
