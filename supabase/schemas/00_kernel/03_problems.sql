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
