-- The overview: a contract that waits.

create function private.find_waiting_contract(tenant uuid) returns setof private.overview_target
  language sql stable
  set search_path = ''
as $$
  select c.ref_id, c.template_version, c.created_at from public.contracts as c
  where c.tenant_id = find_waiting_contract.tenant and c.status = 'pending_acceptance' limit 1
$$;
select private.register_overview('contract_to_accept', 'error', 'contract', 'contract', '/onboarding/tenants/{ref}/contract', 'find_waiting_contract',
  'A contract waits for an owner or an admin. Until it is accepted, the tenant is closed to its people and API keys.');
