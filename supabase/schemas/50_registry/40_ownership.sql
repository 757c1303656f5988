-- Ownership: how an owner gives the tenant to another member.

create function public.transfer_ownership(tenant_id uuid, user_id uuid) returns public.tenant_members
  language plpgsql security definer
  set search_path = ''
as $$
declare
  caller uuid := (select auth.uid());
  heir public.tenant_members;
begin
  perform private.require_permission(transfer_ownership.tenant_id, 'own');
  -- Locked in one order and before the tenant. Every other change of a member's role locks in the same order.
  perform from public.tenant_members as m
  where m.tenant_id = transfer_ownership.tenant_id and m.user_id in (caller, transfer_ownership.user_id)
  order by m.user_id for update;
  select * into heir from public.tenant_members as m
  where m.tenant_id = transfer_ownership.tenant_id and m.user_id = transfer_ownership.user_id;
  if heir.user_id is null then
    perform private.raise_problem(404, 'not_found', 'This tenant has no member with this ref_id.');
  end if;
  if heir.status <> 'active' then
    perform private.raise_problem(409, 'member_not_active', 'Only an active member can become the owner. Switch the membership on first.');
  end if;
  if heir.user_id = caller then
    perform private.raise_problem(422, 'invalid_value', 'You already own this tenant. Name the member who becomes the owner.',
      '[{"pointer": "/to", "detail": "is yourself"}]');
  end if;
  update public.tenant_members as m set role = 'owner'
  where m.tenant_id = heir.tenant_id and m.user_id = heir.user_id returning * into heir;
  update public.tenant_members as m set role = 'admin'
  where m.tenant_id = heir.tenant_id and m.user_id = caller and m.role = 'owner' and m.status = 'active';
  if not found then
    perform private.raise_problem(403, 'forbidden', 'You no longer own this tenant, because somebody changed your role at the same moment.');
  end if;
  -- The trigger records two changed roles. This row says that they are one action.
  perform private.record_audit(heir.tenant_id, 'tenant.ownership_transferred', 'user', heir.user_id::text);
  return heir;
end
$$;
comment on function public.transfer_ownership(uuid, uuid) is
  'Makes an active member an owner and the caller an admin. Both changes happen, or neither.';
grant execute on function public.transfer_ownership(uuid, uuid) to authenticated;

select private.register_audit_action('tenant.ownership_transferred', 'u');
