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
