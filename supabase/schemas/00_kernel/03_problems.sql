-- Problems: how a SQL function refuses a request with an HTTP status and a stable code.

create function private.raise_problem(status int, code text, detail text default '', errors jsonb default null)
  returns void
  language plpgsql
  set search_path = ''
as $$
begin
  -- PostgREST turns the sqlstate PTxyz into the HTTP status xyz. lib/http reads the same form.
  raise exception using
    errcode = 'PT' || raise_problem.status,
    message = raise_problem.code,
    detail = raise_problem.detail,
    hint = coalesce(raise_problem.errors::text, '');
end
$$;
comment on function private.raise_problem(int, text, text, jsonb) is
  'Refuses a request. Takes the HTTP status, a stable code, a sentence for a person, and field errors [{pointer, detail}].';
grant execute on function private.raise_problem(int, text, text, jsonb) to authenticated, service_role;
