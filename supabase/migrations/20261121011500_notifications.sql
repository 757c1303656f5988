-- Made by "npm run generate" from supabase/schemas/75_notifications. Change it there.

-- 01_email_templates.sql

-- E-mail templates: the words of each kind of mail, global ones and those that a tenant has in their place.

create type public.email_template_category as enum ('approval', 'report_delivery', 'onboarding', 'billing', 'alert', 'custom');
create type public.email_sender as enum ('sendgrid', 'ses', 'smtp');

create table public.email_templates (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  ref_id text not null generated always as (private.ulid(id)) stored,
  slug text not null,
  locale text not null default 'en',
  name text not null,
  subject text not null,
  body_html text not null,
  body_text text,
  variables jsonb not null default '[]',
  category public.email_template_category not null default 'custom',
  source_template_id uuid,
  is_active boolean not null default true,
  send_via public.email_sender,
  version int not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  created_by uuid,
  updated_by uuid,
  primary key (tenant_id, id),
  constraint template_slug_is_a_word check (slug ~ '^[a-z][a-z0-9_]{0,99}$'),
  constraint template_locale_is_a_tag check (locale ~ '^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$'),
  constraint template_name_is_text check (length(btrim(name)) >= 1 and private.is_plain_text(name, 255)),
  -- A line break in a subject would start a new header.
  constraint template_subject_is_one_line check (length(subject) between 1 and 500 and subject !~ '[\r\n]'),
  constraint template_bodies_are_small check (length(body_html) between 1 and 100000 and length(body_text) <= 100000),
  constraint template_variables_are_a_list check (jsonb_typeof(variables) = 'array' and private.json_fits(variables, 16384))
);
comment on table public.email_templates is
  'The words of a mail, by slug and language. The rows of the platform tenant are for everybody. A tenant''s own row takes the place of one of them.';
comment on column public.email_templates.variables is 'What may stand in double braces: [{"key": "author.name", "description": "Who wrote it.", "required": true}].';
comment on column public.email_templates.source_template_id is 'The global template that this one took the place of, when it was first written.';
comment on column public.email_templates.send_via is 'The kind of provider that this mail should go through, where the tenant has one that is verified.';
comment on column public.email_templates.version is 'Grows with every change of the words.';
create unique index email_templates_ref_id_idx on public.email_templates (tenant_id, ref_id) where ref_id is not null;
create unique index email_templates_slug_idx on public.email_templates (tenant_id, slug, locale);
create trigger email_templates_touch before update on public.email_templates for each row execute function private.tg_touch_updated_at();
create trigger email_templates_stamp_editor before insert or update on public.email_templates for each row execute function private.tg_stamp_editor();

create function private.tg_count_template_version() returns trigger
  language plpgsql
  set search_path = ''
as $$
begin
  new.version := old.version + 1;
  return new;
end
$$;
create trigger email_templates_count_version before update on public.email_templates for each row
  when ((old.subject, old.body_html, old.body_text, old.variables) is distinct from (new.subject, new.body_html, new.body_text, new.variables))
  execute function private.tg_count_template_version();

alter table public.email_templates enable row level security;
create policy "managers read their tenant's e-mail templates" on public.email_templates
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read_admin'))::uuid[]));
-- Nobody else writes: what stands in double braces is checked by the edge function, with the parser that also renders it.
grant select on public.email_templates to authenticated;
grant select, insert, update, delete on public.email_templates to service_role;

create function private.mail_look(tenant uuid) returns jsonb
  language sql stable
  set search_path = ''
as $$
  select jsonb_build_object('name', b.display_name, 'logo_url', b.brand #> '{logo,url}', 'primary', b.brand #> '{colors,primary}',
    'background', b.brand #> '{colors,background}', 'text', b.brand #> '{colors,text}',
    'from_name', coalesce(b.email_config -> 'from_name', to_jsonb(b.display_name)), 'reply_to', b.email_config -> 'reply_to',
    'signature', b.email_config -> 'signature',
    'is_powered_by_shown', private.is_switched_off(b.tenant_id, 'white_label') or coalesce(b.brand -> 'show_powered_by', 'true') = 'true')
  from public.tenant_brands as b where b.tenant_id = mail_look.tenant
$$;
comment on function private.mail_look(uuid) is 'How a tenant''s mails look, and in whose name they come.';

select private.register_table('public.email_templates',
  plain => '{slug,locale,name,subject,body_html,body_text,variables}');

-- 02_default_templates.sql

-- The global templates: what is mailed for a tenant that has no words of its own.

create function private.register_email_template(
  slug text, locale text, name text, subject text, body_html text, variables jsonb, category public.email_template_category
) returns void
  language sql
  set search_path = ''
as $$
  insert into public.email_templates as e (tenant_id, slug, locale, name, subject, body_html, variables, category)
  values (private.platform_tenant_id(), register_email_template.slug, register_email_template.locale, register_email_template.name,
    register_email_template.subject, register_email_template.body_html, register_email_template.variables, register_email_template.category)
  on conflict (tenant_id, slug, locale) do update
    set (name, subject, body_html, variables, category) = (excluded.name, excluded.subject, excluded.body_html, excluded.variables, excluded.category)
    where (e.name, e.subject, e.body_html, e.variables, e.category)
      is distinct from (excluded.name, excluded.subject, excluded.body_html, excluded.variables, excluded.category)
$$;
comment on function private.register_email_template(text, text, text, text, text, jsonb, public.email_template_category) is
  'Adds a global e-mail template, or updates it.';

-- The sentence of each notification type is in the type. One template for all of them is what surrounds it.
select private.register_email_template('notification', t.locale, 'A notification', '{{message}}', t.body_html,
  '[{"key": "message", "description": "What happened, in one sentence.", "required": true},
    {"key": "tenant", "description": "The name of the tenant.", "required": true}]', 'alert')
from (values
  ('en', '<p>{{message}}</p><p>This concerns {{tenant}}. Sign in to see more.</p>'),
  ('de', '<p>{{message}}</p><p>Es geht um {{tenant}}. Melde dich an, um mehr zu sehen.</p>'),
  ('fr', '<p>{{message}}</p><p>Cela concerne {{tenant}}. Connectez-vous pour en savoir plus.</p>')
) as t (locale, body_html);

select private.register_email_template('invitation', t.locale, 'An invitation', t.subject, t.body_html,
  '[{"key": "tenant", "description": "The name of the tenant.", "required": true},
    {"key": "link", "description": "Where the invitation is accepted.", "required": true},
    {"key": "expires_on", "description": "The last day of the invitation.", "required": true}]', 'onboarding')
from (values
  ('en', 'You are invited to {{tenant}}',
    '<p>{{tenant}} invites you to join them.</p><p><a href="{{link}}">Accept the invitation</a></p><p>It is open until {{expires_on}}. Sign in or sign up with the address that got this mail. If you do not know {{tenant}}, ignore it.</p>'),
  ('de', 'Du bist zu {{tenant}} eingeladen',
    '<p>{{tenant}} lädt dich ein, dabei zu sein.</p><p><a href="{{link}}">Einladung annehmen</a></p><p>Sie gilt bis {{expires_on}}. Melde dich mit der Adresse an, an die diese Mail ging. Wenn du {{tenant}} nicht kennst, lass sie liegen.</p>'),
  ('fr', 'Vous êtes invité à rejoindre {{tenant}}',
    '<p>{{tenant}} vous invite à rejoindre son équipe.</p><p><a href="{{link}}">Accepter l’invitation</a></p><p>Elle est valable jusqu’au {{expires_on}}. Connectez-vous avec l’adresse qui a reçu ce message. Si vous ne connaissez pas {{tenant}}, ignorez-le.</p>')
) as t (locale, subject, body_html);

select private.register_email_template('welcome', t.locale, 'Welcome', t.subject, t.body_html,
  '[{"key": "tenant", "description": "The name of the tenant.", "required": true},
    {"key": "name", "description": "The name of the person.", "required": true}]', 'onboarding')
from (values
  ('en', 'Welcome to {{tenant}}', '<p>Hello {{name}},</p><p>your account at {{tenant}} is ready.</p>'),
  ('de', 'Willkommen bei {{tenant}}', '<p>Hallo {{name}},</p><p>dein Konto bei {{tenant}} ist bereit.</p>'),
  ('fr', 'Bienvenue chez {{tenant}}', '<p>Bonjour {{name}},</p><p>votre compte chez {{tenant}} est prêt.</p>')
) as t (locale, subject, body_html);

-- 03_providers.sql

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
  is_active boolean not null default true,
  verified_at timestamptz,
  last_error text,
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
comment on column public.notification_providers.verified_at is 'When a test message went out with exactly these settings.';
comment on column public.notification_providers.revision is 'Changes with every change of the settings, so that a test of older ones cannot verify newer ones.';
create unique index notification_providers_ref_id_idx on public.notification_providers (tenant_id, ref_id) where ref_id is not null;
create trigger notification_providers_touch before update on public.notification_providers
  for each row execute function private.tg_touch_updated_at();
create trigger notification_providers_stamp_editor before insert or update on public.notification_providers
  for each row execute function private.tg_stamp_editor();
create trigger notification_providers_drop_secret after delete or update of config_secret_id on public.notification_providers
  for each row execute function private.tg_drop_secrets('config_secret_id');

alter table public.notification_providers enable row level security;
create policy "managers read their tenant's notification providers" on public.notification_providers
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read_admin'))::uuid[]));
create policy "managers remove their tenant's notification providers" on public.notification_providers
  for delete to authenticated using (tenant_id = any ((select private.tenant_ids('manage'))::uuid[]));
-- Nobody may insert or update: settings, secret and trust change together, in the functions below.
grant select, delete on public.notification_providers to authenticated;
grant select on public.notification_providers to service_role;

-- Where a secret is sent to. If that changes, the secret must be given again: otherwise whoever may change the settings
-- could have it sent to a server of their own.
create function private.secret_goes_to(provider public.notification_provider, config jsonb) returns text
  language sql immutable parallel safe
  set search_path = ''
as $$ select concat_ws(' ', provider, lower(config ->> 'host'), config ->> 'port', config ->> 'region', config ->> 'account_sid') $$;

-- A definer, because the secret goes to Vault. Only for the service: the edge function has checked the settings.
create function private.set_notification_provider(
  tenant_id uuid, channel public.notification_channel, provider public.notification_provider, config jsonb,
  secret text default null, is_active boolean default true
) returns public.notification_providers
  language plpgsql security definer
  set search_path = ''
as $$
declare
  stored public.notification_providers;
  secret_id uuid;
  is_changed boolean;
begin
  perform private.require_permission(set_notification_provider.tenant_id, 'manage');
  if length(set_notification_provider.secret) > 4096 or private.json_problem(set_notification_provider.config, 100, 8192) is not null then
    perform private.raise_problem(422, 'invalid_value', 'The settings of the provider are too large.', '[{"pointer": "/config", "detail": "must be smaller"}]');
  end if;
  insert into public.notification_providers as p (tenant_id, channel, provider)
  values (set_notification_provider.tenant_id, set_notification_provider.channel, set_notification_provider.provider)
  on conflict on constraint notification_providers_tenant_channel_unique do nothing;
  select * into stored from public.notification_providers as p
  where p.tenant_id = set_notification_provider.tenant_id and p.channel = set_notification_provider.channel for update;
  is_changed := set_notification_provider.secret is not null
    or (stored.provider, stored.config) is distinct from (set_notification_provider.provider, set_notification_provider.config);
  if set_notification_provider.secret is not null then
    secret_id := vault.create_secret(set_notification_provider.secret, null, 'secret of a notification provider');
  elsif stored.config_secret_id is not null and private.secret_goes_to(stored.provider, stored.config)
      is distinct from private.secret_goes_to(set_notification_provider.provider, set_notification_provider.config) then
    perform private.raise_problem(422, 'invalid_value', 'The secret would go to another server than before. Give it again.',
      '[{"pointer": "/secret", "detail": "must be given again for another server"}]');
  else
    secret_id := stored.config_secret_id;
  end if;
  if secret_id is null and (set_notification_provider.provider <> 'smtp' or set_notification_provider.config ? 'user') then
    perform private.raise_problem(422, 'invalid_value', 'This provider needs a secret.', '[{"pointer": "/secret", "detail": "is missing"}]');
  end if;
  update public.notification_providers as p set
    provider = set_notification_provider.provider, config = set_notification_provider.config, config_secret_id = secret_id,
    is_active = set_notification_provider.is_active,
    verified_at = case when not is_changed then p.verified_at end,
    last_error = case when not is_changed then p.last_error end,
    revision = case when is_changed then private.uuid_v7() else p.revision end
  where p.tenant_id = stored.tenant_id and p.id = stored.id
  returning * into stored;
  return stored;
end
$$;
comment on function private.set_notification_provider(uuid, public.notification_channel, public.notification_provider, jsonb, text, boolean) is
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
    verified_at = case when record_provider_test.error is null then now() end, last_error = left(record_provider_test.error, 1000)
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
grant execute on function private.set_notification_provider(uuid, public.notification_channel, public.notification_provider, jsonb, text, boolean),
  private.record_provider_test(uuid, uuid, uuid, text), private.begin_provider_test(uuid, public.notification_channel) to service_role;

-- A definer, because Auth's table is nobody's to read.
create function private.confirmed_address(person uuid) returns text
  language sql stable security definer
  set search_path = ''
as $$ select private.normalize_email(u.email) from auth.users as u where u.id = confirmed_address.person and u.email_confirmed_at is not null $$;
comment on function private.confirmed_address(uuid) is 'The address of an account, if Auth has confirmed it. Null otherwise.';
grant execute on function private.confirmed_address(uuid) to service_role;

select private.register_audit_action('notification_provider.secret_read', 'r');
select private.register_table('public.notification_providers', quiet => '{revision}', plain => '{config,last_error}', secret => '{config_secret_id}');
