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
