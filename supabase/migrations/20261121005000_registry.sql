-- Made by "npm run generate" from supabase/schemas/50_registry. Change it there.

-- 10_invitations/01_invitations.sql

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

-- 10_invitations/02_accepting.sql

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

-- 20_api_keys/01_api_keys.sql

-- API keys: creating, replacing, revoking and finding them, and the events about them.

-- A definer. Members may not insert keys directly, because every key must have its secret.
create function public.create_api_key(
  tenant_id uuid, name text, scopes text[], prefix text, hash text, lookup bytea,
  product text default null, expires_at timestamptz default null, rate_limit_per_minute int default null
) returns public.api_keys
  language plpgsql security definer
  set search_path = ''
as $$
declare
  created public.api_keys;
begin
  perform private.require_permission(create_api_key.tenant_id, 'manage');
  perform private.require_feature(create_api_key.tenant_id, 'api');
  if create_api_key.product is not null then
    if not exists (select from public.products as p where p.product = create_api_key.product) then
      perform private.raise_problem(422, 'invalid_value', format('The products of an API key are: %s.',
        (select string_agg(p.product, ', ' order by p.product) from public.products as p)),
        '[{"pointer": "/product", "detail": "is no product of the platform"}]');
    end if;
    perform private.require_entitlement(create_api_key.tenant_id, create_api_key.product);
  end if;
  if create_api_key.expires_at <= now() then
    perform private.raise_problem(422, 'invalid_value', 'The key must expire at a moment in the future.',
      '[{"pointer": "/expires_at", "detail": "must be in the future"}]');
  end if;
  perform private.require_place(create_api_key.tenant_id, 'api_keys');
  insert into public.api_keys (tenant_id, name, scopes, prefix, product, expires_at, rate_limit_per_minute)
  values (create_api_key.tenant_id, create_api_key.name, private.require_scopes(create_api_key.scopes, create_api_key.product), create_api_key.prefix,
    create_api_key.product, create_api_key.expires_at, coalesce(create_api_key.rate_limit_per_minute, 6000))
  returning * into created;
  insert into private.api_key_secrets (tenant_id, api_key_id, hash, lookup)
  values (created.tenant_id, created.id, create_api_key.hash, create_api_key.lookup);
  return created;
end
$$;
comment on function public.create_api_key(uuid, text, text[], text, text, bytea, text, timestamptz, int) is
  'Stores a new API key by its prefix, argon2id hash and lookup. The registry function makes the key and calls this.';

-- A definer, because members hold no privilege to change a key in another way.
create function public.rotate_api_key(
  tenant_id uuid, api_key_id uuid, prefix text, hash text, lookup bytea, overlap_seconds int default 0
) returns public.api_keys
  language plpgsql security definer
  set search_path = ''
as $$
declare
  replaced public.api_keys;
  created public.api_keys;
begin
  perform private.require_permission(rotate_api_key.tenant_id, 'manage');
  if overlap_seconds is null or overlap_seconds not between 0 and 604800 then
    perform private.raise_problem(422, 'invalid_value', 'Two keys can overlap for seven days at most.',
      '[{"pointer": "/overlap_seconds", "detail": "must be between 0 and 604800"}]');
  end if;
  -- Two rotations at the same time wait for each other here. The second one then finds a key that is already replaced.
  select * into replaced from public.api_keys as k
  where k.tenant_id = rotate_api_key.tenant_id and k.id = rotate_api_key.api_key_id for no key update;
  if replaced.id is null then
    perform private.raise_problem(404, 'not_found', 'This tenant has no API key with this ref_id.');
  end if;
  if replaced.replaced_at is not null or not private.is_live_api_key(replaced) then
    perform private.raise_problem(409, 'api_key_ended', 'This API key was revoked or replaced, or it has expired. Create a new one.');
  end if;
  update public.api_keys as k
  set replaced_at = now(), expires_at = least(k.expires_at, now() + make_interval(secs => overlap_seconds))
  where k.tenant_id = replaced.tenant_id and k.id = replaced.id;
  -- The new key lives as long as the old one was meant to live.
  insert into public.api_keys (tenant_id, name, scopes, prefix, product, rate_limit_per_minute, expires_at)
  values (replaced.tenant_id, replaced.name, replaced.scopes, rotate_api_key.prefix, replaced.product,
    replaced.rate_limit_per_minute, now() + (replaced.expires_at - replaced.created_at))
  returning * into created;
  insert into private.api_key_secrets (tenant_id, api_key_id, hash, lookup)
  values (created.tenant_id, created.id, rotate_api_key.hash, rotate_api_key.lookup);
  return created;
end
$$;
comment on function public.rotate_api_key(uuid, uuid, text, text, bytea, int) is
  'Replaces a key by a new one with the same name and scopes. The old one still works during the overlap. 409 api_key_ended.';

-- A definer for the same reason. It requires "read_admin", which managers hold in a frozen tenant too, because a
-- leaked key must be revoked there as well.
create function public.revoke_api_key(tenant_id uuid, api_key_id uuid)
  returns public.api_keys
  language plpgsql security definer
  set search_path = ''
as $$
declare
  revoked public.api_keys;
begin
  perform private.require_permission(revoke_api_key.tenant_id, 'read_admin');
  update public.api_keys as k set revoked_at = now()
  where k.tenant_id = revoke_api_key.tenant_id and k.id = revoke_api_key.api_key_id and k.revoked_at is null
  returning * into revoked;
  if revoked.id is null then
    -- Revoking twice is not an error.
    select * into revoked from public.api_keys as k
    where k.tenant_id = revoke_api_key.tenant_id and k.id = revoke_api_key.api_key_id;
  end if;
  if revoked.id is null then
    perform private.raise_problem(404, 'not_found', 'This tenant has no API key with this ref_id.');
  end if;
  return revoked;
end
$$;
comment on function public.revoke_api_key(uuid, uuid) is
  'Ends an API key for ever. SQL refuses it from the next statement on, and an edge function within ten seconds.';

-- The next three are for the edge functions' own connection. They are granted to nobody else.

create function private.find_api_key(lookup bytea)
  returns table (tenant_id uuid, tenant_ref_id text, tenant_slug text, id uuid, product text, scopes text[],
    expires_at timestamptz, rate_limit_per_minute int, hash text)
  language plpgsql stable
  set search_path = ''
  rows 1
as $$
begin
  -- A revoked or expired key is not found at all. So the answer and its time are the same as for an unknown key.
  return query
    select k.tenant_id, t.ref_id, t.slug, k.id, k.product, k.scopes, k.expires_at, k.rate_limit_per_minute, s.hash
    from private.api_key_secrets as s
    join public.api_keys as k on k.tenant_id = s.tenant_id and k.id = s.api_key_id
    join public.tenants as t on t.id = k.tenant_id
    where s.lookup = find_api_key.lookup and private.is_live_api_key(k) and t.status <> 'archived';
end
$$;
comment on function private.find_api_key(bytea) is 'The live key with this lookup, and what is needed to verify and use it.';
grant execute on function
  public.create_api_key(uuid, text, text[], text, text, bytea, text, timestamptz, int),
  public.rotate_api_key(uuid, uuid, text, text, bytea, int), public.revoke_api_key(uuid, uuid)
  to authenticated;

-- If the platform learns of a leak, it can revoke the key without waiting for the tenant.
grant execute on function public.revoke_api_key(uuid, uuid) to service_role;

create function private.tg_emit_api_key_events() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
declare
  key public.api_keys := case tg_op when 'DELETE' then old else new end;
  data jsonb := jsonb_build_object('api_key', jsonb_build_object('ref_id', key.ref_id, 'name', key.name));
begin
  if tg_op = 'INSERT' then
    perform private.emit_event(key.tenant_id, 'api_key.created', data, 'api_key ' || key.ref_id, has_row_lock => true);
  elsif old.revoked_at is null and (tg_op = 'DELETE' or new.revoked_at is not null) then
    perform private.emit_event(key.tenant_id, 'api_key.revoked', data, 'api_key ' || key.ref_id, has_row_lock => true);
  end if;
  return null;
end
$$;
create trigger api_keys_write_event after insert or delete on public.api_keys
  for each row execute function private.tg_emit_api_key_events();
create trigger api_keys_write_change_event after update of revoked_at on public.api_keys
  for each row when (old.revoked_at is null and new.revoked_at is not null) execute function private.tg_emit_api_key_events();

-- A key that was replaced leaves its place to the key that replaces it.
create trigger api_keys_take_place after insert on public.api_keys
  for each row when (new.revoked_at is null and new.replaced_at is null) execute function private.tg_count_places('api_keys', '1');
create trigger api_keys_vacate after update of revoked_at, replaced_at on public.api_keys
  for each row when (old.revoked_at is null and old.replaced_at is null and (new.revoked_at is not null or new.replaced_at is not null))
  execute function private.tg_count_places('api_keys', '-1');
create trigger api_keys_vacate_for_ever after delete on public.api_keys
  for each row when (old.revoked_at is null and old.replaced_at is null) execute function private.tg_count_places('api_keys', '-1');

create function private.keep_api_keys(tenant uuid, places bigint) returns void
  language sql volatile
  set search_path = ''
as $$
  update public.api_keys as a set switched_off_at = case when not k.is_kept then now() end
  from (
    select o.id, coalesce(row_number() over (order by o.created_at, o.id) <= keep_api_keys.places, true) as is_kept
    from public.api_keys as o where o.tenant_id = keep_api_keys.tenant and o.revoked_at is null and o.replaced_at is null) as k
  where a.tenant_id = keep_api_keys.tenant and a.id = k.id and (a.switched_off_at is null) <> k.is_kept
$$;
comment on function private.keep_api_keys(uuid, bigint) is 'Leaves so many API keys on, the oldest first. Null leaves all.';

select private.register_feature('api', 'API keys for the tenant''s own servers.', asked_for => 'creating an API key');
select private.register_limit('api_keys', 'API keys that are neither revoked nor replaced.',
  '{"trial": 5, "starter": 2, "professional": 5, "business": 20, "enterprise": 200}', 'creating an API key');
select private.register_switch('api_keys', 'keep_api_keys', feature => 'api');

select private.register_event_type('api_key.created', 'An API key was created. It may replace another one of the same name.',
    '{"api_key": {"ref_id": "ref_id", "name": "text"}}',
    '{"api_key": {"ref_id": "01JD3NJ5A7C9E1G3J5M7P9R1T3", "name": "Reporting server"}}');

select private.register_event_type('api_key.revoked', 'An API key was revoked. There is no event when a key is replaced or expires.',
    '{"api_key": {"ref_id": "ref_id", "name": "text"}}',
    '{"api_key": {"ref_id": "01JD3NJ5A7C9E1G3J5M7P9R1T3", "name": "Reporting server"}}');

-- 20_api_keys/02_api_key_uses.sql

-- Uses of API keys: the limit of requests a minute, and when a key was last used.

-- Unlogged: a crash loses the count of a minute. Such a count is not worth a write to the write-ahead log.
create unlogged table private.api_key_windows (
  tenant_id uuid not null,
  api_key_id uuid not null,
  window_at timestamptz not null,
  request_count bigint not null,
  primary key (tenant_id, api_key_id),
  foreign key (tenant_id, api_key_id) references public.api_keys on delete cascade,
  constraint window_goes_with_its_tenant foreign key (tenant_id) references public.tenants on delete cascade
);
comment on table private.api_key_windows is 'How many requests of the current minute each key has leased to the edge functions.';

create function private.lease_api_key_requests(tenant uuid, key uuid, wanted int)
  returns table (granted int, seconds_left double precision)
  language sql volatile
  set search_path = ''
as $$
  -- The count may go above the limit, by the part of the last lease that did not fit. So one statement is enough.
  with leased as (
    insert into private.api_key_windows as w (tenant_id, api_key_id, window_at, request_count)
    select k.tenant_id, k.id, date_trunc('minute', now()), wanted
    from public.api_keys as k where k.tenant_id = tenant and k.id = key
    on conflict (tenant_id, api_key_id) do update set
      window_at = excluded.window_at,
      request_count = wanted + case when w.window_at = excluded.window_at then w.request_count else 0 end
    returning window_at, request_count
  )
  select greatest(0, least(wanted, k.rate_limit_per_minute - (l.request_count - wanted)))::int,
    extract(epoch from l.window_at + interval '1 minute' - clock_timestamp())::double precision
  from leased as l, public.api_keys as k
  where k.tenant_id = tenant and k.id = key
$$;
comment on function private.lease_api_key_requests(uuid, uuid, int) is
  'Takes up to this many requests from a key''s limit for this minute of the clock. Returns how many it took, and how long the minute lasts.';

create function private.touch_api_keys(tenants uuid[], keys uuid[], moments timestamptz[]) returns void
  language sql volatile
  set search_path = ''
as $$
  -- Several isolates use the same key. One write a minute is enough for all of them.
  update public.api_keys as k set last_used_at = u.used_at
  from unnest(tenants, keys, moments) as u (tenant_id, id, used_at)
  where k.tenant_id = u.tenant_id and k.id = u.id
    and (k.last_used_at is null or k.last_used_at < u.used_at - interval '50 seconds')
$$;
comment on function private.touch_api_keys(uuid[], uuid[], timestamptz[]) is 'Records when keys were last used, to the minute.';

select private.register_table('private.api_key_windows', unaudited => 'counts requests');

-- 30_identity_providers/01_identity_providers.sql

-- Identity providers: the settings with which a tenant's people sign in at their own provider.

create type public.idp_kind as enum ('oidc', 'saml');
create type public.join_rule as enum ('off', 'verified_domain', 'group');

create table public.tenant_idp_config (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  ref_id text not null generated always as (private.ulid(id)) stored,
  type public.idp_kind not null,
  metadata jsonb not null default '{}',
  verified boolean not null default false,
  verified_at timestamptz,
  last_checked_at timestamptz,
  last_check_error text,
  discovered jsonb not null default '{}',
  keys_expire_at timestamptz,
  client_secret_id uuid,
  sso_provider_id uuid,
  revision uuid not null default private.uuid_v7(),
  check_started_at timestamptz,
  join_rule public.join_rule not null default 'off',
  join_role public.tenant_role not null default 'member',
  join_claim text,
  join_groups jsonb not null default '[]',
  certificate_told_ends_at timestamptz,
  certificate_told_days int,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  created_by uuid,
  updated_by uuid,
  primary key (tenant_id, id),
  unique (tenant_id, type),
  constraint idp_metadata_is_an_object check (jsonb_typeof(metadata) = 'object' and length(metadata::text) <= 200000),
  constraint idp_discovered_is_an_object check (jsonb_typeof(discovered) = 'object' and length(discovered::text) <= 50000),
  -- A secret in the metadata would be visible to everybody who may see the settings.
  constraint idp_check_error_is_short check (length(last_check_error) <= 2000),
  constraint idp_metadata_holds_no_secret check (not metadata ?| '{client_secret,clientSecret,secret,private_key}'),
  constraint verified_provider_was_checked check (verified = (verified_at is not null) and (not verified or last_checked_at is not null)),
  constraint a_rule_makes_no_owner check (join_role <> 'owner' and not join_groups @? '$[*] ? (@.role == "owner")'),
  constraint a_rule_by_group_names_groups check (join_rule <> 'group' or join_claim is not null and join_groups <> '[]'),
  constraint join_claim_is_short check (private.is_plain_text(join_claim, 200)),
  constraint join_groups_are_few check (jsonb_typeof(join_groups) = 'array' and jsonb_array_length(join_groups) <= 50 and length(join_groups::text) <= 30000),
  constraint only_oidc_has_a_client_secret check (type = 'oidc' or client_secret_id is null)
);
create unique index tenant_idp_config_ref_id_idx on public.tenant_idp_config (tenant_id, ref_id) where ref_id is not null;
comment on table public.tenant_idp_config is
  'A tenant''s identity provider, at most one of each kind. verified is true only after a real check of exactly these settings. The client secret is in Vault.';
comment on column public.tenant_idp_config.client_secret_id is 'The id of the secret in Vault, and never the secret itself.';
comment on column public.tenant_idp_config.discovered is 'What the last good check found: endpoints and key ids, or entity id, sign-on URLs and certificates.';
comment on column public.tenant_idp_config.certificate_told_ends_at is 'The end of the certificate that managers were last told of. Another end is told of anew.';
comment on column public.tenant_idp_config.certificate_told_days is 'How many days before that end they were told: 30, 14, 7, 1, or 0 once it has ended.';
comment on column public.tenant_idp_config.revision is 'Changes with every change of the settings, so that a check of older settings cannot verify newer ones.';

-- A provider signs people in to one tenant. If two tenants shared it, each could vouch for the people of the other.
create unique index tenant_idp_config_sso_provider_idx on public.tenant_idp_config (sso_provider_id) where sso_provider_id is not null;
create trigger tenant_idp_config_touch before update on public.tenant_idp_config for each row execute function private.tg_touch_updated_at();
create trigger tenant_idp_config_stamp_editor before insert or update on public.tenant_idp_config for each row execute function private.tg_stamp_editor();

-- A definer, because nobody else may reach Vault. It also runs when a tenant is deleted together with its rows.
create function private.tg_drop_idp_secret() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  perform private.drop_secrets(old.tenant_id, array[old.client_secret_id]);
  return null;
end
$$;
create trigger tenant_idp_config_drop_secret after delete on public.tenant_idp_config
  for each row when (old.client_secret_id is not null) execute function private.tg_drop_idp_secret();
create trigger tenant_idp_config_replace_secret after update of client_secret_id on public.tenant_idp_config
  for each row when (old.client_secret_id is not null and old.client_secret_id is distinct from new.client_secret_id)
  execute function private.tg_drop_idp_secret();

create function private.idp_setting_problems(type text, metadata jsonb) returns jsonb
  language sql immutable parallel safe
  set search_path = ''
as $$
  -- What can be checked without the network. The check finds the rest.
  select coalesce(jsonb_agg(jsonb_build_object('pointer', pointer, 'detail', detail)), '[]')
  from (
    select '/metadata/' || private.pointer_token(key) as pointer, 'is not a known field' as detail
    from jsonb_object_keys(case when jsonb_typeof(metadata) = 'object' then metadata else '{}' end) as key
    where key <> all (case when type = 'oidc' then '{issuer,client_id,scopes}'::text[] else '{metadata_url,metadata_xml,entity_id,metadata_signing_certificate}'::text[] end)
    union all
    select '/metadata', 'must be an object' where jsonb_typeof(metadata) is distinct from 'object'
    union all
    select '/metadata/' || field, 'must be text' from unnest('{issuer,client_id}'::text[]) as field
    where type = 'oidc' and coalesce(length(metadata ->> field), 0) not between 1 and 2048
    union all
    select '/metadata', 'must have either metadata_url or metadata_xml'
    where type = 'saml' and (metadata ? 'metadata_url') = (metadata ? 'metadata_xml')
    union all
    select '/metadata/' || key, 'must be text' from jsonb_each(case when jsonb_typeof(metadata) = 'object' then metadata else '{}' end)
    where type = 'saml' and key in ('metadata_url', 'metadata_xml', 'entity_id', 'metadata_signing_certificate') and (jsonb_typeof(value) <> 'string' or value = '""')
  ) as found
$$;

-- A definer. Settings, Vault secret and the loss of trust are one step. None of them may happen alone.
create function public.set_idp_config(tenant_id uuid, type text, metadata jsonb, client_secret text default null)
  returns public.tenant_idp_config
  language plpgsql security definer
  set search_path = ''
as $$
declare
  stored public.tenant_idp_config;
  problems jsonb;
  too_large text;
  secret_id uuid;
begin
  perform private.require_permission(set_idp_config.tenant_id, 'manage');
  perform private.require_feature(set_idp_config.tenant_id, 'sso');
  if set_idp_config.type is null or set_idp_config.type not in ('oidc', 'saml') then
    perform private.raise_problem(422, 'invalid_value', 'The type of an identity provider must be oidc or saml.', '[{"pointer": "/type", "detail": "must be one of \"oidc\", \"saml\""}]');
  end if;
  too_large := private.json_problem(set_idp_config.metadata, 100, 200000);
  problems := case
    when too_large is not null then jsonb_build_array(jsonb_build_object('pointer', '/metadata', 'detail', too_large))
    else private.idp_setting_problems(set_idp_config.type, set_idp_config.metadata) end;
  if set_idp_config.client_secret is not null
    and (set_idp_config.type <> 'oidc' or length(set_idp_config.client_secret) not between 1 and 1024) then
    problems := problems || '[{"pointer": "/client_secret", "detail": "must be text of at most 1024 characters, and only for oidc"}]';
  end if;
  if problems <> '[]' then
    perform private.raise_problem(422, 'invalid_value', 'The settings of the identity provider cannot be used.', problems);
  end if;

  -- The settings did not change, so there is nothing to check again.
  select * into stored from public.tenant_idp_config as c
  where c.tenant_id = set_idp_config.tenant_id and c.type::text = set_idp_config.type
    and c.metadata = set_idp_config.metadata and set_idp_config.client_secret is null;
  if found then
    return stored;
  end if;
  insert into public.tenant_idp_config as c (tenant_id, type, metadata)
  values (set_idp_config.tenant_id, set_idp_config.type::public.idp_kind, set_idp_config.metadata)
  on conflict on constraint tenant_idp_config_tenant_id_type_key do nothing;
  select * into stored from public.tenant_idp_config as c
  where c.tenant_id = set_idp_config.tenant_id and c.type::text = set_idp_config.type for update;

  if set_idp_config.client_secret is not null then
    secret_id := vault.create_secret(set_idp_config.client_secret, null, 'client secret of an identity provider');
  elsif stored.metadata -> 'issuer' is not distinct from set_idp_config.metadata -> 'issuer'
    and stored.metadata -> 'client_id' is not distinct from set_idp_config.metadata -> 'client_id' then
    -- The secret is kept only for the same issuer and client. Otherwise a person who may change the issuer could
    -- have the secret sent to a server of their own.
    secret_id := stored.client_secret_id;
  end if;

  update public.tenant_idp_config as c set
    metadata = set_idp_config.metadata,
    client_secret_id = secret_id,
    revision = private.uuid_v7(),
    verified = false, verified_at = null, last_checked_at = null, last_check_error = null,
    discovered = '{}', keys_expire_at = null,
    -- Supabase's provider was made from the old settings.
    sso_provider_id = case when c.metadata = set_idp_config.metadata then c.sso_provider_id end
  where c.tenant_id = stored.tenant_id and c.id = stored.id
  returning * into stored;
  return stored;
end
$$;
comment on function public.set_idp_config(uuid, text, jsonb, text) is
  'Sets a tenant''s identity provider of one kind and puts its client secret in Vault. Changed settings have to be checked again.';

alter table public.tenant_idp_config enable row level security;
create policy "managers read their tenant's identity providers" on public.tenant_idp_config
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read_admin'))::uuid[]));
create policy "managers remove their tenant's identity providers" on public.tenant_idp_config
  for delete to authenticated using (tenant_id = any ((select private.tenant_ids('manage'))::uuid[]));

-- Nobody may insert or update. Settings, secret and trust change together, in the functions above.
grant select, delete on public.tenant_idp_config to authenticated;
grant select on public.tenant_idp_config to service_role;
grant execute on function public.set_idp_config(uuid, text, jsonb, text) to authenticated, service_role;

create function private.uses_identity_provider(tenant uuid) returns boolean
  language sql stable
  set search_path = ''
as $$ select exists (select from public.tenant_idp_config as c where c.tenant_id = uses_identity_provider.tenant) $$;

select private.register_feature('sso', 'Signing in at the tenant''s own identity provider.', asked_for => 'setting an identity provider');
select private.register_switch('sso', is_used => 'uses_identity_provider');

select private.register_table('public.tenant_idp_config', quiet => '{check_started_at,last_checked_at,revision,certificate_told_ends_at,certificate_told_days}',
  plain => '{metadata,last_check_error,discovered,join_claim,join_groups}', secret => '{client_secret_id}',
  -- SAML metadata names the people whom an identity provider lists as its contacts.
  personal => '{metadata.metadata_xml}', on_forget => 'keep',
  kept_because => 'The contacts that an identity provider publishes about itself. A manager replaces them with the metadata.');

-- 30_identity_providers/02_checks.sql

-- Identity provider checks: how settings become verified, and which tenant a provider signs people in to.

-- A definer, because no role of the API may update the table.
create function private.begin_idp_check(tenant uuid, type public.idp_kind) returns public.tenant_idp_config
  language plpgsql security definer
  set search_path = ''
as $$
declare
  subject public.tenant_idp_config;
begin
  select * into subject from public.tenant_idp_config as c
  where c.tenant_id = begin_idp_check.tenant and c.type = begin_idp_check.type for update;
  -- A check makes several requests to a server that the tenant chooses. It must not be repeated too fast.
  if subject.check_started_at > now() - interval '5 seconds' then
    perform private.raise_problem(429, 'idp_just_checked', 'The identity provider was just checked. Wait a moment.');
  end if;
  -- A provider that is removed and set again was never checked.
  if subject.id is not null and not private.take_turn(subject.tenant_id, 'idp_check', 24, 'minute') then
    perform private.raise_problem(429, 'too_many_idp_checks', 'This tenant has checked its identity providers 24 times in this minute. Wait a minute.');
  end if;
  update public.tenant_idp_config as c set check_started_at = now()
  where c.tenant_id = subject.tenant_id and c.id = subject.id;
  return subject;
end
$$;
comment on function private.begin_idp_check(uuid, public.idp_kind) is
  'The settings to be checked, at most every five seconds. A row of nulls if there are none. Only for the service.';

-- A definer. Members may not write verified. The service may write it only for the settings that were checked.
create function private.record_idp_check(
  tenant uuid, type public.idp_kind, revision uuid, outcome text, error text default null,
  discovered jsonb default '{}', keys_expire_at timestamptz default null
) returns public.tenant_idp_config
  language plpgsql security definer
  set search_path = ''
as $$
declare
  recorded public.tenant_idp_config;
  was_well boolean;
begin
  if record_idp_check.outcome not in ('good', 'bad', 'unreachable') then
    raise exception 'unknown outcome %', left(record_idp_check.outcome, 100);
  end if;
  select c.verified and c.last_check_error is null into was_well from public.tenant_idp_config as c
  where c.tenant_id = record_idp_check.tenant and c.type = record_idp_check.type for no key update;
  -- What is bad is forgotten, the end of its certificate too.
  if record_idp_check.outcome = 'bad' then
    perform private.tell_of_ending_certificates(record_idp_check.tenant);
  end if;
  update public.tenant_idp_config as c set
    last_checked_at = now(),
    last_check_error = case when record_idp_check.outcome <> 'good' then left(coalesce(record_idp_check.error, 'The check failed.'), 2000) end,
    -- A provider that is down for a moment is still the same provider. What was verified stays verified.
    verified = record_idp_check.outcome = 'good' or (record_idp_check.outcome = 'unreachable' and c.verified),
    verified_at = case record_idp_check.outcome when 'good' then now() when 'unreachable' then c.verified_at end,
    discovered = case record_idp_check.outcome when 'good' then record_idp_check.discovered when 'bad' then '{}' else c.discovered end,
    keys_expire_at = case record_idp_check.outcome when 'good' then record_idp_check.keys_expire_at when 'unreachable' then c.keys_expire_at end
  where c.tenant_id = record_idp_check.tenant and c.type = record_idp_check.type
    and c.revision = record_idp_check.revision
  returning * into recorded;
  if recorded.id is null then
    perform private.raise_problem(409, 'idp_changed', 'The settings of the identity provider were changed during the check. Check them again.');
  end if;
  if was_well and recorded.last_check_error is not null then
    perform private.notify(recorded.tenant_id, 'idp.failing', '{admins}', jsonb_build_object('kind', upper(recorded.type::text)));
  end if;
  return recorded;
end
$$;
comment on function private.record_idp_check(uuid, public.idp_kind, uuid, text, text, jsonb, timestamptz) is
  'Stores what a check found, for the settings that were checked. This is the only way to verified = true. Only for the service.';

-- A definer, because it reads Vault. No role of the API can read Vault.
create function private.read_idp_secret(tenant uuid, type public.idp_kind, revision uuid) returns text
  language plpgsql volatile security definer
  set search_path = ''
as $$
begin
  perform private.record_audit(read_idp_secret.tenant, 'idp.secret_read', 'tenant_idp_config', read_idp_secret.type::text);
  return (
    select s.decrypted_secret
    from public.tenant_idp_config as c
    join vault.decrypted_secrets as s on s.id = c.client_secret_id
    where c.tenant_id = read_idp_secret.tenant and c.type = read_idp_secret.type and c.revision = read_idp_secret.revision);
end
$$;
comment on function private.read_idp_secret(uuid, public.idp_kind, uuid) is
  'The client secret of a provider, with which the service checks it. Null if there is none, or if the settings have changed. Only for the service.';

-- A definer, because the column belongs to the platform, which made the provider in Supabase Auth.
create function private.bind_sso_provider(tenant uuid, type public.idp_kind, sso_provider_id uuid)
  returns public.tenant_idp_config
  language plpgsql security definer
  set search_path = ''
as $$
declare
  bound public.tenant_idp_config;
begin
  if bind_sso_provider.sso_provider_id is not null and not exists (
    select from public.tenant_idp_config as c
    where c.tenant_id = bind_sso_provider.tenant and c.type = bind_sso_provider.type and c.verified) then
    perform private.raise_problem(409, 'idp_not_verified', 'The identity provider is not verified, so it cannot be bound to a Supabase SSO provider. Check it first.');
  end if;
  begin
    update public.tenant_idp_config as c set sso_provider_id = bind_sso_provider.sso_provider_id
    where c.tenant_id = bind_sso_provider.tenant and c.type = bind_sso_provider.type
    returning * into bound;
  exception when unique_violation then
    perform private.raise_problem(409, 'sso_provider_taken', 'This Supabase SSO provider already belongs to another tenant, or to another identity provider of this tenant.');
  end;
  return bound;
end
$$;
comment on function private.bind_sso_provider(uuid, public.idp_kind, uuid) is
  'Stores which Supabase SSO provider signs people in for a verified identity provider. Null unbinds it. Only for the service.';

-- A definer, because the bearer of the token may not yet be a member.
create function private.tenant_of_sso_provider(sso_provider_id uuid) returns uuid
  language plpgsql stable security definer
  set search_path = ''
as $$
begin
  return (
    select c.tenant_id from public.tenant_idp_config as c join public.tenants as t on t.id = c.tenant_id
    where c.sso_provider_id = tenant_of_sso_provider.sso_provider_id and c.verified and t.status <> 'archived');
end
$$;
comment on function private.tenant_of_sso_provider(uuid) is
  'The tenant whose people sign in by this Supabase SSO provider (app_metadata.provider = sso:<id>). Null if it is unknown or not verified.';

create function private.may_assert_address(user_id uuid, address text, tenant uuid) returns boolean
  language sql stable
  set search_path = ''
as $$
  -- Auth stores whatever address an SSO provider states, as confirmed. The provider belongs to a tenant, which could
  -- state the address of anybody. So its word counts for the domains that the tenant has verified, and in the tenant itself.
  select coalesce(bool_and(exists (
    select from public.tenant_idp_config as c
    join public.tenants as t on t.id = c.tenant_id and t.status <> 'archived'
    where 'sso:' || c.sso_provider_id = p.provider and c.verified and (c.tenant_id = may_assert_address.tenant or exists (
      select from public.tenant_domains as d
      where d.tenant_id = c.tenant_id and d.host = split_part(address, '@', 2) and d.status = 'verified')))), true)
  from auth.users as u
  cross join lateral (
    select u.raw_app_meta_data ->> 'provider' as provider
    union
    select jsonb_array_elements_text(case when jsonb_typeof(u.raw_app_meta_data -> 'providers') = 'array' then u.raw_app_meta_data -> 'providers' else '[]' end)
  ) as p
  where u.id = may_assert_address.user_id and p.provider like 'sso:%'
$$;
comment on function private.may_assert_address(uuid, text, uuid) is
  'Whether the address of an account counts in a tenant as confirmed. An SSO provider confirms only addresses of domains that its tenant has verified.';

grant execute on function private.begin_idp_check(uuid, public.idp_kind), private.record_idp_check(uuid, public.idp_kind, uuid, text, text, jsonb, timestamptz),
  private.read_idp_secret(uuid, public.idp_kind, uuid), private.bind_sso_provider(uuid, public.idp_kind, uuid),
  private.tenant_of_sso_provider(uuid) to service_role;

select private.register_audit_action('idp.secret_read', 'r');

select private.register_notification_type('idp.failing', 'sign_in', 'The identity provider of the tenant does not answer as it should.',
  '{"en": "Your identity provider ({{kind}}) does not answer as it should. Your people may not be able to sign in with it.",
    "de": "Dein Identitätsanbieter ({{kind}}) antwortet nicht, wie er soll. Deine Leute können sich vielleicht nicht damit anmelden.",
    "fr": "Votre fournisseur d’identité ({{kind}}) ne répond pas correctement. Vos collaborateurs ne peuvent peut-être pas se connecter."}',
  '{"kind": "OIDC"}', is_critical => true);

-- 30_identity_providers/03_join_rules.sql

-- Join rules: whom a tenant's own provider makes a member, in which role, and what of a sign-in may be believed.

-- What Auth does (github.com/supabase/auth at bc32168, internal/api/samlacs.go and external.go, models/linking.go and user.go):
-- With each sign-in it replaces auth.identities.identity_data by what the provider asserted. What the mapping of attributes
-- names besides the usual claims stands there in custom_claims. It merges the same into raw_user_meta_data, where people write
-- too (PUT /user, "data"), and where a claim stays that the provider no longer sends. So user_metadata counts for nothing.
-- An account of an "sso:" provider is linked with no other provider, can have no password, and cannot change its address.
-- auth.users.email is the address of the first sign-in, and stays when the provider later asserts another one.
create function private.find_rule_role(provider public.tenant_idp_config, person uuid, out role public.tenant_role, out reason text)
  language plpgsql volatile
  set search_path = ''
as $$
declare
  asserted jsonb;
  groups jsonb;
begin
  if provider.sso_provider_id is null then
    reason := 'provider_not_bound';
    return;
  elsif provider.join_rule = 'off' then
    reason := 'rule_off';
    return;
  end if;
  -- Who can also sign in in another way may be somebody else than the person whom the provider meant.
  select i.identity_data into asserted
  from auth.users as u join auth.identities as i on i.user_id = u.id and i.provider = 'sso:' || find_rule_role.provider.sso_provider_id
  where u.id = person and u.is_sso_user and u.deleted_at is null
    and not exists (select from auth.identities as o where o.user_id = u.id and o.provider <> i.provider)
  order by i.updated_at desc nulls last, i.id limit 1;
  if not found then
    reason := 'not_of_provider';
    return;
  end if;

  if provider.join_rule = 'verified_domain' then
    -- A provider may state any address. It speaks for exactly the domains that its own tenant has verified. The lock lets
    -- nobody join by a domain that is being lost.
    perform from public.tenant_domains as d
    where d.tenant_id = provider.tenant_id and d.status = 'verified'
      and d.host = split_part(private.normalize_email(asserted ->> 'email'), '@', 2)
    for share;
    if found and asserted -> 'email_verified' = 'true' then
      role := provider.join_role;
    else
      reason := 'domain_not_verified';
    end if;
    return;
  end if;

  groups := asserted #> array['custom_claims', provider.join_claim];
  -- An attribute that is not mapped as an array is a text.
  if jsonb_typeof(groups) = 'string' then
    groups := jsonb_build_array(groups);
  end if;
  select min((g.value ->> 'role')::public.tenant_role) into role from jsonb_array_elements(provider.join_groups) as g (value)
  where jsonb_typeof(groups) = 'array' and groups @> jsonb_build_array(g.value -> 'value');
  if role is null then
    reason := 'no_group';
  end if;
end
$$;
comment on function private.find_rule_role(public.tenant_idp_config, uuid) is
  'The role that a provider''s rule gives a person now, or why it gives none. It believes nothing but what the provider asserted at the person''s last sign-in.';

create function private.find_join_obstacle(provider public.tenant_idp_config) returns text
  language sql stable
  set search_path = ''
as $$
  select case
    when not provider.verified then 'provider_not_verified'
    when provider.keys_expire_at <= now() then 'certificate_expired'
    when private.is_switched_off(t.id, 'sso') then 'feature_not_in_plan'
    when t.status = 'frozen' then 'tenant_frozen'
    when t.status = 'trial' and t.trial_ends_at <= now() then 'trial_ended' end
  from public.tenants as t where t.id = provider.tenant_id
$$;
comment on function private.find_join_obstacle(public.tenant_idp_config) is
  'Why nobody can join by a provider now. Null if they can. Whoever has joined stays: such a thing passes, and says nothing about the person.';

create function private.join_rule_problems(rule jsonb) returns jsonb
  language sql immutable parallel safe
  set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_build_object('pointer', pointer, 'detail', detail)), '[]')
  from (
    select '/rule' as pointer, 'must be one of "off", "verified_domain", "group"' as detail
    where coalesce(rule ->> 'rule', '') not in ('off', 'verified_domain', 'group')
    union all
    select '/role', 'must be one of "admin", "member", "reviewer"' where coalesce(rule ->> 'role', 'member') not in ('admin', 'member', 'reviewer')
    union all
    select '/claim', 'must be text of 1 to 200 characters'
    where (rule ->> 'rule' = 'group' or rule -> 'claim' <> 'null')
      and (jsonb_typeof(rule -> 'claim') is distinct from 'string' or not private.is_plain_text(rule ->> 'claim', 200) or rule ->> 'claim' = '')
    union all
    select '/groups', 'must be a list of at most 50 groups'
    where rule -> 'groups' <> 'null' and (jsonb_typeof(rule -> 'groups') <> 'array' or jsonb_array_length(
      case when jsonb_typeof(rule -> 'groups') = 'array' then rule -> 'groups' else '[]' end) > 50)
    union all
    select '/groups', 'must name a group' where rule ->> 'rule' = 'group' and coalesce(rule -> 'groups', '[]') in ('[]', 'null')
    union all
    select format('/groups/%s', n - 1), 'must be {"value", "role"} with a text of 1 to 500 characters, and "admin", "member" or "reviewer"'
    from jsonb_array_elements(case when jsonb_typeof(rule -> 'groups') = 'array' then rule -> 'groups' else '[]' end) with ordinality as g (value, n)
    where jsonb_typeof(value) <> 'object' or jsonb_typeof(value -> 'value') is distinct from 'string'
      or length(value ->> 'value') not between 1 and 500 or coalesce(value ->> 'role', '') not in ('admin', 'member', 'reviewer')
  ) as found
$$;

-- A definer, because nobody may update the table.
create function public.set_join_rule(tenant_id uuid, type text, rule jsonb) returns public.tenant_idp_config
  language plpgsql security definer
  set search_path = ''
as $$
declare
  stored public.tenant_idp_config;
  too_large text;
  problems jsonb;
begin
  perform private.require_permission(set_join_rule.tenant_id, 'manage');
  perform private.require_feature(set_join_rule.tenant_id, 'sso');
  too_large := private.json_problem(set_join_rule.rule, 200, 40000);
  problems := case
    when too_large is not null then jsonb_build_array(jsonb_build_object('pointer', '', 'detail', too_large))
    when jsonb_typeof(set_join_rule.rule) is distinct from 'object' then '[{"pointer": "", "detail": "must be an object"}]'
    else private.join_rule_problems(set_join_rule.rule) end;
  if problems <> '[]' then
    perform private.raise_problem(422, 'invalid_value', 'The rule cannot be used.', problems);
  end if;
  -- An admin there is an operator, who sees every tenant. No provider appoints one.
  if set_join_rule.rule ->> 'rule' <> 'off' and set_join_rule.tenant_id = private.platform_tenant_id() then
    perform private.raise_problem(422, 'invalid_value', 'The people of the platform are invited one by one. No rule makes them.',
      '[{"pointer": "/rule", "detail": "must be \"off\" in the tenant of the platform"}]');
  end if;
  update public.tenant_idp_config as c set
    join_rule = (set_join_rule.rule ->> 'rule')::public.join_rule,
    join_role = coalesce(set_join_rule.rule ->> 'role', 'member')::public.tenant_role,
    join_claim = set_join_rule.rule ->> 'claim',
    join_groups = coalesce((select jsonb_agg(jsonb_build_object('value', g.value -> 'value', 'role', g.value -> 'role') order by g.n)
      from jsonb_array_elements(nullif(set_join_rule.rule -> 'groups', 'null')) with ordinality as g (value, n)), '[]')
  where c.tenant_id = set_join_rule.tenant_id and c.type::text = set_join_rule.type
  returning * into stored;
  return stored;
end
$$;
comment on function public.set_join_rule(uuid, text, jsonb) is
  'Says whom a provider makes a member: {rule: "off" | "verified_domain" | "group", role, claim, groups: [{value, role}]}. Whoever it made one and no longer covers is none at once. A row of nulls if there is no such provider.';
grant execute on function public.set_join_rule(uuid, text, jsonb) to authenticated, service_role;

-- 30_identity_providers/04_joining.sql

-- Joining: who is a member by a provider's rule. They join as Auth signs them in, and leave when the rule does not hold any more.

create table private.rule_memberships (
  tenant_id uuid not null references public.tenants on delete cascade,
  user_id uuid not null,
  idp_id uuid not null,
  -- What the rule gave last. A manager may give another role, which stays until the rule gives another one than this.
  given_role public.tenant_role not null,
  joined_at timestamptz not null default now(),
  settled_at timestamptz not null default now(),
  primary key (tenant_id, user_id),
  foreign key (tenant_id, user_id) references public.tenant_members on delete cascade,
  foreign key (tenant_id, idp_id) references public.tenant_idp_config on delete cascade
);
comment on table private.rule_memberships is
  'The memberships that a rule made. A membership without a row here was made by people, and no rule changes or ends it.';
create index rule_memberships_idp_id_idx on private.rule_memberships (tenant_id, idp_id);
create index rule_memberships_settled_at_idx on private.rule_memberships (settled_at);

-- Somebody whom an owner makes an owner belongs to the tenant by that decision. So no rule ends the last owner.
create function private.tg_own_by_hand() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  delete from private.rule_memberships as r where r.tenant_id = new.tenant_id and r.user_id = new.user_id;
  return null;
end
$$;
create trigger tenant_members_own_by_hand after update of role on public.tenant_members
  for each row when (new.role = 'owner' and old.role <> 'owner') execute function private.tg_own_by_hand();

create function private.end_rule_membership(given private.rule_memberships, reason text) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  delete from public.tenant_members as m where m.tenant_id = given.tenant_id and m.user_id = given.user_id;
  perform private.record_audit(given.tenant_id, 'member.left_by_rule', 'tenant_members', private.ulid(given.user_id), null,
    jsonb_build_object('identity_provider', private.ulid(given.idp_id), 'role', given.given_role, 'reason', end_rule_membership.reason));
end
$$;

create function private.join_by_rule(provider public.tenant_idp_config, person uuid, role public.tenant_role) returns text
  language plpgsql
  set search_path = ''
as $$
declare
  obstacle text := private.find_join_obstacle(provider);
begin
  if obstacle is not null then
    return obstacle;
  end if;
  begin
    -- The trigger of the table does not ask for Auth, which signs the person in.
    perform private.require_place(provider.tenant_id, 'members');
    insert into public.tenant_members (tenant_id, user_id, role) values (provider.tenant_id, person, join_by_rule.role)
    on conflict on constraint tenant_members_pkey do nothing;
    -- Another request of the same person was faster.
    if not found then
      return null;
    end if;
  exception when sqlstate 'PT402' then
    return 'limit_reached';
  end;
  insert into private.rule_memberships (tenant_id, user_id, idp_id, given_role)
  values (provider.tenant_id, person, provider.id, join_by_rule.role);
  perform private.record_audit(provider.tenant_id, 'member.joined_by_rule', 'tenant_members', private.ulid(person), null,
    jsonb_build_object('identity_provider', provider.ref_id, 'rule', provider.join_rule, 'role', join_by_rule.role));
  return null;
end
$$;
comment on function private.join_by_rule(public.tenant_idp_config, uuid, public.tenant_role) is
  'Makes a person a member whom the rule gives a role. Returns what stands in the way, if anything does.';

create function private.settle_rule_membership(tenant uuid, provider uuid, person uuid, out outcome text, out reason text, out role public.tenant_role)
  language plpgsql
  set search_path = ''
as $$
declare
  rule public.tenant_idp_config;
  found_role record;
  membership public.tenant_members;
  given private.rule_memberships;
begin
  -- Who changes the rule or unbinds the provider waits for this lock, and then sees who joined. Nobody slips in between.
  select * into rule from public.tenant_idp_config as c where c.tenant_id = tenant and c.id = provider for share;
  if rule.id is null or exists (select from public.tenants as t where t.id = tenant and t.status = 'archived') then
    outcome := 'none';
    reason := 'not_of_provider';
    return;
  end if;
  select * into found_role from private.find_rule_role(rule, person);
  select * into membership from public.tenant_members as m where m.tenant_id = tenant and m.user_id = person for no key update;
  update private.rule_memberships as r set settled_at = now() where r.tenant_id = tenant and r.user_id = person returning * into given;
  outcome := 'member';
  role := membership.role;

  if membership.status = 'deactivated' then
    -- The row stays whatever the rule says: without it the next sign-in would undo a manager's decision.
    outcome := 'refused';
    reason := 'membership_deactivated';
    role := null;
  elsif given.user_id is not null and found_role.role is null then
    perform private.end_rule_membership(given, found_role.reason);
    outcome := 'left';
    reason := found_role.reason;
    role := null;
  elsif given.user_id is not null and found_role.role <> given.given_role then
    update private.rule_memberships as r set given_role = found_role.role where r.tenant_id = tenant and r.user_id = person;
    update public.tenant_members as m set role = found_role.role where m.tenant_id = tenant and m.user_id = person;
    perform private.record_audit(tenant, 'member.role_by_rule', 'tenant_members', private.ulid(person), null,
      jsonb_build_object('identity_provider', rule.ref_id, 'rule', rule.join_rule, 'role', found_role.role));
    outcome := 'role_changed';
    role := found_role.role;
  elsif membership.user_id is null and found_role.role is null then
    outcome := 'none';
    reason := found_role.reason;
  elsif membership.user_id is null then
    reason := private.join_by_rule(rule, person, found_role.role);
    outcome := case when reason is null then 'joined' else 'refused' end;
    role := case when reason is null then found_role.role end;
  end if;
end
$$;
comment on function private.settle_rule_membership(uuid, uuid, uuid) is
  'Lets a person join or leave a tenant, or have another role there, as its provider''s rule says now: joined, left, role_changed, member (nothing changed), refused or none, and why.';

-- A definer, because no role of the API may read the table. It tells those who may read the members.
create function private.list_rule_providers(tenant uuid, people uuid[]) returns table (user_id uuid, provider public.idp_kind)
  language plpgsql volatile security definer
  set search_path = ''
as $$
begin
  perform private.require_permission(list_rule_providers.tenant, 'members:read');
  return query
    select r.user_id, c.type from private.rule_memberships as r
    join public.tenant_idp_config as c on c.tenant_id = r.tenant_id and c.id = r.idp_id
    where r.tenant_id = list_rule_providers.tenant and r.user_id = any (list_rule_providers.people);
end
$$;
comment on function private.list_rule_providers(uuid, uuid[]) is
  'Which of these people are members by the rule of a provider, and of which. Whoever is not listed was made a member by people.';
grant execute on function private.list_rule_providers(uuid, uuid[]) to authenticated;

select private.register_audit_action('member.joined_by_rule', 'c', '{identity_provider,rule,role}');
select private.register_audit_action('member.role_by_rule', 'u', '{identity_provider,rule,role}');
select private.register_audit_action('member.left_by_rule', 'd', '{identity_provider,role,reason}');

select private.register_table('private.rule_memberships', keeping => 'derived', unaudited => 'each row comes and goes with a membership, which is audited');

-- 30_identity_providers/05_settling.sql

-- Settling: when somebody's membership by a rule is looked at: as Auth signs them in, and as what the rule stands on goes away.

create function private.settle_rule_memberships(tenant uuid default null, provider uuid default null, batch int default null) returns int
  language plpgsql security definer
  set search_path = ''
as $$
declare
  given private.rule_memberships;
  ended int := 0;
begin
  for given in
    select r.* from private.rule_memberships as r
    where (settle_rule_memberships.tenant is null or r.tenant_id = settle_rule_memberships.tenant)
      and (settle_rule_memberships.provider is null or r.idp_id = settle_rule_memberships.provider)
    order by r.settled_at limit batch
  loop
    ended := ended + ((private.settle_rule_membership(given.tenant_id, given.idp_id, given.user_id)).outcome = 'left')::int;
  end loop;
  return ended;
end
$$;
comment on function private.settle_rule_memberships(uuid, uuid, int) is
  'Ends the memberships that rules made and that they do not cover any more, of a tenant or of all. Returns how many.';

-- A definer, as the next three: Auth signs somebody in, and a manager or DNS takes away what a rule stands on.
create function private.tg_settle_signed_in() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
declare
  provider public.tenant_idp_config;
begin
  -- A hosted project lets its migrations put triggers on this table:
  -- supabase.com/changelog/34270-restricting-access-on-auth-storage-and-realtime-schemas-on-april-21-2025
  -- So no client has to call anything, and none can avoid it.
  if pg_input_is_valid(substring(new.provider from 5), 'uuid') then
    select * into provider from public.tenant_idp_config as c where c.sso_provider_id = substring(new.provider from 5)::uuid;
  end if;
  if provider.id is not null then
    perform private.settle_rule_membership(provider.tenant_id, provider.id, new.user_id);
  end if;
  return null;
exception when others then
  -- People sign in all the same. What they may not have any more, cron takes away.
  raise warning 'The membership of somebody who signed in was not settled: %', sqlerrm;
  return null;
end
$$;
create trigger settle_signed_in after insert or update of identity_data on auth.identities
  for each row when (new.provider like 'sso:%') execute function private.tg_settle_signed_in();

create function private.tg_settle_provider() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
declare
  given private.rule_memberships;
begin
  if tg_op = 'UPDATE' then
    perform private.settle_rule_memberships(new.tenant_id, new.id);
    return null;
  end if;
  -- With a tenant that is deleted everything goes.
  if exists (select from public.tenants as t where t.id = old.tenant_id) then
    for given in select * from private.rule_memberships as r where r.tenant_id = old.tenant_id and r.idp_id = old.id loop
      if not exists (select from public.tenant_members as m
        where m.tenant_id = given.tenant_id and m.user_id = given.user_id and m.status = 'deactivated') then
        perform private.end_rule_membership(given, 'provider_removed');
      end if;
    end loop;
  end if;
  return old;
end
$$;
create trigger tenant_idp_config_settle_members after update of join_rule, join_role, join_claim, join_groups, sso_provider_id on public.tenant_idp_config
  for each row when ((old.join_rule, old.join_role, old.join_claim, old.join_groups, old.sso_provider_id)
    is distinct from (new.join_rule, new.join_role, new.join_claim, new.join_groups, new.sso_provider_id))
  execute function private.tg_settle_provider();
create trigger tenant_idp_config_end_members before delete on public.tenant_idp_config
  for each row execute function private.tg_settle_provider();

create function private.tg_settle_domain() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  perform private.settle_rule_memberships(old.tenant_id);
  return null;
end
$$;
create trigger tenant_domains_lost after update of status on public.tenant_domains
  for each row when (old.status = 'verified' and new.status <> 'verified') execute function private.tg_settle_domain();
create trigger tenant_domains_removed after delete on public.tenant_domains
  for each row when (old.status = 'verified') execute function private.tg_settle_domain();

-- A definer, because the caller may not be a member yet.
create function private.settle_own_membership(out tenant text, out outcome text, out reason text, out role public.tenant_role)
  language plpgsql security definer
  set search_path = ''
as $$
declare
  provider public.tenant_idp_config;
begin
  -- Auth's own rows, and not the token: its claims may be an hour old.
  select c.* into provider from auth.identities as i
  join public.tenant_idp_config as c on c.sso_provider_id = case when pg_input_is_valid(substring(i.provider from 5), 'uuid') then substring(i.provider from 5)::uuid end
  where i.provider like 'sso:%' and i.user_id = (select auth.uid()) and private.caller_api_key() is null limit 1;
  if provider.id is null then
    outcome := 'none';
    reason := 'not_of_provider';
    return;
  end if;
  select s.outcome, s.reason, s.role, t.slug into outcome, reason, role, tenant
  from private.settle_rule_membership(provider.tenant_id, provider.id, (select auth.uid())) as s
  join public.tenants as t on t.id = provider.tenant_id;
end
$$;
comment on function private.settle_own_membership() is
  'Settles the caller''s membership in the tenant whose provider signed them in, and says why they are no member. Auth has done the same as it signed them in.';
grant execute on function private.settle_own_membership() to authenticated;

select cron.schedule('registry: end memberships that no rule covers', '37 * * * *', 'select private.settle_rule_memberships(batch => 2000)');

-- 30_identity_providers/06_sign_in_options.sql

-- Sign-in options: where the people of an e-mail address sign in, told to anybody who asks, at a bounded rate.

create function private.find_sign_in_options(email text) returns jsonb
  language plpgsql stable
  set search_path = ''
as $$
declare
  -- The part before the @ is ignored, so that the answer does not say whether somebody has an account.
  domain text := coalesce(rtrim(private.fold_email(substring(left(find_sign_in_options.email, 400) from '@([^@]+)$')), '.'), '');
  holder uuid;
  slug text;
  provider uuid;
  is_off boolean;
begin
  -- Each step is taken whatever the one before found, with an id that nobody has if it found nothing. Otherwise the time of an
  -- answer would tell a domain that a tenant holds without a provider from one that nobody holds.
  -- Exactly the verified name, because the owner of example.com may not control mail.example.com.
  holder := coalesce((select d.tenant_id from public.tenant_domains as d where d.host = domain and d.status = 'verified'),
    '00000000-0000-0000-0000-000000000000');
  provider := (select c.sso_provider_id from public.tenant_idp_config as c
    where c.tenant_id = holder and c.verified and c.sso_provider_id is not null and (c.keys_expire_at is null or c.keys_expire_at > now())
    order by c.verified_at desc limit 1);
  slug := (select t.slug from public.tenants as t where t.id = holder and t.status <> 'archived');
  is_off := private.is_switched_off(holder, 'sso');
  return case when provider is null or slug is null or is_off then '{"method": "password"}'
    else jsonb_build_object('method', 'sso', 'tenant', slug, 'sso_provider_id', provider) end;
end
$$;
comment on function private.find_sign_in_options(text) is 'What find_idp_for_email() answers. It does the same work for every address.';

-- A definer, because the caller is not yet signed in. It says only where the people of a domain sign in. They must
-- know that.
create function public.find_idp_for_email(email text) returns jsonb
  language plpgsql security definer
  set search_path = ''
as $$
begin
  -- Whoever asks for a list of domains learns which of them are customers. Only a session of the platform without a request may.
  if not (private.is_trusted_caller() and coalesce(current_setting('request.headers', true), '') = '')
    and not private.take_turn(private.platform_tenant_id(), private.turn_from_here('sign_in_options'), 600, 'hour') then
    perform private.raise_problem(429, 'too_many_sign_in_questions', 'It was asked 600 times in this hour from here how people sign in. Try again later.');
  end if;
  return private.find_sign_in_options(email);
end
$$;
comment on function public.find_idp_for_email(text) is
  'How the people of an e-mail address sign in: {method: "sso", tenant, sso_provider_id} if its domain and a provider are verified, otherwise {method: "password"}. 600 times an hour from one address; 429 too_many_sign_in_questions.';
grant execute on function public.find_idp_for_email(text) to anon, authenticated, service_role;

-- 30_identity_providers/07_asking_again.sql

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

-- 30_identity_providers/08_certificates.sql

-- Certificates: managers are told before the last one of a SAML provider ends, and when it has ended.

create function private.tell_of_ending_certificates(tenant uuid default null, batch int default 500) returns int
  language plpgsql
  set search_path = ''
as $$
declare
  due record;
  told int := 0;
begin
  for due in
    select c.tenant_id, c.id, c.ref_id, c.type, c.keys_expire_at, s.days, to_char(c.keys_expire_at at time zone t.time_zone, 'YYYY-MM-DD') as ends_on
    from public.tenant_idp_config as c
    join public.tenants as t on t.id = c.tenant_id and t.status <> 'archived'
    cross join lateral (select case when c.keys_expire_at <= now() then 0
      when c.keys_expire_at <= now() + interval '1 day' then 1
      when c.keys_expire_at <= now() + interval '7 days' then 7
      when c.keys_expire_at <= now() + interval '14 days' then 14 else 30 end) as s (days)
    where (tell_of_ending_certificates.tenant is null or c.tenant_id = tell_of_ending_certificates.tenant)
      and c.keys_expire_at <= now() + interval '30 days'
      and (c.certificate_told_ends_at is distinct from c.keys_expire_at or c.certificate_told_days > s.days)
    order by c.keys_expire_at limit batch for no key update of c skip locked
  loop
    update public.tenant_idp_config as c set certificate_told_ends_at = due.keys_expire_at, certificate_told_days = due.days
    where c.tenant_id = due.tenant_id and c.id = due.id;
    perform private.notify(due.tenant_id, case when due.days = 0 then 'idp.certificate_ended' else 'idp.certificate_ending' end, '{admins}',
      jsonb_build_object('kind', upper(due.type::text), 'ends_on', due.ends_on), 'identity_provider', due.ref_id);
    told := told + 1;
  end loop;
  return told;
end
$$;
comment on function private.tell_of_ending_certificates(uuid, int) is
  'Tells the managers of each provider whose last certificate ends within 30, 14, 7 and 1 days, and once it has ended, once for each, at most one batch. Of one tenant, or of all. Returns of how many.';

select private.register_notification_type('idp.certificate_ending', 'sign_in', 'The last certificate of the identity provider ends soon.',
  '{"en": "The last certificate of your identity provider ({{kind}}) ends on {{ends_on}}. After that your people cannot sign in with it. Enter its new metadata before.",
    "de": "Das letzte Zertifikat deines Identitätsanbieters ({{kind}}) endet am {{ends_on}}. Danach können sich deine Leute nicht mehr damit anmelden. Trage vorher seine neuen Metadaten ein.",
    "fr": "Le dernier certificat de votre fournisseur d’identité ({{kind}}) expire le {{ends_on}}. Ensuite, vos collaborateurs ne pourront plus se connecter. Saisissez ses nouvelles métadonnées avant cette date."}',
  '{"kind": "SAML", "ends_on": "2026-12-20"}', is_critical => true);
select private.register_notification_type('idp.certificate_ended', 'sign_in', 'The last certificate of the identity provider has ended.',
  '{"en": "The last certificate of your identity provider ({{kind}}) ended on {{ends_on}}. Your people cannot sign in with it until you enter its new metadata.",
    "de": "Das letzte Zertifikat deines Identitätsanbieters ({{kind}}) endete am {{ends_on}}. Deine Leute können sich nicht damit anmelden, bis du seine neuen Metadaten einträgst.",
    "fr": "Le dernier certificat de votre fournisseur d’identité ({{kind}}) a expiré le {{ends_on}}. Vos collaborateurs ne peuvent plus se connecter tant que vous n’avez pas saisi ses nouvelles métadonnées."}',
  '{"kind": "SAML", "ends_on": "2026-12-20"}', is_critical => true);

select cron.schedule('registry: tell of certificates that end', '19 * * * *', 'select private.tell_of_ending_certificates()');

-- 40_ownership.sql

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

-- 50_tenants/01_events.sql

-- Events about a tenant itself: its slug and status, its members and its products.

create function private.tg_emit_tenant_events() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
declare
  data jsonb := jsonb_build_object('tenant', jsonb_build_object('ref_id', new.ref_id, 'slug', new.slug));
begin
  if new.slug <> old.slug then
    perform private.emit_event(new.id, 'tenant.renamed', data || jsonb_build_object('old_slug', old.slug), 'tenant', has_row_lock => true);
  end if;
  if new.plan <> old.plan then
    perform private.emit_event(new.id, 'tenant.plan_changed',
      data || jsonb_build_object('old_plan', old.plan, 'new_plan', new.plan), 'tenant', has_row_lock => true);
  end if;
  if new.status = 'trial' and new.trial_ends_at <> old.trial_ends_at then
    perform private.emit_event(new.id, 'tenant.trial_extended',
      data || jsonb_build_object('trial_ends_at', private.event_moment(new.trial_ends_at)), 'tenant', has_row_lock => true);
  end if;
  -- Archiving emits no event. The endpoints of an archived tenant are paused, so the event would arrive only after
  -- the tenant is restored.
  if new.status <> old.status then
    perform private.emit_event(new.id, 'tenant.status_changed',
      data || jsonb_build_object('old_status', old.status, 'new_status', new.status), 'tenant', has_row_lock => true);
  end if;
  return null;
end
$$;
create trigger tenants_write_event after update on public.tenants
  for each row when (old.slug <> new.slug or old.status <> new.status or old.plan <> new.plan or old.trial_ends_at <> new.trial_ends_at)
  execute function private.tg_emit_tenant_events();

create function private.tg_emit_plan_excess_events() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  perform private.emit_event(new.tenant_id, case when new.switched_off_at is null then 'tenant.plan_exceeded' else 'tenant.plan_enforced' end,
    jsonb_build_object('tenant', (select jsonb_build_object('ref_id', t.ref_id, 'slug', t.slug) from public.tenants as t where t.id = new.tenant_id),
      'gate', new.gate, 'in_use', new.in_use, 'most', new.most, 'switches_off_at', private.event_moment(new.switches_off_at)),
    'tenant', has_row_lock => true);
  perform private.notify(new.tenant_id, case when new.switched_off_at is null then 'plan.exceeded' else 'plan.enforced' end, '{admins}',
    jsonb_build_object('gate', new.gate, 'in_use', new.in_use, 'most', coalesce(new.most, 0),
      'switches_off_on', to_char(new.switches_off_at at time zone 'utc', 'YYYY-MM-DD')));
  return null;
end
$$;
create trigger plan_excesses_write_event after insert on public.plan_excesses
  for each row execute function private.tg_emit_plan_excess_events();
create trigger plan_excesses_write_change_event after update of switched_off_at on public.plan_excesses
  for each row when (old.switched_off_at is null and new.switched_off_at is not null) execute function private.tg_emit_plan_excess_events();

create function private.tg_emit_member_events() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
declare
  member public.tenant_members := case tg_op when 'DELETE' then old else new end;
  was_active boolean := tg_op <> 'INSERT' and old.status = 'active';
  is_active boolean := tg_op <> 'DELETE' and new.status = 'active';
  ordering_key text := 'member ' || private.ulid(member.user_id);
  person jsonb;
begin
  -- A person whose account was deleted has no profile any more.
  select jsonb_build_object('ref_id', private.ulid(member.user_id), 'email', p.email, 'name', p.name, 'role', member.role) into person
  from (select) as one left join public.user_profiles as p on p.user_id = member.user_id;
  if is_active and not was_active then
    perform private.emit_event(member.tenant_id, 'member.joined', jsonb_build_object('member', person), ordering_key, has_row_lock => true);
  elsif was_active and not is_active then
    perform private.emit_event(member.tenant_id, 'member.removed', jsonb_build_object('member', person - 'name',
      'reason', case tg_op when 'DELETE' then 'removed' else 'deactivated' end), ordering_key, has_row_lock => true);
  elsif is_active and new.role <> old.role then
    perform private.emit_event(member.tenant_id, 'member.role_changed',
      jsonb_build_object('member', person - 'name', 'old_role', old.role), ordering_key, has_row_lock => true);
  end if;
  return null;
end
$$;
create trigger tenant_members_write_event after insert or delete on public.tenant_members
  for each row execute function private.tg_emit_member_events();
create trigger tenant_members_write_change_event after update on public.tenant_members
  for each row when (old.status <> new.status or old.role <> new.role) execute function private.tg_emit_member_events();

create function private.tg_emit_product_events() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
declare
  product public.tenant_products := case tg_op when 'DELETE' then old else new end;
  was_usable boolean := tg_op <> 'INSERT' and old.enabled and (old.expires_at is null or old.expires_at > now());
  is_usable boolean := tg_op <> 'DELETE' and new.enabled and (new.expires_at is null or new.expires_at > now());
begin
  if is_usable and (not was_usable or new.expires_at is distinct from old.expires_at) then
    perform private.emit_event(product.tenant_id, 'product.granted',
      jsonb_build_object('product', product.product, 'expires_at', private.event_moment(product.expires_at)),
      'product ' || product.product, has_row_lock => true);
  elsif was_usable and not is_usable then
    perform private.emit_event(product.tenant_id, 'product.revoked', jsonb_build_object('product', product.product),
      'product ' || product.product, has_row_lock => true);
  end if;
  return null;
end
$$;
create trigger tenant_products_write_event after insert or update or delete on public.tenant_products
  for each row execute function private.tg_emit_product_events();

create function private.tg_emit_threshold_events() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
declare
  -- One step may pass several thresholds. Each has an event of its own.
  passed int := case when new.announced_at = old.announced_at and new.announced_most = old.announced_most then old.announced_percent else 0 end;
begin
  perform private.emit_event(new.tenant_id, 'limit.threshold_reached', jsonb_build_object(
    'limit', new.gate, 'percent', p.percent, 'most', new.announced_most, 'month_starts_at', private.event_moment(new.announced_at)),
    'limit ' || new.gate,
    format('limit %s of %s at %s since %s', new.gate, new.announced_most, p.percent, extract(epoch from new.announced_at)::bigint),
    has_row_lock => true)
  from unnest('{50,80,100}'::int[]) as p (percent)
  where p.percent > passed and p.percent <= new.announced_percent order by p.percent;
  -- Half of it is nothing that a person has to do something about.
  perform private.notify(new.tenant_id, case new.announced_percent when 100 then 'limit.reached' else 'limit.near' end, '{admins}',
    jsonb_build_object('limit', new.gate, 'percent', new.announced_percent, 'most', new.announced_most),
    idempotency_key => format('limit %s of %s at %s since %s', new.gate, new.announced_most, new.announced_percent, extract(epoch from new.announced_at)::bigint))
  where new.announced_percent >= 80 and new.announced_percent > passed
    -- Other numbers than those of plans have words of their own.
    and exists (select from private.gates as g where g.gate = new.gate);
  return null;
end
$$;
create trigger tenant_counts_write_event after update of announced_percent on private.tenant_counts
  for each row execute function private.tg_emit_threshold_events();

select private.register_event_type('tenant.renamed', 'The tenant has another slug. The old slug leads to the tenant for 90 days.',
    '{"tenant": {"ref_id": "ref_id", "slug": "text"}, "old_slug": "text"}',
    '{"tenant": {"ref_id": "01JD3N8Q4ZB6T2V9XK5M7R0C1E", "slug": "leadingwithmeaning"}, "old_slug": "mark-ellery-coaching"}');

select private.register_event_type('tenant.status_changed', 'The status of the tenant was changed. There is no event when it is archived, but there is one when it is restored.',
    '{"tenant": {"ref_id": "ref_id", "slug": "text"}, "old_status": "demo|trial|active|frozen|archived", "new_status": "demo|trial|active|frozen|archived"}',
    '{"tenant": {"ref_id": "01JD3N8Q4ZB6T2V9XK5M7R0C1E", "slug": "leadingwithmeaning"}, "old_status": "trial", "new_status": "active"}');

select private.register_event_type('tenant.plan_changed', 'The tenant has another plan.',
    '{"tenant": {"ref_id": "ref_id", "slug": "text"}, "old_plan": "text", "new_plan": "text"}',
    '{"tenant": {"ref_id": "01JD3N8Q4ZB6T2V9XK5M7R0C1E", "slug": "leadingwithmeaning"}, "old_plan": "starter", "new_plan": "business"}');

select private.register_event_type('tenant.plan_exceeded', 'The tenant has more than its plan allows. It works until switches_off_at.',
    '{"tenant": {"ref_id": "ref_id", "slug": "text"}, "gate": "text", "in_use": "count", "most": "count", "switches_off_at": "moment"}',
    '{"tenant": {"ref_id": "01JD3N8Q4ZB6T2V9XK5M7R0C1E", "slug": "leadingwithmeaning"}, "gate": "api_keys", "in_use": 5, "most": 2,
      "switches_off_at": "2026-12-22T09:30:00.000Z"}');

select private.register_event_type('tenant.plan_enforced', 'What the tenant has beyond its plan was switched off, the newest first. Nothing was deleted.',
    '{"tenant": {"ref_id": "ref_id", "slug": "text"}, "gate": "text", "in_use": "count", "most": "count", "switches_off_at": "moment"}',
    '{"tenant": {"ref_id": "01JD3N8Q4ZB6T2V9XK5M7R0C1E", "slug": "leadingwithmeaning"}, "gate": "api_keys", "in_use": 5, "most": 2,
      "switches_off_at": "2026-12-22T09:30:00.000Z"}');

select private.register_event_type('tenant.trial_extended', 'The trial of the tenant ends at another moment than before.',
    '{"tenant": {"ref_id": "ref_id", "slug": "text"}, "trial_ends_at": "moment"}',
    '{"tenant": {"ref_id": "01JD3N8Q4ZB6T2V9XK5M7R0C1E", "slug": "leadingwithmeaning"}, "trial_ends_at": "2026-12-20T09:30:00.000Z"}');

select private.register_event_type('limit.threshold_reached', 'So much of a limit of the plan is used: 50, 80 or 100 percent.',
    '{"limit": "text", "percent": "count", "most": "count", "month_starts_at": "moment"}',
    '{"limit": "usage_events", "percent": 80, "most": 10000, "month_starts_at": "2026-11-01T00:00:00.000Z"}');

select private.register_event_type('member.joined', 'Somebody joined the tenant, for the first time or again.',
    '{"member": {"ref_id": "ref_id", "email?": "email", "name?": "text", "role": "owner|admin|member|reviewer"}}',
    '{"member": {"ref_id": "5NXV80000080084000000000G2", "email": "iris@example.com", "name": "Iris Okonjo", "role": "reviewer"}}');

select private.register_event_type('member.role_changed', 'A member of the tenant has another role.',
    '{"member": {"ref_id": "ref_id", "email?": "email", "role": "owner|admin|member|reviewer"}, "old_role": "owner|admin|member|reviewer"}',
    '{"member": {"ref_id": "5NXV80000080084000000000G2", "email": "iris@example.com", "role": "admin"}, "old_role": "reviewer"}');

select private.register_event_type('member.removed', 'Somebody no longer belongs to the tenant. The membership was deactivated or removed, or the person left.',
    '{"member": {"ref_id": "ref_id", "email?": "email", "role": "owner|admin|member|reviewer"}, "reason": "deactivated|removed"}',
    '{"member": {"ref_id": "5NXV80000080084000000000G2", "email": "iris@example.com", "role": "reviewer"}, "reason": "removed"}');

select private.register_event_type('product.granted', 'The tenant may use a product, or may use it until another moment than before. There is no event when that moment comes.',
    '{"product": "text", "expires_at?": "moment"}',
    '{"product": "marketing", "expires_at": "2027-11-20T00:00:00.000Z"}');

select private.register_event_type('product.revoked', 'The tenant may no longer use a product.',
    '{"product": "text"}',
    '{"product": "marketing"}');

-- 50_tenants/02_tables.sql

-- Tables of tenants: which tables hold rows of tenants, and what exports, purges and resets need to know of them.

-- Reads the tables from the catalog. So a new table is exported, purged and reset without any further change.
create function private.tenant_tables()
  returns table (name text, relation regclass, tenant_column text, key text[], depth int, keeping private.table_keeping)
  language sql stable
  set search_path = ''
as $$
  with recursive owned as (
    select c.oid, case n.nspname when 'public' then c.relname::text else n.nspname || '.' || c.relname end as name,
      case when c.oid = 'public.tenants'::regclass then 'id' else 'tenant_id' end as tenant_column
    from pg_catalog.pg_class as c
    join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    join pg_catalog.pg_attribute as a on a.attrelid = c.oid and not a.attisdropped
      and a.attname = case when c.oid = 'public.tenants'::regclass then 'id' else 'tenant_id' end
    where n.nspname in ('public', 'private') and c.relkind in ('r', 'p') and not c.relispartition
  ), reached (oid, depth) as (
    select 'public.tenants'::regclass::oid, 0
    union
    -- The bound stops tables that refer to each other. Real chains are a few tables long.
    select k.conrelid, r.depth + 1
    from reached as r
    join pg_catalog.pg_constraint as k on k.contype = 'f' and k.confrelid = r.oid and k.conrelid <> k.confrelid
    where r.depth < 12
  )
  select o.name, o.oid::regclass, o.tenant_column,
    array(
      select a.attname::text
      from pg_catalog.pg_index as x
      cross join unnest(x.indkey) with ordinality as part (attnum, n)
      join pg_catalog.pg_attribute as a on a.attrelid = x.indrelid and a.attnum = part.attnum
      where x.indrelid = o.oid and x.indisprimary and a.attname <> o.tenant_column
      order by part.n),
    coalesce((select max(r.depth) from reached as r where r.oid = o.oid), 1),
    coalesce(g.keeping, 'data')
  from owned as o
  left join private.registered_tables as g on g.relation = o.oid::regclass
  where g.keeping is distinct from 'transient'
$$;
comment on function private.tenant_tables() is
  'Every table with rows of tenants: its key without the tenant, its distance from tenants (parents first), and what happens to its rows.';

create function private.lock_tenant_queues(tenant uuid) returns void
  language plpgsql
  set search_path = ''
as $$
declare
  queue record;
begin
  -- In the order of the key, because a process that serves a queue locks its rows before the rows they point to.
  for queue in
    select t.relation, t.tenant_column, (select string_agg(quote_ident(k), ', ') from unnest(t.key) as k) as key
    from private.tenant_tables() as t join private.registered_tables as g using (relation)
    where g.is_locked_first order by t.name
  loop
    execute format('select from %s where %I = $1 order by %s for update', queue.relation, queue.tenant_column, queue.key) using tenant;
  end loop;
end
$$;
comment on function private.lock_tenant_queues(uuid) is 'Locks a tenant''s rows in tables that are registered as is_locked_first. Call it before deleting the tenant''s rows.';

-- The demo tenants. Their state is kept as rows and restored every night.
create table private.demo_snapshots (
  tenant_id uuid not null references public.tenants on delete cascade,
  relation text not null,
  rows jsonb not null,
  taken_at timestamptz not null default now(),
  primary key (tenant_id, relation),
  constraint rows_are_a_list check (jsonb_typeof(rows) = 'array')
);
comment on table private.demo_snapshots is 'The rows of a demo tenant, one row for each table, as they are restored every night.';

create function private.snapshot_secret_ids(tenant uuid) returns uuid[]
  language sql stable
  set search_path = ''
as $$
  select coalesce(array_agg(f.value::uuid), '{}')
  from private.demo_snapshots as d, jsonb_array_elements(d.rows) as s (kept), jsonb_each_text(s.kept) as f
  where d.tenant_id = snapshot_secret_ids.tenant and f.key ~ '(^|_)secret_id$' and f.value is not null
$$;
comment on function private.snapshot_secret_ids(uuid) is 'The secrets in Vault that a demo tenant''s snapshot names. Restored rows need them.';

create function private.drop_secrets(tenant uuid, secrets uuid[]) returns void
  language sql
  set search_path = ''
as $$
  delete from vault.secrets as s
  where s.id = any (drop_secrets.secrets) and s.id <> all (private.snapshot_secret_ids(drop_secrets.tenant))
$$;
comment on function private.drop_secrets(uuid, uuid[]) is
  'Deletes the Vault secrets of deleted rows. Keeps the secrets that a demo tenant''s snapshot will need.';

create function private.keep_secret(given text, stored uuid, goes_elsewhere boolean, what text, field text default 'secret') returns uuid
  language plpgsql
  set search_path = ''
as $$
begin
  if given is not null then
    return vault.create_secret(given, null, what);
  end if;
  -- Otherwise whoever may change the settings could have it sent to a server of their own.
  if stored is not null and goes_elsewhere then
    perform private.raise_problem(422, 'invalid_value', 'The secret would go to another server than before. Give it again.',
      jsonb_build_array(jsonb_build_object('pointer', '/' || field, 'detail', 'must be given again for another server')));
  end if;
  return stored;
end
$$;
comment on function private.keep_secret(text, uuid, boolean, text, text) is
  'The secret in Vault that settings name from now on: a new one if it is given, else the stored one. 422 invalid_value if the stored one would go to another server than before.';

-- A definer, because nobody else may reach Vault. It also runs when a tenant is deleted together with its rows.
create function private.tg_drop_secrets() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  perform private.drop_secrets(old.tenant_id, array(
    select (to_jsonb(old) ->> c)::uuid from unnest(tg_argv) as c
    where to_jsonb(old) ->> c is not null
      and (tg_op = 'DELETE' or to_jsonb(old) ->> c <> all (array(select coalesce(to_jsonb(new) ->> n, '') from unnest(tg_argv) as n)))));
  return null;
end
$$;
comment on function private.tg_drop_secrets() is
  'Deletes from Vault what a changed or deleted row does not name any more. Its arguments are the columns that hold ids of secrets.';

select private.register_table('private.demo_snapshots', keeping => 'derived', plain => '{relation}', personal => '{rows}', unaudited => 'a copy of rows', copy_column => 'rows',
  on_forget => 'keep', kept_because => 'A demo tenant holds invented people. They are restored every night.');

-- 50_tenants/03_exports.sql

-- Exports: all rows of a tenant, page by page, without its secrets.

-- The next four functions are definers, because an export holds rows that no policy shows to people, such as
-- those in private. Each one checks the permission itself, so that none can be called alone.
create function private.begin_export(tenant uuid) returns void
  language plpgsql security definer
  set search_path = ''
as $$
begin
  perform private.require_permission(tenant, 'export');
  perform private.record_audit(tenant, 'tenant.exported', 'tenant', private.ulid(tenant));
end
$$;
comment on function private.begin_export(uuid) is 'Refuses an export before its first byte is sent, or records that it was made.';

create function private.export_tables(tenant uuid)
  returns table (name text, redacted text[])
  language plpgsql stable security definer
  set search_path = ''
as $$
begin
  perform private.require_permission(tenant, 'export');
  return query select t.name, coalesce(g.secret || g.internal, '{}') from private.tenant_tables() as t
    left join private.registered_tables as g on g.relation = t.relation order by t.depth, t.name;
end
$$;
comment on function private.export_tables(uuid) is 'The tables of an export, parents first, and which of their columns are left empty in it.';

create function private.count_export_rows(tenant uuid, name text) returns bigint
  language plpgsql stable security definer
  set search_path = ''
as $$
declare
  source record;
  counted bigint;
begin
  perform private.require_permission(tenant, 'export');
  select * into strict source from private.tenant_tables() as t where t.name = count_export_rows.name;
  execute format('select count(*) from %s where %I = $1', source.relation, source.tenant_column) into counted using tenant;
  return counted;
end
$$;

create function private.export_rows(tenant uuid, name text, after text[] default null, batch int default 1000)
  returns table (lines text, row_count int, last_key jsonb)
  language plpgsql stable security definer
  set search_path = ''
as $$
declare
  source record;
  registered private.registered_tables;
  hidden text[];
  shown text := 'to_jsonb(t)';
  key_columns text;
  key_values text;
begin
  perform private.require_permission(tenant, 'export');
  -- A key that cannot be one is quoted in the refusal.
  if octet_length(after::text) > 4000 then
    perform private.raise_problem(422, 'invalid_value', 'There is no row with this key.');
  end if;
  select * into strict source from private.tenant_tables() as t where t.name = export_rows.name;
  select * into strict registered from private.registered_tables as g where g.relation = source.relation;
  hidden := registered.secret || registered.internal;
  if exists (select from unnest(hidden) as h where h not like '%.%') then
    shown := format('(%s || %L)', shown, (
      select jsonb_object_agg(h, null) from unnest(hidden) as h where h not like '%.%'));
  end if;
  if exists (select from unnest(hidden) as h where h like '%.%') then
    shown := format('private.overwrite_paths(%s, %L, ''null'')', shown, array(select h from unnest(hidden) as h where h like '%.%'));
  end if;
  if registered.copy_column is not null then
    -- A copy is no way around the register: each copied row is treated as a row of its own table.
    shown := format('(%s || jsonb_build_object(%L, (select coalesce(jsonb_agg(private.without_secrets(c.copy, s.relation) order by c.n), ''[]'')
      from jsonb_array_elements(t.%I) with ordinality as c (copy, n)
      left join private.tenant_tables() as s on s.name = t.relation)))', shown, registered.copy_column, registered.copy_column);
  end if;
  select string_agg(format('t.%I', k), ', ' order by n),
    string_agg(format('($2)[%s]::%s', n, format_type(a.atttypid, a.atttypmod)), ', ' order by n)
  into key_columns, key_values
  from unnest(source.key) with ordinality as part (k, n)
  join pg_catalog.pg_attribute as a on a.attrelid = source.relation and a.attname = part.k;
  -- A page ends after a thousand rows or a megabyte, whichever comes first, because rows may be of any size.
  return query execute format(
    $sql$
      select coalesce(string_agg(p.line, '' order by p.n), ''), count(*)::int, (array_agg(to_jsonb(p.key) order by p.n desc))[1]
      from (
        select r.*, sum(length(r.line)) over (order by r.n) - length(r.line) as before
        from (
          select row_number() over () as n, array[%1$s]::text[] as key,
            '{"table":' || $4 || ',"row":' || (%6$s)::text || E'}\n' as line
          from (select * from %2$s as t where t.%3$I = $1 %4$s %5$s limit $3) as t
        ) as r
      ) as p
      where p.before < 1000000
    $sql$,
    coalesce(key_columns, ''), source.relation, source.tenant_column,
    case when key_columns is null then 'and $2 is null' else format('and ($2 is null or (%s) > (%s))', key_columns, key_values) end,
    case when key_columns is not null then 'order by ' || key_columns else '' end, shown)
  using tenant, after, batch, to_json(export_rows.name)::text;
end
$$;
comment on function private.export_rows(uuid, text, text[], int) is
  'One page of a table''s rows as lines of JSON, in the order of its key, after a given key. Also returns the key after which the next page begins.';
grant execute on function private.begin_export(uuid), private.export_tables(uuid), private.count_export_rows(uuid, text),
  private.export_rows(uuid, text, text[], int) to authenticated, service_role;

select private.register_audit_action('tenant.exported', 'r');

-- 50_tenants/04_purges.sql

-- Purges: how an archived tenant's rows are deleted for ever, batch by batch.

-- All three are definers, because nobody may read or write these tables directly. Granted only to the service.
create function private.begin_purge(tenant uuid, reason text default null, is_forced boolean default false)
  returns private.tenant_purges
  language plpgsql security definer
  set search_path = ''
as $$
declare
  found_tenant public.tenants;
  purge private.tenant_purges;
begin
  select * into found_tenant from public.tenants as t where t.id = begin_purge.tenant for no key update;
  select * into purge from private.tenant_purges as p where p.tenant = begin_purge.tenant;
  if purge.tenant is not null then
    return purge;
  end if;
  if found_tenant.id is null then
    perform private.raise_problem(404, 'tenant_not_found', 'There is no such tenant.');
  elsif found_tenant.status <> 'archived' then
    perform private.raise_problem(409, 'not_purgeable', format('Only an archived tenant can be purged. This one is %s.', found_tenant.status));
  elsif found_tenant.purgeable_at > now() and not begin_purge.is_forced then
    perform private.raise_problem(409, 'not_purgeable', format(
      'The export window of this tenant is open until %s. Purge it after that, or force the purge and give a reason.',
      to_char(found_tenant.purgeable_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')));
  elsif begin_purge.is_forced and nullif(btrim(begin_purge.reason), '') is null then
    perform private.raise_problem(422, 'invalid_value', 'Give a reason to purge the tenant before its export window closes.',
      '[{"pointer": "/reason", "detail": "is needed to force a purge"}]');
  end if;
  insert into private.tenant_purges (tenant, ref_id, slugs, reason, is_forced)
  select found_tenant.id, found_tenant.ref_id,
    array(select s.slug from public.tenant_slugs as s where s.tenant_id = found_tenant.id order by s.created_at),
    begin_purge.reason, begin_purge.is_forced and found_tenant.purgeable_at > now()
  returning * into purge;
  perform private.record_audit(purge.tenant, 'tenant.purge_decided', 'tenant', purge.ref_id, found_tenant.name,
    jsonb_build_object('reason', purge.reason, 'is_forced', purge.is_forced));
  return purge;
end
$$;
comment on function private.begin_purge(uuid, text, boolean) is
  'Decides that an archived tenant is purged. This cannot be undone. purge_batch() then deletes its rows. 409 not_purgeable. A repeated call returns the progress.';

create function private.purged_tenant_id(ref text) returns uuid
  language sql stable security definer
  set search_path = ''
as $$ select p.tenant from private.tenant_purges as p where p.ref_id = purged_tenant_id.ref $$;
comment on function private.purged_tenant_id(text) is 'The tenant that had this ref_id, if it is purged or being purged.';

create function private.purge_batch(tenant uuid, batch int default 10000)
  returns private.tenant_purges
  language plpgsql security definer
  set search_path = ''
as $$
declare
  purge private.tenant_purges;
  source record;
  secret_ids text;
  gone int;
  room int := batch;
begin
  -- Two purges of one tenant at the same time take turns.
  select * into purge from private.tenant_purges as p where p.tenant = purge_batch.tenant for update;
  if purge.tenant is null or purge.finished_at is not null then
    return purge;
  end if;
  perform private.lock_tenant_queues(purge_batch.tenant);
  for source in
    select t.name, leaf.relid as relation, t.relation as parent, t.tenant_column, t.name in ('tenants', 'tenant_members', 'tenant_slugs') as goes_last
    from private.tenant_tables() as t
    -- One partition after the other, because a row's place (ctid) is unique only within a partition.
    cross join lateral (
      select p.relid from pg_catalog.pg_partition_tree(t.relation) as p where p.isleaf
      union
      select t.relation where not exists (select from pg_catalog.pg_partition_tree(t.relation))
    ) as leaf
    where t.keeping <> 'kept'
    -- The owner and the slugs of a tenant stay until the last batch.
    order by t.name = 'tenants', goes_last, t.depth desc, t.name, leaf.relid::text
  loop
    -- The last rows are few. They are deleted together with the tenant.
    exit when room <= 0;
    continue when source.goes_last and source.name <> 'tenants';
    select string_agg(format('(%L)', a.attname), ', ') into secret_ids
    from pg_catalog.pg_attribute as a
    where a.attrelid = source.relation and not a.attisdropped and a.atttypid = 'uuid'::regtype and a.attname ~ '(^|_)secret_id$';
    execute format(
      $sql$
        with gone as (
          delete from %1$s as t where t.ctid = any (array(select ctid from %1$s where %2$I = $1 limit $2)) returning to_jsonb(t) as row
        )%3$s
        select count(*) from gone
      $sql$, source.relation, source.tenant_column,
      -- The secrets that a row has in Vault are deleted with the row.
      ', unlocked as (delete from vault.secrets as s using gone as g, (values ' || secret_ids || ') as c (name)
        where s.id = (g.row ->> c.name)::uuid)')
    into gone using tenant, room;
    if gone > 0 then
      room := room - gone;
      purge.deleted_rows := jsonb_set(purge.deleted_rows, array[source.name],
        to_jsonb(coalesce((purge.deleted_rows ->> source.name)::bigint, 0) + gone));
    end if;
    if source.name = 'tenants' then
      purge.finished_at := now();
      perform private.record_audit(purge.tenant, 'tenant.purged', 'tenant', purge.ref_id, null,
        jsonb_build_object('deleted_rows', purge.deleted_rows));
    end if;
  end loop;
  update private.tenant_purges as p set deleted_rows = purge.deleted_rows, finished_at = purge.finished_at
  where p.tenant = purge_batch.tenant;
  return purge;
end
$$;
comment on function private.purge_batch(uuid, int) is
  'Deletes at most a batch of a purged tenant''s rows, children first, and the tenant itself when nothing else is left. Repeat until finished_at is set.';

create function private.continue_purges(batch int default 20000) returns int
  language plpgsql
  set search_path = ''
as $$
declare
  unfinished uuid;
begin
  select p.tenant into unfinished from private.tenant_purges as p
  where p.finished_at is null order by p.requested_at limit 1 for update skip locked;
  if unfinished is null then
    return 0;
  end if;
  perform private.purge_batch(unfinished, batch);
  return 1;
end
$$;
comment on function private.continue_purges(int) is
  'Deletes one batch for the oldest purge that is not finished. Returns whether there was one.';
grant execute on function private.begin_purge(uuid, text, boolean), private.purge_batch(uuid, int),
  private.purged_tenant_id(text) to service_role;

select cron.schedule('registry: continue purges', '* * * * *',
  'select private.continue_purges()');

select private.register_audit_action('tenant.purge_decided', 'u', '{reason,is_forced}');
select private.register_audit_action('tenant.purged', 'd', '{deleted_rows}');

-- 50_tenants/05_demos.sql

-- Demos: the snapshot of a demo tenant, and the reset to it every night.

create function private.snapshot_demo_tenant(tenant uuid) returns int
  language plpgsql
  set search_path = ''
as $$
declare
  source record;
  kept int := 0;
  named_before uuid[] := private.snapshot_secret_ids(tenant);
begin
  perform from public.tenants as t where t.id = snapshot_demo_tenant.tenant and t.kind = 'demo' for no key update;
  if not found then
    perform private.raise_problem(409, 'conflict', 'Only a demo tenant can have a snapshot.');
  end if;
  delete from private.demo_snapshots as s where s.tenant_id = snapshot_demo_tenant.tenant;
  for source in
    select * from private.tenant_tables() as t
    where t.keeping = 'data'
  loop
    execute format(
      'insert into private.demo_snapshots (tenant_id, relation, rows)
       select $1, $2, coalesce(jsonb_agg(to_jsonb(t)), ''[]'') from %s as t where t.%I = $1', source.relation, source.tenant_column)
    using tenant, source.name;
    kept := kept + 1;
  end loop;
  perform private.drop_secrets(tenant, array(
    select n from unnest(named_before) as n
    where n <> all (private.snapshot_secret_ids(tenant))));
  return kept;
end
$$;
comment on function private.snapshot_demo_tenant(uuid) is 'Stores the present state of a demo tenant. Returns how many tables it holds. The seeds call this at their end.';

create function private.reset_demo_tenant(tenant uuid) returns int
  language plpgsql
  set search_path = ''
as $$
declare
  source record;
  columns text;
  gone int;
  changed int := 0;
begin
  perform from public.tenants as t where t.id = reset_demo_tenant.tenant and t.kind = 'demo' for no key update;
  if not found or not exists (select from private.demo_snapshots as s where s.tenant_id = reset_demo_tenant.tenant) then
    perform private.raise_problem(409, 'conflict', 'Only a demo tenant with a snapshot can be reset.');
  end if;
  -- A reset is no event: webhooks report nothing of it.
  perform set_config('tenantry.is_restoring', 'on', true);
  perform private.lock_tenant_queues(reset_demo_tenant.tenant);

  -- Rows that did not change stay untouched, so a demo that nobody used does not change. The tenant's own row is
  -- updated and not replaced, because deleting it would delete everything. Its updated_at shows the reset.
  select string_agg(format('%1$I = s.%1$I', a.attname), ', ') into columns
  from pg_catalog.pg_attribute as a
  where a.attrelid = 'public.tenants'::regclass and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
    and a.attname not in ('id', 'created_at', 'created_by', 'updated_at', 'updated_by');
  execute format(
    $sql$
      update public.tenants as t set %s
      from private.demo_snapshots as d, jsonb_populate_recordset(null::public.tenants, d.rows) as s
      where t.id = $1 and d.tenant_id = $1 and d.relation = 'tenants'
        and to_jsonb(t) - '{updated_at,updated_by}'::text[] <> to_jsonb(s) - '{updated_at,updated_by}'::text[]
    $sql$, columns)
  using tenant;
  get diagnostics changed = row_count;

  -- Children first, so that a row is deleted before the row to which it points. Members wait for the next loop,
  -- because a tenant must have an owner, even between two statements.
  for source in
    select * from private.tenant_tables() as t
    where t.keeping in ('data', 'history') and t.name not in ('tenants', 'tenant_members')
    order by t.depth desc, t.name
  loop
    execute format(
      $sql$
        delete from %1$s as t
        where t.%2$I = $1 and not exists (
          select from private.demo_snapshots as d, jsonb_array_elements(d.rows) as s (kept)
          where d.tenant_id = $1 and d.relation = $2 and s.kept = to_jsonb(t))
      $sql$, source.relation, source.tenant_column)
    using tenant, source.name;
    get diagnostics gone = row_count;
    changed := changed + gone;
  end loop;

  -- Parents first. A foreign key that sets null has changed rows in the meantime, so rows that differ now are
  -- replaced. This is one statement, and the rules about owners are checked at its end.
  for source in
    select * from private.tenant_tables() as t
    where t.keeping in ('data', 'history') and t.name <> 'tenants'
    order by t.depth, t.name
  loop
    select string_agg(quote_ident(a.attname), ', ' order by a.attnum) into columns
    from pg_catalog.pg_attribute as a
    where a.attrelid = source.relation and a.attnum > 0 and not a.attisdropped and a.attgenerated = '';
    execute format(
      $sql$
        with kept as materialized (
          select s.kept from private.demo_snapshots as d, jsonb_array_elements(d.rows) as s (kept)
          where d.tenant_id = $1 and d.relation = $2
        ), gone as (
          delete from %1$s as t
          where t.%2$I = $1 and not exists (select from kept as k where k.kept = to_jsonb(t))
          returning 1
        )
        insert into %1$s (%3$s) overriding system value
        select %3$s from jsonb_populate_recordset(null::%1$s, (
          select coalesce(jsonb_agg(k.kept), '[]') from kept as k
          -- Counting the deleted rows makes the deletion come first.
          where (select count(*) from gone) >= 0
            and not exists (select from %1$s as t where t.%2$I = $1 and to_jsonb(t) = k.kept)))
      $sql$, source.relation, source.tenant_column, columns)
    using tenant, source.name;
    get diagnostics gone = row_count;
    changed := changed + gone;
  end loop;
  perform set_config('tenantry.is_restoring', 'off', true);
  return changed;
end
$$;
comment on function private.reset_demo_tenant(uuid) is
  'Restores a demo tenant to its snapshot, in one transaction. Returns how many rows were changed. People''s logins are not changed.';

create function private.reset_demo_tenants() returns int
  language plpgsql
  set search_path = ''
as $$
declare
  demo uuid;
  changed int := 0;
begin
  for demo in
    select t.id from public.tenants as t
    where t.kind = 'demo' and exists (select from private.demo_snapshots as s where s.tenant_id = t.id) order by t.id
  loop
    begin
      changed := changed + private.reset_demo_tenant(demo);
    exception when others then
      -- If one tenant cannot be reset, the others are still reset.
      raise warning 'The demo tenant % was not reset: % (%)', demo, sqlerrm, sqlstate;
    end;
  end loop;
  return changed;
end
$$;
comment on function private.reset_demo_tenants() is 'Resets every demo tenant that has a snapshot. Returns how many rows were changed.';

select cron.schedule('registry: reset the demo tenants', '7 2 * * *',
  'select private.reset_demo_tenants()');

-- 50_tenants/06_notifications.sql

-- What the people of a tenant are told about its plan and its trial.

select private.register_notification_type('plan.exceeded', 'plan', 'The tenant has more than its plan allows.',
  '{"en": "You use {{in_use}} of \"{{gate}}\", and your plan allows {{most}}. The newest are switched off on {{switches_off_on}}.",
    "de": "Du nutzt {{in_use}} von „{{gate}}“, und dein Plan erlaubt {{most}}. Die neuesten werden am {{switches_off_on}} abgeschaltet.",
    "fr": "Vous utilisez {{in_use}} de « {{gate}} », et votre offre en permet {{most}}. Les plus récents seront désactivés le {{switches_off_on}}."}',
  '{"gate": "api_keys", "in_use": 5, "most": 2, "switches_off_on": "2026-12-22"}', is_critical => true);

select private.register_notification_type('plan.enforced', 'plan', 'What the tenant has beyond its plan was switched off.',
  '{"en": "Your plan allows {{most}} of \"{{gate}}\". The newest were switched off, and nothing was deleted.",
    "de": "Dein Plan erlaubt {{most}} von „{{gate}}“. Die neuesten wurden abgeschaltet, und nichts wurde gelöscht.",
    "fr": "Votre offre permet {{most}} de « {{gate}} ». Les plus récents ont été désactivés, et rien n’a été supprimé."}',
  '{"gate": "api_keys", "in_use": 5, "most": 2, "switches_off_on": "2026-12-22"}', is_critical => true);

select private.register_notification_type('limit.near', 'plan', 'Four fifths of a limit of the plan are used.',
  '{"en": "{{percent}} % of \"{{limit}}\" are used. Your plan allows {{most}}.",
    "de": "{{percent}} % von „{{limit}}“ sind verbraucht. Dein Plan erlaubt {{most}}.",
    "fr": "{{percent}} % de « {{limit}} » sont utilisés. Votre offre en permet {{most}}."}',
  '{"limit": "members", "percent": 80, "most": 10}');

select private.register_notification_type('limit.reached', 'plan', 'A limit of the plan is reached.',
  '{"en": "You have all {{most}} of \"{{limit}}\" that your plan allows. No more can be added.",
    "de": "Du hast alle {{most}} von „{{limit}}“, die dein Plan erlaubt. Mehr geht nicht.",
    "fr": "Vous avez atteint les {{most}} de « {{limit}} » que permet votre offre. Il n’est plus possible d’en ajouter."}',
  '{"limit": "members", "percent": 100, "most": 10}', is_critical => true);

select private.register_notification_type('trial.ending', 'plan', 'The trial of the tenant ends within three days.',
  '{"en": "Your trial ends on {{ends_on}}. Choose a plan to go on.",
    "de": "Deine Testphase endet am {{ends_on}}. Wähle einen Plan, um weiterzumachen.",
    "fr": "Votre essai se termine le {{ends_on}}. Choisissez une offre pour continuer."}',
  '{"ends_on": "2026-12-20"}', is_critical => true);

create function private.notify_ending_trials(batch int default 500) returns int
  language sql volatile
  set search_path = ''
as $$
  -- Once for each end: a trial that is extended ends at another moment, and is told of again.
  select coalesce(sum(private.notify(due.id, 'trial.ending', '{admins}',
    jsonb_build_object('ends_on', to_char(due.trial_ends_at at time zone due.time_zone, 'YYYY-MM-DD')),
    idempotency_key => 'trial ' || extract(epoch from due.trial_ends_at)::bigint)), 0)::int
  from (
    select t.id, t.trial_ends_at, t.time_zone from public.tenants as t
    where t.status = 'trial' and t.trial_ends_at between now() and now() + interval '3 days'
      and not exists (select from public.notifications as n
        where n.tenant_id = t.id and n.idempotency_key = 'trial ' || extract(epoch from t.trial_ends_at)::bigint)
    order by t.trial_ends_at limit batch) as due
$$;
comment on function private.notify_ending_trials(int) is
  'Tells the admins of each trial that ends within three days, once, at most one batch. Returns how many people were told.';
select cron.schedule('registry: tell of trials that end', '17 * * * *', 'select private.notify_ending_trials()');

-- 50_tenants/07_files.sql

-- Files: the sweep of stored files that no row knows.

-- Both are definers, because nobody is granted the register, and the service no table in private.
create function private.file_buckets() returns table (bucket text)
  language sql stable security definer
  set search_path = ''
as $$ select b.bucket from private.registered_buckets as b order by b.bucket $$;
comment on function private.file_buckets() is 'The buckets of Storage that hold files of tenants.';

create function private.lost_files(bucket text, after text, batch int) returns table (name text)
  language plpgsql stable security definer
  set search_path = ''
as $$
declare
  registered private.registered_buckets;
begin
  select * into registered from private.registered_buckets as b where b.bucket = lost_files.bucket;
  if registered.bucket is null then
    return;
  end if;
  -- Storage's own table, because its API lists folders, and each tenant has one.
  return query execute format(
    $sql$
      select o.name from storage.objects as o cross join lateral (select private.ulid_to_uuid(split_part(o.name, '/', 1)) as id) as tenant
      where o.bucket_id = $1 and o.name > $2 and greatest(o.created_at, o.updated_at) <= now() - interval '24 hours'
        and not private.%I(tenant.id, o.name)
        -- A demo is put back to its snapshot, and so are its files.
        and not exists (select from private.demo_snapshots as s where s.tenant_id = tenant.id and position(o.name in s.rows::text) > 0)
      order by o.name limit $3
    $sql$, registered.keeps)
  using lost_files.bucket, lost_files.after, lost_files.batch;
end
$$;
comment on function private.lost_files(text, text, int) is
  'Files of a bucket that are older than a day and that no row of their tenant knows, by name, after a given name.';
grant execute on function private.file_buckets(), private.lost_files(text, text, int) to service_role;

create function private.wake_file_sweep() returns text
  language sql volatile
  set search_path = ''
as $$ select 'Asked with request ' || private.call_edge_function('/registry/files/sweep', timeout_milliseconds => 120000) || '.' $$;
comment on function private.wake_file_sweep() is
  'Wakes the edge function that removes files that no row knows, because Storage deletes files by its API alone.';
select cron.schedule('registry: remove files that no row knows', '11 4 * * *', 'select private.wake_file_sweep()');

-- 50_tenants/08_export_links.sql

-- Links to an export: a browser that downloads a file sends no header, so for once the address itself is the credential.

create table private.export_links (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  user_id uuid not null references public.user_profiles on delete cascade,
  token_hash bytea not null,
  expires_at timestamptz not null,
  created_at timestamptz not null default now(),
  primary key (tenant_id, id),
  constraint link_is_a_sha256 check (length(token_hash) = 32),
  constraint link_is_short_lived check (expires_at <= created_at + interval '5 minutes')
);
comment on table private.export_links is
  'Addresses that export one tenant once, within five minutes, as the person who asked for it. Stored by their hash.';
create index export_links_user_id_idx on private.export_links (user_id);

create function private.issue_export_link(tenant uuid, token_hash bytea) returns timestamptz
  language plpgsql security definer
  set search_path = ''
as $$
declare
  ends timestamptz := now() + interval '5 minutes';
begin
  perform private.require_permission(issue_export_link.tenant, 'export');
  -- The service has a header to send, and is nobody whom a link could act for.
  if (select auth.uid()) is null then
    perform private.raise_problem(403, 'forbidden', 'A link to an export is made by a person.');
  end if;
  if not private.take_turn(issue_export_link.tenant, 'export_link_issued', 20, 'hour') then
    perform private.raise_problem(429, 'too_many_export_links', 'This tenant has made 20 links to exports in this hour.');
  end if;
  delete from private.export_links as l where l.tenant_id = issue_export_link.tenant and l.expires_at <= now();
  insert into private.export_links (tenant_id, user_id, token_hash, expires_at)
  values (issue_export_link.tenant, (select auth.uid()), issue_export_link.token_hash, ends);
  perform private.record_audit(issue_export_link.tenant, 'tenant.export_link_issued', 'tenant',
    private.ulid(issue_export_link.tenant), null, jsonb_build_object('expires_at', ends));
  return ends;
end
$$;
comment on function private.issue_export_link(uuid, bytea) is
  'Stores the hash of a link that exports the tenant once, within five minutes. Returns when it ends. 429 too_many_export_links.';

create function private.redeem_export_link(tenant uuid, token_hash bytea) returns uuid
  language sql volatile
  set search_path = ''
as $$
  delete from private.export_links as l
  where l.tenant_id = redeem_export_link.tenant and l.token_hash = redeem_export_link.token_hash and l.expires_at > now()
  returning l.user_id
$$;
comment on function private.redeem_export_link(uuid, bytea) is
  'Ends a link, so that of two who open it at once one gets the export. Returns the person as whom it exports; nothing if there is no such link.';
grant execute on function private.issue_export_link(uuid, bytea) to authenticated, service_role;

select private.register_table('private.export_links', secret => '{token_hash}', unaudited => 'the functions that issue a link and export record it');
select private.register_audit_action('tenant.export_link_issued', 'c', '{expires_at}');

-- 50_tenants/09_relations.sql

-- Which relations of the API hold rows of tenants, so that anybody can ask each of them for rows of others.

-- A definer, so that whoever is not signed in is told so, also where anon were granted it.
create function public.list_tenant_relations() returns table (relation text, tenant_column text)
  language plpgsql stable security definer
  set search_path = ''
as $$
begin
  if (select auth.uid()) is null then
    perform private.raise_problem(401, 'unauthenticated', 'Sign in first.');
  end if;
  return query
    select c.relname::text, a.attname::text
    from pg_catalog.pg_class as c
    join pg_catalog.pg_attribute as a on a.attrelid = c.oid and not a.attisdropped
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f')
      and a.attname = case c.relname when 'tenants' then 'id' else 'tenant_id' end
    order by c.relname;
end
$$;
comment on function public.list_tenant_relations() is
  'Every relation of the API that holds rows of tenants, with the column that says whose a row is. It reads the catalogue, so none is left out.';
grant execute on function public.list_tenant_relations() to authenticated;

-- 60_forgetting.sql

-- Forgetting: how a tenant erases what it holds about one person.

create function private.names_person(value text, address text) returns boolean
  language sql immutable parallel safe
  set search_path = ''
as $$
  -- Most rows are not about this person. position() skips them without a regular expression. Before and after the
  -- address there may be only characters that no address can have or, in JSON, the letter of an escape such as \n.
  -- So bo.ada@example.com and ada@example.com.au are other people.
  select position(address in private.fold_email(value)) > 0 and private.fold_email(value) ~ (
    '(^|[\s@<>"(),:;\\\[\]]|\\[nrtbf])' || regexp_replace(address, '([^[:alnum:]@])', '\\\1', 'g') || '(?![[:alnum:]-]|\.[[:alnum:]])')
$$;
comment on function private.names_person(text, text) is
  'Whether a text is this e-mail address (in lower case), or contains it as a whole address and not as a part of a longer one.';

create function private.names_ref(value text, ref text) returns boolean
  language sql immutable parallel safe
  set search_path = ''
as $$ select position(lower(ref collate "C") in lower(value collate "C")) > 0 $$;
comment on function private.names_ref(text, text) is 'Whether a text contains this ref_id. No other text is like one.';

create function private.personal_tables()
  returns table (name text, relation regclass, owned_by text, depth int, personal text[], person text, on_forget text, kept_because text,
    forgotten_with regclass)
  language sql stable
  set search_path = ''
as $$
  select t.name, t.relation, format('%I = $1', t.tenant_column), t.depth, g.personal, g.person, g.on_forget, g.kept_because, g.forgotten_with
  from private.registered_tables as g join private.tenant_tables() as t using (relation)
  where g.personal <> '{}'
  union all
  -- Profiles belong to no tenant. They count if the person is a member of this one. Nothing else of theirs does: that
  -- a member registers another tenant, say, is not this tenant's to know.
  select c.relname, g.relation, 'user_id in (select m.user_id from public.tenant_members as m where m.tenant_id = $1)', 0,
    g.personal, g.person, g.on_forget, g.kept_because, g.forgotten_with
  from private.registered_tables as g join pg_catalog.pg_class as c on c.oid = g.relation
  where g.relation = 'public.user_profiles'::regclass
$$;
comment on function private.personal_tables() is
  'The tables that hold something about people, with the condition for the rows of a tenant ($1), and what happens when a person is forgotten.';

create function private.forget_rows(
  tenant uuid, address text, relation regclass default null, row_id uuid default null, ref text default null
) returns jsonb
  language plpgsql
  set search_path = ''
as $$
declare
  source record;
  matches text;
  child record;
  are_queues_locked boolean := false;
  assignments text;
  touched bigint;
  erased jsonb := '{}';
  deleted jsonb := '{}';
  kept jsonb := '[]';
begin
  -- None is longer, and a search costs by its length.
  address := left(address, 254);
  if exists (
    select from public.tenant_members as m join public.user_profiles as p on p.user_id = m.user_id
    where m.tenant_id = forget_rows.tenant and m.status = 'active' and private.fold_email(p.email) = address) then
    perform private.raise_problem(409, 'is_member', 'The person with this address is a member of the tenant. Remove the member first.');
  end if;

  -- Children before parents, as in a purge. Rows are deleted last, because the queues are locked from then on.
  for source in
    select * from private.personal_tables() as t order by t.on_forget = 'delete', t.depth desc, t.name
  loop
    -- $1 is the tenant, $2 the address, $3 the id of a row, $4 its ref_id. What is null matches nothing.
    matches := case
      when source.person is null then null
      when source.relation = forget_rows.relation then format('(private.names_person(p.%I::text, $2) or p.id = $3)', source.person)
      else format('(private.names_person(p.%1$I::text, $2) or private.names_ref(p.%1$I::text, $4))', source.person) end;
    if source.on_forget = 'keep' then
      execute format(
        'select count(*) from %s as p cross join lateral concat_ws(%L, %s) as held
         where p.%s and (private.names_person(held, $2) or private.names_ref(held, $4))', source.relation, ' ',
        (select string_agg(distinct 'p.' || quote_ident(split_part(c, '.', 1)), ', ') from unnest(source.personal) as c), source.owned_by)
      into touched using tenant, address, row_id, ref;
      kept := kept || jsonb_build_object('table', source.name, 'rows', touched, 'reason', source.kept_because);
    elsif source.forgotten_with is not null then
      continue; -- Deleted before what it hangs on was erased.
    elsif source.person is null then
      raise exception 'forget_rows: % has personal columns. Register its person, or on_forget => keep and kept_because.', source.relation;
    elsif source.on_forget = 'erase' then
      -- What hangs on the row says whose it is by the row alone, so it goes before the row is erased.
      for child in
        select t.name, t.relation, k.own, k.others from private.personal_tables() as t
        join pg_catalog.pg_constraint as f on f.conrelid = t.relation and f.confrelid = t.forgotten_with and f.contype = 'f'
        cross join lateral (select string_agg(format('c.%I', a.attname), ', ' order by n) as own, string_agg(format('p.%I', b.attname), ', ' order by n) as others
          from unnest(f.conkey, f.confkey) with ordinality as u (own, others, n)
          join pg_catalog.pg_attribute as a on a.attrelid = f.conrelid and a.attnum = u.own
          join pg_catalog.pg_attribute as b on b.attrelid = f.confrelid and b.attnum = u.others) as k
        where t.forgotten_with = source.relation order by t.name
      loop
        execute format('delete from %s as c where c.%s and (%s) in (select %s from %s as p where p.%s and %s)',
          child.relation, source.owned_by, child.own, child.others, source.relation, source.owned_by, matches)
        using tenant, address, row_id, ref;
        get diagnostics touched = row_count;
        deleted := deleted || jsonb_build_object(child.name, touched);
      end loop;
      select string_agg(format('%I = %s', a.attname, case
        when a.attname = any (source.personal) then coalesce(pg_catalog.pg_get_expr(d.adbin, d.adrelid), 'null')
        else format('private.overwrite_paths(%I, %L, ''null'')', a.attname, p.paths) end), ', ') into assignments
      from pg_catalog.pg_attribute as a
      left join pg_catalog.pg_attrdef as d on d.adrelid = a.attrelid and d.adnum = a.attnum
      cross join lateral (select array(
        select substr(c, length(a.attname) + 2) from unnest(source.personal) as c
        where c like '%.%' and split_part(c, '.', 1) = a.attname) as paths) as p
      where a.attrelid = source.relation and (a.attname = any (source.personal) or p.paths <> '{}') and a.attgenerated = '';
      execute format('update %s as p set %s where p.%s and %s', source.relation, assignments, source.owned_by, matches)
      using tenant, address, row_id, ref;
      get diagnostics touched = row_count;
      erased := erased || jsonb_build_object(source.name, touched);
    else
      if not are_queues_locked then
        perform private.lock_tenant_queues(tenant);
        are_queues_locked := true;
      end if;
      execute format('delete from %s as p where p.%s and %s', source.relation, source.owned_by, matches)
      using tenant, address, row_id, ref;
      get diagnostics touched = row_count;
      deleted := deleted || jsonb_build_object(source.name, touched);
    end if;
  end loop;

  -- The audit row must not hold the address. A person who knows the address can still find the row by its hash. A ref_id
  -- says nothing of a person any more.
  perform private.record_audit(tenant, 'person.forgotten',
    case when ref is null then 'person' else (select c.relname from pg_catalog.pg_class as c where c.oid = forget_rows.relation) end,
    coalesce(ref, encode(sha256(convert_to(tenant || ' ' || address, 'utf8')), 'hex')), null,
    jsonb_build_object('erased', erased, 'deleted', deleted));
  return jsonb_build_object('erased', erased, 'deleted', deleted, 'kept', kept);
end
$$;
comment on function private.forget_rows(uuid, text, regclass, uuid, text) is
  'Erases what a tenant holds about a person: whatever names the address, and one row with whatever names its ref_id. Either may be null. The caller must hold a permission. 409 is_member.';

-- A definer, because it changes tables that nobody may change directly, such as usage_events.
create function public.forget_person(tenant_id uuid, email text) returns jsonb
  language plpgsql security definer
  set search_path = ''
as $$
declare
  -- Not normalize_email(), because the address of a participant need not be ASCII.
  address text := private.fold_email(regexp_replace(left(forget_person.email, 1000), '^\s+|\s+$', '', 'g'));
begin
  perform private.require_permission(forget_person.tenant_id, 'manage');
  if address is null or not private.is_email(address) then
    perform private.raise_problem(422, 'invalid_value', 'This is not an e-mail address.',
      '[{"pointer": "/email", "detail": "must be an e-mail address"}]');
  end if;
  return private.forget_rows(forget_person.tenant_id, address);
end
$$;
comment on function public.forget_person(uuid, text) is
  'Erases what a tenant holds about the person with an e-mail address, as the file of each table registered it. Returns the rows erased, deleted and kept in each table. 409 is_member.';
grant execute on function public.forget_person(uuid, text) to authenticated, service_role;

select private.register_audit_action('person.forgotten', 'u', '{erased,deleted}');

-- 70_overview.sql

-- The overview: invitations nobody has answered, identity providers and keys that stop working.

create function private.find_pending_invitations(tenant uuid) returns setof private.overview_target
  language sql stable
  set search_path = ''
as $$
  select i.ref_id, i.email, i.expires_at from public.tenant_invitations as i
  where i.tenant_id = find_pending_invitations.tenant and i.accepted_at is null and i.revoked_at is null and i.expires_at > now()
  order by i.expires_at limit 6
$$;

create function private.find_failing_identity_providers(tenant uuid) returns setof private.overview_target
  language sql stable
  set search_path = ''
as $$
  select c.ref_id, c.type::text, c.last_checked_at from public.tenant_idp_config as c
  where c.tenant_id = find_failing_identity_providers.tenant and c.last_check_error is not null order by c.type limit 6
$$;

create function private.find_ending_certificates(tenant uuid) returns setof private.overview_target
  language sql stable
  set search_path = ''
as $$
  select c.ref_id, c.type::text, c.keys_expire_at from public.tenant_idp_config as c
  where c.tenant_id = find_ending_certificates.tenant and c.keys_expire_at <= now() + interval '30 days' order by c.type limit 6
$$;

create function private.find_ending_api_keys(tenant uuid) returns setof private.overview_target
  language sql stable
  set search_path = ''
as $$
  select k.ref_id, k.name, k.expires_at from public.api_keys as k
  where k.tenant_id = find_ending_api_keys.tenant and k.revoked_at is null and k.replaced_at is null
    and k.expires_at > now() and k.expires_at <= now() + interval '14 days'
  order by k.expires_at limit 6
$$;

select private.register_overview('invitation_pending', 'info', 'read_admin', 'invitation', '/registry/tenants/{ref}/invitations',
  'find_pending_invitations', 'An invitation was not accepted yet.');
select private.register_overview('identity_provider_failing', 'error', 'read_admin', 'identity_provider',
  '/registry/tenants/{ref}/identity-providers', 'find_failing_identity_providers', 'The last check of the identity provider found a mistake.');
select private.register_overview('certificate_ending', 'warning', 'read_admin', 'identity_provider',
  '/registry/tenants/{ref}/identity-providers', 'find_ending_certificates',
  'The last certificate of the identity provider ends soon, or has ended. Then nobody signs in by it.');
select private.register_overview('api_key_ending', 'warning', 'read_admin', 'api_key', '/registry/tenants/{ref}/api-keys', 'find_ending_api_keys',
  'An API key ends soon. Rotate it.');
