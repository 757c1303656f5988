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
  revision uuid not null default private.uuid_v7(),
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
comment on column public.email_templates.revision is 'Another one after every change, so that two editors cannot overwrite each other.';
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

create function private.tg_revise_template() returns trigger
  language plpgsql
  set search_path = ''
as $$
begin
  new.revision := private.uuid_v7();
  return new;
end
$$;
create trigger email_templates_revise before update on public.email_templates for each row execute function private.tg_revise_template();

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

-- A definer, because whether "powered by" is shown depends on the plan.
create function public.read_mail_look(tenant_id uuid) returns jsonb
  language plpgsql stable security definer
  set search_path = ''
as $$
begin
  perform private.require_permission(read_mail_look.tenant_id, 'read_admin');
  return private.mail_look(read_mail_look.tenant_id);
end
$$;
comment on function public.read_mail_look(uuid) is
  'How a tenant''s mails look, and in whose name they come: {name, logo_url, primary, background, text, from_name, reply_to, signature, is_powered_by_shown}. In a transaction that has changed the brand, as the change has made it.';
grant execute on function public.read_mail_look(uuid) to authenticated;

select private.register_table('public.email_templates', quiet => '{revision}',
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

-- What was told within a window. Each message is a line.
select private.register_email_template('digest', t.locale, 'Several notifications', t.subject, t.body_html,
  '[{"key": "messages", "description": "What happened, a line for each.", "required": true},
    {"key": "count", "description": "How many there are.", "required": true},
    {"key": "tenant", "description": "The name of the tenant.", "required": true}]', 'alert')
from (values
  ('en', '{{count}} notifications from {{tenant}}', '<pre style="font:inherit;white-space:pre-wrap">{{messages}}</pre><p>This concerns {{tenant}}. Sign in to see more.</p>'),
  ('de', '{{count}} Mitteilungen von {{tenant}}', '<pre style="font:inherit;white-space:pre-wrap">{{messages}}</pre><p>Es geht um {{tenant}}. Melde dich an, um mehr zu sehen.</p>'),
  ('fr', '{{count}} notifications de {{tenant}}', '<pre style="font:inherit;white-space:pre-wrap">{{messages}}</pre><p>Cela concerne {{tenant}}. Connectez-vous pour en savoir plus.</p>')
) as t (locale, subject, body_html);

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

-- 04_dispatch_log.sql

-- The dispatch log: one row for each attempt to send a message. It names no address.

create type public.dispatch_status as enum ('sent', 'failed', 'partial', 'skipped_dev_filter');

create table public.notification_dispatch_log (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  ref_id text not null generated always as (private.ulid(id)) stored,
  notification_job_id uuid not null,
  channel text not null,
  type text not null,
  recipients_count int not null default 1,
  provider text,
  status public.dispatch_status not null,
  provider_response jsonb,
  error text,
  duration_ms int,
  attempt int not null default 1,
  created_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, created_at, id),
  constraint dispatch_channel_is_known check (channel in ('email', 'sms', 'whatsapp', 'web')),
  constraint dispatch_response_is_small check (private.json_fits(provider_response, 1024)),
  constraint dispatch_error_is_short check (length(error) <= 1000)
) partition by range (created_at);
comment on table public.notification_dispatch_log is
  'Every attempt to send a message: by whom, what they answered, and how long it took. Append-only, and without addresses.';
create index notification_dispatch_tenant_idx on public.notification_dispatch_log (tenant_id, id desc);
create index notification_dispatch_job_idx on public.notification_dispatch_log (tenant_id, notification_job_id);

-- Before its months are made, so that they get the same triggers.
select private.keep_append_only('public.notification_dispatch_log');
select private.register_partitioned_table('public.notification_dispatch_log', months_ahead => 3, months_kept => 12);

alter table public.notification_dispatch_log enable row level security;
create policy "managers read their tenant's dispatch log" on public.notification_dispatch_log
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read_admin'))::uuid[]));
grant select on public.notification_dispatch_log to authenticated, service_role;

select private.register_table('public.notification_dispatch_log', keeping => 'derived',
  plain => '{channel,type,provider,provider_response,error}', unaudited => 'append-only, so it is a record itself');

-- 05_sending.sql

-- Sending: what a job needs to be sent, and what becomes of it. The functions are for the dispatcher alone.

create function private.read_notification_jobs(tenants uuid[], jobs uuid[])
  returns table (tenant_id uuid, job_id uuid, channel public.notification_channel, type text, is_critical boolean, stop text, address text,
    locale text, data jsonb, words jsonb, look jsonb, provider_id uuid, provider_ref text, provider public.notification_provider, config jsonb,
    secret text, unsubscribe_token uuid)
  language sql stable
  set search_path = ''
  -- Plans of tables that were empty when the session began would read all of them.
  set enable_seqscan = off
as $$
  select j.tenant_id, j.id, j.channel, j.type, j.is_critical,
    case
      -- A dispatcher began to send it and was not heard of again. Whether it did, only the provider knows.
      when j.begun_at is not null then 'unknown'
      when t.status = 'archived' or r.address is null then 'skipped'
      -- A code that is no longer taken.
      when j.type = 'phone_code' and j.created_at < now() - interval '10 minutes' then 'skipped'
      when private.is_suppressed(j.tenant_id, j.channel, r.address, j.is_critical) then 'suppressed'
      -- People are told by mail and inside the application as well. Whoever has no other way is told that it failed.
      when p.id is null and j.channel <> 'email' and j.user_id is not null then 'skipped' end,
    r.address, j.locale, j.data, coalesce(j.words, to_jsonb(w)), private.mail_look(j.tenant_id), p.id, p.ref_id, p.provider, p.config,
    -- A subquery and not a join: with a join, Postgres may decrypt every secret in Vault.
    (select s.decrypted_secret from vault.decrypted_secrets as s where s.id = p.config_secret_id),
    case when not j.is_critical then j.unsubscribe_token end
  from unnest(tenants, jobs) as asked (tenant_id, job_id)
  join private.notification_jobs as j on j.tenant_id = asked.tenant_id and j.id = asked.job_id
  join public.tenants as t on t.id = j.tenant_id
  cross join lateral (
    -- A member's address as Auth has confirmed it now, or a number that they have confirmed, and nobody's who has left meanwhile.
    select case when j.user_id is null then j.address when j.channel <> 'email' then (
        select o.phone from public.tenant_members as m join public.user_profiles as o on o.user_id = m.user_id
        where m.tenant_id = j.tenant_id and m.user_id = j.user_id and m.status = 'active' and o.phone_verified_at is not null)
      else (
      select a.address from public.tenant_members as m, private.confirmed_address(m.user_id) as a (address)
      where m.tenant_id = j.tenant_id and m.user_id = j.user_id and m.status = 'active'
        and private.may_assert_address(m.user_id, a.address, m.tenant_id)) end as address
  ) as r
  left join lateral (
    select e.version, e.subject, e.body_html, e.body_text, e.send_via, e.variables from public.email_templates as e
    where e.tenant_id in (j.tenant_id, private.platform_tenant_id()) and e.slug = j.template and e.is_active
      and e.locale in (j.locale, left(j.locale, 2), 'en')
    -- The language counts more than whose words they are: nobody reads a mail that they do not understand.
    order by array_position(array[j.locale, left(j.locale, 2), 'en'], e.locale), e.tenant_id = j.tenant_id desc
    limit 1
  ) as w on true
  left join lateral (
    select o.* from public.notification_providers as o
    where o.tenant_id in (j.tenant_id, private.platform_tenant_id()) and o.channel = j.channel and o.is_active and o.verified_at is not null
    order by coalesce(o.provider::text = w.send_via::text, false) desc, o.tenant_id = j.tenant_id desc
    limit 1
  ) as p on true
  where j.status = 'pending'
$$;
comment on function private.read_notification_jobs(uuid[], uuid[]) is
  'What pending jobs need to be sent: the address as it counts now, the words in the language of the person, the look, and by whom. stop says why one is not sent.';

create function private.begin_phone_message(tenant uuid, job uuid, provider_id uuid, provider text) returns boolean
  language plpgsql
  set search_path = ''
as $$
begin
  update private.notification_jobs as j
  set begun_at = now(), provider_id = begin_phone_message.provider_id, provider = begin_phone_message.provider
  where j.tenant_id = begin_phone_message.tenant and j.id = begin_phone_message.job and j.status = 'pending' and j.begun_at is null;
  return found;
end
$$;
comment on function private.begin_phone_message(uuid, uuid, uuid, text) is
  'Says that a message to a telephone is being sent from now on. A dispatcher that is killed after that sends no second one. False if another has begun before.';

create function private.record_notification_attempts(attempts jsonb) returns void
  language plpgsql
  set search_path = ''
as $$
declare
  refused record;
begin
  insert into public.notification_dispatch_log (tenant_id, notification_job_id, channel, type, recipients_count, provider, status,
    provider_response, error, duration_ms, attempt)
  select j.tenant_id, j.id, j.channel::text, j.type, case when a.dispatched = 'skipped_dev_filter' then 0 else 1 end, a.provider,
    a.dispatched::public.dispatch_status, jsonb_build_object('detail', left(a.detail, 250)),
    case when a.dispatched = 'failed' then left(a.detail, 1000) end, a.duration_ms, coalesce(a.attempt, 1)
  from jsonb_to_recordset(attempts) as a (tenant_id uuid, job_id uuid, dispatched text, provider text, detail text, duration_ms int, attempt int)
  join private.notification_jobs as j on j.tenant_id = a.tenant_id and j.id = a.job_id
  where a.dispatched is not null;

  update private.notification_jobs as j set
    status = a.status::private.notification_job_status, settled_at = now(), data = '{}', words = null,
    provider = coalesce(a.provider, j.provider), provider_id = coalesce(a.provider_id, j.provider_id),
    message_id = left(a.message_id, 300), template_version = a.template_version,
    error = case when a.status <> 'sent' then left(a.detail, 1000) end
  from jsonb_to_recordset(attempts) as a (tenant_id uuid, job_id uuid, status text, provider text, provider_id uuid, message_id text,
    template_version int, detail text, has_begun boolean)
  where j.tenant_id = a.tenant_id and j.id = a.job_id and a.status is not null
    -- Whoever began to send to a telephone knows better than whoever found that somebody had begun.
    and (j.status = 'pending' or j.status = 'unknown' and a.has_begun);

  -- The provider did not take it, so another attempt costs nothing more.
  update private.notification_jobs as j set begun_at = null
  from jsonb_to_recordset(attempts) as a (tenant_id uuid, job_id uuid, status text, has_begun boolean)
  where j.tenant_id = a.tenant_id and j.id = a.job_id and j.status = 'pending' and a.status is null and a.has_begun;

  -- A callback may have been quicker than this. Then the job is settled already, and its values are kept no longer.
  update private.notification_jobs as j set message_id = coalesce(j.message_id, left(a.message_id, 300)), template_version = a.template_version
  from jsonb_to_recordset(attempts) as a (tenant_id uuid, job_id uuid, status text, message_id text, template_version int)
  where j.tenant_id = a.tenant_id and j.id = a.job_id and a.status = 'sent' and j.status in ('delivered', 'failed') and j.template_version is null;

  -- A provider that knows the key no more is not asked again: the platform's takes its place, and the admins hear it once.
  for refused in
    update public.notification_providers as p set verified_at = null, last_error = left(a.detail, 1000)
    from (select distinct on (r.provider_id) r.* from jsonb_to_recordset(attempts) as r (tenant_id uuid, provider_id uuid, detail text, is_refused boolean)
      where r.is_refused) as a
    where p.tenant_id = a.tenant_id and p.id = a.provider_id and p.verified_at is not null and p.tenant_id <> private.platform_tenant_id()
    returning p.tenant_id, p.ref_id, p.channel, p.provider
  loop
    perform private.notify(refused.tenant_id, 'provider.refused', '{admins}', jsonb_build_object('provider', refused.provider),
      'notification_provider', refused.ref_id);
  end loop;

  -- Nobody takes the place of the platform's own. Its operators hear it once, until it has sent something again.
  for refused in
    update public.notification_providers as p set last_error = left(a.detail, 1000)
    from (select distinct on (r.provider_id) r.* from jsonb_to_recordset(attempts) as r (provider_id uuid, detail text, is_refused boolean)
      where r.is_refused) as a
    where p.tenant_id = private.platform_tenant_id() and p.id = a.provider_id and p.last_error is null
    returning p.tenant_id, p.ref_id, p.channel, p.provider
  loop
    perform private.notify(refused.tenant_id, 'platform.provider_refused', '{admins}',
      jsonb_build_object('provider', refused.provider, 'channel', refused.channel), 'notification_provider', refused.ref_id);
  end loop;

  -- What cannot be sent for a moment is tried again, and is nothing to tell of. What lasts is.
  update public.notification_providers as p set failing_since_at = now()
  where p.tenant_id = private.platform_tenant_id() and p.failing_since_at is null and p.id in (
    select a.provider_id from jsonb_to_recordset(attempts) as a (provider_id uuid, is_down boolean) where a.is_down);
  for refused in
    update public.notification_providers as p set last_error = left(a.detail, 1000)
    from (select distinct on (r.provider_id) r.* from jsonb_to_recordset(attempts) as r (provider_id uuid, detail text, is_down boolean)
      where r.is_down) as a
    where p.tenant_id = private.platform_tenant_id() and p.id = a.provider_id and p.last_error is null
      and p.failing_since_at <= now() - interval '5 minutes'
    returning p.tenant_id, p.ref_id, p.channel, p.provider
  loop
    perform private.notify(refused.tenant_id, 'platform.provider_unreachable', '{admins}',
      jsonb_build_object('provider', refused.provider, 'channel', refused.channel), 'notification_provider', refused.ref_id);
  end loop;
  if exists (select from public.notification_providers as p
      where p.tenant_id = private.platform_tenant_id() and (p.last_error is not null or p.failing_since_at is not null)) then
    update public.notification_providers as p set last_error = null, failing_since_at = null
    where p.tenant_id = private.platform_tenant_id() and (p.last_error is not null or p.failing_since_at is not null) and p.id in (
      select a.provider_id from jsonb_to_recordset(attempts) as a (provider_id uuid, dispatched text) where a.dispatched = 'sent');
  end if;
end
$$;
comment on function private.record_notification_attempts(jsonb) is
  'Writes attempts to the dispatch log, settles the jobs whose status is given, and takes back the trust in providers that refused their credentials.';

select private.register_notification_type('provider.refused', 'messages', 'A provider of messages does not accept the credentials of the tenant.',
  '{"en": "{{provider}} does not accept your credentials any more. Your messages go out by our provider until you set them again.",
    "de": "{{provider}} nimmt deine Zugangsdaten nicht mehr an. Deine Nachrichten gehen über unseren Anbieter hinaus, bis du sie neu setzt.",
    "fr": "{{provider}} n’accepte plus vos identifiants. Vos messages partent par notre prestataire jusqu’à ce que vous les redéfinissiez."}',
  '{"provider": "smtp"}', is_critical => true);

select private.register_notification_type('platform.provider_refused', 'messages', 'A provider of messages does not accept the credentials of the platform.',
  '{"en": "{{provider}} does not accept the platform''s credentials for {{channel}}. Tenants without a provider of their own send nothing by it.",
    "de": "{{provider}} nimmt die Zugangsdaten der Plattform für {{channel}} nicht an. Mandanten ohne eigenen Anbieter verschicken darüber nichts.",
    "fr": "{{provider}} n’accepte pas les identifiants de la plateforme pour {{channel}}. Les clients sans prestataire à eux n’envoient rien par là."}',
  '{"provider": "smtp", "channel": "email"}', is_critical => true);

select private.register_notification_type('platform.provider_unreachable', 'messages', 'A provider of messages of the platform cannot be reached.',
  '{"en": "{{provider}} has not been reachable for minutes. Messages by {{channel}} of tenants without a provider of their own wait, and are given up after hours.",
    "de": "{{provider}} ist seit Minuten nicht erreichbar. Nachrichten über {{channel}} von Mandanten ohne eigenen Anbieter warten, und nach Stunden werden sie aufgegeben.",
    "fr": "{{provider}} est injoignable depuis plusieurs minutes. Les messages par {{channel}} des clients sans prestataire à eux attendent, et sont abandonnés après des heures."}',
  '{"provider": "smtp", "channel": "email"}', is_critical => true);

-- 06_unsubscribing.sql

-- Unsubscribing: what whoever holds a mail may do with its link. The functions are for the edge function alone.

create function private.find_unsubscribing(token uuid, out tenant_id uuid, out tenant_name text, out address text, out color text)
  returns setof record
  language sql stable
  set search_path = ''
as $$
  select j.tenant_id, coalesce(b.display_name, t.name), coalesce(j.address, private.confirmed_address(j.user_id)), b.brand #>> '{colors,primary}'
  from private.notification_jobs as j
  join public.tenants as t on t.id = j.tenant_id and t.status <> 'archived'
  left join public.tenant_brands as b on b.tenant_id = t.id
  where j.unsubscribe_token = find_unsubscribing.token and j.channel = 'email' and not j.is_critical and coalesce(j.address, private.confirmed_address(j.user_id)) is not null
$$;
comment on function private.find_unsubscribing(uuid) is 'Whose mails a link ends, and for which address. No row for a link that there is not.';

create function private.unsubscribe(token uuid) returns boolean
  language plpgsql
  set search_path = ''
as $$
declare
  found_one record;
begin
  select * into found_one from private.find_unsubscribing(token);
  if not found then
    return false;
  end if;
  perform private.suppress(found_one.tenant_id, 'email', found_one.address, 'unsubscribed');
  return true;
end
$$;
comment on function private.unsubscribe(uuid) is 'Ends the mails of a tenant to whoever holds this link, but those that are critical. False for a link that there is not.';

-- 07_queue.sql

-- The queue of messages: jobs become its items when they are due, and a provider of a tenant is a lane.

-- What has no item yet and is due. A view, because quiet hours put off when a job is due.
create view private.due_notification_jobs as
  select j.tenant_id, j.id, j.channel, j.due_at from private.notification_jobs as j
  where j.queued_at is null and j.status = 'pending' and j.due_at <= now();

select private.register_queue('notifications', '/notifications/dispatch', '{5 s,1 min,5 min,30 min,2 h,6 h}', 'private.due_notification_jobs');

-- A definer, because whoever causes a notification holds no privilege on queues.
create function private.tg_wake_notifications() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  if exists (select from added as a where a.due_at <= now()) then
    perform private.wake_dispatcher('notifications');
  end if;
  return null;
end
$$;
create trigger notification_jobs_wake_dispatcher after insert on private.notification_jobs
  referencing new table as added for each statement execute function private.tg_wake_notifications();

create function private.tenants_with_due_jobs(max_tenants int) returns uuid[]
  language plpgsql volatile
  set search_path = ''
  set enable_seqscan = off
as $$
declare
  oldest timestamptz := (select j.due_at from private.due_notification_jobs as j order by j.due_at limit 1);
  moment timestamptz;
  start uuid;
  next uuid;
  found uuid[] := '{}';
begin
  if oldest is null then
    return found;
  end if;
  -- Each search starts behind another tenant, so that everybody has a turn even if more of them wait. The moment is chosen
  -- before the search: in its condition it would be chosen again for each row, and one of the first would nearly always win.
  moment := oldest + random() * (now() - oldest);
  start := (select j.tenant_id from private.due_notification_jobs as j where j.due_at >= moment order by j.due_at limit 1);
  next := coalesce(start, (select j.tenant_id from private.due_notification_jobs as j order by j.due_at limit 1));
  -- One search in the index for each tenant, however many jobs it has.
  loop
    found := found || next;
    exit when cardinality(found) = max_tenants;
    select j.tenant_id into next from private.due_notification_jobs as j where j.tenant_id > next order by j.tenant_id limit 1;
    if next is null then
      select j.tenant_id into next from private.due_notification_jobs as j order by j.tenant_id limit 1;
    end if;
    exit when next is null or next = any (found);
  end loop;
  return found;
end
$$;
comment on function private.tenants_with_due_jobs(int) is 'Tenants with jobs that are due and have no item yet, at most so many.';

create function private.notification_lane(tenant uuid, channel public.notification_channel) returns uuid
  language sql stable
  set search_path = ''
as $$
  -- Made of both ids, because tenants share the platform's provider, and no two of them a lane.
  select md5(tenant::text || coalesce((
    select p.id from public.notification_providers as p
    where p.tenant_id in (notification_lane.tenant, private.platform_tenant_id()) and p.channel = notification_lane.channel
      and p.is_active and p.verified_at is not null
    order by p.tenant_id = notification_lane.tenant desc limit 1), private.platform_tenant_id())::text)::uuid
$$;
comment on function private.notification_lane(uuid, public.notification_channel) is 'The lane of a tenant''s messages: by whom they are sent now.';

create function private.expand_notification_jobs(batch int) returns int
  language plpgsql
  set search_path = ''
  set enable_seqscan = off
as $$
declare
  turn uuid[] := private.tenants_with_due_jobs(50);
  turn_channels public.notification_channel[];
  turn_lanes uuid[];
  tenants uuid[];
  jobs uuid[];
  lanes uuid[];
begin
  if turn = '{}' then
    return 0;
  end if;
  select array_agg(d.tenant_id), array_agg(d.channel), array_agg(private.notification_lane(d.tenant_id, d.channel))
  into turn, turn_channels, turn_lanes
  from (
    select distinct o.tenant_id, o.channel from unnest(turn) as t (tenant_id)
    cross join lateral (
      select w.tenant_id, w.channel from private.notification_jobs as w
      where w.tenant_id = t.tenant_id and w.queued_at is null and w.status = 'pending' and w.due_at <= now()
      order by w.due_at limit greatest(batch / cardinality(turn), 1)) as o) as d;
  if turn is null then
    return 0;
  end if;
  -- A lane outlives its provider: what waits in it goes out by whoever takes the provider's place. Only what is missing is
  -- inserted: finding out by the conflict would wait for whoever changes the lane.
  insert into private.queue_lanes (tenant_id, queue, lane_id)
  select distinct w.tenant_id, 'notifications', w.lane_id from unnest(turn, turn_lanes) as w (tenant_id, lane_id)
  where not exists (select from private.queue_lanes as l
    where l.tenant_id = w.tenant_id and l.queue = 'notifications' and l.lane_id = w.lane_id)
  order by 1, 3
  on conflict do nothing;
  insert into private.queue_tenants (tenant_id, queue)
  select distinct w.tenant_id, 'notifications' from unnest(turn) as w (tenant_id)
  where not exists (select from private.queue_tenants as q where q.tenant_id = w.tenant_id and q.queue = 'notifications')
  order by 1
  on conflict do nothing;
  -- Before the jobs. Taking jobs may lock some that another dispatcher has just taken, and whoever completes those locks
  -- their lanes first.
  perform private.lock_lanes('notifications', turn, turn_lanes);
  with taken as (
    update private.notification_jobs as j set queued_at = now()
    from (
      select o.tenant_id, o.id, t.lane_id from unnest(turn, turn_channels, turn_lanes) as t (tenant_id, channel, lane_id)
      cross join lateral (
        select w.tenant_id, w.id from private.notification_jobs as w
        where w.tenant_id = t.tenant_id and w.channel = t.channel and w.queued_at is null and w.status = 'pending' and w.due_at <= now()
        order by w.due_at limit greatest(batch / cardinality(turn), 1) for update skip locked) as o) as d
    where j.tenant_id = d.tenant_id and j.id = d.id
    returning j.tenant_id, j.id, d.lane_id
  )
  select array_agg(k.tenant_id), array_agg(k.id), array_agg(k.lane_id) into tenants, jobs, lanes from taken as k;
  if tenants is null then
    return 0;
  end if;
  perform private.enqueue_items('notifications', tenants, lanes, jobs, array_fill(null::text, array[cardinality(jobs)]));
  return cardinality(jobs);
end
$$;
comment on function private.expand_notification_jobs(int) is
  'Puts jobs that are due into the queue: of up to 50 tenants in turn, those of each that have waited longest first. Returns how many.';

create function private.claim_notification_jobs(batch int, lease_seconds int default 60, slow_batch int default null)
  returns table (tenant_id uuid, lane_id uuid, item_id uuid, lease_id uuid, attempt_number int, ordering_key text, is_slow boolean, job jsonb)
  language plpgsql
  set search_path = ''
  set enable_seqscan = off
as $$
#variable_conflict use_column
declare
  leased jsonb;
  tenants uuid[];
  jobs uuid[];
begin
  select jsonb_agg(c), array_agg(c.tenant_id), array_agg(c.item_id) into leased, tenants, jobs
  from private.claim_items('notifications', batch, lease_seconds, slow_batch) as c;
  if tenants is null then
    return;
  end if;
  -- A statement of its own, so that it sees the jobs of all items that were claimed.
  return query
  select c.tenant_id, c.lane_id, c.item_id, c.lease_id, c.attempt_number, c.ordering_key, c.is_slow, to_jsonb(j)
  from jsonb_to_recordset(leased)
    as c (tenant_id uuid, lane_id uuid, item_id uuid, lease_id uuid, attempt_number int, ordering_key text, is_slow boolean)
  -- Of a job that was forgotten meanwhile only the item is left. It ends without a message.
  left join private.read_notification_jobs(tenants, jobs) as j on j.tenant_id = c.tenant_id and j.job_id = c.item_id;
end
$$;
comment on function private.claim_notification_jobs(int, int, int) is
  'Leases due jobs (claim_items), each with what it needs to be sent. job is null if there is nothing to send any more.';

create function private.complete_notification_jobs(given jsonb, dispatcher int default null) returns int
  language plpgsql
  set search_path = ''
  set enable_seqscan = off
as $$
declare
  -- Every transaction that locks items without their lane uses this order.
  results private.queue_result[] := array(
    select r from jsonb_populate_recordset(null::private.queue_result, given) as r order by r.lane_id, r.item_id, r.lease_id);
  done record;
begin
  select * into done from private.complete_items('notifications', results, dispatcher);
  perform private.record_notification_attempts((
    select jsonb_agg(a.attempt || jsonb_build_object('tenant_id', r.tenant_id, 'job_id', r.item_id, 'attempt', r.attempt_number,
      'duration_ms', r.duration_ms, 'status', case
        -- Its lease was lost meanwhile, so somebody else settles it. The attempt was made. One to a telephone is made once.
        when r.ordinality <> all (done.settled) then case when (a.attempt ->> 'has_begun')::boolean then a.attempt ->> 'status' end
        when r.ordinality = any (done.died) then 'failed'
        else a.attempt ->> 'status' end))
    from unnest(results) with ordinality as r
    join jsonb_array_elements(given) as a (attempt) on (a.attempt ->> 'item_id')::uuid = r.item_id and (a.attempt ->> 'lease_id')::uuid = r.lease_id));
  perform private.wake_tenants_after('notifications', results, done.tenants);
  return cardinality(done.settled);
end
$$;
comment on function private.complete_notification_jobs(jsonb, int) is
  'Takes the results of leased jobs, [private.queue_result and an attempt for record_notification_attempts() in one object]. Settles those whose lease is still held, and logs every attempt. Returns how many were settled.';

-- 08_callbacks.sql

-- Callbacks: what providers say became of messages, each once.

create type private.callback_feedback as enum (
  'hard',        -- there is no such mailbox or number
  'soft',        -- it came back, and may not the next time
  'complaint',   -- it was reported as spam
  'unsubscribed' -- its reader told the provider to send nothing more
);

create table private.notification_callbacks (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  job_id uuid not null,
  provider_id uuid not null,
  event_id text not null,
  channel public.notification_channel not null,
  status private.notification_job_status,
  feedback private.callback_feedback,
  address text,
  created_at timestamptz not null default now(),
  primary key (tenant_id, id),
  -- An event counts once for as long as there is its job. Without its job it counts for nothing.
  foreign key (tenant_id, job_id) references private.notification_jobs on delete cascade,
  constraint one_for_each_event unique (tenant_id, provider_id, event_id),
  constraint event_id_is_short check (length(event_id) between 1 and 300),
  constraint callback_address_is_normal check (length(address) <= 320 and address = private.fold_email(address) and address ~ '^[!-~]+$')
);
comment on table private.notification_callbacks is
  'What providers said became of messages. Written only after the provider''s signature was verified, and only for jobs that its settings sent.';
comment on column private.notification_callbacks.address is 'Where the message could not go. Null for everything else.';
create index notification_callbacks_job_idx on private.notification_callbacks (tenant_id, job_id);
create index notification_callbacks_soft_idx on private.notification_callbacks (tenant_id, channel, address, created_at) where feedback = 'soft';

create function private.read_callback_provider(provider_ref text)
  returns table (tenant_id uuid, id uuid, channel public.notification_channel, provider public.notification_provider, config jsonb,
    secret text, callback_secret text)
  language sql stable
  set search_path = ''
as $$
  -- Also while it is switched off: what it sent before is still under way. Subqueries, or Postgres may decrypt every secret.
  select p.tenant_id, p.id, p.channel, p.provider, p.config,
    (select s.decrypted_secret from vault.decrypted_secrets as s where s.id = p.config_secret_id),
    (select s.decrypted_secret from vault.decrypted_secrets as s where s.id = p.callback_secret_id)
  from public.notification_providers as p join public.tenants as t on t.id = p.tenant_id and t.status <> 'archived'
  where p.id = private.ulid_to_uuid(provider_ref)
$$;
comment on function private.read_callback_provider(text) is 'What a callback to these settings is verified with.';

create function private.heed_feedback(tenant uuid, channel public.notification_channel, address text, feedback private.callback_feedback) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  case feedback
    when 'hard' then
      perform private.suppress(tenant, channel, address, 'bounced');
    when 'complaint' then
      perform private.suppress(tenant, channel, address, 'complained');
    when 'unsubscribed' then
      perform private.suppress(tenant, channel, address, 'unsubscribed');
    when 'soft' then
      if (select count(*) from private.notification_callbacks as c
          where c.tenant_id = heed_feedback.tenant and c.channel = heed_feedback.channel and c.address = heed_feedback.address
            and c.feedback = 'soft' and c.created_at > now() - interval '7 days') >= 3 then
        perform private.suppress(tenant, channel, address, 'bounced', now() + interval '14 days');
      end if;
  end case;
end
$$;
comment on function private.heed_feedback(uuid, public.notification_channel, text, private.callback_feedback) is
  'Suppresses an address: at once if it does not exist or its reader wants nothing more, and for 14 days after three soft bounces in 7 days.';

create function private.take_notification_callbacks(
  provider_tenant uuid, provider_id uuid, events jsonb, out applied int, out duplicate int, out ignored int
)
  language plpgsql
  set search_path = ''
  set enable_seqscan = off
as $$
declare
  given record;
  event_row uuid;
begin
  applied := 0;
  duplicate := 0;
  ignored := jsonb_array_length(events);
  for given in
    select e.event_id, e.status::private.notification_job_status as status, e.feedback::private.callback_feedback as feedback,
      case when e.feedback is not null and length(e.address) <= 320 and e.address ~ '^[!-~]+$' then private.fold_email(e.address) end as address, e.detail, j.tenant_id, j.id as job_id, j.channel
    from rows from (jsonb_to_recordset(events)
      as (event_id text, job_tenant uuid, job_id uuid, message_id text, status text, feedback text, address text, detail text))
      with ordinality as e (event_id, job_tenant, job_id, message_id, status, feedback, address, detail, n)
    cross join lateral (
      select o.tenant_id, o.id, o.channel from private.notification_jobs as o
      where e.job_id is not null and o.tenant_id = e.job_tenant and o.id = e.job_id and (
        o.provider_id = take_notification_callbacks.provider_id
        -- The callback came before the dispatcher had said who sent it. The platform's provider sends for everybody.
        or o.provider_id is null and provider_tenant in (o.tenant_id, private.platform_tenant_id()))
      union all
      select o.tenant_id, o.id, o.channel from private.notification_jobs as o
      where e.job_id is null and o.provider_id = take_notification_callbacks.provider_id and o.message_id = e.message_id
      limit 1) as j
    join public.notification_providers as p
      on p.tenant_id = provider_tenant and p.id = take_notification_callbacks.provider_id and p.channel = j.channel
    -- Two calls at once lock in one order.
    order by j.tenant_id, j.id, e.n
  loop
    ignored := ignored - 1;
    perform from private.notification_jobs as j where j.tenant_id = given.tenant_id and j.id = given.job_id for update;
    insert into private.notification_callbacks (tenant_id, job_id, provider_id, event_id, channel, status, feedback, address)
    values (given.tenant_id, given.job_id, take_notification_callbacks.provider_id, given.event_id, given.channel, given.status, given.feedback,
      given.address)
    on conflict on constraint one_for_each_event do nothing
    returning id into event_row;
    if event_row is null then
      duplicate := duplicate + 1;
      continue;
    end if;
    applied := applied + 1;
    -- The states stand in the order in which a job moves. suppressed and skipped come after all of these.
    update private.notification_jobs as j set
      status = given.status, settled_at = coalesce(j.settled_at, now()), data = '{}', words = null,
      provider_id = coalesce(j.provider_id, take_notification_callbacks.provider_id),
      error = case when given.status = 'failed' then left(given.detail, 1000) end
    where j.tenant_id = given.tenant_id and j.id = given.job_id and j.status < given.status;
    if given.address is not null then
      perform private.heed_feedback(given.tenant_id, given.channel, given.address, given.feedback);
    end if;
  end loop;
end
$$;
comment on function private.take_notification_callbacks(uuid, uuid, jsonb) is
  'Takes verified events of a provider: each once, and only for jobs that these settings sent. A job moves only forward. Returns how many were new, how many had been taken before, and how many are about other messages.';

select private.register_table('private.notification_callbacks', keeping => 'history', plain => '{event_id}', personal => '{address}',
  person => 'address', on_forget => 'erase', unaudited => 'what providers said of messages, not what anybody changed');

-- 09_messages.sql

-- Messages: what a tenant's own servers and managers send to somebody outside, by a template.

select private.register_limit('messages', 'Messages to people outside that were sent this month.',
  '{"trial": 100, "starter": 500, "professional": 5000, "business": 50000, "enterprise": 10000000}', 'sending a message',
  is_monthly => true);

-- A definer, because nobody may write a job directly: it would be sent in words that nobody has checked.
create function public.send_message(
  tenant_id uuid, channel public.notification_channel, recipient text, template text, data jsonb default '{}',
  locale text default null, idempotency_key text default null
) returns text
  language plpgsql security definer
  set search_path = ''
as $$
declare
  -- So that no key of a server meets one of ours.
  key text := 'message ' || coalesce(idempotency_key, gen_random_uuid()::text);
  language text;
  destination text;
  declared jsonb;
  missing text;
  used bigint;
  earlier record;
begin
  perform private.require_permission(send_message.tenant_id, 'notifications:write');
  if length(recipient) > 320 or length(template) > 100 or length(locale) > 35 or length(idempotency_key) not between 1 and 150
      or private.json_problem(data, 500, 32768) is not null or jsonb_typeof(data) <> 'object' then
    perform private.raise_problem(422, 'invalid_value', 'The message is too large. Its data must be an object of at most 32768 bytes.');
  end if;
  destination := case when channel = 'email' then private.normalize_email(recipient) when recipient ~ '^\+[1-9][0-9]{6,14}$' then recipient end;
  if destination is null then
    perform private.raise_problem(422, 'invalid_value', 'The message has no recipient to whom it could go.',
      jsonb_build_array(jsonb_build_object('pointer', '/to',
        'detail', case when channel = 'email' then 'must be an e-mail address' else 'must be a number such as +447700900123' end)));
  end if;
  language := coalesce(send_message.locale, (select t.locale from public.tenants as t where t.id = send_message.tenant_id));
  -- The words that it would be sent in, as read_notification_jobs() finds them.
  select e.variables into declared from public.email_templates as e
  where e.tenant_id in (send_message.tenant_id, private.platform_tenant_id()) and e.slug = send_message.template and e.is_active
    and e.locale in (language, left(language, 2), 'en')
  order by array_position(array[language, left(language, 2), 'en'], e.locale), e.tenant_id = send_message.tenant_id desc limit 1;
  if not found then
    perform private.raise_problem(422, 'invalid_value', 'There is no template of this name in this language, nor in English.',
      '[{"pointer": "/template", "detail": "is not the name of a template"}]');
  end if;
  select v ->> 'key' into missing from jsonb_array_elements(declared) as v
  where v ->> 'required' = 'true' and v ->> 'key' <> 'tenant' and coalesce(data #>> string_to_array(v ->> 'key', '.'), '') = '' limit 1;
  if missing is not null then
    perform private.raise_problem(422, 'invalid_value', format('The template needs a value of {{%s}}.', missing),
      jsonb_build_array(jsonb_build_object('pointer', '/data', 'detail', format('must have %s', missing))));
  end if;
  -- Counting nothing locks the count. Whoever sends with the same key, or wants the last place, waits here.
  used := private.count_places(send_message.tenant_id, 'messages', 0);
  select j.id, j.template into earlier from private.notification_jobs as j
  where j.tenant_id = send_message.tenant_id and j.channel = send_message.channel and coalesce(j.user_id::text, j.address) = destination
    and j.idempotency_key = key;
  if found then
    if earlier.template <> send_message.template then
      perform private.raise_problem(409, 'conflict', 'This idempotency_key was used for another template.');
    end if;
    return private.ulid(earlier.id);
  end if;
  perform private.refuse_beyond(send_message.tenant_id, 'messages', private.count_places(send_message.tenant_id, 'messages', 1));
  return private.ulid(private.message_address(send_message.tenant_id, channel, destination, template, data, key, language, type => 'message'));
end
$$;
comment on function public.send_message(uuid, public.notification_channel, text, text, jsonb, text, text) is
  'Sends a template to an address or a number outside, and returns the ref_id of the message. A key counts once for each channel and recipient. 402 limit_reached.';
grant execute on function public.send_message(uuid, public.notification_channel, text, text, jsonb, text, text) to authenticated, service_role;

insert into private.api_scopes (scope, permission, description) values
  ('notifications:write', 'manage', 'Send messages by templates.')
on conflict (scope) do update set (permission, description) = (excluded.permission, excluded.description);

-- 10_overview.sql

-- The overview: a provider of e-mail or messages that does not accept its settings.

create function private.find_refusing_notification_providers(tenant uuid) returns setof private.overview_target
  language sql stable
  set search_path = ''
as $$
  select p.ref_id, p.channel::text, p.updated_at from public.notification_providers as p
  where p.tenant_id = find_refusing_notification_providers.tenant and p.is_active and p.last_error is not null
  order by p.channel limit 6
$$;
select private.register_overview('notification_provider_refusing', 'error', 'read_admin', 'notification_provider', '/notifications/providers',
  'find_refusing_notification_providers', 'A provider of the tenant refuses its settings, so the platform''s sends instead.');

-- 11_unsettled.sql

-- Unsettled messages: sent to a telephone, and then nobody heard of them again. The provider may tell, or a manager who asked it.

-- What each call reads. It stays small, because what is in it ends after a week.
create index notification_jobs_unknown_idx on private.notification_jobs (tenant_id, id) where status = 'unknown';

-- A definer, as the next one, because jobs are granted to nobody. Only for the service: the edge function has checked the caller's
-- permission.
create function private.list_unsettled_messages(tenant uuid, before uuid, most int)
  returns table (ref_id text, channel public.notification_channel, type text, provider text, recipient text, begun_at timestamptz)
  language sql stable security definer
  set search_path = ''
as $$
  select private.ulid(j.id), j.channel, j.type, j.provider, coalesce(j.address, p.phone), coalesce(j.begun_at, j.settled_at)
  from private.notification_jobs as j
  left join public.user_profiles as p on p.user_id = j.user_id
    -- Nobody's number who has left meanwhile.
    and exists (select from public.tenant_members as m where m.tenant_id = j.tenant_id and m.user_id = j.user_id and m.status = 'active')
  where j.tenant_id = list_unsettled_messages.tenant and j.status = 'unknown' and (before is null or j.id < before)
  order by j.id desc limit most
$$;
comment on function private.list_unsettled_messages(uuid, uuid, int) is
  'Messages of a tenant of which nobody knows whether they were sent, the newest first. For the service.';

create function private.settle_message(tenant uuid, message text, was_sent boolean) returns void
  language plpgsql security definer
  set search_path = ''
as $$
begin
  -- From here on it moves only forward, as with a callback: one that comes late still says that it arrived.
  update private.notification_jobs as j set
    status = case when was_sent then 'sent' else 'failed' end::private.notification_job_status, settled_at = now(),
    error = case when not was_sent then 'A manager says that it was not sent.' end
  where j.tenant_id = settle_message.tenant and j.id = private.ulid_to_uuid(message) and j.status = 'unknown';
  if not found then
    perform private.raise_problem(404, 'not_found', 'There is no message with this ref_id whose end is unknown.');
  end if;
  perform private.record_audit(tenant, 'notification_message.settled', 'notification_jobs', message, metadata => jsonb_build_object('was_sent', was_sent));
end
$$;
comment on function private.settle_message(uuid, text, boolean) is
  'What a manager found out about a message whose end is unknown. 404 not_found for any other. For the service.';
select private.register_audit_action('notification_message.settled', 'u', '{was_sent}');
grant execute on function private.list_unsettled_messages(uuid, uuid, int), private.settle_message(uuid, text, boolean) to service_role;

create function private.end_unsettled_messages(batch int default 1000) returns int
  language sql volatile
  set search_path = ''
as $$
  with ended as (
    update private.notification_jobs as j set status = 'failed', settled_at = now(),
      error = 'It may have been sent: the provider said nothing of it for seven days.'
    where j.ctid = any (array(
      select o.ctid from private.notification_jobs as o where o.status = 'unknown' and o.settled_at < now() - interval '7 days'
      limit batch for update skip locked))
    returning 1
  )
  select count(*)::int from ended
$$;
comment on function private.end_unsettled_messages(int) is
  'Ends messages of which nobody has heard for seven days, at most one batch. Returns how many.';
select cron.schedule('notifications: end messages of which nobody hears', '*/10 * * * *', 'select private.end_unsettled_messages()');

create function private.find_unsettled_messages(tenant uuid) returns setof private.overview_target
  language sql stable
  set search_path = ''
as $$
  -- A callback comes within minutes.
  select private.ulid(j.id), j.type, j.settled_at from private.notification_jobs as j
  where j.tenant_id = find_unsettled_messages.tenant and j.status = 'unknown' and j.settled_at < now() - interval '1 hour'
  order by j.id limit 6
$$;
select private.register_overview('message_unsettled', 'info', 'read_admin', 'unsettled_message', '/notifications/unsettled',
  'find_unsettled_messages', 'Nobody knows whether a message to a telephone was sent. Ask its provider, and say so.');

-- 12_phone_confirmations.sql

-- Phone confirmations: a person shows by a code that a number is theirs. Nothing else is sent to it before that.

create table private.phone_confirmations (
  tenant_id uuid not null references public.tenants on delete cascade,
  user_id uuid not null,
  phone text not null,
  code_hash bytea not null,
  tries int not null default 0,
  expires_at timestamptz not null default now() + interval '10 minutes',
  -- For the limit of a person.
  sent_count int not null default 1,
  counted_at timestamptz not null default now(),
  primary key (tenant_id, user_id),
  foreign key (tenant_id, user_id) references public.tenant_members on delete cascade,
  constraint confirmed_phone_is_e164 check (phone ~ '^\+[1-9][0-9]{6,14}$'),
  constraint code_hash_is_sha256 check (length(code_hash) = 32)
);
comment on table private.phone_confirmations is
  'The code that a person was sent last, as a hash, and to which number. A code counts for ten minutes and five tries.';
create index phone_confirmations_expires_at_idx on private.phone_confirmations (expires_at);

create function private.phone_code_hash(person uuid, phone text, code text) returns bytea
  language sql immutable
  set search_path = ''
-- A dump shows no code. Whoever tries all of them finds it, and has ten minutes to use it.
as $$ select sha256(convert_to(concat_ws(' ', person, phone, code), 'UTF8')) $$;

-- A definer, as the next ones, because the codes are granted to nobody. Only for the service: the edge function says who asks.
create function private.send_phone_code(tenant uuid, person uuid, phone text, channel public.notification_channel) returns timestamptz
  language plpgsql security definer
  set search_path = ''
as $$
#variable_conflict use_column
declare
  -- Of 48 random bits.
  code text := lpad((('x' || right(gen_random_uuid()::text, 12))::bit(48)::bigint % 1000000)::text, 6, '0');
  kept private.phone_confirmations;
begin
  if channel not in ('sms', 'whatsapp') or send_phone_code.phone !~ '^\+[1-9][0-9]{6,14}$' then
    perform private.raise_problem(422, 'invalid_value', 'This is no number to which a code can be sent.',
      '[{"pointer": "/phone", "detail": "must be a number such as +447700900123"}]');
  end if;
  if not exists (select from public.notification_providers as p
      where p.tenant_id in (send_phone_code.tenant, private.platform_tenant_id()) and p.channel = send_phone_code.channel
        and p.is_active and p.verified_at is not null) then
    perform private.raise_problem(409, 'no_phone_provider', 'Nobody sends messages by this channel here.');
  end if;
  insert into private.phone_confirmations as c (tenant_id, user_id, phone, code_hash)
  values (tenant, person, send_phone_code.phone, private.phone_code_hash(person, send_phone_code.phone, code))
  on conflict (tenant_id, user_id) do update set (phone, code_hash, tries, expires_at) =
      (excluded.phone, excluded.code_hash, 0, excluded.expires_at),
    sent_count = case when c.counted_at > now() - interval '1 hour' then c.sent_count + 1 else 1 end,
    counted_at = case when c.counted_at > now() - interval '1 hour' then c.counted_at else now() end
  returning * into kept;
  -- A code costs money, and its reader sleep. So they are limited by who asks, by whom it is for, and by who pays.
  if kept.sent_count > 5
      -- Numbers share counters, so that nobody can fill the table with numbers.
      or not private.take_turn(private.platform_tenant_id(), 'phone_code_to_' || translate(left(md5(send_phone_code.phone), 4),
        '0123456789', 'ghijklmnop'), 20, 'day')
      or not private.take_turn(tenant, 'phone_code', 200, 'day') then
    perform private.raise_problem(429, 'too_many_phone_codes', 'Too many codes were sent. Wait for an hour.');
  end if;
  perform private.message_address(tenant, channel, send_phone_code.phone, 'phone_code', jsonb_build_object('code', code),
    'phone code ' || gen_random_uuid(), (select p.locale from public.user_profiles as p where p.user_id = person), is_critical => true);
  return kept.expires_at;
end
$$;
comment on function private.send_phone_code(uuid, uuid, text, public.notification_channel) is
  'Sends a member a code to a number, in the place of any earlier one. Returns until when it counts. 409 no_phone_provider, 429 too_many_phone_codes.';

create function private.confirm_phone(tenant uuid, person uuid, code text) returns boolean
  language plpgsql security definer
  set search_path = ''
as $$
declare
  kept private.phone_confirmations;
begin
  -- Whoever guesses at once waits here, so no try is lost. The caller commits it, whatever the answer is.
  update private.phone_confirmations as c set tries = c.tries + 1
  where c.tenant_id = confirm_phone.tenant and c.user_id = confirm_phone.person and c.expires_at > now() and c.tries < 5
  returning * into kept;
  if not found or kept.code_hash <> private.phone_code_hash(person, kept.phone, left(confirm_phone.code, 20)) then
    return false;
  end if;
  update private.phone_confirmations as c set expires_at = now()
  where c.tenant_id = confirm_phone.tenant and c.user_id = confirm_phone.person;
  -- In this order: another number takes back what was confirmed of the one before.
  update public.user_profiles as p set phone = kept.phone where p.user_id = confirm_phone.person;
  update public.user_profiles as p set phone_verified_at = now() where p.user_id = confirm_phone.person;
  return true;
end
$$;
comment on function private.confirm_phone(uuid, uuid, text) is
  'Makes the number to which this code was sent the number of the person. False for a wrong code, an old one, one that was tried five times, and none.';

create function private.read_phone(tenant uuid, person uuid, out phone text, out phone_verified_at timestamptz, out asked_phone text,
    out asked_until timestamptz)
  language sql stable security definer
  set search_path = ''
as $$
  select p.phone, p.phone_verified_at, c.phone, c.expires_at
  from public.user_profiles as p
  left join private.phone_confirmations as c
    on c.tenant_id = read_phone.tenant and c.user_id = p.user_id and c.expires_at > now() and c.tries < 5
  where p.user_id = read_phone.person
$$;
comment on function private.read_phone(uuid, uuid) is 'The number of a person, and the one for which a code is still awaited.';
grant execute on function private.send_phone_code(uuid, uuid, text, public.notification_channel), private.confirm_phone(uuid, uuid, text),
  private.read_phone(uuid, uuid) to service_role;

create function private.sweep_phone_confirmations(batch int default 1000) returns int
  language sql volatile
  set search_path = ''
as $$
  with swept as (
    delete from private.phone_confirmations as c where c.ctid = any (array(
      select o.ctid from private.phone_confirmations as o where o.expires_at < now() - interval '1 hour' limit batch for update skip locked))
    returning 1
  )
  select count(*)::int from swept
$$;
comment on function private.sweep_phone_confirmations(int) is 'Removes codes an hour after their end, at most one batch. Returns how many.';
select cron.schedule('notifications: remove old codes', '*/10 * * * *', 'select private.sweep_phone_confirmations()');

select private.register_email_template('phone_code', t.locale, 'A code for a telephone number', t.subject, '<p>' || t.subject || '</p>',
  '[{"key": "code", "description": "The six digits.", "required": true},
    {"key": "tenant", "description": "The name of the tenant.", "required": true}]', 'alert')
from (values
  ('en', '{{code}} is your code for {{tenant}}. It counts for ten minutes. Tell it to nobody.'),
  ('de', '{{code}} ist dein Code für {{tenant}}. Er gilt zehn Minuten. Sag ihn niemandem.'),
  ('fr', '{{code}} est votre code pour {{tenant}}. Il est valable dix minutes. Ne le donnez à personne.')
) as t (locale, subject);

select private.register_table('private.phone_confirmations', keeping => 'history', personal => '{phone}', secret => '{code_hash}',
  on_forget => 'keep', kept_because => 'Of a person with an account. It is removed an hour after its end.',
  unaudited => 'a number belongs to a person and to no tenant');
