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
