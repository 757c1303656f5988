-- Portal tokens: what lets a page in a frame show a part of a tenant for some minutes, and how each is judged.

create table private.portals (
  portal text primary key,
  description text not null,
  scope text not null references private.api_scopes on update cascade on delete restrict,
  read_scopes text[] not null,
  write_scopes text[] not null default '{}',
  constraint portal_is_a_word check (portal ~ '^[a-z][a-z_]{1,39}$'),
  constraint portal_scope_is_read check (scope = any (read_scopes))
);
comment on table private.portals is
  'What a portal token can open: each portal with the scopes that its tokens use. Whoever lends one needs the first scope.';
create index portals_scope_idx on private.portals (scope);

create function private.register_portal(portal text, description text, read_scopes text[], write_scopes text[] default '{}') returns void
  language plpgsql
  set search_path = ''
as $$
begin
  if exists (select from unnest(read_scopes || write_scopes) as n where n not in (select s.scope from private.api_scopes as s)) then
    raise exception 'register_portal: % names a scope that does not exist.', register_portal.portal;
  end if;
  insert into private.portals (portal, description, scope, read_scopes, write_scopes)
  values (register_portal.portal, register_portal.description, register_portal.read_scopes[1], register_portal.read_scopes, register_portal.write_scopes)
  on conflict on constraint portals_pkey do update set (description, scope, read_scopes, write_scopes) =
    (excluded.description, excluded.scope, excluded.read_scopes, excluded.write_scopes);
end
$$;
comment on function private.register_portal(text, text, text[], text[]) is
  'Declares a portal, in the file of its domain. Whoever lends a token for it needs the first of its scopes.';

create table private.portal_tokens (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  portal text not null references private.portals on update cascade on delete restrict,
  scopes text[] not null,
  token_hash bytea not null,
  user_id uuid references public.user_profiles on delete cascade,
  api_key_id uuid,
  expires_at timestamptz not null,
  created_at timestamptz not null default now(),
  primary key (tenant_id, id),
  foreign key (tenant_id, api_key_id) references public.api_keys on delete cascade,
  constraint token_is_a_sha256 check (length(token_hash) = 32),
  constraint token_has_scopes check (cardinality(scopes) between 1 and 50),
  constraint token_has_one_issuer check (num_nonnulls(user_id, api_key_id) = 1),
  constraint token_is_short_lived check (expires_at <= created_at + interval '15 minutes')
);
comment on table private.portal_tokens is
  'Tokens that open one portal of one tenant for up to 15 minutes, stored by their hash. A token may do what its issuer may do at that moment, and of that only its scopes.';
create unique index portal_tokens_token_hash_idx on private.portal_tokens (token_hash);
create index portal_tokens_portal_idx on private.portal_tokens (portal);
create index portal_tokens_user_id_idx on private.portal_tokens (user_id);
create index portal_tokens_api_key_idx on private.portal_tokens (tenant_id, api_key_id);

create function private.caller_portal_token() returns uuid
  language plpgsql stable parallel safe
  set search_path = ''
as $$
begin
  -- Only an edge function that verified the token sets this, as with an API key. A claim would not be safe.
  return case when auth.uid() is null then nullif(current_setting('tenantry.portal_token', true), '')::uuid end;
end
$$;
comment on function private.caller_portal_token() is 'The portal token that is calling. Null for everybody else.';

create function private.portal_token_may(token private.portal_tokens, scope text) returns boolean
  language plpgsql stable parallel safe
  set search_path = ''
as $$
begin
  return token.expires_at > now() and portal_token_may.scope = any (token.scopes)
    and case when token.user_id is not null then exists (
      select from public.tenant_members as m
      join private.api_scopes as s on s.scope = portal_token_may.scope
      join private.role_permissions as p on p.role = m.role and p.permission = s.permission
      where m.tenant_id = token.tenant_id and m.user_id = token.user_id and m.status = 'active')
    else exists (
      select from public.api_keys as k
      where k.tenant_id = token.tenant_id and k.id = token.api_key_id and private.is_live_api_key(k)
        and portal_token_may.scope = any (k.scopes)) end;
end
$$;
comment on function private.portal_token_may(private.portal_tokens, text) is
  'Whether a token has the scope and is not over, and its issuer may still do what the scope stands for.';

-- tenant_ids() calls this for a token. Every statement reads the row, so one that was ended fails on the next statement.
create function private.portal_token_tenant_ids(token uuid, scopes text[]) returns setof uuid
  language plpgsql stable parallel safe
  set search_path = ''
  rows 1
as $$
declare
  claims jsonb := current_setting('request.jwt.claims')::jsonb;
begin
  return query
    select v.tenant_id
    from private.portal_tokens as v join public.tenants as t on t.id = v.tenant_id
    where v.tenant_id = (claims ->> 'tenant_id')::uuid
      and v.id = portal_token_tenant_ids.token
      and claims ->> 'scope' = any (portal_token_tenant_ids.scopes)
      and private.portal_token_may(v, claims ->> 'scope')
      and t.status <> 'archived' and t.contract_pending_at is null;
end
$$;
comment on function private.portal_token_tenant_ids(uuid, text[]) is
  'The tenant of the calling portal token, if the token is live, and its request uses one of these scopes and the token has it.';

-- require_permission() calls this for a token.
create function private.require_portal_scope(token uuid, tenant uuid, scope text) returns void
  language plpgsql stable
  set search_path = ''
as $$
declare
  claims jsonb := current_setting('request.jwt.claims')::jsonb;
  found_token private.portal_tokens;
begin
  select v.* into found_token
  from private.portal_tokens as v join public.tenants as t on t.id = v.tenant_id
  where v.tenant_id = (claims ->> 'tenant_id')::uuid and v.id = require_portal_scope.token
    and v.expires_at > now() and t.status <> 'archived';
  if found_token.id is null then
    perform private.raise_problem(401, 'unauthenticated', 'The portal token is unknown, over or revoked. Ask for a new one.');
  end if;
  if require_portal_scope.tenant is distinct from found_token.tenant_id then
    perform private.raise_problem(404, 'tenant_not_found', 'There is no such tenant, or this token is not for it.');
  end if;
  -- The scope that the request uses. A permission such as "manage" is no scope, so what asks for one accepts no token.
  if require_portal_scope.scope is distinct from claims ->> 'scope' or not private.portal_token_may(found_token, require_portal_scope.scope) then
    perform private.raise_problem(403, 'forbidden', 'This portal token may not do this. It may do what was asked for with it, as long as its issuer may.');
  end if;
end
$$;
comment on function private.require_portal_scope(uuid, uuid, text) is
  'Refuses a portal token that is over (401), is for another tenant (404), or does not have and use the scope (403).';

-- For the edge functions' own connection. It is granted to nobody else.
create function private.find_portal_token(token_hash bytea)
  returns table (tenant_id uuid, tenant_ref_id text, tenant_slug text, id uuid, portal text, scopes text[], expires_at timestamptz)
  language plpgsql stable
  set search_path = ''
  rows 1
as $$
begin
  -- One whose issuer has left is not found, as one that is over.
  return query
    select v.tenant_id, t.ref_id, t.slug, v.id, v.portal, v.scopes, v.expires_at
    from private.portal_tokens as v
    join private.portals as p on p.portal = v.portal
    join public.tenants as t on t.id = v.tenant_id
    where v.token_hash = find_portal_token.token_hash and private.portal_token_may(v, p.scope) and t.status <> 'archived';
end
$$;
comment on function private.find_portal_token(bytea) is 'The live token with this hash, and what is needed to use it.';

grant execute on function private.caller_portal_token() to authenticated, service_role;

select private.register_table('private.portals', plain => '{portal,description,scope,read_scopes,write_scopes}', unaudited => 'changed by migrations only');
select private.register_table('private.portal_tokens', plain => '{portal,scopes}', secret => '{token_hash}', unaudited => 'the functions that issue and revoke record it');
