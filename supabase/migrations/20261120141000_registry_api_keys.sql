-- Registry: API keys. A tenant's server is a caller like a person is: of one tenant, within the scopes of its key.

create table private.api_scopes (
  scope text primary key,
  permission text not null,
  description text not null,
  constraint scope_is_a_domain_and_a_verb check (scope ~ '^[a-z][a-z_]{1,39}:[a-z]{1,39}$'),
  -- Whoever leads a tenant, invites people or hands out keys is a person: no scope can give that.
  constraint scope_reads_or_writes check (permission in ('read', 'write') and scope like '%:' || permission)
);
comment on table private.api_scopes is
  'What an API key can be allowed to do. A reading scope reads what members read; a writing one writes only through functions that ask for it by name.';
insert into private.api_scopes (scope, permission, description) values
  ('usage:write', 'write', 'Log usage events.'),
  ('brand:read', 'read', 'Read the brand.'),
  ('tenant:read', 'read', 'Read the tenant itself.'),
  ('members:read', 'read', 'Read who belongs to the tenant.');

create table public.api_keys (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  ref_id text not null generated always as (private.ulid(id)) stored,
  product text,
  name text not null,
  scopes text[] not null,
  prefix text not null,
  rate_limit_per_minute int not null default 6000,
  expires_at timestamptz,
  replaced_at timestamptz,
  revoked_at timestamptz,
  last_used_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  created_by uuid,
  updated_by uuid,
  primary key (tenant_id, id),
  constraint key_name_is_text check (length(btrim(name)) >= 1 and private.is_plain_text(name, 100)),
  constraint key_product_is_a_word check (product ~ '^[a-z][a-z0-9_-]{0,39}$'),
  constraint key_has_scopes check (cardinality(scopes) between 1 and 50),
  constraint key_prefix_is_base62 check (prefix ~ '^[0-9A-Za-z]{8}$'),
  constraint key_rate_limit_in_range check (rate_limit_per_minute between 1 and 1000000),
  constraint replaced_key_ends check (replaced_at is null or expires_at is not null)
);
create unique index api_keys_ref_id_idx on public.api_keys (tenant_id, ref_id) where ref_id is not null;
comment on table public.api_keys is
  'A tenant''s API keys: what each may do and until when. What proves a key lies in private.api_key_secrets.';
-- A name is free again once its key was revoked or replaced.
create unique index api_keys_name_idx on public.api_keys (tenant_id, lower(name))
  where revoked_at is null and replaced_at is null;

-- Apart from the rest, so that no grant, no "select *" and no view can show it to a member.
create table private.api_key_secrets (
  tenant_id uuid not null,
  api_key_id uuid not null,
  hash text not null,
  lookup bytea not null constraint api_key_secrets_lookup_idx unique,
  primary key (tenant_id, api_key_id),
  foreign key (tenant_id, api_key_id) references public.api_keys on delete cascade,
  constraint hash_is_argon2id check (hash ~ '^\$argon2id\$v=19\$m=[0-9]+,t=[0-9]+,p=[0-9]+\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+$'),
  constraint lookup_is_an_hmac_sha256 check (length(lookup) = 32),
  constraint secret_goes_with_its_tenant foreign key (tenant_id) references public.tenants on delete cascade
);
comment on table private.api_key_secrets is
  'How a key is found (HMAC under a pepper that is not in the database) and proven (argon2id). The key itself is nowhere.';

-- Unlogged: a crash forgets a minute's count, and a count is not worth a write to the log.
create unlogged table private.api_key_windows (
  tenant_id uuid not null,
  api_key_id uuid not null,
  window_at timestamptz not null,
  request_count bigint not null,
  primary key (tenant_id, api_key_id),
  foreign key (tenant_id, api_key_id) references public.api_keys on delete cascade,
  constraint window_goes_with_its_tenant foreign key (tenant_id) references public.tenants on delete cascade
);
comment on table private.api_key_windows is 'How many requests of the current minute were leased to the edge functions, by key.';

-- Not when only last_used_at moves: that is no change anybody made.
create trigger api_keys_touch before update of name, product, scopes, rate_limit_per_minute, expires_at, replaced_at, revoked_at
  on public.api_keys for each row execute function private.tg_touch_updated_at();
create trigger api_keys_stamp_editor
  before insert or update of name, product, scopes, rate_limit_per_minute, expires_at, replaced_at, revoked_at
  on public.api_keys for each row execute function private.tg_stamp_editor();

create function private.is_live_api_key(key public.api_keys) returns boolean
  language sql stable parallel safe
  set search_path = ''
as $$ select key.revoked_at is null and (key.expires_at is null or key.expires_at > now()) $$;
comment on function private.is_live_api_key(public.api_keys) is 'Whether a key may still be used: not revoked, not expired.';

-- What tenant_ids() answers for a key. The row is read on every statement, so revoking takes effect on the next one.
create function private.api_key_tenant_ids(key uuid, permission text) returns setof uuid
  language plpgsql stable parallel safe
  set search_path = ''
  rows 1
as $$
declare
  claims jsonb := current_setting('request.jwt.claims')::jsonb;
begin
  return query
    select k.tenant_id
    from public.api_keys as k
    join private.api_scopes as s on s.scope = claims ->> 'scope'
    join public.tenants as t on t.id = k.tenant_id
    where k.tenant_id = (claims ->> 'tenant_id')::uuid
      and k.id = api_key_tenant_ids.key
      and private.is_live_api_key(k)
      and s.scope = any (k.scopes)
      and s.permission = api_key_tenant_ids.permission
      -- Through a policy a key only reads: a policy cannot tell one writing scope from another.
      and s.permission = 'read'
      and t.status <> 'archived';
end
$$;
comment on function private.api_key_tenant_ids(uuid, text) is
  'The tenant of the calling API key, if the key is live and the scope its request uses reads.';

-- What require_permission() asks of a key.
create function private.require_scope(key uuid, tenant uuid, permission text) returns void
  language plpgsql stable
  set search_path = ''
as $$
declare
  claims jsonb := current_setting('request.jwt.claims')::jsonb;
  found_scopes text[];
begin
  select k.scopes into found_scopes
  from public.api_keys as k join public.tenants as t on t.id = k.tenant_id
  where k.tenant_id = (claims ->> 'tenant_id')::uuid
    and k.id = require_scope.key
    and private.is_live_api_key(k)
    and t.status <> 'archived';
  if found_scopes is null then
    perform private.raise_problem(401, 'invalid_api_key', 'The API key is not valid: it is unknown, revoked or expired, or was not copied whole.');
  end if;
  if require_scope.tenant is distinct from (claims ->> 'tenant_id')::uuid then
    perform private.raise_problem(404, 'tenant_not_found', 'There is no such tenant, or you are not one of its members.');
  end if;
  if not exists (
    select from private.api_scopes as s
    where s.scope = claims ->> 'scope' and s.scope = any (found_scopes)
      and require_scope.permission in (s.scope, nullif(s.permission, 'write'))) then
    perform private.raise_problem(403, 'forbidden', format(
      'This API key may not do this: it takes "%s". Ask a manager of the tenant for a key with that scope.', require_scope.permission));
  end if;
end
$$;
comment on function private.require_scope(uuid, uuid, text) is
  'Refuses an API key that is dead (401), another tenant''s (404) or without the scope (403).';

create function private.require_scopes(scopes text[]) returns text[]
  language plpgsql stable
  set search_path = ''
as $$
declare
  given text[] := array(select distinct s from unnest(scopes) as s order by s);
  known text[] := array(select s.scope from private.api_scopes as s order by s.scope);
begin
  if cardinality(given) = 0 or not given <@ known then
    perform private.raise_problem(422, 'invalid_value',
      format('The scopes an API key can have are: %s.', array_to_string(known, ', ')),
      '[{"pointer": "/scopes", "detail": "must name at least one scope, and only known ones"}]');
  end if;
  return given;
end
$$;

-- Definer: members hold no privilege to insert, so that no key comes to be without its secret.
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
  if create_api_key.expires_at <= now() then
    perform private.raise_problem(422, 'invalid_value', 'The moment at which the key expires must lie in the future.',
      '[{"pointer": "/expires_at", "detail": "must lie in the future"}]');
  end if;
  insert into public.api_keys (tenant_id, name, scopes, prefix, product, expires_at, rate_limit_per_minute)
  values (create_api_key.tenant_id, create_api_key.name, private.require_scopes(create_api_key.scopes), create_api_key.prefix,
    create_api_key.product, create_api_key.expires_at, coalesce(create_api_key.rate_limit_per_minute, 6000))
  returning * into created;
  insert into private.api_key_secrets (tenant_id, api_key_id, hash, lookup)
  values (created.tenant_id, created.id, create_api_key.hash, create_api_key.lookup);
  return created;
end
$$;
comment on function public.create_api_key(uuid, text, text[], text, text, bytea, text, timestamptz, int) is
  'Stores a new API key by its prefix, argon2id hash and lookup. What the registry function calls, which makes the key itself.';

-- Definer: members hold no privilege to change a key otherwise.
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
    perform private.raise_problem(422, 'invalid_value', 'Two keys may overlap for seven days at most.',
      '[{"pointer": "/overlap_seconds", "detail": "must be between 0 and 604800"}]');
  end if;
  -- Two rotations at once queue here; the second then finds a key that is replaced already.
  select * into replaced from public.api_keys as k
  where k.tenant_id = rotate_api_key.tenant_id and k.id = rotate_api_key.api_key_id for no key update;
  if replaced.id is null then
    perform private.raise_problem(404, 'not_found', 'This tenant has no API key by this ref_id.');
  end if;
  if replaced.replaced_at is not null or not private.is_live_api_key(replaced) then
    perform private.raise_problem(409, 'api_key_ended', 'This API key was revoked or replaced, or has expired. Create a new one.');
  end if;
  update public.api_keys as k
  set replaced_at = now(), expires_at = least(k.expires_at, now() + make_interval(secs => overlap_seconds))
  where k.tenant_id = replaced.tenant_id and k.id = replaced.id;
  -- The new key lives as long as the old one was meant to.
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
  'Gives a key a successor of the same name and scopes; the old one still works for the overlap. 409 api_key_ended.';

-- Definer: as above. Asks "inspect", which managers hold in a frozen tenant too: a leak must be closed there as well.
create function public.revoke_api_key(tenant_id uuid, api_key_id uuid)
  returns public.api_keys
  language plpgsql security definer
  set search_path = ''
as $$
declare
  revoked public.api_keys;
begin
  perform private.require_permission(revoke_api_key.tenant_id, 'inspect');
  update public.api_keys as k set revoked_at = now()
  where k.tenant_id = revoke_api_key.tenant_id and k.id = revoke_api_key.api_key_id and k.revoked_at is null
  returning * into revoked;
  if revoked.id is null then
    -- Revoking twice is no mistake.
    select * into revoked from public.api_keys as k
    where k.tenant_id = revoke_api_key.tenant_id and k.id = revoke_api_key.api_key_id;
  end if;
  if revoked.id is null then
    perform private.raise_problem(404, 'not_found', 'This tenant has no API key by this ref_id.');
  end if;
  return revoked;
end
$$;
comment on function public.revoke_api_key(uuid, uuid) is
  'Ends an API key for good. SQL refuses it from its next statement on, an edge function within ten seconds.';

-- The three that follow are for the edge functions' own connection; nobody else is granted them.

create function private.find_api_key(lookup bytea)
  returns table (tenant_id uuid, tenant_ref_id text, tenant_slug text, id uuid, product text, scopes text[],
    expires_at timestamptz, rate_limit_per_minute int, hash text)
  language plpgsql stable
  set search_path = ''
  rows 1
as $$
begin
  -- A dead key is not found at all: so it costs and tells as much as one that never was.
  return query
    select k.tenant_id, t.ref_id, t.slug, k.id, k.product, k.scopes, k.expires_at, k.rate_limit_per_minute, s.hash
    from private.api_key_secrets as s
    join public.api_keys as k on k.tenant_id = s.tenant_id and k.id = s.api_key_id
    join public.tenants as t on t.id = k.tenant_id
    where s.lookup = find_api_key.lookup and private.is_live_api_key(k) and t.status <> 'archived';
end
$$;
comment on function private.find_api_key(bytea) is 'The live key behind a lookup, with what is needed to prove and use it.';

create function private.lease_api_key_requests(tenant uuid, key uuid, wanted int)
  returns table (granted int, seconds_left double precision)
  language sql volatile
  set search_path = ''
as $$
  -- The count may pass the limit, by what the last lease asked too much; so one statement settles it.
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
  'Takes up to so many requests out of a key''s allowance for this clock minute; answers how many, and how long the minute lasts.';

create function private.touch_api_keys(tenants uuid[], keys uuid[], moments timestamptz[]) returns void
  language sql volatile
  set search_path = ''
as $$
  -- Several isolates see the same key; one write a minute is enough for all of them.
  update public.api_keys as k set last_used_at = u.used_at
  from unnest(tenants, keys, moments) as u (tenant_id, id, used_at)
  where k.tenant_id = u.tenant_id and k.id = u.id
    and (k.last_used_at is null or k.last_used_at < u.used_at - interval '50 seconds')
$$;
comment on function private.touch_api_keys(uuid[], uuid[], timestamptz[]) is 'Notes when keys were last used, to the minute.';

alter table public.api_keys enable row level security;
create policy "managers read their tenant's API keys" on public.api_keys
  for select to authenticated using (tenant_id = any (array(select private.tenant_ids('inspect'))));
grant select on public.api_keys to authenticated, service_role;
grant execute on function
  public.create_api_key(uuid, text, text[], text, text, bytea, text, timestamptz, int),
  public.rotate_api_key(uuid, uuid, text, text, bytea, int), public.revoke_api_key(uuid, uuid)
  to authenticated;
-- A platform that learns of a leak closes it without waiting for the tenant.
grant execute on function public.revoke_api_key(uuid, uuid) to service_role;
