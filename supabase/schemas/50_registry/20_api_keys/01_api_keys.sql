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
