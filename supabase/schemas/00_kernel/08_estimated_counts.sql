-- Definer: anonymous callers do not reach raise_problem() by themselves.
create function public.refuse_estimated_counts() returns void
  language plpgsql stable security definer
  set search_path = ''
as $$
begin
  -- "Prefer: count=planned" answers with the planner's estimate. Row level security does not bind the
  -- planner: filtered by somebody else's tenant_id, the estimate would count their rows.
  if current_setting('role') <> 'service_role'
    and nullif(current_setting('request.headers', true), '')::json ->> 'prefer' ~* 'count=(planned|estimated)' then
    perform private.raise_problem(400, 'count_not_offered', 'Ask for "Prefer: count=exact": estimated counts are not offered.');
  end if;
end
$$;
comment on function public.refuse_estimated_counts() is 'Run by PostgREST before every request: refuses counts that would be estimated from every tenant''s rows.';

-- It runs as whoever asks, and has to be where they can reach it.
grant execute on function public.refuse_estimated_counts() to anon, authenticated, service_role;

alter role authenticator set pgrst.db_pre_request = 'public.refuse_estimated_counts';

notify pgrst, 'reload config';
