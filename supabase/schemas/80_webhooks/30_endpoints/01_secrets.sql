-- Signing secrets: creating, rotating, reading and removing them. Each secret is in Vault.

create function private.is_signing_secret(secret text) returns boolean
  language plpgsql immutable parallel safe
  set search_path = ''
as $$
declare
  written text := substr(secret, strpos(secret, '_') + 1);
  bytes bytea;
begin
  if length(secret) > 200
    or secret !~ '^(whsec|whsk)_([A-Za-z0-9+/]{4})+([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$' then
    return false;
  end if;
  bytes := decode(written, 'base64');
  -- Encoded again and compared, because unused bits of base64 are accepted by some receivers and refused by others.
  return replace(encode(bytes, 'base64'), e'\n', '') = written
    and case when secret like 'whsec\_%' then length(bytes) between 24 and 64 else length(bytes) = 64 end;
end
$$;
comment on function private.is_signing_secret(text) is
  'Whether a text is a secret of Standard Webhooks: whsec_ with 24 to 64 bytes, or whsk_ with an ed25519 seed and its public key.';

create function private.require_signing_secret(secret text) returns public.webhook_signature_scheme
  language plpgsql
  set search_path = ''
as $$
begin
  if private.is_signing_secret(require_signing_secret.secret) is not true then
    perform private.raise_problem(422, 'invalid_value', 'The signing secret cannot be used.',
      '[{"pointer": "/secret", "detail": "must be whsec_ and 24 to 64 bytes, or whsk_ and 64 bytes, in base64 with its padding"}]');
  end if;
  return case when require_signing_secret.secret like 'whsec\_%' then 'hmac' else 'ed25519' end;
end
$$;

create function public.rotate_webhook_secret(tenant_id uuid, endpoint_id uuid, secret text, overlap_seconds int default 86400)
  returns public.webhook_endpoints
  language plpgsql security definer
  set search_path = ''
as $$
declare
  stored public.webhook_endpoints;
  new_scheme public.webhook_signature_scheme;
begin
  perform private.require_permission(rotate_webhook_secret.tenant_id, 'endpoints:write');
  new_scheme := private.require_signing_secret(rotate_webhook_secret.secret);
  if overlap_seconds is null or overlap_seconds not between 0 and 604800 then
    perform private.raise_problem(422, 'invalid_value', 'Two secrets can overlap for seven days at most.',
      '[{"pointer": "/overlap_seconds", "detail": "must be between 0 and 604800"}]');
  end if;
  stored := private.lock_webhook_endpoint(rotate_webhook_secret.tenant_id, rotate_webhook_secret.endpoint_id);
  -- If it is rotated again within the overlap, the oldest secret is removed: a trigger deletes from Vault what no
  -- endpoint names.
  update public.webhook_endpoints as e set
    scheme = new_scheme,
    secret_id = vault.create_secret(rotate_webhook_secret.secret, null, 'signing secret of a webhook endpoint'),
    previous_secret_id = case when overlap_seconds > 0 then e.secret_id end,
    previous_secret_expires_at = case when overlap_seconds > 0 then now() + make_interval(secs => overlap_seconds) end,
    revision = private.uuid_v7()
  where e.tenant_id = stored.tenant_id and e.id = stored.id
  returning * into stored;
  return stored;
end
$$;
comment on function public.rotate_webhook_secret(uuid, uuid, text, int) is
  'Gives an endpoint a new signing secret. The secret before it also signs during the overlap. The kind of the secret decides the signature scheme.';

create function public.reveal_webhook_secret(tenant_id uuid, endpoint_id uuid) returns text
  language plpgsql security definer
  set search_path = ''
as $$
declare
  shown record;
begin
  perform private.require_permission(reveal_webhook_secret.tenant_id, 'endpoints:write');
  select e.ref_id, (select s.decrypted_secret from vault.decrypted_secrets as s where s.id = e.secret_id) as secret into shown
  from public.webhook_endpoints as e
  where e.tenant_id = reveal_webhook_secret.tenant_id and e.id = reveal_webhook_secret.endpoint_id;
  if shown.ref_id is null then
    perform private.raise_problem(404, 'not_found', 'This tenant has no webhook endpoint with this ref_id.');
  end if;
  perform private.record_audit(reveal_webhook_secret.tenant_id, 'webhook_secret.read', 'webhook_endpoints', shown.ref_id);
  return shown.secret;
end
$$;
comment on function public.reveal_webhook_secret(uuid, uuid) is
  'The secret that signs an endpoint''s messages, for those who verify them. Each reading is recorded.';

-- The next two are for the service's own connection and for cron. They are granted to nobody.

create function private.read_webhook_secrets(endpoints uuid[])
  returns table (tenant_id uuid, endpoint_id uuid, revision uuid, secrets text[], headers jsonb, good_until_at timestamptz)
  language sql stable
  set search_path = ''
as $$
  -- Subqueries and not joins: with joins, Postgres may decrypt every secret in Vault.
  select e.tenant_id, e.id, e.revision,
    array_remove(array[
      (select s.decrypted_secret from vault.decrypted_secrets as s where s.id = e.secret_id),
      (select s.decrypted_secret from vault.decrypted_secrets as s
        where s.id = e.previous_secret_id and e.previous_secret_expires_at > now())], null),
    coalesce((select s.decrypted_secret::jsonb from vault.decrypted_secrets as s where s.id = e.headers_secret_id), '{}'),
    case when e.previous_secret_expires_at > now() then e.previous_secret_expires_at end
  from public.webhook_endpoints as e
  where e.id = any (endpoints)
$$;
comment on function private.read_webhook_secrets(uuid[]) is
  'What signs an endpoint''s messages (the newest secret first, then one that still overlaps), and its headers with their values. Valid for this revision, and until good_until_at.';

create function private.sweep_webhook_secrets(batch int default 1000) returns int
  language plpgsql
  set search_path = ''
as $$
declare
  swept int;
begin
  with expired as (
    select e.tenant_id, e.id from public.webhook_endpoints as e
    where e.previous_secret_id is not null and e.previous_secret_expires_at <= now()
    order by e.previous_secret_expires_at limit batch
    for no key update skip locked
  )
  update public.webhook_endpoints as e
  set previous_secret_id = null, previous_secret_expires_at = null, revision = private.uuid_v7()
  from expired as x where e.tenant_id = x.tenant_id and e.id = x.id;
  get diagnostics swept = row_count;
  return swept;
end
$$;
comment on function private.sweep_webhook_secrets(int) is 'Deletes signing secrets whose overlap is over. Returns how many.';
grant execute on function public.rotate_webhook_secret(uuid, uuid, text, int),
  public.reveal_webhook_secret(uuid, uuid) to authenticated;

select cron.schedule('webhooks: drop signing secrets that were rotated out', '*/5 * * * *',
  'select private.sweep_webhook_secrets()');

select private.register_audit_action('webhook_secret.read', 'r');
