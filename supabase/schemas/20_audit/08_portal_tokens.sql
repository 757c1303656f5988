-- Portal tokens: lending one, ending one's own, and what its holder is told. The first portal is the audit log.

create function private.refuse_portal_token() returns void
  language plpgsql stable
  set search_path = ''
as $$
begin
  if private.caller_portal_token() is not null then
    perform private.raise_problem(403, 'forbidden', 'A portal token lends no other, and ends none.');
  end if;
end
$$;

create function private.issue_portal_token(tenant uuid, portal text, token_hash bytea, ttl_seconds int, can_write boolean default false,
  out ref_id text, out expires_at timestamptz, out scopes text[])
  language plpgsql security definer
  set search_path = ''
as $$
declare
  opened private.portals;
  key public.api_keys;
  created private.portal_tokens;
begin
  select p.* into strict opened from private.portals as p where p.portal = issue_portal_token.portal;
  perform private.require_permission(issue_portal_token.tenant, opened.scope);
  perform private.refuse_portal_token();
  issue_portal_token.scopes := opened.read_scopes || case when can_write then opened.write_scopes else '{}' end;
  if private.caller_api_key() is not null then
    select k.* into key from public.api_keys as k where k.tenant_id = issue_portal_token.tenant and k.id = private.caller_api_key();
    if can_write and not opened.write_scopes <@ key.scopes then
      perform private.raise_problem(403, 'forbidden', format('This API key lends only what it may do. For "can_write" it needs the scopes %s too.',
        array_to_string(opened.write_scopes, ', ')));
    end if;
    issue_portal_token.scopes := array(select s from unnest(issue_portal_token.scopes) as s where s = any (key.scopes));
  end if;
  delete from private.portal_tokens as v where v.tenant_id = issue_portal_token.tenant and v.expires_at <= now();
  insert into private.portal_tokens (tenant_id, portal, scopes, token_hash, user_id, api_key_id, expires_at)
  values (issue_portal_token.tenant, opened.portal, issue_portal_token.scopes, issue_portal_token.token_hash,
    (select auth.uid()), key.id, now() + make_interval(secs => least(greatest(ttl_seconds, 1), 900)))
  returning * into created;
  issue_portal_token.ref_id := private.ulid(created.id);
  issue_portal_token.expires_at := created.expires_at;
  -- Whatever the token does names the token. This row says who lent it.
  perform private.record_audit(issue_portal_token.tenant, 'portal_token.issued', 'portal_token', issue_portal_token.ref_id, null,
    jsonb_build_object('portal', created.portal, 'scopes', created.scopes, 'expires_at', created.expires_at));
end
$$;
comment on function private.issue_portal_token(uuid, text, bytea, int, boolean) is
  'Stores the hash of a token that opens a portal for up to 15 minutes. Returns its ref_id, when it ends, and its scopes: of an API key, only those that the key has.';

create function private.revoke_portal_tokens(tenant uuid, portal text) returns int
  language plpgsql security definer
  set search_path = ''
as $$
declare
  opened private.portals;
  revoked int;
begin
  select p.* into strict opened from private.portals as p where p.portal = revoke_portal_tokens.portal;
  perform private.require_permission(revoke_portal_tokens.tenant, opened.scope);
  perform private.refuse_portal_token();
  delete from private.portal_tokens as v
  where v.tenant_id = revoke_portal_tokens.tenant and v.portal = opened.portal and v.expires_at > now()
    and (v.user_id = (select auth.uid()) or v.api_key_id = private.caller_api_key());
  get diagnostics revoked = row_count;
  if revoked > 0 then
    perform private.record_audit(revoke_portal_tokens.tenant, 'portal_tokens.revoked', 'portal_token', null, null,
      jsonb_build_object('portal', opened.portal, 'count', revoked));
  end if;
  return revoked;
end
$$;
comment on function private.revoke_portal_tokens(uuid, text) is 'Ends the caller''s own tokens for a portal of a tenant. Returns how many.';

-- A definer, because a token reads no tenant. It says what a page needs on top of the portal, and nothing else.
create function private.read_portal(tenant uuid)
  returns table (portal text, expires_at timestamptz, expires_in int, can_write boolean, ref_id text, slug text, name text, status public.tenant_status, trial_ends_at timestamptz)
  language plpgsql stable security definer
  set search_path = ''
  rows 1
as $$
begin
  return query
    select v.portal, v.expires_at, extract(epoch from v.expires_at - now())::int,
      exists (select from unnest(p.write_scopes) as s where private.portal_token_may(v, s))
        and private.is_writable(t.status, t.trial_ends_at) and t.contract_pending_at is null,
      t.ref_id, t.slug, t.name, t.status, t.trial_ends_at
    from private.portal_tokens as v join private.portals as p on p.portal = v.portal
    join public.tenants as t on t.id = v.tenant_id
    where v.tenant_id = read_portal.tenant and v.id = private.caller_portal_token();
end
$$;
comment on function private.read_portal(uuid) is 'What the calling portal token opens, until when, and of which tenant. Nothing for anybody else.';

grant execute on function private.issue_portal_token(uuid, text, bytea, int, boolean), private.revoke_portal_tokens(uuid, text), private.read_portal(uuid)
  to authenticated;

select private.register_audit_action('portal_token.issued', 'c', '{portal,scopes,expires_at}');
select private.register_audit_action('portal_tokens.revoked', 'd', '{portal,count}');
select private.register_portal('audit', 'The audit log of the tenant, read only.', '{audit:read}');
