-- Acceptance: how a contract is accepted, and what proves it.

-- A definer, because nobody may write a contract directly.
create function private.accept_contract(tenant uuid, sha256 text) returns public.contracts
  language plpgsql security definer
  set search_path = ''
as $$
declare
  contract public.contracts;
  context private.audit_context;
begin
  perform private.require_permission(accept_contract.tenant, 'contract');
  -- The tenant first, as everything that changes its state. Of two who accept at once the second finds it accepted.
  perform from public.tenants as t where t.id = accept_contract.tenant for no key update;
  select * into contract from public.contracts as c
  where c.tenant_id = accept_contract.tenant and c.status <> 'superseded' for no key update;
  if contract.id is null then
    perform private.raise_problem(404, 'not_found', 'This tenant has no contract to accept.');
  elsif contract.pdf_sha256 is null then
    perform private.raise_problem(409, 'contract_not_ready', 'The PDF of the contract is not made yet. Ask again in a moment.');
  elsif contract.pdf_sha256 <> accept_contract.sha256 then
    perform private.raise_problem(409, 'contract_changed', 'This is not the contract that waits now. Read it again.');
  elsif contract.status = 'accepted' then
    return contract;
  elsif (select auth.uid()) is null then
    perform private.raise_problem(403, 'forbidden', 'A person accepts a contract.');
  end if;
  context := private.audit_context(accept_contract.tenant);
  update public.contracts as c set status = 'accepted', accepted_at = now(), accepted_by = (select auth.uid()),
    accepted_ip = context.source_ip, accepted_user_agent = left(context.user_agent, 1000)
  where c.tenant_id = contract.tenant_id and c.id = contract.id
  returning * into contract;
  update public.tenants as t set contract_accepted_at = contract.accepted_at, contract_pending_at = null where t.id = contract.tenant_id;
  perform private.record_audit(contract.tenant_id, 'contract.accepted', 'contract', contract.ref_id, null,
    jsonb_build_object('template_version', contract.template_version, 'pdf_sha256', contract.pdf_sha256));
  perform private.emit_event(contract.tenant_id, 'contract.accepted', jsonb_build_object('contract', jsonb_build_object(
    'ref_id', contract.ref_id, 'template_version', contract.template_version, 'pdf_sha256', contract.pdf_sha256,
    'accepted_at', private.event_moment(contract.accepted_at))), 'contract ' || contract.ref_id, 'contract ' || contract.ref_id, has_row_lock => true);
  return contract;
end
$$;
comment on function private.accept_contract(uuid, text) is
  'Accepts the contract with this hash, for an owner or an admin, and opens the tenant. Twice is once. 404 not_found; 409 contract_not_ready, contract_changed.';

-- A definer, because people read the log by functions alone.
create function private.read_contract_evidence(tenant uuid, out contract public.contracts, out accepted_by_ref text, out log jsonb)
  language plpgsql stable security definer
  set search_path = ''
as $$
begin
  perform private.require_permission(read_contract_evidence.tenant, 'contract');
  select c.* into contract from public.contracts as c
  where c.tenant_id = read_contract_evidence.tenant and c.status = 'accepted';
  if contract.id is null then
    perform private.raise_problem(404, 'not_found', 'This tenant has not accepted a contract.');
  end if;
  accepted_by_ref := private.ulid(contract.accepted_by);
  select jsonb_build_object('seq', a.seq, 'action', a.action, 'created_at', private.event_moment(a.created_at),
    'actor_id', a.actor_id, 'prev_hash', a.prev_hash, 'hash', a.hash) into log
  from public.audit_log as a
  where a.tenant_id = contract.tenant_id and a.action = 'contract.accepted' and a.target_id = contract.ref_id
  order by a.seq desc limit 1;
end
$$;
comment on function private.read_contract_evidence(uuid) is
  'What proves that the tenant accepted its contract: who, when and from where, and the row of the hash chain. 404 not_found.';
grant execute on function private.accept_contract(uuid, text), private.read_contract_evidence(uuid) to authenticated;

select private.register_audit_action('contract.accepted', 'u', '{template_version,pdf_sha256}');
select private.register_event_type('contract.accepted', 'An owner or an admin accepted the contract of the tenant.',
  '{"contract": {"ref_id": "ref_id", "template_version": "text", "pdf_sha256": "text", "accepted_at": "moment"}}',
  '{"contract": {"ref_id": "01JD3N8Q4ZB6T2V9XK5M7R0C1E", "template_version": "v1.0",
    "pdf_sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "accepted_at": "2026-01-31T09:30:00.000Z"}}');
