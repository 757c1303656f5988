-- Accepted invitations: what the holder of a token may see, and how the holder becomes a member.

-- For the public look-up, which runs as the service. It shows what the holder of the token may know.
create function private.find_invitation(token text,
    out tenant_name text, out role public.tenant_role, out email_hint text, out expires_at timestamptz)
  returns setof record
  language sql stable
  set search_path = ''
as $$
  select coalesce(b.display_name, t.name), i.role, private.mask_email(i.email), i.expires_at
  from public.tenant_invitations as i
  join public.tenants as t on t.id = i.tenant_id and t.status <> 'archived'
  left join public.tenant_brands as b on b.tenant_id = t.id
  where i.token_hash = sha256(convert_to(find_invitation.token, 'UTF8'))
    and i.accepted_at is null and i.revoked_at is null and i.expires_at > now()
  order by i.id limit 1
$$;
comment on function private.find_invitation(text) is 'What an open invitation offers, found by its token. The address is masked.';

-- A definer, because the person who accepts is not yet a member. The token, and an address that Auth has confirmed,
-- are the permission. It takes the token and not its hash, so that a hash from a backup accepts nothing.
create function public.accept_invitation(token text) returns public.tenant_members
  language plpgsql security definer
  set search_path = ''
as $$
declare
  caller uuid := (select auth.uid());
  address text;
  confirmed_at timestamptz;
  invitation public.tenant_invitations;
  tenant public.tenants;
  membership public.tenant_members;
begin
  if caller is null then
    perform private.raise_problem(401, 'unauthenticated', 'Sign in, or sign up, with the address that was invited.');
  end if;
  -- The address as Auth has it now. The claims of a token may be an hour old, and the person can write some of them.
  select private.normalize_email(u.email), u.email_confirmed_at into address, confirmed_at from auth.users as u where u.id = caller;
  -- Two attempts at the same time wait for each other here. The second one sees what the first one did.
  select i.* into invitation from public.tenant_invitations as i
  where i.token_hash = sha256(convert_to(accept_invitation.token, 'UTF8'))
  order by i.email = address desc, i.id limit 1
  for update;
  select * into tenant from public.tenants as t where t.id = invitation.tenant_id;
  select * into membership from public.tenant_members as m
  where m.tenant_id = invitation.tenant_id and m.user_id = caller;

  if invitation.accepted_by = caller and membership.status = 'active' and tenant.status <> 'archived' then
    return membership;
  end if;
  if invitation.id is null or invitation.accepted_at is not null or invitation.revoked_at is not null
    or invitation.expires_at <= now() or tenant.status = 'archived' then
    perform private.raise_problem(404, 'invitation_not_found', 'There is no such invitation, or it is no longer open. Ask for a new one.');
  end if;
  if address is distinct from invitation.email then
    perform private.raise_problem(403, 'invitation_not_yours', format(
      'This invitation was sent to %s. Sign in with that address to accept it.', private.mask_email(invitation.email)));
  end if;
  if confirmed_at is null then
    perform private.raise_problem(403, 'email_not_confirmed', 'Confirm your e-mail address first. Use the link that was sent to it.');
  end if;
  if not private.may_assert_address(caller, address, invitation.tenant_id) then
    perform private.raise_problem(403, 'email_not_confirmed', format(
      'The identity provider that signed you in may not confirm addresses at %s. Sign in to an account of your own with that address.',
      split_part(address, '@', 2)));
  end if;
  if tenant.status = 'frozen' then
    perform private.raise_problem(403, 'tenant_frozen', 'This tenant is frozen and cannot take new members. Ask its owner to settle the subscription.');
  elsif tenant.status = 'trial' and tenant.trial_ends_at <= now() then
    perform private.raise_problem(403, 'trial_ended', 'The trial of this tenant has ended, so it cannot take new members. Ask its owner to choose a plan.');
  end if;
  -- An old invitation must not undo a later decision of a manager.
  if membership.status = 'deactivated' then
    perform private.raise_problem(403, 'membership_deactivated', 'Your membership in this tenant is switched off. Only one of its managers can switch it on again.');
  end if;

  insert into public.tenant_members (tenant_id, user_id, role)
  values (invitation.tenant_id, caller, invitation.role)
  on conflict on constraint tenant_members_pkey do nothing
  returning * into membership;
  if not found then
    perform private.raise_problem(409, 'already_member', 'You already belong to this tenant. Your role stays as it is.');
  end if;
  update public.tenant_invitations as i set accepted_at = now(), accepted_by = caller
  where i.tenant_id = invitation.tenant_id and i.id = invitation.id;
  return membership;
end
$$;
comment on function public.accept_invitation(text) is
  'Makes the caller a member, if the token is valid and the caller''s confirmed address is the invited one. A token works once. 404 invitation_not_found.';
grant execute on function public.accept_invitation(text) to authenticated;
