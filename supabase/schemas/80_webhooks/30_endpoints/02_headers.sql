-- Headers: extra headers that a tenant adds to what its endpoints are sent. Their values are in Vault.

create function private.header_name_problem(name text) returns text
  language sql immutable parallel safe
  set search_path = ''
as $$
  select case
    when name !~ '^[!#$%&''*+.^_`|~0-9A-Za-z-]{1,100}$' then
      'is not a name of a header, which has 1 to 100 letters, digits and !#$%&''*+-.^_`|~'
    when lower(name) = any ('{host,connection,keep-alive,transfer-encoding,te,trailer,upgrade,expect,accept-encoding}')
      or lower(name) ~ '^(content|proxy)-' then 'is a header that the delivery sets itself'
    when lower(name) ~ '^(webhook|tenantry)-' then 'is reserved for headers that say and prove where a message comes from'
  end
$$;
comment on function private.header_name_problem(text) is 'Why a header cannot be added to a webhook. Null if it can.';

create function private.header_value_problem(value jsonb) returns text
  language sql immutable parallel safe
  set search_path = ''
as $$
  -- A line break would end the header, and any text could follow.
  select 'must be 1 to 1024 visible ASCII characters, with spaces only between them'
  where jsonb_typeof(value) is distinct from 'string' or length(value #>> '{}') > 1024
    or value #>> '{}' !~ '^[!-~]([ -~]*[!-~])?$'
$$;

create function private.header_problems(headers jsonb, static_header jsonb) returns jsonb
  language sql stable
  set search_path = ''
as $$
  -- Null removes a header. Its name must be valid too.
  select coalesce(jsonb_agg(jsonb_build_object('pointer', pointer, 'detail', detail) order by pointer), '[]')
  from (
    select '/headers/' || private.pointer_token(h.name) as pointer, coalesce(
      private.header_name_problem(h.name),
      case when count(*) over (partition by lower(h.name)) > 1 then
          'is given twice, because the name of a header is the same in upper and lower case'
        when lower(h.name) = lower(header_problems.static_header ->> 'name') then
          'is the static header, which is not set here'
        when h.value <> 'null' then private.header_value_problem(h.value) end) as detail
    from jsonb_each(headers) as h (name, value)
    union all
    select '/static_header/name', private.header_name_problem(header_problems.static_header ->> 'name')
    union all
    select '/static_header/value', private.header_value_problem(header_problems.static_header -> 'value')
    where header_problems.static_header is not null
  ) as found
  where detail is not null
$$;

create function private.require_small_headers(sent jsonb) returns void
  language plpgsql immutable
  set search_path = ''
as $$
declare
  too_large text := private.json_problem(sent, 1000, 131072);
begin
  if too_large is not null then
    perform private.raise_problem(422, 'invalid_value', 'The headers cannot be sent.',
      jsonb_build_array(jsonb_build_object('pointer', '/headers', 'detail', too_large)));
  end if;
end
$$;
comment on function private.require_small_headers(jsonb) is 'Refuses headers that are too large to be looked at. Whoever copies them asks this first.';

-- The headers after a change. Nobody can read values, so a change names the headers that it sets and removes.
create function private.merge_webhook_headers(
  current jsonb, current_static text, changes jsonb, out headers jsonb, out static_header text
)
  language plpgsql
  set search_path = ''
as $$
declare
  patch jsonb;
  shared jsonb;
  problems jsonb;
begin
  perform private.require_small_headers(changes);
  patch := nullif(changes -> 'headers', 'null');
  shared := nullif(changes -> 'static_header', 'null');
  -- A null name would pass every check below.
  if shared is not null and (jsonb_typeof(shared) <> 'object' or jsonb_typeof(shared -> 'name') is distinct from 'string') then
    perform private.raise_problem(422, 'invalid_value', 'The static header cannot be sent.',
      '[{"pointer": "/static_header", "detail": "must be an object with a name and a value"}]');
  elsif jsonb_typeof(coalesce(patch, '{}')) <> 'object' or (select count(*) from jsonb_object_keys(coalesce(patch, '{}'))) > 40 then
    perform private.raise_problem(422, 'invalid_value', 'The headers cannot be sent.',
      '[{"pointer": "/headers", "detail": "must be an object of at most 20 headers and their values"}]');
  end if;
  if changes ? 'static_header' then
    static_header := shared ->> 'name';
  else
    static_header := current_static;
    shared := case when current_static is not null then jsonb_build_object('name', current_static, 'value', current -> current_static) end;
  end if;
  problems := private.header_problems(coalesce(patch, '{}'), shared);
  if problems <> '[]' then
    perform private.raise_problem(422, 'invalid_value', 'Some headers cannot be sent.', problems);
  end if;

  select coalesce(jsonb_object_agg(h.name, h.value), '{}') into headers
  from (
    select * from jsonb_each(current) as c (name, value)
    where c.name is distinct from current_static and changes -> 'headers' is distinct from 'null'
      and lower(c.name) is distinct from lower(merge_webhook_headers.static_header)
      and not exists (select from jsonb_object_keys(patch) as p where lower(p) = lower(c.name))
    union all
    select * from jsonb_each(patch) as p (name, value) where p.value <> 'null'
    union all
    select shared ->> 'name', shared -> 'value' where shared is not null
  ) as h;
  if (select count(*) from jsonb_object_keys(headers)) > 20 then
    perform private.raise_problem(422, 'invalid_value', 'An endpoint can have at most 20 headers.',
      '[{"pointer": "/headers", "detail": "must leave the endpoint with at most 20 headers"}]');
  end if;
end
$$;
comment on function private.merge_webhook_headers(jsonb, text, jsonb) is
  'An endpoint''s headers after {headers: {name: value, or null}, static_header: {name, value}}. 422 invalid_value names each header that cannot be sent.';

create function private.require_headers_again(stored public.webhook_endpoints, url text, changes jsonb) returns void
  language plpgsql
  set search_path = ''
as $$
declare
  problems jsonb;
begin
  -- Scheme, host and port, as they are written. Whatever is written in another way counts as another server.
  if substring(require_headers_again.url from '^https?://[^/?#]+') = substring(stored.url from '^https?://[^/?#]+') then
    return;
  end if;
  -- Nobody can read the values. A person who may change the URL could have them sent to a server of their own.
  select jsonb_agg(jsonb_build_object(
    'pointer', case when h.name = stored.static_header then '/static_header' else '/headers/' || private.pointer_token(h.name) end,
    'detail', 'must be given again, or be removed with null, because its value was meant for the server of the old URL') order by h.name)
  into problems
  from unnest(stored.header_names) as h (name)
  where lower(h.name) is distinct from lower(changes #>> '{static_header,name}') and case
    when h.name = stored.static_header then not changes ? 'static_header'
    else changes -> 'headers' is distinct from 'null' and not exists (
      select from jsonb_each(case when jsonb_typeof(changes -> 'headers') = 'object' then changes -> 'headers' end) as g (name, value)
      where lower(g.name) = lower(h.name)) end;
  if problems is not null then
    perform private.raise_problem(422, 'header_values_required',
      'The new URL leads to another server. The values of these headers are not sent there: give them again, or remove the headers.', problems);
  end if;
end
$$;
comment on function private.require_headers_again(public.webhook_endpoints, text, jsonb) is
  'Refuses a change of the URL that would send the values of stored headers to another server. 422 header_values_required names each header that the change does not give again or remove.';

create function private.store_webhook_headers(headers jsonb) returns uuid
  language sql
  set search_path = ''
as $$
  select case when headers <> '{}' then vault.create_secret(headers::text, null, 'header values of a webhook endpoint') end
$$;
