-- Asking again: about once a day cron has each provider asked that signs people in, or could.

create function private.due_idps() returns setof public.tenant_idp_config
  language sql stable
  set search_path = ''
as $$
  select c.* from public.tenant_idp_config as c join public.tenants as t on t.id = c.tenant_id and t.status <> 'archived'
  -- One that turned bad stays bound, so that it counts again as soon as it is good again.
  where (c.verified or c.sso_provider_id is not null)
    -- 22 to 26 hours, for each provider another time. So those that are due at one moment do not stay together.
    and (c.last_checked_at is null or c.last_checked_at <= now() - case
      when c.last_check_error is not null then interval '1 hour'
      else interval '22 hours' + get_byte(uuid_send(c.id), 15) * interval '1 minute' end)
    -- Whoever claimed it may have died.
    and (c.check_started_at is null or c.check_started_at <= now() - interval '1 hour')
$$;
comment on function private.due_idps() is
  'The providers that are verified or bound, and that were not asked for about a day, or for an hour if they failed.';

-- A definer, because no role of the API may update the table. Only for the service.
create function private.claim_due_idps(batch int default 50)
  returns table (tenant_id uuid, type public.idp_kind, revision uuid, metadata jsonb, was_well boolean)
  language sql volatile security definer
  set search_path = ''
as $$
  with due as materialized (
    select c.tenant_id, c.id from public.tenant_idp_config as c
    where c.id in (select d.id from private.due_idps() as d)
    -- Whoever waits longest comes first. One whose check never ends waits anew with each try, and holds up nobody. A tenant
    -- has two providers at most, so that none can fill a batch.
    order by greatest(c.last_checked_at, c.check_started_at) nulls first, c.id
    limit batch
    for no key update of c skip locked
  )
  update public.tenant_idp_config as c set check_started_at = now()
  from due as d where c.tenant_id = d.tenant_id and c.id = d.id
  returning c.tenant_id, c.type, c.revision, c.metadata, c.verified and c.last_check_error is null
$$;
comment on function private.claim_due_idps(int) is
  'The providers that are due, those that wait longest first. Two callers never get the same one. Only for the service.';

create function private.request_idp_checks() returns text
  language plpgsql
  set search_path = ''
as $$
begin
  if not exists (select from private.due_idps()) then
    return 'No provider is due.';
  end if;
  -- Unlike format(), this is null if no request was made.
  return coalesce('Asked with request ' || private.call_edge_function('/registry/identity-providers/check', timeout_milliseconds => 120000) || '.',
    'Nothing was asked: Vault does not have the secret tenantry_functions_url or tenantry_service_key.');
end
$$;
comment on function private.request_idp_checks() is
  'If a provider is due, wakes the edge function that asks it. Returns what it did.';
grant execute on function private.claim_due_idps(int) to service_role;

select cron.schedule('registry: ask identity providers again', '*/5 * * * *', 'select private.request_idp_checks()');
