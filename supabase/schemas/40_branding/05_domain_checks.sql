-- Domain checks: when a host's record is looked up, and what follows from the answer of DNS.

-- These functions are definers: they write the moment of a check to a row that the caller may only read.
create function private.start_domain_check(tenant uuid, ref text)
  returns table (domain_id uuid, host text, wait_seconds int)
  language plpgsql security definer
  set search_path = ''
as $$
declare
  checked_at timestamptz;
begin
  perform private.require_permission(start_domain_check.tenant, 'manage');
  select d.id, d.host, d.last_checked_at into domain_id, host, checked_at
  from public.tenant_domains as d
  where d.tenant_id = start_domain_check.tenant and d.ref_id = start_domain_check.ref
  for no key update;
  if not found then
    perform private.raise_problem(404, 'not_found', 'You have no such domain.');
  end if;
  wait_seconds := greatest(0, ceil(extract(epoch from checked_at + interval '10 seconds' - clock_timestamp())));
  -- A domain that is removed and added again was never checked. The tenant's own limit holds for it too.
  if coalesce(wait_seconds, 0) = 0 and not private.take_turn(start_domain_check.tenant, 'domain_check', 60, 'minute') then
    wait_seconds := 60 - extract(second from now())::int % 60;
  end if;
  if coalesce(wait_seconds, 0) = 0 then
    update public.tenant_domains as d set last_checked_at = clock_timestamp()
    where d.tenant_id = start_domain_check.tenant and d.id = start_domain_check.domain_id;
    wait_seconds := 0;
  end if;
  return next;
end
$$;
comment on function private.start_domain_check(uuid, text) is
  'Lets a manager check a domain, once in ten seconds. wait_seconds says how long to wait until the next check.';

create function private.claim_due_domain_checks(batch int default 100)
  returns table (tenant_id uuid, domain_id uuid, host text)
  language sql volatile
  set search_path = ''
as $$
  with due as (
    select d.tenant_id, d.id from public.tenant_domains as d
    join public.tenants as t on t.id = d.tenant_id
    where d.status = 'verified' and d.next_check_at <= now() and t.status <> 'archived'
    order by d.next_check_at
    limit batch
    for no key update of d skip locked
  )
  -- The check is due again in an hour, in case the caller never reports a result.
  update public.tenant_domains as d set last_checked_at = now(), next_check_at = now() + interval '1 hour'
  from due where d.tenant_id = due.tenant_id and d.id = due.id
  returning d.tenant_id, d.id, d.host
$$;
comment on function private.claim_due_domain_checks(int) is
  'The verified domains that were not checked for a day. Those that wait longest come first. Two callers never get the same one.';

create function private.record_domain_check(
  tenant uuid, domain uuid, found_tokens text[], failure public.domain_check_result default null
) returns public.tenant_domains
  language plpgsql
  set search_path = ''
as $$
declare
  checked public.tenant_domains;
  holder public.tenant_domains;
  outcome public.domain_check_result;
  is_known boolean;
  is_held boolean;
  is_missed boolean;
  is_lost boolean;
begin
  select * into checked from public.tenant_domains as d where d.tenant_id = tenant and d.id = domain;
  -- The domain was removed during the DNS query.
  if not found then return null; end if;
  -- Two claims of one host are decided one after the other.
  perform pg_advisory_xact_lock(hashtextextended('tenant_domains.host ' || checked.host, 0));
  perform from public.tenants as t
  where t.id = tenant or t.id in (
    select d.tenant_id from public.tenant_domains as d where d.host = checked.host and d.status = 'verified')
  order by t.id for no key update;
  select * into checked from public.tenant_domains as d where d.tenant_id = tenant and d.id = domain for no key update;
  if not found then return null; end if;

  outcome := case
    when failure is not null then failure
    when checked.verification_token = any (found_tokens) then 'token_found'
    else 'wrong_token' end;
  if outcome = 'token_found' and checked.status <> 'verified' then
    select d.* into holder from public.tenant_domains as d
    where d.host = checked.host and d.status = 'verified' for no key update;
    if found then
      -- Both tenants have their record at the same name, so this one answer is about both. The holder of the host
      -- keeps it as long as the holder's record exists. An archived tenant does not keep it.
      if holder.verification_token = any (found_tokens)
        and exists (select from public.tenants as t where t.id = holder.tenant_id and t.status <> 'archived') then
        outcome := 'host_taken';
      else
        update public.tenant_domains as d
        set status = 'failed', is_primary = false, last_check_result = 'host_taken', last_checked_at = now()
        where d.tenant_id = holder.tenant_id and d.id = holder.id;
        perform private.settle_primary_domain(holder.tenant_id);
      end if;
    end if;
  end if;

  is_known := outcome not in ('dns_failed', 'resolver_timeout', 'resolver_failed');
  is_held := outcome = 'token_found';
  is_missed := checked.status = 'verified' and is_known and not is_held;
  -- A record can be missing for an hour while a zone moves. A domain is lost only if at least three checks over at
  -- least three days found no record. A check without an answer from DNS does not count.
  is_lost := is_missed and checked.missed_check_count >= 2 and checked.first_missed_at <= now() - interval '72 hours';
  update public.tenant_domains as d set
    status = case when is_held then 'verified' when is_lost then 'failed' else d.status end,
    verified_at = case when is_held and d.status <> 'verified' then now() else d.verified_at end,
    is_primary = d.is_primary and not is_lost,
    last_check_result = outcome,
    last_checked_at = greatest(d.last_checked_at, now()),
    next_check_at = now() + case when is_known then interval '1 day' else interval '1 hour' end,
    first_missed_at = case when is_held then null when is_missed then coalesce(d.first_missed_at, now()) else d.first_missed_at end,
    missed_check_count = case when is_held then 0 when is_missed then d.missed_check_count + 1 else d.missed_check_count end
  where d.tenant_id = tenant and d.id = domain;
  perform private.settle_primary_domain(tenant);
  select * into checked from public.tenant_domains as d where d.tenant_id = tenant and d.id = domain;
  return checked;
end
$$;
comment on function private.record_domain_check(uuid, uuid, text[], public.domain_check_result) is
  'What DNS said about _tenantry.<host>: the tokens found there, or why there are none. The domain is then verified, given to another tenant, or lost.';

create function private.record_domain_route(tenant uuid, domain uuid, found public.domain_route) returns public.tenant_domains
  language sql volatile
  set search_path = ''
as $$
  update public.tenant_domains as d set last_route = record_domain_route.found, last_routed_at = now()
  where d.tenant_id = record_domain_route.tenant and d.id = record_domain_route.domain
  returning d.*
$$;
comment on function private.record_domain_route(uuid, uuid, public.domain_route) is
  'What the page of a verified domain answered over HTTPS. For the service, because a caller must not be able to state it.';

create function private.request_domain_checks() returns text
  language plpgsql
  set search_path = ''
as $$
declare
  request bigint;
begin
  if not exists (
    select from public.tenant_domains as d join public.tenants as t on t.id = d.tenant_id
    where d.status = 'verified' and d.next_check_at <= now() and t.status <> 'archived') then
    return 'No domain is due.';
  end if;
  request := private.call_edge_function('/branding/domains/re-check', timeout_milliseconds => 120000);
  -- Unlike format(), this is null if no request was made.
  return coalesce('Asked with request ' || request || '.',
    'Nothing was asked: Vault does not have the secret tenantry_functions_url or tenantry_service_key.');
end
$$;
comment on function private.request_domain_checks() is
  'If a check is due, wakes the edge function that re-checks domains, because only that function can query DNS. Returns what it did.';
grant execute on function private.start_domain_check(uuid, text) to authenticated;
grant execute on function private.claim_due_domain_checks(int),
  private.record_domain_check(uuid, uuid, text[], public.domain_check_result),
  private.record_domain_route(uuid, uuid, public.domain_route) to service_role;

select cron.schedule('branding: re-check verified domains', '*/5 * * * *',
  'select private.request_domain_checks()');
