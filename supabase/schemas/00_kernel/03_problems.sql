create function private.raise_problem(status int, code text, detail text default '', errors jsonb default null)
  returns void
  language plpgsql
  set search_path = ''
as $$
begin
  -- PostgREST answers sqlstate PTxyz with HTTP status xyz, and lib/http reads the same shape.
  raise exception using
    errcode = 'PT' || raise_problem.status,
    message = raise_problem.code,
    detail = raise_problem.detail,
    hint = coalesce(raise_problem.errors::text, '');
end
$$;
comment on function private.raise_problem(int, text, text, jsonb) is
  'Refuses a request: HTTP status, stable code, sentence for a person, field errors [{pointer, detail}].';
grant execute on function private.raise_problem(int, text, text, jsonb) to authenticated, service_role;
