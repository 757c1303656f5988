-- Invitations: offers of membership to e-mail addresses, until they are accepted, revoked or expired.

create table public.tenant_invitations (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  ref_id text not null generated always as (private.ulid(id)) stored,
  email text not null,
  role public.tenant_role not null default 'member',
  token_hash bytea not null,
  expires_at timestamptz not null default now() + interval '7 days',
  accepted_at timestamptz,
  revoked_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  created_by uuid,
  updated_by uuid,
  sent_at timestamptz not null default now(),
  sent_count int not null default 1,
  -- The person who accepted it. If the answer was lost, that person's second attempt gets the same answer.
  accepted_by uuid,
  primary key (tenant_id, id),
  constraint invitation_email_is_an_address check (private.is_email(email)),
  constraint token_is_a_sha256 check (length(token_hash) = 32),
  -- Each address has one spelling. Similar letters of other alphabets would be other people's addresses.
  constraint invitation_email_is_normal check (email = private.fold_email(email) and email ~ '^[!-~]+$'),
  constraint invitation_ends_within_30_days check (expires_at <= sent_at + interval '720 hours'),
  constraint invitation_accepted_by_at_a_moment check (accepted_by is null or accepted_at is not null),
  constraint invitation_is_accepted_or_revoked check (accepted_at is null or revoked_at is null)
);
create unique index tenant_invitations_ref_id_idx on public.tenant_invitations (tenant_id, ref_id) where ref_id is not null;
comment on table public.tenant_invitations is 'An open offer of membership to an e-mail address. Only the hash of its token is stored.';
create unique index tenant_invitations_open_idx on public.tenant_invitations (tenant_id, email)
  where accepted_at is null and revoked_at is null;
create index tenant_invitations_token_hash_idx on public.tenant_invitations (token_hash);
create index tenant_invitations_expires_at_idx on public.tenant_invitations (expires_at) where accepted_at is null;
create trigger tenant_invitations_touch before update on public.tenant_invitations for each row execute function private.tg_touch_updated_at();
create trigger tenant_invitations_stamp_editor before insert or update on public.tenant_invitations for each row execute function private.tg_stamp_editor();

alter table public.tenant_invitations enable row level security;
create policy "managers read their tenant's invitations" on public.tenant_invitations
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read_admin'))::uuid[]));
grant select on public.tenant_invitations to authenticated;
grant select, insert, update, delete on public.tenant_invitations to service_role;

create function private.sweep_expired_invitations(batch int default 5000) returns int
  language sql volatile
  set search_path = ''
as $$
  with expired as (
    select tenant_id, id from public.tenant_invitations
    where expires_at <= now() and accepted_at is null
    order by expires_at
    limit batch
    for update skip locked
  ), swept as (
    delete from public.tenant_invitations as i using expired as e
    where i.tenant_id = e.tenant_id and i.id = e.id
    returning 1
  )
  select count(*)::int from swept
$$;
comment on function private.sweep_expired_invitations(int) is
  'Removes invitations that expired before they were accepted, the oldest first, at most one batch. Returns how many.';
create function private.require_invitation_end(expires_at timestamptz) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  if expires_at is null or expires_at < now() + interval '1 hour' or expires_at > now() + interval '720 hours' then
    perform private.raise_problem(422, 'invalid_value', 'An invitation is open for at least an hour and at most 30 days.',
      '[{"pointer": "/expires_at", "detail": "must be between one hour and 30 days from now"}]');
  end if;
end
$$;

-- Counts what is sent, because expired and forgotten invitations have no rows.
create function private.require_invitation_turn(tenant uuid) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  if not private.take_turn(require_invitation_turn.tenant, 'invitation_sent', 300, 'day') then
    perform private.raise_problem(403, 'too_many_invitations', 'A tenant can send 300 invitations a day. Wait until tomorrow.');
  end if;
end
$$;

create function private.mail_invitation(invitation public.tenant_invitations, token text) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  if mail_invitation.token is null then
    return;
  end if;
  -- Nobody is to be mailed a link that accepts nothing.
  if sha256(convert_to(mail_invitation.token, 'UTF8')) <> invitation.token_hash then
    perform private.raise_problem(422, 'invalid_value', 'The token is not the one whose hash is given.',
      '[{"pointer": "/token", "detail": "must be what token_hash is the SHA-256 of"}]');
  end if;
  perform private.mail_address(t.id, invitation.email, 'invitation',
    jsonb_build_object('invitation_token', mail_invitation.token, 'expires_on', to_char(invitation.expires_at at time zone t.time_zone, 'YYYY-MM-DD')),
    format('invitation %s %s', invitation.ref_id, invitation.sent_count),
    -- As Auth writes addresses, and not folded here: Auth's own index finds the account among all that there are.
    locale => (select p.locale from auth.users as u join public.user_profiles as p on p.user_id = u.id
      where u.email = invitation.email and not u.is_sso_user and u.email_confirmed_at is not null limit 1))
  from public.tenants as t where t.id = invitation.tenant_id;
end
$$;
comment on function private.mail_invitation(public.tenant_invitations, text) is
  'Mails the link of an invitation, in the language of the person if they have an account, else of the tenant.';

-- A definer, as the next two: nobody may write invitations directly, because limits and roles must hold.
create function public.invite_member(tenant_id uuid, email text, role public.tenant_role, token_hash bytea,
    expires_at timestamptz default now() + interval '7 days', token text default null)
  returns public.tenant_invitations
  language plpgsql security definer
  set search_path = ''
as $$
declare
  address text := private.normalize_email(invite_member.email);
  made public.tenant_invitations;
begin
  perform private.require_permission(invite_member.tenant_id, 'manage');
  -- Only an owner may give the role of owner, also by an invitation.
  if invite_member.role = 'owner' then
    perform private.require_permission(invite_member.tenant_id, 'own');
  end if;
  if address is null then
    perform private.raise_problem(422, 'invalid_value', 'This e-mail address cannot be invited. An address has the form name@host.domain, in plain ASCII.',
      '[{"pointer": "/email", "detail": "is not an e-mail address in plain ASCII"}]');
  end if;
  perform private.require_invitation_end(invite_member.expires_at);

  -- The invitations of one tenant wait for each other here. Otherwise a hundred at once could all stay below the limit.
  perform from public.tenants as t where t.id = invite_member.tenant_id for no key update;
  if exists (
    select from public.tenant_members as m join public.user_profiles as p on p.user_id = m.user_id
    where m.tenant_id = invite_member.tenant_id and private.fold_email(p.email) = address) then
    perform private.raise_problem(409, 'already_member',
      'Somebody with this address already belongs to this tenant. A membership that is switched off can be switched on again.',
      '[{"pointer": "/email", "detail": "is the address of a member"}]');
  end if;
  delete from public.tenant_invitations as i
  where i.tenant_id = invite_member.tenant_id and i.email = address
    and i.accepted_at is null and i.revoked_at is null and i.expires_at <= now();
  if exists (
    select from public.tenant_invitations as i
    where i.tenant_id = invite_member.tenant_id and i.email = address and i.accepted_at is null and i.revoked_at is null) then
    perform private.raise_problem(409, 'already_invited', 'This address is already invited. Send the invitation again, or revoke it first.',
      '[{"pointer": "/email", "detail": "is already invited"}]');
  end if;
  -- The second limit also counts revoked invitations, because each one may have sent an e-mail to a stranger.
  if (select count(*) filter (where i.accepted_at is null and i.revoked_at is null and i.expires_at > now()) >= 100
        or count(*) filter (where i.created_at > now() - interval '1 day') >= 300
      from public.tenant_invitations as i where i.tenant_id = invite_member.tenant_id) then
    perform private.raise_problem(403, 'too_many_invitations',
      'A tenant can have 100 open invitations, and can make 300 a day. Revoke some, or wait for answers.');
  end if;
  -- An invitation that is revoked and made again is another e-mail to the same person.
  if (select sum(i.sent_count) from public.tenant_invitations as i
      where i.tenant_id = invite_member.tenant_id and i.email = address and i.created_at > now() - interval '1 day') >= 10 then
    perform private.raise_problem(403, 'too_many_invitations', 'Ten invitations were sent to this address in the last day. Wait until tomorrow.');
  end if;
  perform private.require_invitation_turn(invite_member.tenant_id);

  insert into public.tenant_invitations (tenant_id, email, role, token_hash, expires_at)
  values (invite_member.tenant_id, address, invite_member.role, invite_member.token_hash, invite_member.expires_at)
  returning * into made;
  perform private.mail_invitation(made, invite_member.token);
  return made;
end
$$;
comment on function public.invite_member(uuid, text, public.tenant_role, bytea, timestamptz, text) is
  'Offers an address a membership. The caller makes the token (256 random bits) and passes its SHA-256. With the token itself, the invitation is mailed. 409 already_member, already_invited.';

create function public.resend_invitation(tenant_id uuid, invitation_id uuid, token_hash bytea,
    expires_at timestamptz default now() + interval '7 days', token text default null)
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
    perform private.raise_problem(404, 'not_found', 'This tenant has no open invitation with this ref_id.');
  end if;
  if open_one.role = 'owner' then
    perform private.require_permission(resend_invitation.tenant_id, 'own');
  end if;
  -- A 429 would say when to try again, and no waiting helps here.
  if open_one.sent_count >= 10 then
    perform private.raise_problem(403, 'too_many_invitations',
      'This invitation has been sent ten times. Revoke it, and invite the person again on another day.');
  end if;
  if open_one.sent_at > now() - interval '1 minute' then
    perform private.raise_problem(429, 'resent_too_soon',
      'This invitation was sent less than a minute ago. Wait a minute.');
  end if;
  perform private.require_invitation_turn(resend_invitation.tenant_id);
  update public.tenant_invitations as i
  set token_hash = resend_invitation.token_hash, expires_at = resend_invitation.expires_at,
    sent_at = now(), sent_count = i.sent_count + 1
  where i.tenant_id = open_one.tenant_id and i.id = open_one.id
  returning * into open_one;
  perform private.mail_invitation(open_one, resend_invitation.token);
  return open_one;
end
$$;
comment on function public.resend_invitation(uuid, uuid, bytea, timestamptz, text) is
  'Gives an open invitation a new token and a new end. The old token no longer works. With the token itself, the invitation is mailed. 429 resent_too_soon; 403 too_many_invitations after ten times.';

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
    perform private.raise_problem(404, 'not_found', 'This tenant has no open invitation with this ref_id.');
  end if;
  return revoked;
end
$$;
comment on function public.revoke_invitation(uuid, uuid) is 'Revokes an invitation. Its token fails from the next statement on.';
grant execute on function public.invite_member(uuid, text, public.tenant_role, bytea, timestamptz, text),
  public.resend_invitation(uuid, uuid, bytea, timestamptz, text), public.revoke_invitation(uuid, uuid) to authenticated, service_role;

select cron.schedule('registry: remove expired invitations', '*/5 * * * *',
  'select private.sweep_expired_invitations()');

select private.register_table('public.tenant_invitations', personal => '{email}', secret => '{token_hash}', person => 'email', on_forget => 'delete');
