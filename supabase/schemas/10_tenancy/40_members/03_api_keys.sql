-- API keys: how a tenant's server identifies itself, and what each key may do.

create table private.api_scopes (
  scope text primary key,
  permission text not null,
  description text not null,
  product text references public.products on update cascade on delete restrict,
  constraint scope_is_a_domain_and_a_verb check (scope ~ '^[a-z][a-z_]{1,39}:[a-z]{1,39}$'),
  -- Only a person owns a tenant. Nor does "manage" let a key do what managers do: it passes only the functions that
  -- ask for its scope by name, and none of them invites people or creates keys.
  constraint scope_reads_or_writes check (
    permission in ('read', 'read_admin') and scope ~ ':(read|export)$' or permission in ('write', 'manage') and scope like '%:write')
);
comment on table private.api_scopes is
  'What an API key can be allowed to do, and the permission that a person needs for the same. A scope passes only the policies and functions that name it.';

comment on column private.api_scopes.product is 'The product that the scope is about. A key of another product cannot have it. Null for what every product needs.';
create index api_scopes_product_idx on private.api_scopes (product);

insert into private.api_scopes (scope, permission, description) values
  ('tenant:read', 'read', 'Read the tenant itself.'),
  ('members:read', 'read', 'Read the members of the tenant.'),
  ('entitlements:read', 'read', 'Ask what the tenant may use, and read the products it was granted.')
on conflict (scope) do update set (permission, description) = (excluded.permission, excluded.description);

create table public.api_keys (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  ref_id text not null generated always as (private.ulid(id)) stored,
  product text references public.products on update cascade on delete restrict,
  name text not null,
  scopes text[] not null,
  prefix text not null,
  rate_limit_per_minute int not null default 6000,
  expires_at timestamptz,
  replaced_at timestamptz,
  revoked_at timestamptz,
  switched_off_at timestamptz,
  last_used_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  created_by uuid,
  updated_by uuid,
  primary key (tenant_id, id),
  constraint key_name_is_text check (length(btrim(name)) >= 1 and private.is_plain_text(name, 100)),
  constraint key_has_scopes check (cardinality(scopes) between 1 and 50),
  constraint key_prefix_is_base62 check (prefix ~ '^[0-9A-Za-z]{8}$'),
  constraint key_rate_limit_in_range check (rate_limit_per_minute between 1 and 1000000),
  constraint replaced_key_ends check (replaced_at is null or expires_at is not null)
);
create index api_keys_product_idx on public.api_keys (product);
create unique index api_keys_ref_id_idx on public.api_keys (tenant_id, ref_id) where ref_id is not null;
comment on table public.api_keys is
  'A tenant''s API keys: what each key may do, and until when. The hash that proves a key is in private.api_key_secrets.';

comment on column public.api_keys.switched_off_at is 'Since when it cannot be used, because the plan has no place for it.';

-- A name is free again after its key was revoked or replaced.
create unique index api_keys_name_idx on public.api_keys (tenant_id, lower(name))
  where revoked_at is null and replaced_at is null;

-- A table of its own, so that no grant, no "select *" and no view can show a hash to a member.
create table private.api_key_secrets (
  tenant_id uuid not null,
  api_key_id uuid not null,
  hash text not null,
  lookup bytea not null constraint api_key_secrets_lookup_idx unique,
  primary key (tenant_id, api_key_id),
  foreign key (tenant_id, api_key_id) references public.api_keys on delete cascade,
  constraint hash_is_short check (length(hash) <= 300),
  constraint hash_is_argon2id check (hash ~ '^\$argon2id\$v=19\$m=[0-9]+,t=[0-9]+,p=[0-9]+\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+$'),
  constraint lookup_is_an_hmac_sha256 check (length(lookup) = 32),
  constraint secret_goes_with_its_tenant foreign key (tenant_id) references public.tenants on delete cascade
);
comment on table private.api_key_secrets is
  'How a key is found (HMAC with a pepper that is not in the database) and proven (argon2id). The key itself is not stored.';

-- Not if only last_used_at changes: no person made that change.
create trigger api_keys_touch before update of name, product, scopes, rate_limit_per_minute, expires_at, replaced_at, revoked_at
  on public.api_keys for each row execute function private.tg_touch_updated_at();
create trigger api_keys_stamp_editor
  before insert or update of name, product, scopes, rate_limit_per_minute, expires_at, replaced_at, revoked_at
  on public.api_keys for each row execute function private.tg_stamp_editor();

create function private.is_live_api_key(key public.api_keys) returns boolean
  language plpgsql stable parallel safe
  set search_path = ''
as $$
begin
  return key.revoked_at is null and key.switched_off_at is null and (key.expires_at is null or key.expires_at > now());
end
$$;
comment on function private.is_live_api_key(public.api_keys) is 'Whether a key may be used now: it is not revoked, not expired, and the plan has a place for it.';

-- tenant_ids() calls this for a key. Every statement reads the row, so a revoked key fails on the next statement.
create function private.api_key_tenant_ids(key uuid, scopes text[]) returns setof uuid
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
    join public.tenants as t on t.id = k.tenant_id
    where k.tenant_id = (claims ->> 'tenant_id')::uuid
      and k.id = api_key_tenant_ids.key
      and private.is_live_api_key(k)
      and claims ->> 'scope' = any (k.scopes)
      and claims ->> 'scope' = any (api_key_tenant_ids.scopes)
      and (k.product is null or not exists (
        select from private.api_scopes as s where s.scope = claims ->> 'scope' and s.product <> k.product))
      and t.status <> 'archived' and t.contract_pending_at is null;
end
$$;
comment on function private.api_key_tenant_ids(uuid, text[]) is
  'The tenant of the calling API key, if the key is live, and its request uses one of these scopes and the key has it.';

-- require_permission() calls this for a key.
create function private.require_scope(key uuid, tenant uuid, scope text) returns void
  language plpgsql stable
  set search_path = ''
as $$
declare
  claims jsonb := current_setting('request.jwt.claims')::jsonb;
  found_scopes text[];
  key_product text;
  wrong_product text;
begin
  select k.scopes, k.product into found_scopes, key_product
  from public.api_keys as k join public.tenants as t on t.id = k.tenant_id
  where k.tenant_id = (claims ->> 'tenant_id')::uuid
    and k.id = require_scope.key
    and private.is_live_api_key(k)
    and t.status <> 'archived';
  if found_scopes is null then
    perform private.raise_problem(401, 'invalid_api_key', 'The API key is not valid. It is unknown, revoked, expired or switched off, or it was not copied completely.');
  end if;
  if require_scope.tenant is distinct from (claims ->> 'tenant_id')::uuid then
    perform private.raise_problem(404, 'tenant_not_found', 'There is no such tenant, or you are not one of its members.');
  end if;
  -- The scope that the request uses, and no other scope of the key. A permission such as "manage" is no scope, so
  -- a function that asks for one accepts no key.
  if require_scope.scope is distinct from claims ->> 'scope' or not require_scope.scope = any (found_scopes) then
    perform private.raise_problem(403, 'forbidden', case when strpos(require_scope.scope, ':') > 0
      then format('This API key may not do this, because it does not have the scope "%s". Ask a manager of the tenant for a key with that scope.', require_scope.scope)
      else format('No API key may do this. It takes a person with the permission "%s".', require_scope.scope) end);
  end if;
  -- A scope may have become a product's own after the key was made.
  if key_product is not null then
    select s.product into wrong_product from private.api_scopes as s where s.scope = require_scope.scope and s.product <> key_product;
    perform private.refuse_other_product(key_product, wrong_product);
  end if;
end
$$;
comment on function private.require_scope(uuid, uuid, text) is
  'Refuses an API key that is revoked or expired (401), belongs to another tenant (404), or does not have and use the scope (403).';

create function private.refuse_other_product(key_product text, product text) returns void
  language plpgsql stable
  set search_path = ''
as $$
begin
  if product <> key_product then
    perform private.raise_problem(403, 'forbidden', format('This API key is for the product "%s", and this is about "%s".', key_product, product));
  end if;
end
$$;
comment on function private.refuse_other_product(text, text) is 'Refuses with 403 if a key of one product asks about another. Null is no product.';

-- A definer, because a key may not read keys. It says of the caller alone.
create function private.caller_product() returns text
  language plpgsql stable security definer
  set search_path = ''
as $$
declare
  key uuid := private.caller_api_key();
begin
  return (select k.product from public.api_keys as k
    where key is not null and k.tenant_id = (current_setting('request.jwt.claims')::jsonb ->> 'tenant_id')::uuid and k.id = key);
end
$$;
comment on function private.caller_product() is 'The only product that the calling API key is for. Null for any other caller.';
grant execute on function private.caller_product() to authenticated, service_role;

create function private.require_scopes(scopes text[], product text default null) returns text[]
  language plpgsql stable
  set search_path = ''
as $$
declare
  known text[] := array(select s.scope from private.api_scopes as s order by s.scope);
begin
  -- The number first: comparing thousands of scopes with each known one takes long.
  if scopes is null or cardinality(scopes) not between 1 and 50 or not scopes <@ known then
    perform private.raise_problem(422, 'invalid_value',
      format('The scopes an API key can have are: %s.', array_to_string(known, ', ')),
      '[{"pointer": "/scopes", "detail": "must have at least one scope, and only known scopes"}]');
  end if;
  -- A key of no product is the tenant's own, and may have every scope.
  if exists (select from private.api_scopes as s where s.scope = any (require_scopes.scopes) and s.product <> require_scopes.product) then
    perform private.raise_problem(422, 'invalid_value', format('A key of the product "%s" cannot have the scopes of another product.', require_scopes.product),
      '[{"pointer": "/scopes", "detail": "has scopes of another product"}]');
  end if;
  return array(select distinct s from unnest(scopes) as s order by s);
end
$$;

alter table public.api_keys enable row level security;
create policy "managers read their tenant's API keys" on public.api_keys
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read_admin'))::uuid[]));
grant select on public.api_keys to authenticated, service_role;

select private.register_table('private.api_scopes', plain => '{scope,permission,description,product}', unaudited => 'changed by migrations only');
select private.register_table('public.api_keys', quiet => '{last_used_at}', plain => '{product,name,scopes,prefix}');
select private.register_table('private.api_key_secrets', secret => '{hash,lookup}', unaudited => 'api_keys records each change');
