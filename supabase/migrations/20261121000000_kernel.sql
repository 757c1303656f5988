-- Made by "npm run generate" from supabase/schemas/00_kernel. Change it there.

-- 01_schemas.sql

-- The API exposes the schema public. It never exposes private, which holds helpers, definer functions and partitions.
create schema if not exists private;
comment on schema private is 'Helpers, definer functions and partitions. The API never exposes this schema.';
revoke all on schema private from public;

-- Policies run as the caller. The caller must therefore be able to reach the helpers that policies name.
grant usage on schema private to authenticated, service_role;

-- A hosted project grants every new table and function in public to everyone. Here the file of a table says
-- who may use it. A forgotten grant is then a visible error and never an open table.
alter default privileges in schema public revoke all on tables from anon, authenticated, service_role;
alter default privileges in schema public revoke all on sequences from anon, authenticated, service_role;
alter default privileges in schema public revoke all on functions from anon, authenticated, service_role;

-- The built-in grant of execute to public is global. A revoke in one schema would not undo it.
alter default privileges revoke execute on functions from public;
create extension if not exists pg_cron with schema pg_catalog;
create extension if not exists pg_net with schema extensions;
create extension if not exists supabase_vault with schema vault cascade;
create extension if not exists pg_trgm with schema extensions;

-- 02_ids.sql

-- Ids: UUIDv7 inside the database, and the same 128 bits as a ULID (ref_id) in APIs, URLs and webhooks.

-- Postgres inlines these two functions into an insert only if they have no search_path and use each argument
-- once. A call that is not inlined would cost more than storing the row.
create function private.uuid_v7_at(microseconds bigint) returns uuid
  language sql volatile parallel safe
as $$
  -- RFC 9562: 48 bits of milliseconds, the version, then 12 bits of the fraction (method 3). So ids that are
  -- made within one millisecond still sort in the order in which they were made. 512/125 turns microseconds
  -- into 4096ths of a millisecond. The rest is random, with the two variant bits of any random UUID.
  select (overlay(lpad(to_hex(microseconds * 512 / 125), 15, '0') placing '7' from 13 for 0)
    || substr(gen_random_uuid()::text, 20))::uuid
$$;
comment on function private.uuid_v7_at(bigint) is 'A UUIDv7 for a moment in microseconds since 1970. A batch reads the clock once and counts on from there.';

create function private.uuid_v7() returns uuid
  language sql volatile parallel safe
as $$ select private.uuid_v7_at((extract(epoch from clock_timestamp()) * 1000000)::bigint) $$;
comment on function private.uuid_v7() is 'A time-ordered id (UUIDv7). The default of every id column.';

create function private.uuid_after(id uuid) returns uuid
  language sql volatile parallel safe
  set search_path = ''
as $$
  -- A microsecond later. A microsecond is 4.096 steps of the fraction, rounded up.
  select private.uuid_v7_at((((('x' || replace(substr(id::text, 1, 13), '-', ''))::bit(48)::bigint * 4096
    + ('x' || substr(id::text, 16, 3))::bit(12)::bigint) * 125 + 511) / 512) + 1)
$$;
comment on function private.uuid_after(uuid) is 'A UUIDv7 that sorts after another one, even if the clock says otherwise.';

-- Not in SQL: Postgres would inline it, and so parse and plan it anew for the generated column in each statement that writes a
-- row, which takes half a millisecond. A row takes five to ten microseconds either way.
create function private.ulid(id uuid) returns text
  language plpgsql immutable strict parallel safe
  set search_path = ''
as $$
declare
  digits constant text := '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
  bytes constant bytea := uuid_send(id);
begin
  -- Crockford base32 of the same 128 bits: 26 characters of 5 bits, after two leading zero bits.
  return
    substr(digits, ((get_byte(bytes, 0) >> 5) & 7) + 1, 1) ||
    substr(digits, (get_byte(bytes, 0) & 31) + 1, 1) ||
    substr(digits, ((get_byte(bytes, 1) >> 3) & 31) + 1, 1) ||
    substr(digits, (((get_byte(bytes, 1) << 2) | (get_byte(bytes, 2) >> 6)) & 31) + 1, 1) ||
    substr(digits, ((get_byte(bytes, 2) >> 1) & 31) + 1, 1) ||
    substr(digits, (((get_byte(bytes, 2) << 4) | (get_byte(bytes, 3) >> 4)) & 31) + 1, 1) ||
    substr(digits, (((get_byte(bytes, 3) << 1) | (get_byte(bytes, 4) >> 7)) & 31) + 1, 1) ||
    substr(digits, ((get_byte(bytes, 4) >> 2) & 31) + 1, 1) ||
    substr(digits, (((get_byte(bytes, 4) << 3) | (get_byte(bytes, 5) >> 5)) & 31) + 1, 1) ||
    substr(digits, (get_byte(bytes, 5) & 31) + 1, 1) ||
    substr(digits, ((get_byte(bytes, 6) >> 3) & 31) + 1, 1) ||
    substr(digits, (((get_byte(bytes, 6) << 2) | (get_byte(bytes, 7) >> 6)) & 31) + 1, 1) ||
    substr(digits, ((get_byte(bytes, 7) >> 1) & 31) + 1, 1) ||
    substr(digits, (((get_byte(bytes, 7) << 4) | (get_byte(bytes, 8) >> 4)) & 31) + 1, 1) ||
    substr(digits, (((get_byte(bytes, 8) << 1) | (get_byte(bytes, 9) >> 7)) & 31) + 1, 1) ||
    substr(digits, ((get_byte(bytes, 9) >> 2) & 31) + 1, 1) ||
    substr(digits, (((get_byte(bytes, 9) << 3) | (get_byte(bytes, 10) >> 5)) & 31) + 1, 1) ||
    substr(digits, (get_byte(bytes, 10) & 31) + 1, 1) ||
    substr(digits, ((get_byte(bytes, 11) >> 3) & 31) + 1, 1) ||
    substr(digits, (((get_byte(bytes, 11) << 2) | (get_byte(bytes, 12) >> 6)) & 31) + 1, 1) ||
    substr(digits, ((get_byte(bytes, 12) >> 1) & 31) + 1, 1) ||
    substr(digits, (((get_byte(bytes, 12) << 4) | (get_byte(bytes, 13) >> 4)) & 31) + 1, 1) ||
    substr(digits, (((get_byte(bytes, 13) << 1) | (get_byte(bytes, 14) >> 7)) & 31) + 1, 1) ||
    substr(digits, ((get_byte(bytes, 14) >> 2) & 31) + 1, 1) ||
    substr(digits, (((get_byte(bytes, 14) << 3) | (get_byte(bytes, 15) >> 5)) & 31) + 1, 1) ||
    substr(digits, (get_byte(bytes, 15) & 31) + 1, 1);
end
$$;
comment on function private.ulid(uuid) is 'The ULID spelling of an id. APIs, URLs and webhooks show this one.';

-- Written out, and not in SQL, as private.ulid(): a batch names a thousand ids.
create function private.ulid_to_uuid(ref text) returns uuid
  language plpgsql immutable strict parallel safe
  set search_path = ''
as $$
declare
  digits constant text := '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
  spelled constant text := upper(ref);
begin
  if spelled !~ '^[0-7][0-9A-HJKMNP-TV-Z]{25}$' then
    return null;
  end if;
  -- The first 13 digits are 63 bits, the 14th is divided, and the last 12 are 60 bits.
  return (
    lpad(to_hex(((
        ((strpos(digits, substr(spelled, 1, 1)) - 1)::bigint << 60) |
        ((strpos(digits, substr(spelled, 2, 1)) - 1)::bigint << 55) |
        ((strpos(digits, substr(spelled, 3, 1)) - 1)::bigint << 50) |
        ((strpos(digits, substr(spelled, 4, 1)) - 1)::bigint << 45) |
        ((strpos(digits, substr(spelled, 5, 1)) - 1)::bigint << 40) |
        ((strpos(digits, substr(spelled, 6, 1)) - 1)::bigint << 35) |
        ((strpos(digits, substr(spelled, 7, 1)) - 1)::bigint << 30) |
        ((strpos(digits, substr(spelled, 8, 1)) - 1)::bigint << 25) |
        ((strpos(digits, substr(spelled, 9, 1)) - 1)::bigint << 20) |
        ((strpos(digits, substr(spelled, 10, 1)) - 1)::bigint << 15) |
        ((strpos(digits, substr(spelled, 11, 1)) - 1)::bigint << 10) |
        ((strpos(digits, substr(spelled, 12, 1)) - 1)::bigint << 5) |
        (strpos(digits, substr(spelled, 13, 1)) - 1)::bigint) << 1) |
        ((strpos(digits, substr(spelled, 14, 1)) - 1)::bigint >> 4)), 16, '0') ||
    lpad(to_hex(((strpos(digits, substr(spelled, 14, 1)) - 1)::bigint << 60) |
        ((strpos(digits, substr(spelled, 15, 1)) - 1)::bigint << 55) |
        ((strpos(digits, substr(spelled, 16, 1)) - 1)::bigint << 50) |
        ((strpos(digits, substr(spelled, 17, 1)) - 1)::bigint << 45) |
        ((strpos(digits, substr(spelled, 18, 1)) - 1)::bigint << 40) |
        ((strpos(digits, substr(spelled, 19, 1)) - 1)::bigint << 35) |
        ((strpos(digits, substr(spelled, 20, 1)) - 1)::bigint << 30) |
        ((strpos(digits, substr(spelled, 21, 1)) - 1)::bigint << 25) |
        ((strpos(digits, substr(spelled, 22, 1)) - 1)::bigint << 20) |
        ((strpos(digits, substr(spelled, 23, 1)) - 1)::bigint << 15) |
        ((strpos(digits, substr(spelled, 24, 1)) - 1)::bigint << 10) |
        ((strpos(digits, substr(spelled, 25, 1)) - 1)::bigint << 5) |
        (strpos(digits, substr(spelled, 26, 1)) - 1)::bigint), 16, '0'))::uuid;
end
$$;
comment on function private.ulid_to_uuid(text) is 'The id behind a ULID. Null if the text is not a ULID.';
grant execute on function private.uuid_v7(), private.uuid_v7_at(bigint), private.ulid(uuid),
  private.ulid_to_uuid(text) to authenticated, service_role;

create function private.first_uuid_at(moment timestamptz) returns uuid
  language sql immutable strict parallel safe
  set search_path = ''
as $$
  select (lpad(to_hex(greatest((extract(epoch from moment) * 1000)::bigint, 0)), 12, '0') || '00000000000000000000')::uuid
$$;
comment on function private.first_uuid_at(timestamptz) is 'The smallest id that a UUIDv7 of this moment can have. "id >= it" means "created_at >= moment".';

-- It reads nothing. Lists use it for their filters by time.
grant execute on function private.first_uuid_at(timestamptz) to authenticated;

-- 03_problems.sql

-- Problems: how a SQL function refuses a request with an HTTP status and a stable code.

create function private.few_problems(errors jsonb) returns jsonb
  language sql immutable parallel safe
  set search_path = ''
as $$
  -- lib/http does the same with what it finds itself. Without a bound, an answer would be as long as the request.
  select case when jsonb_typeof(errors) = 'array' then
    (select jsonb_agg(jsonb_build_object('pointer', left(e.value ->> 'pointer', 200), 'detail', left(e.value ->> 'detail', 200)) order by e.n)
      from (select * from jsonb_array_elements(errors) with ordinality as e (value, n) limit 20) as e)
    || case when jsonb_array_length(errors) > 20
      then jsonb_build_array(jsonb_build_object('pointer', '', 'detail', format('has %s more problems', jsonb_array_length(errors) - 20)))
      else '[]' end
  end
$$;
comment on function private.few_problems(jsonb) is
  'The first 20 field errors of a list. If there are more, one more entry says how many. Null if it is no list.';

create function private.log_refusal(status int, code text) returns void
  language plpgsql stable
  set search_path = ''
as $$
declare
  claims jsonb := nullif(current_setting('request.jwt.claims', true), '')::jsonb;
  headers jsonb := nullif(current_setting('request.headers', true), '')::jsonb;
  person text := claims ->> 'sub';
  tenant text := nullif(current_setting('tenantry.tenant', true), '');
begin
  raise log 'tenantry refusal %', jsonb_build_object(
    'status', log_refusal.status, 'code', log_refusal.code,
    'actor_id', case when pg_input_is_valid(person, 'uuid') then private.ulid(person::uuid) end,
    'tenant', private.ulid(tenant::uuid),
    'route', concat_ws(' ', current_setting('request.method', true), current_setting('request.path', true)),
    'request_id', substring(headers ->> 'x-request-id' from '^[A-Za-z0-9_.:=-]{8,128}$'));
end
$$;
comment on function private.log_refusal(int, text) is
  'Writes a line to the log of Postgres, which a rollback does not take back: who was refused what over REST.';
grant execute on function private.log_refusal(int, text) to authenticated, service_role;

create function private.raise_problem(status int, code text, detail text default '', errors jsonb default null, members jsonb default null)
  returns void
  language plpgsql
  set search_path = ''
as $$
begin
  -- A row would be rolled back with the refused request. Edge functions record their refusals in a second transaction.
  if session_user = 'authenticator' and raise_problem.status in (402, 403, 404, 409) then
    perform private.log_refusal(raise_problem.status, raise_problem.code);
  end if;
  -- PostgREST turns the sqlstate PTxyz into the HTTP status xyz. lib/http reads the same form.
  raise exception using
    errcode = 'PT' || raise_problem.status,
    message = left(raise_problem.code, 100),
    -- A sentence may quote what was sent, and that may be long.
    detail = left(raise_problem.detail, 1000),
    hint = coalesce(private.few_problems(raise_problem.errors)::text,
      -- They quote what was asked for. What is longer than any name of ours was not one.
      case when length(raise_problem.members::text) <= 2000 then raise_problem.members::text end, '');
end
$$;
comment on function private.raise_problem(int, text, text, jsonb, jsonb) is
  'Refuses a request. Takes the HTTP status, a stable code, a sentence for a person, and field errors [{pointer, detail}] or else extension members {name: value}.';
grant execute on function private.few_problems(jsonb) to authenticated, service_role;
grant execute on function private.raise_problem(int, text, text, jsonb, jsonb) to authenticated, service_role;

-- 04_text.sql

-- Text: checks and spellings of links, names, e-mail addresses and JSON keys.

-- What a constraint or a trigger asks is written in plpgsql, here and in the files below. Postgres compiles it once in a
-- session. A SQL function with a search_path would be planned again for each statement, which takes many times as long as
-- the check itself.

create function private.is_https_url(url text) returns boolean
  language plpgsql immutable parallel safe
  set search_path = ''
as $$
begin
  -- Only https: a javascript: or data: URL in a brand would run in the visitor's page. Quotes, brackets and
  -- spaces are refused too, so that the value cannot end the attribute or CSS token in which it stands.
  return url is null or (
    length(url) <= 2048
    and url ~ '^https://[a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?(:[0-9]{1,5})?([/?#][!#-&(-;=?-\[\]_a-z~]*)?$'
  );
end
$$;
comment on function private.is_https_url(text) is 'Whether a stored link is a plain https URL without credentials. Null passes.';

create function private.is_plain_text(value text, max_length int) returns boolean
  language plpgsql immutable parallel safe
  set search_path = ''
as $$
begin
  -- With control characters or bidirectional overrides a name could disguise the text around it.
  return value is null or (length(value) <= max_length and value !~ '[\u0001-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]');
end
$$;

create function private.is_email(value text) returns boolean
  language plpgsql immutable parallel safe
  set search_path = ''
as $$
begin
  return value is null or (length(value) <= 254 and value ~ '^[^\s@<>"(),:;\\\[\]]+@[a-zA-Z0-9-]+(\.[a-zA-Z0-9-]+)+$');
end
$$;

grant execute on function private.is_https_url(text), private.is_plain_text(text, int), private.is_email(text)
  to authenticated, service_role;

create function private.snake_case(name text) returns text
  language plpgsql immutable strict parallel safe
  set search_path = ''
as $$
begin
  -- No field has a name of more than 100 characters. A megabyte of capitals would take more than a second.
  return case when length(name) <= 100 then lower(regexp_replace(name, '([a-z0-9])([A-Z])', '\1_\2', 'g')) else name end;
end
$$;

create function private.pointer_token(key text) returns text
  language plpgsql immutable strict parallel safe
  set search_path = ''
as $$
begin
  return replace(replace(key, '~', '~0'), '/', '~1');
end
$$;
comment on function private.pointer_token(text) is 'A key as it is written inside a JSON pointer (RFC 6901).';
grant execute on function private.snake_case(text), private.pointer_token(text) to authenticated, service_role;

create function private.fold_email(address text) returns text
  language plpgsql immutable parallel safe
  set search_path = ''
as $$
begin
  -- Not in the database's own language: there the Kelvin sign becomes the letter k, and a dotted capital I loses its
  -- dot. Two people would then have one address.
  return lower(address collate "C");
end
$$;
comment on function private.fold_email(text) is
  'An e-mail address for comparing: A to Z become a to z, and every other letter stays as it is.';
grant execute on function private.fold_email(text) to authenticated, service_role;

create function private.normalize_email(address text) returns text
  language plpgsql immutable parallel safe
  set search_path = ''
as $$
declare
  trimmed text := case when length(address) <= 1000 then regexp_replace(address, '^\s+|\s+$', '', 'g') end;
begin
  return case when trimmed ~ '^[!-~]+$' and private.is_email(trimmed) then private.fold_email(trimmed) end;
end
$$;
comment on function private.normalize_email(text) is
  'The one spelling of an e-mail address: trimmed and in lowercase. Null if the text is no address, or is not plain ASCII.';

create function private.mask_email(address text) returns text
  language plpgsql immutable parallel safe
  set search_path = ''
as $$
begin
  return left(address, 1) || '***@' || split_part(address, '@', 2);
end
$$;
comment on function private.mask_email(text) is 'Enough of an address for its owner to recognise it, but not enough for others to write to it.';

-- 05_json.sql

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

-- 06_rows.sql

-- Rows: triggers that many tables share. They set who changed a row and when, and refuse changes.

create function private.tg_touch_updated_at() returns trigger
  language plpgsql
  set search_path = ''
as $$
begin
  new.updated_at = now();
  return new;
end
$$;

create function private.tg_stamp_editor() returns trigger
  language plpgsql
  set search_path = ''
as $$
begin
  -- What the client sent does not count: a client may not say who made or changed a row. The service and
  -- migrations have no user, so their values are kept.
  if tg_op = 'INSERT' then
    new.created_by := coalesce((select auth.uid()), new.created_by);
  else
    new.created_by := old.created_by;
    new.updated_by := (select auth.uid());
  end if;
  return new;
end
$$;

create function private.tg_refuse_change() returns trigger
  language plpgsql
  set search_path = ''
as $$
begin
  raise exception '% is append-only: its rows cannot be changed.', tg_table_name;
end
$$;

-- 07_edge_functions.sql

-- Edge functions: how the database calls one.

create function private.call_edge_function(path text, timeout_milliseconds int default 5000) returns bigint
  language plpgsql
  set search_path = ''
as $$
declare
  functions_url text;
  service_key text;
begin
  select max(s.decrypted_secret) filter (where s.name = 'tenantry_functions_url'),
    max(s.decrypted_secret) filter (where s.name = 'tenantry_service_key')
  into functions_url, service_key
  from vault.decrypted_secrets as s where s.name in ('tenantry_functions_url', 'tenantry_service_key');
  if functions_url is null or service_key is null then
    raise warning 'The function % was not called: Vault does not have the secret tenantry_functions_url or tenantry_service_key.', path;
    return null;
  end if;
  return net.http_post(
    url := rtrim(functions_url, '/') || path,
    headers := jsonb_build_object('content-type', 'application/json', 'apikey', service_key),
    body := '{}',
    timeout_milliseconds := call_edge_function.timeout_milliseconds);
end
$$;
comment on function private.call_edge_function(text, int) is
  'Asks pg_net to post to one of our edge functions, as the service, once this transaction commits. Returns the id of that request.';

-- 08_estimated_counts.sql

-- Estimated counts: the REST API refuses them, because they would reveal the rows of other tenants.

-- A definer, because anonymous callers may not call raise_problem().
create function public.refuse_estimated_counts() returns void
  language plpgsql stable security definer
  set search_path = ''
as $$
begin
  -- "Prefer: count=planned" returns the planner's estimate. Row level security does not apply to the planner.
  -- An estimate with a filter on somebody else's tenant_id would count the rows of that tenant.
  -- Servers differ in what they skip around the "=": spaces, quotes. So only letters, "=" and "," are compared.
  if current_setting('role') <> 'service_role'
    and regexp_replace(lower(nullif(current_setting('request.headers', true), '')::json ->> 'prefer'), '[^a-z=,]', '', 'g')
      ~ 'count=(planned|estimated)' then
    perform private.raise_problem(400, 'count_not_offered', 'Use "Prefer: count=exact". Estimated counts are not offered.');
  end if;
end
$$;
comment on function public.refuse_estimated_counts() is 'PostgREST runs this before every request. It refuses counts that would be estimated from the rows of every tenant.';

-- It runs as the caller, so every caller must be able to reach it.
grant execute on function public.refuse_estimated_counts() to anon, authenticated, service_role;

alter role authenticator set pgrst.db_pre_request = 'public.refuse_estimated_counts';

notify pgrst, 'reload config';

-- 09_tables.sql

-- Tables: the register of what each table holds and what happens to its rows.

create type private.table_keeping as enum (
  'data',     -- exported, purged with its tenant, restored when a demo is reset
  'history',  -- exported and purged; a demo's reset clears it and restores nothing
  'derived',  -- made from other rows; exported and purged; a demo's reset does not touch it
  'kept',     -- exported; stays when its tenant is purged
  'transient' -- holds rows only within a transaction: nothing to export, purge or restore
);

create table private.registered_tables (
  relation regclass primary key,
  plain text[] not null default '{}',
  personal text[] not null default '{}',
  secret text[] not null default '{}',
  quiet text[] not null default '{}',
  keeping private.table_keeping not null default 'data',
  unaudited text,
  is_locked_first boolean not null default false,
  person text,
  on_forget text not null default 'erase',
  kept_because text,
  copy_column text,
  internal text[] not null default '{}',
  forgotten_with regclass,
  constraint internal_is_classified check (internal <@ (plain || personal)),
  constraint a_column_has_one_content check (not (plain && personal or plain && secret or personal && secret)),
  constraint on_forget_is_known check (on_forget in ('erase', 'delete', 'keep')),
  constraint keeping_has_a_reason check ((on_forget = 'keep') = (kept_because is not null)),
  constraint person_is_personal check (person is null or person = any (personal)),
  constraint forgotten_with_another_is_deleted check (forgotten_with is null or person is null and on_forget = 'delete')
);
comment on table private.registered_tables is 'What each table holds and what happens to its rows. The file of each table registers it.';
comment on column private.registered_tables.plain is 'Columns that hold neither personal data nor secrets. The audit log shows their values.';
comment on column private.registered_tables.personal is
  'Columns that say something about a person, or paths inside plain JSON columns ("metadata.contacts.*.email"). The audit log records only that they changed. forget_person() erases them.';
comment on column private.registered_tables.secret is
  'Columns, or paths inside plain JSON columns, that prove an identity or a right: hashes, tokens, ids of secrets in Vault. The audit log and exports leave them out.';
comment on column private.registered_tables.internal is
  'Columns that are the platform''s own notes about a tenant. No person is granted them, and exports leave them out.';
comment on column private.registered_tables.copy_column is
  'A JSON column that holds copies of rows. The column "relation" names their table. What is secret there is secret in the copies.';
comment on column private.registered_tables.quiet is 'Columns that may change without a row in the audit log.';
comment on column private.registered_tables.unaudited is 'Why changes of this table leave no row in the audit log. Null if they leave one.';
comment on column private.registered_tables.is_locked_first is 'Whether its rows are locked before the tenant''s other rows are deleted. The processes that serve this queue lock them in the same order.';
comment on column private.registered_tables.person is 'The column that holds a person''s e-mail address, as its whole value or as a string inside JSON.';
comment on column private.registered_tables.forgotten_with is
  'The table whose rows say whose these are, by a foreign key. When forget_person() erases one of those, it deletes what hangs on it here.';
comment on column private.registered_tables.on_forget is 'What forget_person() does with the rows of the person: erase the personal columns, delete the row, or keep it.';

create function private.register_table(
  target regclass, plain text[] default '{}', personal text[] default '{}', secret text[] default '{}', quiet text[] default '{}',
  keeping private.table_keeping default 'data', unaudited text default null, is_locked_first boolean default false,
  person text default null, on_forget text default 'erase', kept_because text default null, copy_column text default null,
  internal text[] default '{}', forgotten_with regclass default null
) returns void
  language plpgsql
  set search_path = ''
as $$
declare
  problem text;
begin
  -- A wrong or missing name must fail in its migration, and not later, when somebody's data is exported.
  select string_agg(n, ', ') into problem
  from unnest(register_table.plain || register_table.personal || register_table.secret || register_table.quiet || register_table.copy_column) as n
  where not exists (select from pg_catalog.pg_attribute as a
    where a.attrelid = target and a.attname = split_part(n, '.', 1) and a.attnum > 0 and not a.attisdropped);
  if problem is not null then
    raise exception 'register_table: % has no column %.', target, problem;
  end if;
  select string_agg(n, ', ') into problem
  from unnest(register_table.plain || register_table.personal || register_table.secret || register_table.quiet) as n
  where n like '%.%' and (n <> all (register_table.personal || register_table.secret)
    or n ~ '(^|\.)(\.|$)' or split_part(n, '.', 1) <> all (register_table.plain)
    or not exists (select from pg_catalog.pg_attribute as a
      where a.attrelid = target and a.attname = split_part(n, '.', 1) and a.atttypid = 'jsonb'::regtype));
  if problem is not null then
    raise exception 'register_table: in % a path must be personal or secret, and inside a plain column of type jsonb: %.', target, problem;
  end if;
  select string_agg(c, ', ') into problem
  from private.columns_to_classify(target) as c
  where c <> all (register_table.plain || register_table.personal || register_table.secret);
  if problem is not null then
    raise exception 'register_table: say for % whether these columns are plain, personal or secret: %.', target, problem;
  end if;
  if register_table.forgotten_with is not null and not exists (select from pg_catalog.pg_constraint as f
    join private.registered_tables as g on g.relation = f.confrelid and g.person is not null and g.on_forget = 'erase'
    where f.conrelid = target and f.confrelid = register_table.forgotten_with and f.contype = 'f') then
    raise exception 'register_table: % is to be forgotten with %. It must refer to it, and that one must say whose its rows are and erase them.',
      target, register_table.forgotten_with;
  end if;
  if register_table.on_forget = 'erase' and register_table.person is not null then
    select string_agg(a.attname, ', ') into problem
    from pg_catalog.pg_attribute as a
    where a.attrelid = target and a.attname = any (register_table.personal) and a.attnotnull and not a.atthasdef;
    if problem is not null then
      raise exception 'register_table: % cannot be erased in %, because the columns are not null. Give them a default, or delete the row.', problem, target;
    end if;
  end if;
  insert into private.registered_tables
    (relation, plain, personal, secret, quiet, keeping, unaudited, is_locked_first, person, on_forget, kept_because, copy_column, internal, forgotten_with)
  values (target, register_table.plain, register_table.personal, register_table.secret, register_table.quiet, register_table.keeping,
    register_table.unaudited, register_table.is_locked_first, register_table.person, register_table.on_forget, register_table.kept_because,
    register_table.copy_column, register_table.internal, register_table.forgotten_with)
  on conflict (relation) do update set (plain, personal, secret, quiet, keeping, unaudited, is_locked_first, person, on_forget, kept_because, copy_column, internal, forgotten_with) =
    (excluded.plain, excluded.personal, excluded.secret, excluded.quiet, excluded.keeping, excluded.unaudited,
     excluded.is_locked_first, excluded.person, excluded.on_forget, excluded.kept_because, excluded.copy_column, excluded.internal, excluded.forgotten_with);
end
$$;
comment on function private.register_table(regclass, text[], text[], text[], text[], private.table_keeping, text, boolean, text, text, text, text, text[], regclass) is
  'Says what a table holds and what happens to its rows. Fails if a column that could hold anything is not named.';

create function private.columns_to_classify(target regclass) returns setof text
  language sql stable
  set search_path = ''
as $$
  -- Text, JSON, bytes and addresses can hold anything. An id can be the id of a secret in Vault. A ref_id
  -- cannot: it is the public spelling of the row's own id.
  select a.attname::text
  from pg_catalog.pg_attribute as a
  join pg_catalog.pg_type as t on t.oid = a.atttypid
  where a.attrelid = target and a.attnum > 0 and not a.attisdropped and a.attname <> 'ref_id'
    and (t.typcategory in ('S', 'I') or t.typname in ('json', 'jsonb', 'bytea', 'xml', 'hstore')
      or t.typcategory = 'A' and exists (
        select from pg_catalog.pg_type as e where e.oid = t.typelem and (e.typcategory = 'S' or e.typname in ('json', 'jsonb', 'bytea')))
      or a.attname ~ '(^|_)secret_id$')
$$;
comment on function private.columns_to_classify(regclass) is 'The columns that the file of a table must classify as plain, personal or secret.';

create function private.overwrite_json(value jsonb, path text[], replacement jsonb) returns jsonb
  language plpgsql immutable
  set search_path = ''
as $$
begin
  if value is null or value = 'null' then
    return value;
  elsif cardinality(path) = 0 then
    return replacement;
  elsif path[1] = '*' and jsonb_typeof(value) = 'array' then
    return (select coalesce(jsonb_agg(private.overwrite_json(e.value, path[2:], replacement) order by e.n), '[]')
      from jsonb_array_elements(value) with ordinality as e (value, n));
  elsif path[1] = '*' and jsonb_typeof(value) = 'object' then
    return (select coalesce(jsonb_object_agg(f.key, private.overwrite_json(f.value, path[2:], replacement)), '{}') from jsonb_each(value) as f);
  elsif jsonb_typeof(value) = 'object' and value ? path[1] then
    return jsonb_set(value, path[1:1], private.overwrite_json(value -> path[1], path[2:], replacement));
  end if;
  return value;
end
$$;
comment on function private.overwrite_json(jsonb, text[], jsonb) is
  'A value in which something else stands at a path. "*" in a path is every element of an array or every field of an object.';

create function private.overwrite_paths(content jsonb, paths text[], replacement jsonb) returns jsonb
  language plpgsql immutable
  set search_path = ''
as $$
declare
  path text;
begin
  foreach path in array paths loop
    content := private.overwrite_json(content, string_to_array(path, '.'), replacement);
  end loop;
  return content;
end
$$;

create function private.without_secrets(content jsonb, source regclass) returns jsonb
  language plpgsql stable
  set search_path = ''
as $$
declare
  registered private.registered_tables;
begin
  -- What is not registered may be anything, and a copy may be older than its table.
  select * into registered from private.registered_tables as g where g.relation = without_secrets.source;
  if not found then
    return 'null';
  end if;
  return private.overwrite_paths(content, registered.secret || registered.internal, 'null');
end
$$;
comment on function private.without_secrets(jsonb, regclass) is 'A row of a table as JSON, with null for what the table''s register calls secret or internal. Null if the table is not registered.';

create function private.anonymous_row(content jsonb, source regclass) returns jsonb
  language plpgsql stable
  set search_path = ''
as $$
declare
  registered private.registered_tables;
begin
  select * into registered from private.registered_tables as g where g.relation = anonymous_row.source;
  if not found then
    return 'null';
  end if;
  -- Only what is known to be harmless is kept, so a column that is added later is left out until somebody says what it holds.
  return private.overwrite_paths(coalesce((
    select jsonb_object_agg(a.attname, content -> a.attname::text)
    from pg_catalog.pg_attribute as a join pg_catalog.pg_type as t on t.oid = a.atttypid
    where a.attrelid = anonymous_row.source and a.attnum > 0 and not a.attisdropped and content ? a.attname::text
      and a.attname <> all (registered.personal || registered.secret || registered.internal || '{ref_id}')
      and (t.typcategory in ('N', 'B', 'D') or a.attname = any (registered.plain))), '{}'),
    registered.personal || registered.secret || registered.internal, 'null');
end
$$;
comment on function private.anonymous_row(jsonb, regclass) is 'A row of a table as JSON, without ids and without what the table''s register calls personal, secret or internal. Null if the table is not registered.';

select private.register_table('private.registered_tables', plain => '{plain,personal,secret,quiet,unaudited,person,on_forget,kept_because,copy_column,internal}',
  unaudited => 'changed by migrations only');

-- 10_jobs.sql

-- Jobs: cron removes its own old runs.

-- A job that runs every few seconds would otherwise fill this table.
select cron.schedule('cron: forget old runs', '51 * * * *',
  $$delete from cron.job_run_details where end_time < now() - interval '3 days'$$);

-- 11_partitions.sql

-- Partitions: the months of every partitioned table, made ahead and dropped when they are old enough.

create table private.partitioned_tables (
  relation regclass primary key,
  months_ahead int not null default 3,
  months_kept int,
  constraint months_ahead_in_range check (months_ahead between 1 and 24),
  constraint months_kept_in_range check (months_kept between 1 and 240)
);
comment on table private.partitioned_tables is
  'Every table that has a partition for each month, in UTC: how many months are made ahead, and how many past ones are kept. The file of each table registers it.';
comment on column private.partitioned_tables.months_kept is 'How many whole months before the present one are kept. Null if nothing is dropped.';

create function private.oldest_kept_month(target regclass, at timestamptz default now()) returns timestamptz
  language sql stable
  set search_path = ''
as $$
  select (date_trunc('month', at at time zone 'UTC') - make_interval(months => p.months_kept)) at time zone 'UTC'
  from private.partitioned_tables as p where p.relation = target
$$;
comment on function private.oldest_kept_month(regclass, timestamptz) is
  'Where the rows of a partitioned table begin that are kept. Null if nothing is dropped.';

create function private.copy_truncate_triggers(target regclass, partition regclass) returns void
  language plpgsql
  set search_path = ''
as $$
declare
  source record;
begin
  -- Postgres gives a partition the row triggers of its table, and not those of statements.
  for source in
    select t.tgname, t.tgfoid::regproc as refuse from pg_catalog.pg_trigger as t
    where t.tgrelid = target and not t.tgisinternal and t.tgtype & 32 > 0
  loop
    execute format('create trigger %I before truncate on %s for each statement execute function %s()', source.tgname, partition, source.refuse);
    execute format('alter table %s enable always trigger %I', partition, source.tgname);
  end loop;
end
$$;

create function private.make_partitions(target regclass, at timestamptz default now()) returns int
  language plpgsql
  set search_path = ''
as $$
declare
  name text := (select c.relname from pg_catalog.pg_class as c where c.oid = target);
  moment_column text := (select a.attname from pg_catalog.pg_partitioned_table as p
    join pg_catalog.pg_attribute as a on a.attrelid = p.partrelid and a.attnum = p.partattrs[0] where p.partrelid = target);
  -- A generated column is computed again where the row goes.
  columns text := (select string_agg(quote_ident(a.attname), ', ' order by a.attnum) from pg_catalog.pg_attribute as a
    where a.attrelid = target and a.attnum > 0 and not a.attisdropped and a.attgenerated = '');
  other text := name || '_default';
  partition text;
  first_at timestamptz;
  end_at timestamptz;
  made int := 0;
begin
  if to_regclass('private.' || quote_ident(other)) is null then
    execute format('create table private.%I partition of %s default', other, target);
    execute format('alter table private.%I enable row level security', other);
    perform private.copy_truncate_triggers(target, format('private.%I', other)::regclass);
  end if;
  for ahead in 0 .. (select p.months_ahead from private.partitioned_tables as p where p.relation = target) loop
    first_at := (date_trunc('month', at at time zone 'UTC') + make_interval(months => ahead)) at time zone 'UTC';
    end_at := (date_trunc('month', at at time zone 'UTC') + make_interval(months => ahead + 1)) at time zone 'UTC';
    partition := name || to_char(first_at at time zone 'UTC', '_YYYY_MM');
    continue when to_regclass('private.' || quote_ident(partition)) is not null;
    execute format('create table private.%I (like %s including defaults including constraints including generated including comments)',
      partition, target);
    execute format('alter table private.%I enable row level security', partition);
    -- Rows that were stored before their month's partition existed are in the default partition. Attaching the new
    -- partition would fail while they are there.
    execute format('with early as (delete from private.%1$I where %2$I >= %3$L and %2$I < %4$L returning %5$s)
      insert into private.%6$I (%5$s) select * from early', other, moment_column, first_at, end_at, columns, partition);
    execute format('alter table %s attach partition private.%I for values from (%L) to (%L)', target, partition, first_at, end_at);
    perform private.copy_truncate_triggers(target, format('private.%I', partition)::regclass);
    made := made + 1;
  end loop;
  return made;
end
$$;
comment on function private.make_partitions(regclass, timestamptz) is
  'Makes the month partitions of a registered table, from the month of this moment ahead. Returns how many it made. It may run again.';

create function private.drop_partitions(target regclass, at timestamptz default now()) returns int
  language plpgsql
  set search_path = ''
as $$
declare
  name text := (select c.relname from pg_catalog.pg_class as c where c.oid = target);
  moment_column text := (select a.attname from pg_catalog.pg_partitioned_table as p
    join pg_catalog.pg_attribute as a on a.attrelid = p.partrelid and a.attnum = p.partattrs[0] where p.partrelid = target);
  oldest timestamptz := private.oldest_kept_month(target, at);
  partition record;
  dropped int := 0;
begin
  for partition in
    select c.oid::regclass as relation, c.relname from pg_catalog.pg_inherits as i join pg_catalog.pg_class as c on c.oid = i.inhrelid
    where i.inhparent = target and c.relname ~ ('^' || name || '_[0-9]{4}_[0-9]{2}$')
      and to_date(right(c.relname, 7), 'YYYY_MM') < (oldest at time zone 'UTC')::date
    order by c.relname
  loop
    execute format('drop table %s', partition.relation);
    dropped := dropped + 1;
  end loop;
  if oldest is not null then
    execute format('delete from private.%I where %I < %L', name || '_default', moment_column, oldest);
  end if;
  return dropped;
end
$$;
comment on function private.drop_partitions(regclass, timestamptz) is
  'Drops the partitions of a registered table that are older than its retention, and such rows of its default partition. Returns how many partitions.';

create function private.register_partitioned_table(target regclass, months_ahead int default 3, months_kept int default null) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  insert into private.partitioned_tables as p (relation, months_ahead, months_kept)
  values (target, register_partitioned_table.months_ahead, register_partitioned_table.months_kept)
  on conflict (relation) do update set (months_ahead, months_kept) = (excluded.months_ahead, excluded.months_kept);
  perform private.make_partitions(target);
end
$$;
comment on function private.register_partitioned_table(regclass, int, int) is
  'Has cron make and drop the months of a table that is partitioned by a range of moments, and makes the first ones now.';

-- A procedure, so that each table's partitions are committed by themselves: one that cannot be locked now does not
-- keep the others from their months. It sets no search_path, because then it could not commit.
create procedure private.keep_partitions(at timestamptz default now())
  language plpgsql
as $$
declare
  target regclass;
begin
  for target in select p.relation from private.partitioned_tables as p order by p.relation::text loop
    -- Making and dropping lock the table and then what it refers to, the tenants. Who deletes a tenant locks them the other
    -- way round. Postgres looks for a deadlock after a second, so whoever gives up within half of one is never in it. New
    -- readers do not wait long behind a drop either.
    perform set_config('lock_timeout', '500ms', true);
    begin
      perform private.make_partitions(target, at);
    exception when lock_not_available then
      raise warning 'The coming partitions of % were not made, because the table is in use. The next run tries again.', target;
    end;
    commit;
    perform set_config('lock_timeout', '500ms', true);
    begin
      perform private.drop_partitions(target, at);
    exception when lock_not_available then
      raise warning 'The old partitions of % are in use and were not dropped. The next run tries again.', target;
    end;
    commit;
  end loop;
end
$$;
comment on procedure private.keep_partitions(timestamptz) is 'Makes the coming months of every registered table, and drops the old ones. Cron calls it every night.';

select cron.schedule('partitions: make the coming months and drop old ones', '17 3 * * *', 'call private.keep_partitions()');

select private.register_table('private.partitioned_tables', unaudited => 'changed by migrations only');

-- 12_buckets.sql

-- Buckets: which buckets of Storage hold files of tenants, and who knows which files are still needed.

create table private.registered_buckets (
  bucket text primary key,
  keeps text not null,
  constraint bucket_is_a_word check (bucket ~ '^[a-z][a-z_]{1,40}$'),
  constraint keeps_is_a_word check (keeps ~ '^[a-z][a-z_]{1,60}$')
);
comment on table private.registered_buckets is
  'Buckets whose files belong to tenants. The path of each file begins with the ref_id of its tenant. register_bucket() writes it.';

create function private.register_bucket(bucket text, keeps text) returns void
  language sql volatile
  set search_path = ''
as $$
  insert into private.registered_buckets as b (bucket, keeps) values (register_bucket.bucket, register_bucket.keeps)
  on conflict on constraint registered_buckets_pkey do update set keeps = excluded.keeps
$$;
comment on function private.register_bucket(text, text) is
  'Adds a bucket to those that the sweep clears. private.<keeps>(tenant uuid, name text) says whether a row of the tenant knows a file.';

select private.register_table('private.registered_buckets', plain => '{bucket,keeps}', unaudited => 'changed by migrations only');
