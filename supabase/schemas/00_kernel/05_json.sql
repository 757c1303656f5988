-- JSON: merging a patch into a value, and the names of fields that differ.

create function private.json_merge_patch(target jsonb, patch jsonb) returns jsonb
  language plpgsql immutable parallel safe
  set search_path = ''
as $$
declare
  merged jsonb;
  field record;
begin
  if jsonb_typeof(patch) is distinct from 'object' then
    return patch;
  end if;
  merged := case when jsonb_typeof(target) = 'object' then target else '{}'::jsonb end;
  for field in select key, value from jsonb_each(patch) loop
    if jsonb_typeof(field.value) = 'null' then
      merged := merged - field.key;
    else
      merged := merged || jsonb_build_object(field.key, private.json_merge_patch(merged -> field.key, field.value));
    end if;
  end loop;
  return merged;
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
