-- Setting a number: its ids, its secrets in Vault, and the verify token with which Meta asks for the callback.

create function private.make_verify_token(out token text, out secret_id uuid, out hash bytea)
  language plpgsql volatile
  set search_path = ''
as $$
begin
  token := encode(extensions.gen_random_bytes(20), 'hex');
  secret_id := vault.create_secret(token, null, 'verify token of a bot''s number');
  hash := sha256(convert_to(token, 'UTF8'));
end
$$;
comment on function private.make_verify_token() is 'A new verify token, which is in Vault already, and its hash.';

-- A definer, as the next ones, because the secrets are in Vault. Only for the service: the edge function has checked the
-- caller's permission.
create function private.set_bot_number(
  tenant uuid, bot uuid, phone_number_id text, business_account_id text, access_token text default null, app_secret text default null
) returns text
  language plpgsql security definer
  set search_path = ''
as $$
declare
  stored public.bot_numbers;
  made record;
  problems jsonb;
  is_other boolean;
begin
  perform from public.bot_tenants as b where b.tenant_id = set_bot_number.tenant and b.id = set_bot_number.bot for no key update;
  if not found then
    perform private.raise_problem(404, 'not_found', 'This tenant has no bot with this ref_id.');
  end if;
  select * into stored from public.bot_numbers as n where n.tenant_id = set_bot_number.tenant and n.bot_id = set_bot_number.bot for update;
  select coalesce(jsonb_agg(jsonb_build_object('pointer', '/' || f.name, 'detail', case when f.given is null then 'is missing'
    else 'must have 4096 characters at most' end)), '[]') into problems
  from (values ('access_token', set_bot_number.access_token), ('app_secret', set_bot_number.app_secret)) as f (name, given)
  where length(f.given) > 4096 or f.given is null and stored.bot_id is null;
  if problems <> '[]' then
    perform private.raise_problem(422, 'invalid_value', 'The number cannot be connected with these secrets.', problems);
  end if;

  if stored.bot_id is null then
    select * into made from private.make_verify_token();
    insert into public.bot_numbers (tenant_id, bot_id, whatsapp_phone_number_id, whatsapp_business_account_id, access_token_secret_id,
      app_secret_id, verify_token_secret_id, verify_token_hash)
    values (set_bot_number.tenant, set_bot_number.bot, set_bot_number.phone_number_id, set_bot_number.business_account_id,
      vault.create_secret(set_bot_number.access_token, null, 'access token of a bot''s number'),
      vault.create_secret(set_bot_number.app_secret, null, 'app secret of a bot''s number'), made.secret_id, made.hash);
    return made.token;
  end if;
  is_other := (stored.whatsapp_phone_number_id, stored.whatsapp_business_account_id)
    <> (set_bot_number.phone_number_id, set_bot_number.business_account_id);
  update public.bot_numbers as n set
    whatsapp_phone_number_id = set_bot_number.phone_number_id, whatsapp_business_account_id = set_bot_number.business_account_id,
    access_token_secret_id = private.keep_secret(set_bot_number.access_token, n.access_token_secret_id, is_other,
      'access token of a bot''s number', 'access_token'),
    app_secret_id = private.keep_secret(set_bot_number.app_secret, n.app_secret_id, false, 'app secret of a bot''s number', 'app_secret'),
    is_verified = n.is_verified and not is_other,
    verified_at = case when not is_other then n.verified_at end,
    display_phone_number = case when not is_other then n.display_phone_number end,
    verified_name = case when not is_other then n.verified_name end,
    -- What was known of the token was known of the one before.
    whatsapp_token_expires_at = case when set_bot_number.access_token is null then n.whatsapp_token_expires_at end,
    expiry_told_days = case when set_bot_number.access_token is null then n.expiry_told_days end,
    last_checked_at = null, last_problem = null,
    revision = private.uuid_v7()
  where n.tenant_id = stored.tenant_id and n.bot_id = stored.bot_id
    and (is_other or set_bot_number.access_token is not null or set_bot_number.app_secret is not null);
  return null;
end
$$;
comment on function private.set_bot_number(uuid, uuid, text, text, text, text) is
  'Sets which WhatsApp number a bot has, and puts its secrets in Vault. Other ids have to be verified again, and need the access token again. Returns the verify token if it was made now. 404 not_found; 422 invalid_value.';

create function private.rotate_verify_token(tenant uuid, bot uuid, overlap interval default '7 days') returns text
  language plpgsql security definer
  set search_path = ''
as $$
declare
  made record;
begin
  perform from public.bot_numbers as n where n.tenant_id = rotate_verify_token.tenant and n.bot_id = rotate_verify_token.bot for update;
  if not found then
    perform private.raise_problem(404, 'not_found', 'This bot has no number.');
  end if;
  select * into made from private.make_verify_token();
  update public.bot_numbers as n set verify_token_secret_id = made.secret_id, verify_token_hash = made.hash, verify_token_made_at = now(),
    previous_verify_token_hash = n.verify_token_hash, previous_verify_token_expires_at = now() + overlap, verify_token_told_at = null
  where n.tenant_id = rotate_verify_token.tenant and n.bot_id = rotate_verify_token.bot;
  return made.token;
end
$$;
comment on function private.rotate_verify_token(uuid, uuid, interval) is
  'Gives the number of a bot a new verify token, and returns it. The one before counts for the overlap. 404 not_found.';

create function private.reveal_verify_token(tenant uuid, bot uuid) returns text
  language plpgsql security definer
  set search_path = ''
as $$
declare
  secret_id uuid;
begin
  select n.verify_token_secret_id into secret_id from public.bot_numbers as n
  where n.tenant_id = reveal_verify_token.tenant and n.bot_id = reveal_verify_token.bot;
  if secret_id is null then
    perform private.raise_problem(404, 'not_found', 'This bot has no number.');
  end if;
  perform private.record_audit(tenant, 'bot_number.verify_token_read', 'bot_numbers', private.ulid(bot));
  return (select s.decrypted_secret from vault.decrypted_secrets as s where s.id = secret_id);
end
$$;
comment on function private.reveal_verify_token(uuid, uuid) is
  'The verify token of a bot''s number, to be entered at Meta. Each reading is recorded. 404 not_found. Only for the service.';

create function private.read_verify_hashes(bot_ref text) returns table (verify_token_hash text, previous_verify_token_hash text)
  language sql stable security definer
  set search_path = ''
as $$
  select encode(n.verify_token_hash, 'hex'), case when n.previous_verify_token_expires_at > now() then encode(n.previous_verify_token_hash, 'hex') end
  from public.bot_numbers as n join public.tenants as t on t.id = n.tenant_id and t.status <> 'archived'
  where n.bot_id = private.ulid_to_uuid(left(bot_ref, 27))
$$;
comment on function private.read_verify_hashes(text) is
  'What a verify token is compared with, in hexadecimal: the hash of the one that counts, and of the one before within the overlap. Only for the service.';
grant execute on function private.set_bot_number(uuid, uuid, text, text, text, text), private.rotate_verify_token(uuid, uuid, interval),
  private.reveal_verify_token(uuid, uuid), private.read_verify_hashes(text) to service_role;

select private.register_audit_action('bot_number.verify_token_read', 'r');
