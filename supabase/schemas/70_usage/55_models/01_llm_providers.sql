-- LLM providers: which language model writes for a tenant, and by whose key. Without one of its own, the platform's does.

create type public.llm_provider_type as enum (
  'openai',    -- whatever speaks OpenAI's chat completions, wherever it is
  'anthropic'  -- whatever speaks Anthropic's messages
);

create table public.llm_providers (
  tenant_id uuid primary key references public.tenants on delete cascade,
  provider_type public.llm_provider_type not null,
  base_url text not null,
  default_model text not null,
  api_key_secret_id uuid,
  is_active boolean not null default true,
  verified_at timestamptz,
  last_error text,
  revision uuid not null default private.uuid_v7(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  created_by uuid,
  updated_by uuid,
  constraint llm_base_url_is_a_url check (length(base_url) <= 500 and base_url ~ '^https?://[^/?#@[:space:]]+(/[^?#[:space:]]*)?$'),
  constraint llm_model_is_text check (length(default_model) between 1 and 255 and private.is_plain_text(default_model, 255)),
  constraint llm_provider_error_is_short check (length(last_error) <= 1000)
);
comment on table public.llm_providers is
  'Which language model writes for a tenant, at most one. It is asked only while it is active and verified; otherwise the platform''s is. The key is in Vault.';
comment on column public.llm_providers.verified_at is 'When a test was answered with exactly these settings.';
comment on column public.llm_providers.revision is 'Changes with every change of the settings, so that a test of older ones cannot verify newer ones.';
create trigger llm_providers_touch before update on public.llm_providers for each row execute function private.tg_touch_updated_at();
create trigger llm_providers_stamp_editor before insert or update on public.llm_providers for each row execute function private.tg_stamp_editor();
create trigger llm_providers_drop_secret after delete or update of api_key_secret_id on public.llm_providers
  for each row execute function private.tg_drop_secrets('api_key_secret_id');

alter table public.llm_providers enable row level security;
create policy "managers read their tenant's LLM provider" on public.llm_providers
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read_admin'))::uuid[]));
create policy "managers remove their tenant's LLM provider" on public.llm_providers
  for delete to authenticated using (tenant_id = any ((select private.tenant_ids('manage'))::uuid[]));
-- Nobody may insert or update: settings, key and trust change together, in the functions below.
grant select, delete on public.llm_providers to authenticated;
grant select on public.llm_providers to service_role;

create function private.llm_key_goes_to(provider public.llm_providers) returns text
  language sql immutable parallel safe
  set search_path = ''
as $$ select provider.provider_type || ' ' || lower(substring(provider.base_url from '^[a-z]+://[^/]+')) $$;
comment on function private.llm_key_goes_to(public.llm_providers) is 'Where the key of a provider is sent to. If that changes, the key must be given again.';

-- A definer, because the key goes to Vault. Only for the service: the edge function has checked the settings and the
-- caller's permission.
create function private.set_llm_provider(
  tenant_id uuid, provider_type public.llm_provider_type, base_url text, default_model text, api_key text default null, is_active boolean default true
) returns public.llm_providers
  language plpgsql security definer
  set search_path = ''
as $$
#variable_conflict use_column
declare
  stored public.llm_providers;
  next public.llm_providers;
begin
  if length(set_llm_provider.api_key) > 4096 then
    perform private.raise_problem(422, 'invalid_value', 'The key is too long.', '[{"pointer": "/api_key", "detail": "must have 4096 characters at most"}]');
  end if;
  insert into public.llm_providers as p (tenant_id, provider_type, base_url, default_model)
  values (set_llm_provider.tenant_id, set_llm_provider.provider_type, set_llm_provider.base_url, set_llm_provider.default_model)
  on conflict on constraint llm_providers_pkey do nothing;
  select * into stored from public.llm_providers as p where p.tenant_id = set_llm_provider.tenant_id for update;
  next := stored;
  next.provider_type := set_llm_provider.provider_type;
  next.base_url := set_llm_provider.base_url;
  next.default_model := set_llm_provider.default_model;
  next.api_key_secret_id := private.keep_secret(set_llm_provider.api_key, stored.api_key_secret_id,
    private.llm_key_goes_to(stored) is distinct from private.llm_key_goes_to(next), 'key of an LLM provider', 'api_key');
  if next is distinct from stored then
    next.verified_at := null;
    next.last_error := null;
    next.revision := private.uuid_v7();
  end if;
  update public.llm_providers as p set provider_type = next.provider_type, base_url = next.base_url, default_model = next.default_model,
    api_key_secret_id = next.api_key_secret_id, is_active = set_llm_provider.is_active, verified_at = next.verified_at,
    last_error = next.last_error, revision = next.revision
  where p.tenant_id = stored.tenant_id
  returning p.* into stored;
  return stored;
end
$$;
comment on function private.set_llm_provider(uuid, public.llm_provider_type, text, text, text, boolean) is
  'Sets which language model writes for a tenant, and puts the key in Vault. Whatever changes has to be tested again.';

-- A definer, as the next ones: what a test found is written by nobody else. Only for the service.
create function private.begin_llm_provider_test(tenant uuid, out provider_type public.llm_provider_type, out base_url text,
    out default_model text, out revision uuid, out api_key text)
  language plpgsql security definer
  set search_path = ''
as $$
#variable_conflict use_column
begin
  select p.provider_type, p.base_url, p.default_model, p.revision,
    (select s.decrypted_secret from vault.decrypted_secrets as s where s.id = p.api_key_secret_id)
  into provider_type, base_url, default_model, revision, api_key
  from public.llm_providers as p where p.tenant_id = begin_llm_provider_test.tenant;
  if begin_llm_provider_test.revision is null then
    perform private.raise_problem(404, 'not_found', 'This tenant has no LLM provider of its own.');
  end if;
  if not private.take_turn(tenant, 'llm_provider_test', 20, 'hour') then
    perform private.raise_problem(429, 'too_many_llm_tests', 'This tenant has tested its LLM provider 20 times in this hour. Wait until the next.');
  end if;
  perform private.record_audit(tenant, 'llm_provider.key_read', 'llm_providers', private.ulid(tenant));
end
$$;
comment on function private.begin_llm_provider_test(uuid) is
  'The settings and the key of a tenant''s LLM provider, for a test. At most 20 times an hour. Only for the service.';

create function private.record_llm_provider_test(tenant uuid, revision uuid, error text default null) returns void
  language plpgsql security definer
  set search_path = ''
as $$
begin
  update public.llm_providers as p set
    verified_at = case when record_llm_provider_test.error is null then now() end, last_error = left(record_llm_provider_test.error, 1000)
  where p.tenant_id = record_llm_provider_test.tenant and p.revision = record_llm_provider_test.revision;
  if not found then
    perform private.raise_problem(409, 'conflict', 'The settings of the provider were changed during the test. Test them again.');
  end if;
end
$$;
comment on function private.record_llm_provider_test(uuid, uuid, text) is
  'Stores whether a test was answered, for the settings that were tested. This is the only way to verified_at.';

create function private.find_llm_provider(tenant uuid)
  returns table (owner_id uuid, is_own boolean, provider_type public.llm_provider_type, base_url text, default_model text, revision uuid, api_key text)
  language sql stable security definer
  set search_path = ''
as $$
  select p.tenant_id, p.tenant_id = find_llm_provider.tenant, p.provider_type, p.base_url, p.default_model, p.revision,
    -- A subquery and not a join: with a join, Postgres may decrypt every secret in Vault.
    (select s.decrypted_secret from vault.decrypted_secrets as s where s.id = p.api_key_secret_id)
  from public.llm_providers as p
  where p.tenant_id in (find_llm_provider.tenant, private.platform_tenant_id()) and p.is_active and p.verified_at is not null
  order by p.tenant_id = find_llm_provider.tenant desc limit 1
$$;
comment on function private.find_llm_provider(uuid) is
  'The language model that writes for a tenant now, with its key: its own, else the platform''s. No row if there is none. Only for the service.';

create function private.refuse_llm_provider(provider uuid, revision uuid, error text) returns void
  language plpgsql security definer
  set search_path = ''
as $$
#variable_conflict use_column
declare
  refused public.llm_providers;
begin
  -- Nobody takes the place of the platform's own, so it goes on being asked. Its operators hear it once, until it is set again.
  update public.llm_providers as p set last_error = left(refuse_llm_provider.error, 1000),
    verified_at = case when p.tenant_id = private.platform_tenant_id() then p.verified_at end
  where p.tenant_id = refuse_llm_provider.provider and p.revision = refuse_llm_provider.revision and p.verified_at is not null
    and p.last_error is null
  returning p.* into refused;
  if refused.tenant_id is not null then
    perform private.notify(refused.tenant_id, 'llm_provider.refused', '{admins}', jsonb_build_object('model', refused.default_model),
      'llm_provider', private.ulid(refused.tenant_id));
  end if;
end
$$;
comment on function private.refuse_llm_provider(uuid, uuid, text) is
  'Takes back the trust in a provider that does not accept its key, and tells the admins once. Only for the service.';
grant execute on function private.set_llm_provider(uuid, public.llm_provider_type, text, text, text, boolean),
  private.begin_llm_provider_test(uuid), private.record_llm_provider_test(uuid, uuid, text), private.find_llm_provider(uuid),
  private.refuse_llm_provider(uuid, uuid, text) to service_role;

select private.register_notification_type('llm_provider.refused', 'billing', 'A language model does not accept the key of the tenant.',
  '{"en": "The language model {{model}} does not accept your key any more. Set a new key and test it.",
    "de": "Das Sprachmodell {{model}} nimmt deinen Schlüssel nicht mehr an. Setze einen neuen und teste ihn.",
    "fr": "Le modèle de langage {{model}} n’accepte plus votre clé. Définissez-en une nouvelle et testez-la."}',
  '{"model": "gpt-4o-mini"}', is_critical => true);
select private.register_audit_action('llm_provider.key_read', 'r');
select private.register_table('public.llm_providers', quiet => '{revision}', plain => '{base_url,default_model,last_error}', secret => '{api_key_secret_id}');
