-- JSON: its size, merging a patch into a value, and the names of fields that differ.

create function private.json_merge_patch(target jsonb, patch jsonb) returns jsonb
  language plpgsql immutable parallel safe
  set search_path = ''
as $$
begin
  if jsonb_typeof(patch) is distinct from 'object' then
    return patch;
  end if;
  -- One aggregate over all fields. Adding them one by one would copy the object for each field.
  return (
    select coalesce(jsonb_object_agg(key, case
        when p.value is null then t.value
        when jsonb_typeof(p.value) = 'object' then private.json_merge_patch(t.value, p.value)
        else p.value end), '{}')
    from jsonb_each(case when jsonb_typeof(target) = 'object' then target else '{}' end) as t
    full join jsonb_each(patch) as p using (key)
    where p.value is distinct from 'null');
end
$$;
comment on function private.json_merge_patch(jsonb, jsonb) is 'RFC 7386: objects are merged, null removes a field, and any other value replaces the old one.';
grant execute on function private.json_merge_patch(jsonb, jsonb) to authenticated, service_role;

create function private.changed_fields(old_row jsonb, new_row jsonb) returns text[]
  language plpgsql immutable parallel safe
  set search_path = ''
as $$
begin
  return (
    select coalesce(array_agg(f.key order by f.key), '{}')
    from jsonb_object_keys(old_row || new_row) as f (key)
    where f.key not in ('created_at', 'created_by', 'updated_at', 'updated_by') and new_row -> f.key is distinct from old_row -> f.key);
end
$$;

create function private.changed_places(old_value jsonb, new_value jsonb, place text default '') returns text[]
  language plpgsql immutable parallel safe
  set search_path = ''
as $$
declare
  field text;
  places text[] := '{}';
begin
  -- The same rules as changedPlaces() of lib/runtime/changes.ts.
  if new_value is not distinct from old_value then
    return '{}';
  end if;
  if jsonb_typeof(old_value) is distinct from 'object' or jsonb_typeof(new_value) is distinct from 'object' then
    return array[place];
  end if;
  for field in select jsonb_object_keys(old_value || new_value)
  loop
    if not old_value ? field and jsonb_typeof(new_value -> field) = 'object' and new_value -> field <> '{}' then
      places := places || private.changed_places('{}', new_value -> field, place || '/' || private.pointer_token(field));
    else
      places := places || private.changed_places(old_value -> field, new_value -> field, place || '/' || private.pointer_token(field));
    end if;
  end loop;
  return places;
end
$$;
comment on function private.changed_places(jsonb, jsonb, text) is
  'The places that differ, as JSON Pointers. A list is one value. What is inside a new object is new, each for itself.';

create function private.has_long_number(value jsonb) returns boolean
  language plpgsql immutable parallel safe
  set search_path = ''
as $$
begin
  -- 1e131071 takes 12 bytes, and is written with 131,072 digits. Five thousand of them took eight seconds to write.
  -- The search ends at the first one. As one array, because each row that jsonb_path_query() returns moves all the rows
  -- behind it.
  return exists (
    select from jsonb_array_elements(jsonb_path_query_array(value, 'strict $.** ? (@.type() == "number")')) as n (number)
    where length(n.number::text) > 400);
end
$$;
comment on function private.has_long_number(jsonb) is
  'Whether a number anywhere in a JSON value is written with more than 400 characters. No number of JavaScript is.';

create function private.json_fits(value jsonb, most_bytes int) returns boolean
  language plpgsql immutable parallel safe
  set search_path = ''
as $$
begin
  -- The stored form is never more than four times as long as the text that Postgres writes. So the text is written only if it can fit.
  return case
    when pg_column_size(value) > 4 * most_bytes + 1000 or private.has_long_number(value) then false
    else octet_length(value::text) <= most_bytes end;
end
$$;
comment on function private.json_fits(jsonb, int) is
  'Whether a JSON value is at most this many bytes long as text. The check costs little, whatever the value is. Null passes.';

create function private.json_problem(value jsonb, most_fields int, most_bytes int) returns text
  language plpgsql immutable parallel safe
  set search_path = ''
as $$
begin
  -- The stored size first: it costs nothing, and bounds what the count of fields costs.
  return case
    when pg_column_size(value) > 4 * most_bytes + 1000 then format('must be at most %s bytes long', most_bytes)
    -- Their types and not the values, because each value would be copied with everything in it.
    when jsonb_array_length(jsonb_path_query_array(value, 'strict $.**.type()')) - 1 > most_fields
      then format('must have at most %s fields and values', most_fields)
    when private.has_long_number(value) then 'must not have a number of more than 400 digits'
    when octet_length(value::text) > most_bytes then format('must be at most %s bytes long', most_bytes)
  end;
end
$$;
comment on function private.json_problem(jsonb, int, int) is
  'Why a JSON value is too large to be looked at field by field. Null if it is not. A function that takes JSON from a person asks this first.';
grant execute on function private.has_long_number(jsonb), private.json_fits(jsonb, int), private.json_problem(jsonb, int, int)
  to authenticated, service_role;
