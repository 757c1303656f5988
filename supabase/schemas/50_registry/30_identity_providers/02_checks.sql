-- Identity provider checks: how settings become verified, and which tenant a provider signs people in to.

-- A definer, because no role of the API may update the table.
create function private.begin_idp_check(tenant uuid, type public.idp_kind) returns public.tenant_idp_config
  language plpgsql security definer
  set search_path = ''
as $$
declare
  subject public.tenant_idp_config;
begin
  select * into subject from public.tenant_idp_config as c
  where c.tenant_id = begin_idp_check.tenant and c.type = begin_idp_check.type for update;
  -- A check makes several requests to a server that the tenant chooses. It must not be repeated too fast.
  if subject.check_started_at > now() - interval '5 seconds' then
    perform private.raise_problem(429, 'idp_just_checked', 'The identity provider was just checked. Wait a moment.');
  end if;
  -- A provider that is removed and set again was never checked.
  if subject.id is not null and not private.take_turn(subject.tenant_id, 'idp_check', 24, 'minute') then
    perform private.raise_problem(429, 'too_many_idp_checks', 'This tenant has checked its identity providers 24 times in this minute. Wait a minute.');
  end if;
  update public.tenant_idp_config as c set check_started_at = now()
  where c.tenant_id = subject.tenant_id and c.id = subject.id;
  return subject;
end
$$;
comment on function private.begin_idp_check(uuid, public.idp_kind) is
  'The settings to be checked, at most every five seconds. A row of nulls if there are none. Only for the service.';

-- A definer. Members may not write verified. The service may write it only for the settings that were checked.
create function private.record_idp_check(
  tenant uuid, type public.idp_kind, revision uuid, outcome text, error text default null,
  discovered jsonb default '{}', keys_expire_at timestamptz default null
) returns public.tenant_idp_config
  language plpgsql security definer
  set search_path = ''
as $$
declare
  recorded public.tenant_idp_config;
  was_well boolean;
begin
  if record_idp_check.outcome not in ('good', 'bad', 'unreachable') then
    raise exception 'unknown outcome %', left(record_idp_check.outcome, 100);
  end if;
  select c.verified and c.last_check_error is null into was_well from public.tenant_idp_config as c
  where c.tenant_id = record_idp_check.tenant and c.type = record_idp_check.type for no key update;
  -- What is bad is forgotten, the end of its certificate too.
  if record_idp_check.outcome = 'bad' then
    perform private.tell_of_ending_certificates(record_idp_check.tenant);
  end if;
  update public.tenant_idp_config as c set
    last_checked_at = now(),
    last_check_error = case when record_idp_check.outcome <> 'good' then left(coalesce(record_idp_check.error, 'The check failed.'), 2000) end,
    -- A provider that is down for a moment is still the same provider. What was verified stays verified.
    verified = record_idp_check.outcome = 'good' or (record_idp_check.outcome = 'unreachable' and c.verified),
    verified_at = case record_idp_check.outcome when 'good' then now() when 'unreachable' then c.verified_at end,
    discovered = case record_idp_check.outcome when 'good' then record_idp_check.discovered when 'bad' then '{}' else c.discovered end,
    keys_expire_at = case record_idp_check.outcome when 'good' then record_idp_check.keys_expire_at when 'unreachable' then c.keys_expire_at end
  where c.tenant_id = record_idp_check.tenant and c.type = record_idp_check.type
    and c.revision = record_idp_check.revision
  returning * into recorded;
  if recorded.id is null then
    perform private.raise_problem(409, 'idp_changed', 'The settings of the identity provider were changed during the check. Check them again.');
  end if;
  if was_well and recorded.last_check_error is not null then
    perform private.notify(recorded.tenant_id, 'idp.failing', '{admins}', jsonb_build_object('kind', upper(recorded.type::text)));
  end if;
  return recorded;
end
$$;
comment on function private.record_idp_check(uuid, public.idp_kind, uuid, text, text, jsonb, timestamptz) is
  'Stores what a check found, for the settings that were checked. This is the only way to verified = true. Only for the service.';

-- A definer, because it reads Vault. No role of the API can read Vault.
create function private.read_idp_secret(tenant uuid, type public.idp_kind, revision uuid) returns text
  language plpgsql volatile security definer
  set search_path = ''
as $$
begin
  perform private.record_audit(read_idp_secret.tenant, 'idp.secret_read', 'tenant_idp_config', read_idp_secret.type::text);
  return (
    select s.decrypted_secret
    from public.tenant_idp_config as c
    join vault.decrypted_secrets as s on s.id = c.client_secret_id
    where c.tenant_id = read_idp_secret.tenant and c.type = read_idp_secret.type and c.revision = read_idp_secret.revision);
end
$$;
comment on function private.read_idp_secret(uuid, public.idp_kind, uuid) is
  'The client secret of a provider, with which the service checks it. Null if there is none, or if the settings have changed. Only for the service.';

-- A definer, because the column belongs to the platform, which made the provider in Supabase Auth.
create function private.bind_sso_provider(tenant uuid, type public.idp_kind, sso_provider_id uuid)
  returns public.tenant_idp_config
  language plpgsql security definer
  set search_path = ''
as $$
declare
  bound public.tenant_idp_config;
begin
  if bind_sso_provider.sso_provider_id is not null and not exists (
    select from public.tenant_idp_config as c
    where c.tenant_id = bind_sso_provider.tenant and c.type = bind_sso_provider.type and c.verified) then
    perform private.raise_problem(409, 'idp_not_verified', 'The identity provider is not verified, so it cannot be bound to a Supabase SSO provider. Check it first.');
  end if;
  begin
    update public.tenant_idp_config as c set sso_provider_id = bind_sso_provider.sso_provider_id
    where c.tenant_id = bind_sso_provider.tenant and c.type = bind_sso_provider.type
    returning * into bound;
  exception when unique_violation then
    perform private.raise_problem(409, 'sso_provider_taken', 'This Supabase SSO provider already belongs to another tenant, or to another identity provider of this tenant.');
  end;
  return bound;
end
$$;
comment on function private.bind_sso_provider(uuid, public.idp_kind, uuid) is
  'Stores which Supabase SSO provider signs people in for a verified identity provider. Null unbinds it. Only for the service.';

-- A definer, because the bearer of the token may not yet be a member.
create function private.tenant_of_sso_provider(sso_provider_id uuid) returns uuid
  language plpgsql stable security definer
  set search_path = ''
as $$
begin
  return (
    select c.tenant_id from public.tenant_idp_config as c join public.tenants as t on t.id = c.tenant_id
    where c.sso_provider_id = tenant_of_sso_provider.sso_provider_id and c.verified and t.status <> 'archived');
end
$$;
comment on function private.tenant_of_sso_provider(uuid) is
  'The tenant whose people sign in by this Supabase SSO provider (app_metadata.provider = sso:<id>). Null if it is unknown or not verified.';

create function private.may_assert_address(user_id uuid, address text, tenant uuid) returns boolean
  language sql stable
  set search_path = ''
as $$
  -- Auth stores whatever address an SSO provider states, as confirmed. The provider belongs to a tenant, which could
  -- state the address of anybody. So its word counts for the domains that the tenant has verified, and in the tenant itself.
  select coalesce(bool_and(exists (
    select from public.tenant_idp_config as c
    join public.tenants as t on t.id = c.tenant_id and t.status <> 'archived'
    where 'sso:' || c.sso_provider_id = p.provider and c.verified and (c.tenant_id = may_assert_address.tenant or exists (
      select from public.tenant_domains as d
      where d.tenant_id = c.tenant_id and d.host = split_part(address, '@', 2) and d.status = 'verified')))), true)
  from auth.users as u
  cross join lateral (
    select u.raw_app_meta_data ->> 'provider' as provider
    union
    select jsonb_array_elements_text(case when jsonb_typeof(u.raw_app_meta_data -> 'providers') = 'array' then u.raw_app_meta_data -> 'providers' else '[]' end)
  ) as p
  where u.id = may_assert_address.user_id and p.provider like 'sso:%'
$$;
comment on function private.may_assert_address(uuid, text, uuid) is
  'Whether the address of an account counts in a tenant as confirmed. An SSO provider confirms only addresses of domains that its tenant has verified.';

grant execute on function private.begin_idp_check(uuid, public.idp_kind), private.record_idp_check(uuid, public.idp_kind, uuid, text, text, jsonb, timestamptz),
  private.read_idp_secret(uuid, public.idp_kind, uuid), private.bind_sso_provider(uuid, public.idp_kind, uuid),
  private.tenant_of_sso_provider(uuid) to service_role;

select private.register_audit_action('idp.secret_read', 'r');

select private.register_notification_type('idp.failing', 'sign_in', 'The identity provider of the tenant does not answer as it should.',
  '{"en": "Your identity provider ({{kind}}) does not answer as it should. Your people may not be able to sign in with it.",
    "de": "Dein Identitätsanbieter ({{kind}}) antwortet nicht, wie er soll. Deine Leute können sich vielleicht nicht damit anmelden.",
    "fr": "Votre fournisseur d’identité ({{kind}}) ne répond pas correctement. Vos collaborateurs ne peuvent peut-être pas se connecter."}',
  '{"kind": "OIDC"}', is_critical => true);
