-- Identity providers: the settings with which a tenant's people sign in at their own provider.

create type public.idp_kind as enum ('oidc', 'saml');
create type public.join_rule as enum ('off', 'verified_domain', 'group');

create table public.tenant_idp_config (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  ref_id text not null generated always as (private.ulid(id)) stored,
  type public.idp_kind not null,
  metadata jsonb not null default '{}',
  verified boolean not null default false,
  verified_at timestamptz,
  last_checked_at timestamptz,
  last_check_error text,
  discovered jsonb not null default '{}',
  keys_expire_at timestamptz,
  client_secret_id uuid,
  sso_provider_id uuid,
  revision uuid not null default private.uuid_v7(),
  check_started_at timestamptz,
  join_rule public.join_rule not null default 'off',
  join_role public.tenant_role not null default 'member',
  join_claim text,
  join_groups jsonb not null default '[]',
  certificate_told_ends_at timestamptz,
  certificate_told_days int,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  created_by uuid,
  updated_by uuid,
  primary key (tenant_id, id),
  unique (tenant_id, type),
  constraint idp_metadata_is_an_object check (jsonb_typeof(metadata) = 'object' and length(metadata::text) <= 200000),
  constraint idp_discovered_is_an_object check (jsonb_typeof(discovered) = 'object' and length(discovered::text) <= 50000),
  -- A secret in the metadata would be visible to everybody who may see the settings.
  constraint idp_check_error_is_short check (length(last_check_error) <= 2000),
  constraint idp_metadata_holds_no_secret check (not metadata ?| '{client_secret,clientSecret,secret,private_key}'),
  constraint verified_provider_was_checked check (verified = (verified_at is not null) and (not verified or last_checked_at is not null)),
  constraint a_rule_makes_no_owner check (join_role <> 'owner' and not join_groups @? '$[*] ? (@.role == "owner")'),
  constraint a_rule_by_group_names_groups check (join_rule <> 'group' or join_claim is not null and join_groups <> '[]'),
  constraint join_claim_is_short check (private.is_plain_text(join_claim, 200)),
  constraint join_groups_are_few check (jsonb_typeof(join_groups) = 'array' and jsonb_array_length(join_groups) <= 50 and length(join_groups::text) <= 30000),
  constraint only_oidc_has_a_client_secret check (type = 'oidc' or client_secret_id is null)
);
create unique index tenant_idp_config_ref_id_idx on public.tenant_idp_config (tenant_id, ref_id) where ref_id is not null;
comment on table public.tenant_idp_config is
  'A tenant''s identity provider, at most one of each kind. verified is true only after a real check of exactly these settings. The client secret is in Vault.';
comment on column public.tenant_idp_config.client_secret_id is 'The id of the secret in Vault, and never the secret itself.';
comment on column public.tenant_idp_config.discovered is 'What the last good check found: endpoints and key ids, or entity id, sign-on URLs and certificates.';
comment on column public.tenant_idp_config.certificate_told_ends_at is 'The end of the certificate that managers were last told of. Another end is told of anew.';
comment on column public.tenant_idp_config.certificate_told_days is 'How many days before that end they were told: 30, 14, 7, 1, or 0 once it has ended.';
comment on column public.tenant_idp_config.revision is 'Changes with every change of the settings, so that a check of older settings cannot verify newer ones.';

-- A provider signs people in to one tenant. If two tenants shared it, each could vouch for the people of the other.
create unique index tenant_idp_config_sso_provider_idx on public.tenant_idp_config (sso_provider_id) where sso_provider_id is not null;
create trigger tenant_idp_config_touch before update on public.tenant_idp_config for each row execute function private.tg_touch_updated_at();
create trigger tenant_idp_config_stamp_editor before insert or update on public.tenant_idp_config for each row execute function private.tg_stamp_editor();

-- A definer, because nobody else may reach Vault. It also runs when a tenant is deleted together with its rows.
create function private.tg_drop_idp_secret() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  perform private.drop_secrets(old.tenant_id, array[old.client_secret_id]);
  return null;
end
$$;
create trigger tenant_idp_config_drop_secret after delete on public.tenant_idp_config
  for each row when (old.client_secret_id is not null) execute function private.tg_drop_idp_secret();
create trigger tenant_idp_config_replace_secret after update of client_secret_id on public.tenant_idp_config
  for each row when (old.client_secret_id is not null and old.client_secret_id is distinct from new.client_secret_id)
  execute function private.tg_drop_idp_secret();

create function private.idp_setting_problems(type text, metadata jsonb) returns jsonb
  language sql immutable parallel safe
  set search_path = ''
as $$
  -- What can be checked without the network. The check finds the rest.
  select coalesce(jsonb_agg(jsonb_build_object('pointer', pointer, 'detail', detail)), '[]')
  from (
    select '/metadata/' || private.pointer_token(key) as pointer, 'is not a known field' as detail
    from jsonb_object_keys(case when jsonb_typeof(metadata) = 'object' then metadata else '{}' end) as key
    where key <> all (case when type = 'oidc' then '{issuer,client_id,scopes}'::text[] else '{metadata_url,metadata_xml,entity_id,metadata_signing_certificate}'::text[] end)
    union all
    select '/metadata', 'must be an object' where jsonb_typeof(metadata) is distinct from 'object'
    union all
    select '/metadata/' || field, 'must be text' from unnest('{issuer,client_id}'::text[]) as field
    where type = 'oidc' and coalesce(length(metadata ->> field), 0) not between 1 and 2048
    union all
    select '/metadata', 'must have either metadata_url or metadata_xml'
    where type = 'saml' and (metadata ? 'metadata_url') = (metadata ? 'metadata_xml')
    union all
    select '/metadata/' || key, 'must be text' from jsonb_each(case when jsonb_typeof(metadata) = 'object' then metadata else '{}' end)
    where type = 'saml' and key in ('metadata_url', 'metadata_xml', 'entity_id', 'metadata_signing_certificate') and (jsonb_typeof(value) <> 'string' or value = '""')
  ) as found
$$;

-- A definer. Settings, Vault secret and the loss of trust are one step. None of them may happen alone.
create function public.set_idp_config(tenant_id uuid, type text, metadata jsonb, client_secret text default null)
  returns public.tenant_idp_config
  language plpgsql security definer
  set search_path = ''
as $$
declare
  stored public.tenant_idp_config;
  problems jsonb;
  too_large text;
  secret_id uuid;
begin
  perform private.require_permission(set_idp_config.tenant_id, 'manage');
  perform private.require_feature(set_idp_config.tenant_id, 'sso');
  if set_idp_config.type is null or set_idp_config.type not in ('oidc', 'saml') then
    perform private.raise_problem(422, 'invalid_value', 'The type of an identity provider must be oidc or saml.', '[{"pointer": "/type", "detail": "must be one of \"oidc\", \"saml\""}]');
  end if;
  too_large := private.json_problem(set_idp_config.metadata, 100, 200000);
  problems := case
    when too_large is not null then jsonb_build_array(jsonb_build_object('pointer', '/metadata', 'detail', too_large))
    else private.idp_setting_problems(set_idp_config.type, set_idp_config.metadata) end;
  if set_idp_config.client_secret is not null
    and (set_idp_config.type <> 'oidc' or length(set_idp_config.client_secret) not between 1 and 1024) then
    problems := problems || '[{"pointer": "/client_secret", "detail": "must be text of at most 1024 characters, and only for oidc"}]';
  end if;
  if problems <> '[]' then
    perform private.raise_problem(422, 'invalid_value', 'The settings of the identity provider cannot be used.', problems);
  end if;

  -- The settings did not change, so there is nothing to check again.
  select * into stored from public.tenant_idp_config as c
  where c.tenant_id = set_idp_config.tenant_id and c.type::text = set_idp_config.type
    and c.metadata = set_idp_config.metadata and set_idp_config.client_secret is null;
  if found then
    return stored;
  end if;
  insert into public.tenant_idp_config as c (tenant_id, type, metadata)
  values (set_idp_config.tenant_id, set_idp_config.type::public.idp_kind, set_idp_config.metadata)
  on conflict on constraint tenant_idp_config_tenant_id_type_key do nothing;
  select * into stored from public.tenant_idp_config as c
  where c.tenant_id = set_idp_config.tenant_id and c.type::text = set_idp_config.type for update;

  if set_idp_config.client_secret is not null then
    secret_id := vault.create_secret(set_idp_config.client_secret, null, 'client secret of an identity provider');
  elsif stored.metadata -> 'issuer' is not distinct from set_idp_config.metadata -> 'issuer'
    and stored.metadata -> 'client_id' is not distinct from set_idp_config.metadata -> 'client_id' then
    -- The secret is kept only for the same issuer and client. Otherwise a person who may change the issuer could
    -- have the secret sent to a server of their own.
    secret_id := stored.client_secret_id;
  end if;

  update public.tenant_idp_config as c set
    metadata = set_idp_config.metadata,
    client_secret_id = secret_id,
    revision = private.uuid_v7(),
    verified = false, verified_at = null, last_checked_at = null, last_check_error = null,
    discovered = '{}', keys_expire_at = null,
    -- Supabase's provider was made from the old settings.
    sso_provider_id = case when c.metadata = set_idp_config.metadata then c.sso_provider_id end
  where c.tenant_id = stored.tenant_id and c.id = stored.id
  returning * into stored;
  return stored;
end
$$;
comment on function public.set_idp_config(uuid, text, jsonb, text) is
  'Sets a tenant''s identity provider of one kind and puts its client secret in Vault. Changed settings have to be checked again.';

alter table public.tenant_idp_config enable row level security;
create policy "managers read their tenant's identity providers" on public.tenant_idp_config
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read_admin'))::uuid[]));
create policy "managers remove their tenant's identity providers" on public.tenant_idp_config
  for delete to authenticated using (tenant_id = any ((select private.tenant_ids('manage'))::uuid[]));

-- Nobody may insert or update. Settings, secret and trust change together, in the functions above.
grant select, delete on public.tenant_idp_config to authenticated;
grant select on public.tenant_idp_config to service_role;
grant execute on function public.set_idp_config(uuid, text, jsonb, text) to authenticated, service_role;

create function private.uses_identity_provider(tenant uuid) returns boolean
  language sql stable
  set search_path = ''
as $$ select exists (select from public.tenant_idp_config as c where c.tenant_id = uses_identity_provider.tenant) $$;

select private.register_feature('sso', 'Signing in at the tenant''s own identity provider.', asked_for => 'setting an identity provider');
select private.register_switch('sso', is_used => 'uses_identity_provider');

select private.register_table('public.tenant_idp_config', quiet => '{check_started_at,last_checked_at,revision,certificate_told_ends_at,certificate_told_days}',
  plain => '{metadata,last_check_error,discovered,join_claim,join_groups}', secret => '{client_secret_id}',
  -- SAML metadata names the people whom an identity provider lists as its contacts.
  personal => '{metadata.metadata_xml}', on_forget => 'keep',
  kept_because => 'The contacts that an identity provider publishes about itself. A manager replaces them with the metadata.');
