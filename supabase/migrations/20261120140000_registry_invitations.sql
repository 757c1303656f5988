-- Registry: how people come to belong to a tenant, and how ownership changes hands.

alter table public.tenant_invitations
  add column sent_at timestamptz not null default now(),
  add column sent_count int not null default 1,
  -- Who took it up: their second attempt, after an answer that got lost, is told the same.
  add column accepted_by uuid,
  -- One spelling an address. Lookalikes from other alphabets would be other people.
  add constraint invitation_email_is_normal check (email = lower(email collate "C") and email ~ '^[!-~]+$'),
  add constraint invitation_ends_within_30_days check (expires_at <= sent_at + interval '720 hours'),
  add constraint invitation_accepted_by_at_a_moment check (accepted_by is null or accepted_at is not null),
  add constraint invitation_is_accepted_or_revoked check (accepted_at is null or revoked_at is null);

create function private.normalize_email(address text) returns text
  language sql immutable parallel safe
  set search_path = ''
as $$
  select lower(v.trimmed collate "C")
  from (select regexp_replace(address, '^\s+|\s+$', '', 'g') as trimmed) as v
  where v.trimmed ~ '^[!-~]+$' and private.is_email(v.trimmed)
$$;
comment on function private.normalize_email(text) is
  'An e-mail address in its one spelling: trimmed, lowercase. Null when it is none, or not plain ASCII.';

create function private.mask_email(address text) returns text
  language sql immutable parallel safe
  set search_path = ''
as $$ select left(address, 1) || '***@' || split_part(address, '@', 2) $$;
comment on function private.mask_email(text) is 'Enough of an address for its owner to know it, and not enough for others to write to it.';

create function private.require_invitation_end(expires_at timestamptz) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  if expires_at is null or expires_at < now() + interval '1 hour' or expires_at > now() + interval '720 hours' then
    perform private.raise_problem(422, 'invalid_value', 'An invitation is open for at least an hour and at most 30 days.',
      '[{"pointer": "/expires_at", "detail": "must lie between one hour and 30 days from now"}]');
  end if;
end
$$;

-- Definer, and so for the next two: nobody writes invitations directly, or limits and roles could be passed by.
create function public.invite_member(tenant_id uuid, email text, role public.tenant_role, token_hash bytea,
    expires_at timestamptz default now() + interval '7 days')
  returns public.tenant_invitations
  language plpgsql security definer
  set search_path = ''
as $$
declare
  address text := private.normalize_email(invite_member.email);
  made public.tenant_invitations;
begin
  perform private.require_permission(invite_member.tenant_id, 'manage');
  -- Only an owner makes an owner, by whichever way.
  if invite_member.role = 'owner' then
    perform private.require_permission(invite_member.tenant_id, 'own');
  end if;
  if address is null then
    perform private.raise_problem(422, 'invalid_value', 'This is not an e-mail address that can be invited: name@host.domain, in plain ASCII.',
      '[{"pointer": "/email", "detail": "is not an e-mail address in plain ASCII"}]');
  end if;
  perform private.require_invitation_end(invite_member.expires_at);

  -- A tenant's invitations queue here, so that a hundred at once cannot each find room below the limit.
  perform from public.tenants as t where t.id = invite_member.tenant_id for no key update;
  if exists (
    select from public.tenant_members as m join public.user_profiles as p on p.user_id = m.user_id
    where m.tenant_id = invite_member.tenant_id and m.status <> 'invited' and lower(p.email) = address) then
    perform private.raise_problem(409, 'already_member',
      'Somebody with this address belongs to this tenant already. A membership that is switched off can be switched on again.',
      '[{"pointer": "/email", "detail": "is a member''s"}]');
  end if;
  delete from public.tenant_invitations as i
  where i.tenant_id = invite_member.tenant_id and i.email = address
    and i.accepted_at is null and i.revoked_at is null and i.expires_at <= now();
  if exists (
    select from public.tenant_invitations as i
    where i.tenant_id = invite_member.tenant_id and i.email = address and i.accepted_at is null and i.revoked_at is null) then
    perform private.raise_problem(409, 'already_invited', 'This address is invited already. Send the invitation again, or revoke it first.',
      '[{"pointer": "/email", "detail": "is invited already"}]');
  end if;
  -- The second limit is for those that are revoked as fast as they are made: each may be a mail to a stranger.
  if (select count(*) filter (where i.accepted_at is null and i.revoked_at is null and i.expires_at > now()) >= 100
        or count(*) filter (where i.created_at > now() - interval '1 day') >= 300
      from public.tenant_invitations as i where i.tenant_id = invite_member.tenant_id) then
    perform private.raise_problem(403, 'too_many_invitations',
      'A tenant has at most 100 open invitations, and makes at most 300 a day. Revoke some, or wait for answers.');
  end if;

  insert into public.tenant_invitations (tenant_id, email, role, token_hash, expires_at)
  values (invite_member.tenant_id, address, invite_member.role, invite_member.token_hash, invite_member.expires_at)
  returning * into made;
  return made;
end
$$;
comment on function public.invite_member(uuid, text, public.tenant_role, bytea, timestamptz) is
  'Offers an address a membership. The caller makes the token (256 random bits) and gives its SHA-256. 409 already_member, already_invited.';

create function public.resend_invitation(tenant_id uuid, invitation_id uuid, token_hash bytea,
    expires_at timestamptz default now() + interval '7 days')
  returns public.tenant_invitations
  language plpgsql security definer
  set search_path = ''
as $$
declare
  open_one public.tenant_invitations;
begin
  perform private.require_permission(resend_invitation.tenant_id, 'manage');
  perform private.require_invitation_end(resend_invitation.expires_at);
  select * into open_one from public.tenant_invitations as i
  where i.tenant_id = resend_invitation.tenant_id and i.id = resend_invitation.invitation_id
    and i.accepted_at is null and i.revoked_at is null
  for update;
  if open_one.id is null then
    perform private.raise_problem(404, 'not_found', 'This tenant has no open invitation by this name.');
  end if;
  if open_one.role = 'owner' then
    perform private.require_permission(resend_invitation.tenant_id, 'own');
  end if;
  if open_one.sent_at > now() - interval '1 minute' or open_one.sent_count >= 10 then
    perform private.raise_problem(429, 'resent_too_soon',
      'An invitation may be sent once a minute, and ten times in all. Wait, or revoke it and invite anew.');
  end if;
  update public.tenant_invitations as i
  set token_hash = resend_invitation.token_hash, expires_at = resend_invitation.expires_at,
    sent_at = now(), sent_count = i.sent_count + 1
  where i.tenant_id = open_one.tenant_id and i.id = open_one.id
  returning * into open_one;
  return open_one;
end
$$;
comment on function public.resend_invitation(uuid, uuid, bytea, timestamptz) is
  'Gives an open invitation a new token and a new end; the old token is dead. 429 resent_too_soon.';

create function public.revoke_invitation(tenant_id uuid, invitation_id uuid)
  returns public.tenant_invitations
  language plpgsql security definer
  set search_path = ''
as $$
declare
  revoked public.tenant_invitations;
begin
  perform private.require_permission(revoke_invitation.tenant_id, 'manage');
  update public.tenant_invitations as i set revoked_at = now()
  where i.tenant_id = revoke_invitation.tenant_id and i.id = revoke_invitation.invitation_id
    and i.accepted_at is null and i.revoked_at is null
  returning * into revoked;
  if revoked.id is null then
    perform private.raise_problem(404, 'not_found', 'This tenant has no open invitation by this name.');
  end if;
  return revoked;
end
$$;
comment on function public.revoke_invitation(uuid, uuid) is 'Takes an open invitation back: its token is dead from the next statement on.';

-- For the public look-up, which runs as the service: what somebody who holds the token may know.
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
comment on function private.find_invitation(text) is 'What an open invitation offers, by its token. The address is masked.';

-- Definer: whoever accepts is no member yet. The token, and an address that Auth has confirmed, are the
-- permission. It takes the token and not its hash: a hash read from a backup must open nothing.
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
  -- As Auth has it now: a token's claims may be an hour old, and part of them is the person's own to write.
  select lower(u.email), u.email_confirmed_at into address, confirmed_at from auth.users as u where u.id = caller;
  -- Two attempts at once queue here; the second reads what the first has done.
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
    perform private.raise_problem(404, 'invitation_not_found', 'There is no such invitation, or it is not open any more. Ask for a new one.');
  end if;
  if address is distinct from invitation.email then
    perform private.raise_problem(403, 'invitation_not_yours', format(
      'This invitation was sent to %s. Sign in with that address to accept it.', private.mask_email(invitation.email)));
  end if;
  if confirmed_at is null then
    perform private.raise_problem(403, 'email_not_confirmed', 'Confirm your e-mail address first: follow the link that was sent to it.');
  end if;
  if tenant.status = 'frozen' then
    perform private.raise_problem(403, 'tenant_frozen', 'This tenant is frozen and takes in nobody. Ask its owner to settle the subscription.');
  elsif tenant.status = 'trial' and tenant.trial_ends_at <= now() then
    perform private.raise_problem(403, 'trial_ended', 'This tenant''s trial has ended and it takes in nobody. Ask its owner to choose a plan.');
  end if;
  -- An old invitation must not undo what a manager did since.
  if membership.status = 'deactivated' then
    perform private.raise_problem(403, 'membership_deactivated', 'Your membership in this tenant is switched off. Only one of its managers can switch it on again.');
  end if;

  insert into public.tenant_members as m (tenant_id, user_id, role)
  values (invitation.tenant_id, caller, invitation.role)
  on conflict on constraint tenant_members_pkey do update set role = excluded.role, status = 'active' where m.status = 'invited'
  returning * into membership;
  if not found then
    perform private.raise_problem(409, 'already_member', 'You belong to this tenant already; your role stays as it is.');
  end if;
  update public.tenant_invitations as i set accepted_at = now(), accepted_by = caller
  where i.tenant_id = invitation.tenant_id and i.id = invitation.id;
  return membership;
end
$$;
comment on function public.accept_invitation(text) is
  'Makes the caller a member, if the token is good and their confirmed address is the invited one. Single use; 404 invitation_not_found.';

create function public.transfer_ownership(tenant_id uuid, user_id uuid) returns public.tenant_members
  language plpgsql security definer
  set search_path = ''
as $$
declare
  caller uuid := (select auth.uid());
  heir public.tenant_members;
begin
  perform private.require_permission(transfer_ownership.tenant_id, 'own');
  -- In one order, and before the tenant, as every other change of a member's role locks them.
  perform from public.tenant_members as m
  where m.tenant_id = transfer_ownership.tenant_id and m.user_id in (caller, transfer_ownership.user_id)
  order by m.user_id for update;
  select * into heir from public.tenant_members as m
  where m.tenant_id = transfer_ownership.tenant_id and m.user_id = transfer_ownership.user_id;
  if heir.user_id is null then
    perform private.raise_problem(404, 'not_found', 'Nobody by this name belongs to this tenant.');
  end if;
  if heir.status <> 'active' then
    perform private.raise_problem(409, 'member_not_active', 'Only an active member can become the owner. Switch the membership on first.');
  end if;
  if heir.user_id = caller then
    perform private.raise_problem(422, 'invalid_value', 'You own this tenant already. Name the member who is to own it instead.',
      '[{"pointer": "/to", "detail": "is yourself"}]');
  end if;
  update public.tenant_members as m set role = 'owner'
  where m.tenant_id = heir.tenant_id and m.user_id = heir.user_id returning * into heir;
  update public.tenant_members as m set role = 'admin'
  where m.tenant_id = heir.tenant_id and m.user_id = caller and m.role = 'owner' and m.status = 'active';
  if not found then
    perform private.raise_problem(403, 'forbidden', 'You do not own this tenant any more: somebody changed your role at the same moment.');
  end if;
  -- The trigger records two changed roles; this says that they are one act.
  perform private.record_audit(heir.tenant_id, 'tenant.ownership_transferred', 'user', heir.user_id::text);
  return heir;
end
$$;
comment on function public.transfer_ownership(uuid, uuid) is
  'Makes an active member an owner and the caller an admin, both or neither.';

-- Definer: what the roles mean is a table in private. It is the same for everybody.
create function public.list_roles() returns table (role public.tenant_role, permissions text[])
  language plpgsql stable security definer
  set search_path = ''
as $$
begin
  if (select auth.uid()) is null then
    perform private.raise_problem(401, 'unauthenticated', 'Sign in first.');
  end if;
  return query
    select p.role, array_agg(p.permission order by p.permission) from private.role_permissions as p
    group by p.role order by p.role;
end
$$;
comment on function public.list_roles() is 'Every role and the permissions it holds, the highest first.';

grant execute on function public.invite_member(uuid, text, public.tenant_role, bytea, timestamptz),
  public.resend_invitation(uuid, uuid, bytea, timestamptz), public.revoke_invitation(uuid, uuid) to authenticated, service_role;
grant execute on function public.accept_invitation(text), public.transfer_ownership(uuid, uuid), public.list_roles() to authenticated;
