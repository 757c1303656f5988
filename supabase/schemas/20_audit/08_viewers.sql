-- Viewers: short-lived tokens with which a page can read one tenant's audit log.

create table private.audit_viewers (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  user_id uuid not null references public.user_profiles on delete cascade,
  token_hash bytea not null,
  expires_at timestamptz not null,
  created_at timestamptz not null default now(),
  primary key (tenant_id, id),
  constraint token_is_a_sha256 check (length(token_hash) = 32),
  constraint viewer_is_short_lived check (expires_at <= created_at + interval '15 minutes')
);
comment on table private.audit_viewers is
  'Tokens that read one tenant''s audit log for up to 15 minutes, stored by their hash. A token may read what its issuer may read at that moment.';
create index audit_viewers_token_hash_idx on private.audit_viewers (token_hash);
create index audit_viewers_user_id_idx on private.audit_viewers (user_id);

create function private.issue_audit_viewer(tenant uuid, token_hash bytea, ttl_seconds int) returns timestamptz
  language plpgsql security definer
  set search_path = ''
as $$
declare
  ends timestamptz := now() + make_interval(secs => least(greatest(ttl_seconds, 1), 900));
begin
  perform private.require_permission(issue_audit_viewer.tenant, 'read_admin');
  delete from private.audit_viewers as v where v.tenant_id = issue_audit_viewer.tenant and v.expires_at <= now();
  insert into private.audit_viewers (tenant_id, user_id, token_hash, expires_at)
  values (issue_audit_viewer.tenant, (select auth.uid()), issue_audit_viewer.token_hash, ends);
  perform private.record_audit(issue_audit_viewer.tenant, 'audit.viewer_issued', 'audit_log', null, null,
    jsonb_build_object('expires_at', ends));
  return ends;
end
$$;
comment on function private.issue_audit_viewer(uuid, bytea, int) is 'Stores the hash of a viewer token for up to 15 minutes. Returns when the token ends.';

create function private.revoke_audit_viewers(tenant uuid) returns int
  language plpgsql security definer
  set search_path = ''
as $$
declare
  revoked int;
begin
  perform private.require_permission(revoke_audit_viewers.tenant, 'read_admin');
  delete from private.audit_viewers as v
  where v.tenant_id = revoke_audit_viewers.tenant and v.user_id = (select auth.uid()) and v.expires_at > now();
  get diagnostics revoked = row_count;
  if revoked > 0 then
    perform private.record_audit(revoke_audit_viewers.tenant, 'audit.viewers_revoked', 'audit_log', null, null,
      jsonb_build_object('count', revoked));
  end if;
  return revoked;
end
$$;
comment on function private.revoke_audit_viewers(uuid) is 'Ends the caller''s own viewer tokens for a tenant. Returns how many.';
grant execute on function private.issue_audit_viewer(uuid, bytea, int), private.revoke_audit_viewers(uuid)
  to authenticated, service_role;

select private.register_table('private.audit_viewers', secret => '{token_hash}', unaudited => 'the functions that issue and revoke record it');
select private.register_audit_action('audit.viewer_issued', 'c', '{expires_at}');
select private.register_audit_action('audit.viewers_revoked', 'd', '{count}');
