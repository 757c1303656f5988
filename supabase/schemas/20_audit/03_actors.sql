-- Actors: who is at work on a connection, and from where.

create type private.audit_context as (
  actor_type public.audit_actor_type,
  actor_id text,
  actor_name text,
  component text,
  source_ip inet,
  user_agent text,
  request_id text
);

create function private.running_job() returns text
  language sql stable
  set search_path = ''
as $$
  -- Only the newest few runs, because cron's history has no index by process.
  select j.jobname
  from (select jobid, job_pid, status from cron.job_run_details order by runid desc limit 50) as r
  join cron.job as j on j.jobid = r.jobid
  where r.job_pid = pg_backend_pid() and r.status in ('running', 'starting', 'connecting', 'sending')
  limit 1
$$;
comment on function private.running_job() is 'The cron job that this connection runs. Null if it runs none.';

create function private.audit_context(tenant uuid default null) returns private.audit_context
  language plpgsql stable
  set search_path = ''
as $$
declare
  context private.audit_context;
  -- A definer function changes current_user but not this setting, which says who the caller is.
  role text := current_setting('role');
  application text := current_setting('application_name');
  claims jsonb := nullif(current_setting('request.jwt.claims', true), '')::jsonb;
  headers jsonb := nullif(current_setting('request.headers', true), '')::jsonb;
  -- Not the claim of the token, because any token could have one. Only a verified key sets this setting.
  api_key uuid := nullif(current_setting('tenantry.api_key', true), '')::uuid;
  portal_token uuid := private.caller_portal_token();
  -- The service's connection may work for somebody: then its claims name them. Not over REST, where a token brings the claims.
  is_for_somebody boolean := role = 'service_role' and session_user <> 'authenticator' and claims ?| '{sub,acting_key}';
  -- Only private.enter_operator() writes this claim. An operator is named in every tenant: its people may know who looked.
  is_operator boolean := is_for_somebody and claims ? 'is_operator';
  works_for_user text;
  works_for_key text;
begin
  if is_for_somebody then
    select m.user_id into works_for_user from public.tenant_members as m
    where m.tenant_id = audit_context.tenant and m.user_id = (claims ->> 'sub')::uuid;
    select k.id into works_for_key from public.api_keys as k
    where k.tenant_id = audit_context.tenant and k.id = (claims ->> 'acting_key')::uuid;
    -- What they start may change another tenant: a host goes to whoever proves it. That tenant's log says that the
    -- service did it, and nothing about a stranger.
    if works_for_user is null and works_for_key is null and not is_operator then
      headers := null;
    end if;
  end if;
  context.component := case
    when session_user = 'authenticator' then 'rest'
    when application = 'tenantry-functions' then 'functions'
    when application like 'pg_cron%' then 'cron'
    else 'database' end;

  if is_operator then
    context.actor_type := 'operator';
    context.actor_id := private.ulid((claims ->> 'sub')::uuid);
    select p.name into context.actor_name from public.user_profiles as p where p.user_id = (claims ->> 'sub')::uuid;
  elsif role = 'authenticated' and api_key is not null or works_for_key is not null then
    context.actor_type := 'api_key';
    context.actor_id := private.ulid(coalesce(works_for_key::uuid, api_key));
  elsif role = 'authenticated' and portal_token is not null then
    context.actor_type := 'portal_token';
    context.actor_id := private.ulid(portal_token);
  elsif role = 'authenticated' and claims ->> 'sub' is not null or works_for_user is not null then
    context.actor_type := 'user';
    context.actor_id := private.ulid((claims ->> 'sub')::uuid);
    select p.name into context.actor_name from public.user_profiles as p where p.user_id = (claims ->> 'sub')::uuid;
  elsif role in ('authenticated', 'anon') then
    context.actor_type := 'anonymous';
  elsif role = 'service_role' then
    context.actor_type := 'service';
    context.actor_id := 'service_role';
  else
    context.actor_type := 'system';
    context.actor_id := context.component;
    context.actor_name := case when context.component = 'cron' then private.running_job() else session_user end;
  end if;

  if headers is not null then
    context.source_ip := private.request_address(headers);
    context.user_agent := nullif(left(regexp_replace(headers ->> 'user-agent', '[[:cntrl:]]', '', 'g'), 400), '');
    context.request_id := substring(headers ->> 'x-request-id' from '^[A-Za-z0-9_.:=-]{8,128}$');
  end if;
  return context;
end
$$;
comment on function private.audit_context(uuid) is 'Who is at work on this connection for a tenant, and from where. Every audit row takes its actor from this.';
