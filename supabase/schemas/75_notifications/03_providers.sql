-- Providers: by whom a tenant's mails and messages are sent. Without one of its own, the platform's are.

create type public.notification_provider as enum ('smtp', 'sendgrid', 'ses', 'msg91', 'twilio', 'whatsapp_business_api');

create table public.notification_providers (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  ref_id text not null generated always as (private.ulid(id)) stored,
  channel public.notification_channel not null,
  provider public.notification_provider not null,
  config jsonb not null default '{}',
  config_secret_id uuid,
  callback_secret_id uuid,
  is_active boolean not null default true,
  verified_at timestamptz,
  last_error text,
  failing_since_at timestamptz,
  revision uuid not null default private.uuid_v7(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  created_by uuid,
  updated_by uuid,
  primary key (tenant_id, id),
  constraint notification_providers_tenant_channel_unique unique (tenant_id, channel),
  constraint provider_config_is_small check (jsonb_typeof(config) = 'object' and private.json_fits(config, 8192)),
  constraint provider_fits_its_channel check (provider = any (case channel
    when 'email' then '{smtp,sendgrid,ses}' when 'sms' then '{msg91,twilio}' else '{whatsapp_business_api}' end::public.notification_provider[])),
  constraint provider_error_is_short check (length(last_error) <= 1000)
);
comment on table public.notification_providers is
  'By whom a tenant''s messages are sent, at most one for each channel. It is used only while it is active and verified; otherwise the platform''s is. The secret is in Vault.';
comment on column public.notification_providers.callback_secret_id is 'What the callbacks of MSG91 and WhatsApp are verified with. The other providers need none.';
comment on column public.notification_providers.verified_at is 'When a test message went out with exactly these settings.';
comment on column public.notification_providers.failing_since_at is 'Since when the platform''s provider cannot be reached. Null once it has sent something again.';
comment on column public.notification_providers.revision is 'Changes with every change of the settings, so that a test of older ones cannot verify newer ones.';
create unique index notification_providers_ref_id_idx on public.notification_providers (tenant_id, ref_id) where ref_id is not null;
-- A callback names the settings and no tenant.
create index notification_providers_id_idx on public.notification_providers (id);
create trigger notification_providers_touch before update on public.notification_providers
  for each row execute function private.tg_touch_updated_at();
create trigger notification_providers_stamp_editor before insert or update on public.notification_providers
  for each row execute function private.tg_stamp_editor();
create trigger notification_providers_drop_secret after delete or update of config_secret_id, callback_secret_id on public.notification_providers
  for each row execute function private.tg_drop_secrets('config_secret_id', 'callback_secret_id');

alter table public.notification_providers enable row level security;
create policy "managers read their tenant's notification providers" on public.notification_providers
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read_admin'))::uuid[]));
create policy "managers remove their tenant's notification providers" on public.notification_providers
  for delete to authenticated using (tenant_id = any ((select private.tenant_ids('manage'))::uuid[]));
-- Nobody may insert or update: settings, secret and trust change together, in the functions below.
grant select, delete on public.notification_providers to authenticated;
grant select on public.notification_providers to service_role;

-- Where a secret is sent to. If that changes, the secret must be given again.
create function private.secret_goes_to(provider public.notification_provider, config jsonb) returns text
  language sql immutable parallel safe
  set search_path = ''
as $$ select concat_ws(' ', provider, lower(config ->> 'host'), config ->> 'port', config ->> 'region', config ->> 'account_sid') $$;

-- A definer, because the secret goes to Vault. Only for the service: the edge function has checked the settings
-- and the caller's permission.
create function private.set_notification_provider(
  tenant_id uuid, channel public.notification_channel, provider public.notification_provider, config jsonb,
  secret text default null, is_active boolean default true, callback_secret text default null
) returns public.notification_providers
  language plpgsql security definer
  set search_path = ''
as $$
declare
  stored public.notification_providers;
  secret_id uuid;
  callback_id uuid;
  is_changed boolean;
begin
  if length(set_notification_provider.secret) > 4096 or length(set_notification_provider.callback_secret) > 4096 or private.json_problem(set_notification_provider.config, 100, 8192) is not null then
    perform private.raise_problem(422, 'invalid_value', 'The settings of the provider are too large.', '[{"pointer": "/config", "detail": "must be smaller"}]');
  end if;
  insert into public.notification_providers as p (tenant_id, channel, provider)
  values (set_notification_provider.tenant_id, set_notification_provider.channel, set_notification_provider.provider)
  on conflict on constraint notification_providers_tenant_channel_unique do nothing;
  select * into stored from public.notification_providers as p
  where p.tenant_id = set_notification_provider.tenant_id and p.channel = set_notification_provider.channel for update;
  is_changed := set_notification_provider.secret is not null
    or (stored.provider, stored.config) is distinct from (set_notification_provider.provider, set_notification_provider.config);
  secret_id := private.keep_secret(set_notification_provider.secret, stored.config_secret_id,
    private.secret_goes_to(stored.provider, stored.config)
      is distinct from private.secret_goes_to(set_notification_provider.provider, set_notification_provider.config),
    'secret of a notification provider');
  callback_id := case
    when set_notification_provider.callback_secret is not null
      then vault.create_secret(set_notification_provider.callback_secret, null, 'callback secret of a notification provider')
    -- Of another kind of provider it proves nothing.
    when stored.provider = set_notification_provider.provider then stored.callback_secret_id end;
  if secret_id is null and (set_notification_provider.provider <> 'smtp' or set_notification_provider.config ? 'user') then
    perform private.raise_problem(422, 'invalid_value', 'This provider needs a secret.', '[{"pointer": "/secret", "detail": "is missing"}]');
  end if;
  update public.notification_providers as p set
    provider = set_notification_provider.provider, config = set_notification_provider.config, config_secret_id = secret_id,
    callback_secret_id = callback_id,
    is_active = set_notification_provider.is_active,
    verified_at = case when not is_changed then p.verified_at end,
    last_error = case when not is_changed then p.last_error end,
    failing_since_at = case when not is_changed then p.failing_since_at end,
    revision = case when is_changed then private.uuid_v7() else p.revision end
  where p.tenant_id = stored.tenant_id and p.id = stored.id
  returning * into stored;
  return stored;
end
$$;
comment on function private.set_notification_provider(uuid, public.notification_channel, public.notification_provider, jsonb, text, boolean, text) is
  'Sets by whom a tenant''s messages of a channel are sent, and puts the secret in Vault. Whatever changes has to be tested again.';

-- A definer, as the next one: what a test found is written by nobody else. Only for the service.
create function private.record_provider_test(tenant_id uuid, provider_id uuid, revision uuid, error text default null)
  returns public.notification_providers
  language plpgsql security definer
  set search_path = ''
as $$
declare
  recorded public.notification_providers;
begin
  update public.notification_providers as p set
    verified_at = case when record_provider_test.error is null then now() end, last_error = left(record_provider_test.error, 1000),
    failing_since_at = case when record_provider_test.error is not null then p.failing_since_at end
  where p.tenant_id = record_provider_test.tenant_id and p.id = record_provider_test.provider_id and p.revision = record_provider_test.revision
  returning * into recorded;
  if recorded.id is null then
    perform private.raise_problem(409, 'conflict', 'The settings of the provider were changed during the test. Test them again.');
  end if;
  return recorded;
end
$$;
comment on function private.record_provider_test(uuid, uuid, uuid, text) is
  'Stores whether a test message went out, for the settings that were tested. This is the only way to verified_at.';

create function private.begin_provider_test(tenant_id uuid, channel public.notification_channel,
    out id uuid, out provider public.notification_provider, out config jsonb, out revision uuid, out secret text)
  language plpgsql security definer
  set search_path = ''
as $$
#variable_conflict use_column
begin
  select p.id, p.provider, p.config, p.revision, (select s.decrypted_secret from vault.decrypted_secrets as s where s.id = p.config_secret_id)
  into id, provider, config, revision, secret
  from public.notification_providers as p
  where p.tenant_id = begin_provider_test.tenant_id and p.channel = begin_provider_test.channel;
  if begin_provider_test.id is null then
    perform private.raise_problem(404, 'not_found', 'This tenant has no provider of its own for this channel.');
  end if;
  -- Each test is a message that somebody pays for.
  if not private.take_turn(begin_provider_test.tenant_id, 'provider_test', 20, 'hour') then
    perform private.raise_problem(429, 'too_many_provider_tests', 'This tenant has tested its providers 20 times in this hour. Wait until the next.');
  end if;
  perform private.record_audit(begin_provider_test.tenant_id, 'notification_provider.secret_read', 'notification_providers', private.ulid(begin_provider_test.id));
end
$$;
comment on function private.begin_provider_test(uuid, public.notification_channel) is
  'The settings and the secret of a tenant''s provider, for a test. At most 20 times an hour. Only for the service.';
grant execute on function private.set_notification_provider(uuid, public.notification_channel, public.notification_provider, jsonb, text, boolean, text),
  private.record_provider_test(uuid, uuid, uuid, text), private.begin_provider_test(uuid, public.notification_channel) to service_role;

-- A definer, because Auth's table is nobody's to read.
create function private.confirmed_address(person uuid) returns text
  language sql stable security definer
  set search_path = ''
as $$ select private.normalize_email(u.email) from auth.users as u where u.id = confirmed_address.person and u.email_confirmed_at is not null $$;
comment on function private.confirmed_address(uuid) is 'The address of an account, if Auth has confirmed it. Null otherwise.';
grant execute on function private.confirmed_address(uuid) to service_role;

select private.register_audit_action('notification_provider.secret_read', 'r');
select private.register_table('public.notification_providers', quiet => '{revision}', plain => '{config,last_error}', secret => '{config_secret_id,callback_secret_id}');
