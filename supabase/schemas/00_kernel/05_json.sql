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
  language sql immutable parallel safe
  set search_path = ''
as $$
  select coalesce(array_agg(f.key order by f.key), '{}')
  from jsonb_object_keys(old_row || new_row) as f (key)
  where f.key not in ('created_at', 'created_by', 'updated_at', 'updated_by') and new_row -> f.key is distinct from old_row -> f.key
$$;

create function private.json_problem(value jsonb, most_fields int, most_bytes int) returns text
  language sql immutable parallel safe
  set search_path = ''
as $$
  -- The bytes first: they bound what the count of fields costs.
  select case
    when octet_length(value::text) > most_bytes then format('must be at most %s bytes long', most_bytes)
    -- Their types and not the values, because each value would be copied with everything in it.
    when (select count(*) from jsonb_path_query(value, 'strict $.**.type()') as v) - 1 > most_fields
      then format('must have at most %s fields and values', most_fields)
  end
$$;
comment on function private.json_problem(jsonb, int, int) is
  'Why a JSON value is too large to be looked at field by field. Null if it is not. A function that takes JSON from a person asks this first.';
grant execute on function private.json_problem(jsonb, int, int) to authenticated, service_role;
