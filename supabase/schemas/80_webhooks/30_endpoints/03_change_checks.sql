-- Checks of changes of endpoints: their event types, the types of their fields, and what a polling endpoint lacks.

create function private.require_event_types(types text[]) returns text[]
  language plpgsql
  set search_path = ''
as $$
declare
  unknown text[];
  problems jsonb;
begin
  if types is null then
    return null;
  end if;
  if cardinality(types) not between 1 and 200 then
    perform private.raise_problem(422, 'invalid_value', 'An endpoint names 1 to 200 event types. Without event_types it receives all types.',
      '[{"pointer": "/event_types", "detail": "must have 1 to 200 event types, or be null for all"}]');
  end if;
  select array_agg(g.type order by g.n), jsonb_agg(jsonb_build_object('pointer', '/event_types/' || g.n - 1,
    'detail', 'is not in the catalogue of event types') order by g.n) into unknown, problems
  from unnest(types) with ordinality as g (type, n)
  where not exists (select from public.webhook_event_types as t where t.type = g.type);
  if unknown is not null then
    perform private.raise_problem(422, 'unknown_event_type', format(
      'There is no such event type in the catalogue: %s.', left(array_to_string(unknown, ', ', 'null'), 500)), problems);
  end if;
  return array(select distinct type from unnest(types) as type order by type);
end
$$;
comment on function private.require_event_types(text[]) is
  'Event types without duplicates. 422 unknown_event_type names the place of each type that is not in the catalogue.';

create function private.require_push(endpoint public.webhook_endpoints) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  if endpoint.kind = 'poll' and (endpoint.header_names <> '{}' or endpoint.rate_limit_per_second is not null) then
    perform private.raise_problem(422, 'invalid_value', 'Nothing is sent to a polling endpoint, so it has no headers and no rate limit.',
      jsonb_build_array(jsonb_build_object('detail', 'is only for push endpoints',
        'pointer', case when endpoint.header_names <> '{}' then '/headers' else '/rate_limit_per_second' end)));
  end if;
end
$$;

create function private.endpoint_change_problems(changes jsonb) returns jsonb
  language sql stable
  set search_path = ''
as $$
  -- A value of another type would be quoted in the refusal, however long it is.
  select jsonb_agg(jsonb_build_object('pointer', '/' || private.pointer_token(f.key), 'detail', f.detail) order by f.key)
  from (
    select c.key, case
      when c.key <> all ('{url,description,event_types,headers,static_header,rate_limit_per_second,disabled}') then 'is not a known field'
      when jsonb_typeof(c.value) = 'null' then null
      when c.key in ('url', 'description') and jsonb_typeof(c.value) <> 'string' then 'must be text'
      when c.key = 'event_types' and (jsonb_typeof(c.value) <> 'array' or jsonb_path_exists(c.value, 'strict $[*] ? (@.type() != "string")'))
        then 'must be a list of event types, or null for all'
      when c.key = 'rate_limit_per_second' and (jsonb_typeof(c.value) <> 'number' or length(c.value::text) > 10) then 'must be a whole number'
      when c.key = 'disabled' and jsonb_typeof(c.value) <> 'boolean' then 'must be true or false'
    end as detail
    from jsonb_each(changes) as c
  ) as f
  where f.detail is not null
$$;
