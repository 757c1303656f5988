-- Made by "npm run generate" from supabase/schemas/82_bots. Change it there.

-- 01_bots.sql

-- Bots: the assistants of a shop. Each answers its customers in its own words.

create type public.bot_ai_provider as enum (
  'openai', 'openrouter', 'huggingface',
  'custom' -- whatever speaks OpenAI's chat completions, at an address of its own
);

create function private.is_business_profile(profile jsonb) returns boolean
  language plpgsql immutable parallel safe
  set search_path = ''
as $$
begin
  -- The size first, so that a large value costs nothing.
  return case when private.json_problem(profile, 40, 16384) is null and jsonb_typeof(profile) = 'object' then
    not exists (
      select from jsonb_each(profile) as f (name, value)
      where f.name !~ '^[a-z][a-z0-9_]{0,39}$' or jsonb_typeof(f.value) <> 'string' or not private.is_plain_text(f.value #>> '{}', 2000))
    else false end;
end
$$;
comment on function private.is_business_profile(jsonb) is
  'Whether it is an object of at most 40 texts of at most 2,000 characters, each with a name of lowercase letters, digits and _.';
grant execute on function private.is_business_profile(jsonb) to authenticated, service_role;

create table public.bot_tenants (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  ref_id text not null generated always as (private.ulid(id)) stored,
  client_name text not null,
  client_phone text,
  client_email text,
  point_of_contact_name text,
  point_of_contact_phone text,
  business_profile jsonb not null default '{}',
  ai_provider public.bot_ai_provider,
  ai_base_url text,
  ai_model text,
  ai_api_key_secret_id uuid,
  is_active boolean not null default false,
  switched_off_at timestamptz,
  metadata jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  created_by uuid,
  updated_by uuid,
  primary key (tenant_id, id),
  constraint bot_name_is_text check (length(btrim(client_name)) >= 1 and private.is_plain_text(client_name, 200)),
  constraint bot_phone_is_a_number check (client_phone ~ '^\+[1-9][0-9]{6,14}$'),
  constraint bot_phone_is_its_own unique (tenant_id, client_phone),
  constraint bot_email_is_an_address check (private.is_email(client_email)),
  constraint bot_contact_is_text check (length(btrim(point_of_contact_name)) >= 1 and private.is_plain_text(point_of_contact_name, 200)),
  constraint bot_contact_phone_is_a_number check (point_of_contact_phone ~ '^\+[1-9][0-9]{6,14}$'),
  constraint business_profile_is_texts check (private.is_business_profile(business_profile)),
  constraint bot_model_is_whole check ((ai_provider is null) = (ai_base_url is null) and (ai_provider is null) = (ai_model is null)
    and (ai_provider is not null or ai_api_key_secret_id is null)),
  constraint bot_model_url_is_a_url check (length(ai_base_url) <= 500 and ai_base_url ~ '^https?://[^/?#@[:space:]]+(/[^?#[:space:]]*)?$'),
  constraint bot_model_is_text check (length(ai_model) between 1 and 255 and private.is_plain_text(ai_model, 255)),
  constraint bot_metadata_is_small check (jsonb_typeof(metadata) = 'object' and private.json_fits(metadata, 8192))
);
-- Partial: as a full key, a generated column would make every update lock out the row's children.
create unique index bot_tenants_ref_id_idx on public.bot_tenants (tenant_id, ref_id) where ref_id is not null;
comment on table public.bot_tenants is 'The bots of a tenant: for which shop each speaks, and which language model writes for it. The key of the model is in Vault.';
comment on column public.bot_tenants.business_profile is 'What the bot may say of the shop: hours, address, offers. Each name is a variable of the templates.';
comment on column public.bot_tenants.ai_provider is 'Null: the model of the tenant writes, or else that of the platform.';
comment on column public.bot_tenants.switched_off_at is 'When the plan had no place for it any more. It is on again when the plan has one.';
create trigger bot_tenants_touch before update on public.bot_tenants for each row execute function private.tg_touch_updated_at();
create trigger bot_tenants_stamp_editor before insert or update on public.bot_tenants for each row execute function private.tg_stamp_editor();
create trigger bot_tenants_drop_secrets after delete or update of ai_api_key_secret_id on public.bot_tenants
  for each row execute function private.tg_drop_secrets('ai_api_key_secret_id');

alter table public.bot_tenants enable row level security;
create policy "members read their tenant's bots" on public.bot_tenants
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read', '{bots:read}'))::uuid[]));
create policy "managers create their tenant's bots" on public.bot_tenants
  for insert to authenticated with check (tenant_id = any ((select private.tenant_ids('manage'))::uuid[]));
create policy "managers update their tenant's bots" on public.bot_tenants
  for update to authenticated
  using (tenant_id = any ((select private.tenant_ids('manage'))::uuid[]))
  with check (tenant_id = any ((select private.tenant_ids('manage'))::uuid[]));
create policy "managers delete their tenant's bots" on public.bot_tenants
  for delete to authenticated using (tenant_id = any ((select private.tenant_ids('manage'))::uuid[]));
grant select, delete on public.bot_tenants to authenticated;
-- Nobody may write where the key of the model goes: address and key change together, in set_bot_model().
grant insert (tenant_id, client_name, client_phone, client_email, point_of_contact_name, point_of_contact_phone, business_profile, is_active, metadata),
  update (client_name, client_phone, client_email, point_of_contact_name, point_of_contact_phone, business_profile, is_active, metadata)
  on public.bot_tenants to authenticated;
grant select, insert, update, delete on public.bot_tenants to service_role;

create trigger bot_tenants_take_place after insert on public.bot_tenants
  for each row execute function private.tg_count_places('bot_tenants', '1', 'ask');
create trigger bot_tenants_vacate after delete on public.bot_tenants
  for each row execute function private.tg_count_places('bot_tenants', '-1');
create trigger bot_tenants_require_feature after insert on public.bot_tenants
  for each row execute function private.tg_require_feature('bots');

create function private.keep_bots(tenant uuid, places bigint) returns void
  language sql volatile
  set search_path = ''
as $$
  update public.bot_tenants as b set switched_off_at = case when not k.is_kept then now() end
  from (
    select o.id, coalesce(row_number() over (order by o.created_at, o.id) <= keep_bots.places, true) as is_kept
    from public.bot_tenants as o where o.tenant_id = keep_bots.tenant) as k
  where b.tenant_id = keep_bots.tenant and b.id = k.id and (b.switched_off_at is null) <> k.is_kept
$$;
comment on function private.keep_bots(uuid, bigint) is
  'Leaves so many bots on, the oldest first. Null leaves all. The others answer nobody.';

select private.register_limit('bot_tenants', 'Bots, active or not.',
  '{"trial": 2, "starter": 1, "professional": 2, "business": 5, "enterprise": 100}', 'creating a bot');
select private.register_feature('bots', 'Conversations with customers over WhatsApp.', asked_for => 'creating a bot, and any answer of one');
select private.register_switch('bot_tenants', 'keep_bots', feature => 'bots');


create function private.tg_emit_bot_events() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
declare
  subject public.bot_tenants := case tg_op when 'DELETE' then old else new end;
  data jsonb := jsonb_build_object('bot', jsonb_build_object('ref_id', subject.ref_id, 'client_name', subject.client_name, 'is_active', subject.is_active));
  ordering_key text := 'bot ' || subject.ref_id;
  changed text[];
begin
  case tg_op
    when 'INSERT' then
      perform private.emit_event(subject.tenant_id, 'bot.created', data, ordering_key, has_row_lock => true);
    when 'DELETE' then
      perform private.emit_event(subject.tenant_id, 'bot.deleted', data, ordering_key, has_row_lock => true);
    else
      changed := array_remove(private.changed_fields(to_jsonb(old), to_jsonb(new)), 'ai_api_key_secret_id');
      if changed <> '{}' then
        perform private.emit_event(subject.tenant_id, 'bot.updated', data || jsonb_build_object('changed', changed),
          ordering_key, has_row_lock => true);
      end if;
  end case;
  return null;
end
$$;
create trigger bot_tenants_write_event after insert or update or delete on public.bot_tenants
  for each row execute function private.tg_emit_bot_events();

select private.register_table('public.bot_tenants', plain => '{client_name,business_profile,ai_base_url,ai_model,metadata}',
  personal => '{client_phone,client_email,point_of_contact_name,point_of_contact_phone}', secret => '{ai_api_key_secret_id}',
  on_forget => 'keep', kept_because => 'How the shop of a bot is reached. A manager changes it with the bot.');

insert into private.api_scopes (scope, permission, description) values
  ('bots:read', 'read', 'Read the bots, their templates, training data, settings, plans, conversations and subscriptions.')
on conflict (scope) do update set (permission, description) = (excluded.permission, excluded.description);

select private.register_event_type('bot.created', 'A bot was created.',
  '{"bot": {"ref_id": "ref_id", "client_name": "text", "is_active": "flag"}}',
  '{"bot": {"ref_id": "01JD3N8Q4ZB6T2V9XK5M7R0C1E", "client_name": "Kassangas Music Shop", "is_active": false}}');

select private.register_event_type('bot.updated', 'A bot was changed. The event has the names of the changed fields, and the bot as it is now.',
  '{"bot": {"ref_id": "ref_id", "client_name": "text", "is_active": "flag"}, "changed": "text[]"}',
  '{"bot": {"ref_id": "01JD3N8Q4ZB6T2V9XK5M7R0C1E", "client_name": "Kassangas Music Shop", "is_active": true}, "changed": ["is_active"]}');

select private.register_event_type('bot.deleted', 'A bot was deleted, with its templates and its training data.',
  '{"bot": {"ref_id": "ref_id", "client_name": "text", "is_active": "flag"}}',
  '{"bot": {"ref_id": "01JD3N8Q4ZB6T2V9XK5M7R0C1E", "client_name": "Kassangas Music Shop", "is_active": false}}');

-- 02_models.sql

-- Models of bots: which language model writes for a bot that has one of its own.

-- A definer, because the key goes to Vault. Only for the service: the edge function has checked the address and the
-- caller's permission.
create function private.set_bot_model(tenant uuid, bot uuid, provider public.bot_ai_provider, base_url text, model text, api_key text default null)
  returns void
  language plpgsql security definer
  set search_path = ''
as $$
declare
  stored public.bot_tenants;
begin
  if length(set_bot_model.api_key) > 4096 then
    perform private.raise_problem(422, 'invalid_value', 'The key is too long.', '[{"pointer": "/api_key", "detail": "must have 4096 characters at most"}]');
  end if;
  select * into stored from public.bot_tenants as b where b.tenant_id = set_bot_model.tenant and b.id = set_bot_model.bot for no key update;
  if stored.id is null then
    perform private.raise_problem(404, 'not_found', 'This tenant has no bot with this ref_id.');
  end if;
  update public.bot_tenants as b set ai_provider = set_bot_model.provider, ai_base_url = set_bot_model.base_url, ai_model = set_bot_model.model,
    ai_api_key_secret_id = private.keep_secret(set_bot_model.api_key, stored.ai_api_key_secret_id,
      lower(substring(stored.ai_base_url from '^[a-z]+://[^/]+')) is distinct from lower(substring(set_bot_model.base_url from '^[a-z]+://[^/]+')),
      'key of a bot''s model', 'api_key')
  where b.tenant_id = stored.tenant_id and b.id = stored.id;
end
$$;
comment on function private.set_bot_model(uuid, uuid, public.bot_ai_provider, text, text, text) is
  'Sets which language model writes for a bot, and puts the key in Vault. 404 not_found; 422 invalid_value if the stored key would go to another server.';

-- A definer, as its fellow.
create function private.remove_bot_model(tenant uuid, bot uuid) returns void
  language plpgsql security definer
  set search_path = ''
as $$
begin
  update public.bot_tenants as b set ai_provider = null, ai_base_url = null, ai_model = null, ai_api_key_secret_id = null
  where b.tenant_id = remove_bot_model.tenant and b.id = remove_bot_model.bot and b.ai_provider is not null;
  if not found then
    perform private.raise_problem(404, 'not_found', 'This bot has no model of its own.');
  end if;
end
$$;
comment on function private.remove_bot_model(uuid, uuid) is 'Forgets the model of a bot and its key. The model of the tenant writes for it then. 404 not_found.';
grant execute on function private.set_bot_model(uuid, uuid, public.bot_ai_provider, text, text, text), private.remove_bot_model(uuid, uuid)
  to service_role;

-- 03_templates.sql

-- Templates: in whose manner a bot speaks.

create type public.bot_tone as enum ('professional', 'friendly');

create table public.bot_templates (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  ref_id text not null generated always as (private.ulid(id)) stored,
  bot_id uuid not null,
  template_name text not null,
  description text not null default '',
  system_prompt text not null,
  conversation_context jsonb not null default '{}',
  tone public.bot_tone not null default 'friendly',
  max_response_length int not null default 1000,
  is_active boolean not null default true,
  is_default boolean not null default false,
  metadata jsonb not null default '{}',
  min_level int not null default 0,
  version int not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  created_by uuid,
  updated_by uuid,
  primary key (tenant_id, id),
  constraint bot_templates_bot_fkey foreign key (tenant_id, bot_id) references public.bot_tenants (tenant_id, id) on delete cascade,
  constraint template_name_is_its_own unique (tenant_id, bot_id, template_name),
  constraint template_name_is_text check (length(btrim(template_name)) >= 1 and private.is_plain_text(template_name, 80)),
  constraint template_description_is_text check (private.is_plain_text(description, 500)),
  constraint system_prompt_is_text check (length(btrim(system_prompt)) >= 1 and private.is_plain_text(system_prompt, 8000)),
  constraint conversation_context_is_small check (jsonb_typeof(conversation_context) = 'object' and private.json_fits(conversation_context, 8192)),
  constraint response_length_in_range check (max_response_length between 20 and 4096),
  constraint default_template_is_active check (is_active or not is_default),
  constraint template_level_in_range check (min_level between 0 and 100),
  constraint default_template_is_for_everybody check (min_level = 0 or not is_default),
  constraint bot_template_metadata_is_small check (jsonb_typeof(metadata) = 'object' and private.json_fits(metadata, 8192))
);
create unique index bot_templates_ref_id_idx on public.bot_templates (tenant_id, ref_id) where ref_id is not null;
create unique index bot_templates_default_idx on public.bot_templates (tenant_id, bot_id) where is_default;
comment on table public.bot_templates is 'How a bot speaks: its instructions to a language model, the tone and the length of an answer.';
comment on column public.bot_templates.template_name is 'A template is used where the training data that fits best has a category of this name. Else the default one is.';
comment on column public.bot_templates.conversation_context is 'What the model is told as facts, besides the profile of the shop.';
comment on column public.bot_templates.max_response_length is 'How many characters an answer of the model may have.';
comment on column public.bot_templates.min_level is 'Only contacts with a subscription of this level or more are answered with it. 0: everybody.';
comment on column public.bot_templates.version is 'One more after each change, for people who edit at the same time.';
create trigger bot_templates_touch before update on public.bot_templates for each row execute function private.tg_touch_updated_at();
create trigger bot_templates_stamp_editor before insert or update on public.bot_templates for each row execute function private.tg_stamp_editor();

create function private.tg_count_bot_template_version() returns trigger
  language plpgsql
  set search_path = ''
as $$
begin
  new.version := old.version + 1;
  return new;
end
$$;
create trigger bot_templates_count_version before update on public.bot_templates
  for each row execute function private.tg_count_bot_template_version();

-- A definer, because members may not lock the row of the bot. Two that become the default wait here for each other.
create function private.tg_one_default_template() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  perform from public.bot_tenants as b where b.tenant_id = new.tenant_id and b.id = new.bot_id for no key update;
  update public.bot_templates as t set is_default = false
  where t.tenant_id = new.tenant_id and t.bot_id = new.bot_id and t.is_default and t.id <> new.id;
  return new;
end
$$;
create trigger bot_templates_one_default before insert or update of is_default on public.bot_templates
  for each row when (new.is_default) execute function private.tg_one_default_template();

alter table public.bot_templates enable row level security;
create policy "members read their bots' templates" on public.bot_templates
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read', '{bots:read}'))::uuid[]));
create policy "members create their bots' templates" on public.bot_templates
  for insert to authenticated with check (tenant_id = any ((select private.tenant_ids('write'))::uuid[]));
create policy "members update their bots' templates" on public.bot_templates
  for update to authenticated
  using (tenant_id = any ((select private.tenant_ids('write'))::uuid[]))
  with check (tenant_id = any ((select private.tenant_ids('write'))::uuid[]));
create policy "members delete their bots' templates" on public.bot_templates
  for delete to authenticated using (tenant_id = any ((select private.tenant_ids('write'))::uuid[]));
grant select, delete on public.bot_templates to authenticated;
grant insert (tenant_id, bot_id, template_name, description, system_prompt, conversation_context, tone, max_response_length, is_active, is_default, metadata, min_level),
  update (template_name, description, system_prompt, conversation_context, tone, max_response_length, is_active, is_default, metadata, min_level)
  on public.bot_templates to authenticated;
grant select, insert, update, delete on public.bot_templates to service_role;

create trigger bot_templates_take_place after insert on public.bot_templates
  for each row execute function private.tg_count_places('bot_templates', '1', 'ask');
create trigger bot_templates_vacate after delete on public.bot_templates
  for each row execute function private.tg_count_places('bot_templates', '-1');
select private.register_limit('bot_templates', 'Templates of all bots.',
  '{"trial": 10, "starter": 5, "professional": 10, "business": 50, "enterprise": 1000}', 'creating a template of a bot');

select private.register_table('public.bot_templates', quiet => '{version}', plain => '{template_name,description,system_prompt,conversation_context,metadata}');

-- 04_training_data.sql

-- Training data: questions that a bot can answer, in the words of the shop.

create type public.bot_data_type as enum ('faq', 'canned_reply', 'example');

create function private.fold_text(value text) returns text
  language plpgsql immutable parallel safe
  set search_path = ''
as $$
begin
  -- Case and accents are gone, and what is neither a letter nor a digit of any script is a space.
  return btrim(regexp_replace(regexp_replace(lower(normalize(value, NFKD)), '[\u0300-\u036f]', '', 'g'), '[^[:alnum:]]+', ' ', 'g'));
end
$$;
comment on function private.fold_text(text) is 'A text for comparing: lowercase, without accents and punctuation.';

create function private.text_language(locale text) returns regconfig
  language sql immutable parallel safe
  set search_path = ''
as $$
  -- Those that Postgres knows word forms of. In another language a word is found as it is written.
  select case left(text_language.locale, 2) when 'da' then 'pg_catalog.danish' when 'de' then 'pg_catalog.german' when 'en' then 'pg_catalog.english'
    when 'es' then 'pg_catalog.spanish' when 'fr' then 'pg_catalog.french' when 'it' then 'pg_catalog.italian' when 'nl' then 'pg_catalog.dutch'
    when 'no' then 'pg_catalog.norwegian' when 'pt' then 'pg_catalog.portuguese' when 'sv' then 'pg_catalog.swedish'
    else 'pg_catalog.simple' end::regconfig
$$;
comment on function private.text_language(text) is 'How words of a language are brought to one form for the search.';
grant execute on function private.fold_text(text), private.text_language(text) to authenticated, service_role;

-- A key of the index of words. The bot is in it, so a search meets no row of another bot, and costs the same however many
-- others there are.
create function private.word_keys(bot uuid, words text[]) returns bigint[]
  language sql immutable parallel safe
  set search_path = ''
as $$ select array(select hashtextextended(w, hashtextextended(bot::text, 0)) from unnest(words) as w) $$;
comment on function private.word_keys(uuid, text[]) is 'By which keys the words of a bot are found.';
grant execute on function private.word_keys(uuid, text[]) to authenticated, service_role;

create table public.bot_training_data (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  ref_id text not null generated always as (private.ulid(id)) stored,
  bot_id uuid not null,
  data_type public.bot_data_type not null default 'faq',
  question text not null,
  answer text,
  category text,
  locale text,
  priority int not null default 0,
  confidence_score numeric(4, 3) not null default 1,
  is_active boolean not null default true,
  min_level int not null default 0,
  question_folded text not null generated always as (private.fold_text(question)) stored,
  search_vector tsvector not null generated always as (to_tsvector(private.text_language(locale), private.fold_text(question))) stored,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  created_by uuid,
  updated_by uuid,
  primary key (tenant_id, id),
  constraint bot_training_data_bot_fkey foreign key (tenant_id, bot_id) references public.bot_tenants (tenant_id, id) on delete cascade,
  constraint training_question_is_text check (length(btrim(question)) >= 1 and private.is_plain_text(question, 1000)),
  constraint training_answer_is_text check (length(btrim(answer)) >= 1 and private.is_plain_text(answer, 4000)),
  constraint active_training_data_has_an_answer check (not is_active or answer is not null),
  constraint training_category_is_text check (length(btrim(category)) >= 1 and private.is_plain_text(category, 80)),
  constraint training_locale_is_a_language check (locale ~ '^[a-z]{2,3}$'),
  constraint training_priority_in_range check (priority between -1000 and 1000),
  constraint training_level_in_range check (min_level between 0 and 100),
  constraint confidence_score_in_range check (confidence_score between 0 and 1)
);
create unique index bot_training_data_ref_id_idx on public.bot_training_data (tenant_id, ref_id) where ref_id is not null;
-- The lists of a bot, the newest first.
create index bot_training_data_bot_idx on public.bot_training_data (tenant_id, bot_id, id desc);
create index bot_training_data_search_idx on public.bot_training_data using gin (private.word_keys(bot_id, tsvector_to_array(search_vector)))
  with (fastupdate = off) where is_active;
comment on table public.bot_training_data is 'What a bot knows: a question and its answer. A row without an answer waits for a person who writes one.';
comment on column public.bot_training_data.data_type is 'faq and canned_reply are answered as they are. An example is shown to the language model, and answers nobody by itself.';
comment on column public.bot_training_data.priority is 'Of two answers that fit as well, the one with the higher priority is given.';
comment on column public.bot_training_data.confidence_score is 'How sure the shop is of an answer. How well it fits a question is multiplied by it.';
comment on column public.bot_training_data.min_level is 'Only contacts with a subscription of this level or more are answered with it. 0: everybody.';
comment on column public.bot_training_data.locale is 'The language of the question. Null: any.';
create trigger bot_training_data_touch before update on public.bot_training_data for each row execute function private.tg_touch_updated_at();
create trigger bot_training_data_stamp_editor before insert or update on public.bot_training_data for each row execute function private.tg_stamp_editor();

alter table public.bot_training_data enable row level security;
create policy "members read their bots' training data" on public.bot_training_data
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read', '{bots:read}'))::uuid[]));
create policy "members create their bots' training data" on public.bot_training_data
  for insert to authenticated with check (tenant_id = any ((select private.tenant_ids('write'))::uuid[]));
create policy "members update their bots' training data" on public.bot_training_data
  for update to authenticated
  using (tenant_id = any ((select private.tenant_ids('write'))::uuid[]))
  with check (tenant_id = any ((select private.tenant_ids('write'))::uuid[]));
create policy "members delete their bots' training data" on public.bot_training_data
  for delete to authenticated using (tenant_id = any ((select private.tenant_ids('write'))::uuid[]));
grant select, delete on public.bot_training_data to authenticated;
grant insert (tenant_id, bot_id, data_type, question, answer, category, locale, priority, confidence_score, is_active, min_level),
  update (data_type, question, answer, category, locale, priority, confidence_score, is_active, min_level) on public.bot_training_data to authenticated;
grant select, insert, update, delete on public.bot_training_data to service_role;

create trigger bot_training_data_take_place after insert on public.bot_training_data
  referencing new table as changed for each statement execute function private.tg_count_places('bot_training_data', '1', 'ask');
create trigger bot_training_data_vacate after delete on public.bot_training_data
  referencing old table as changed for each statement execute function private.tg_count_places('bot_training_data', '-1');
select private.register_limit('bot_training_data', 'Rows of training data of all bots.',
  '{"trial": 1000, "starter": 1000, "professional": 5000, "business": 50000, "enterprise": 1000000}', 'adding training data');

select private.register_table('public.bot_training_data', plain => '{data_type,question,answer,category,locale,question_folded}');

-- 05_search.sql

-- Searching training data: which rows of a bot answer a question.

create function private.find_training_ids(tenant uuid, bot uuid, words text[], level int, most int) returns uuid[]
  language plpgsql stable
  set search_path = ''
  set enable_seqscan = off
  set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
  -- A word that is in more rows than this says little. Two of them together say something.
  many constant int := 200;
  found_ids uuid[] := '{}';
  common bigint[] := '{}';
  known record;
begin
  for known in
    select (private.word_keys(bot, array[k.word]))[1] as key, k.row_count
    from private.bot_words as k
    where k.tenant_id = find_training_ids.tenant and k.bot_id = find_training_ids.bot and k.word = any (find_training_ids.words) and k.row_count > 0
    order by k.row_count, k.word limit 40
  loop
    if known.row_count <= many then
      found_ids := found_ids || array(select t.id from public.bot_training_data as t
        where private.word_keys(t.bot_id, tsvector_to_array(t.search_vector)) @> array[known.key] and t.is_active and t.min_level <= level limit many);
    else
      common := common || known.key;
    end if;
  end loop;
  if cardinality(common) = 1 and found_ids = '{}' then
    -- Of a single common word any row is as good as another.
    found_ids := array(select t.id from public.bot_training_data as t
      where private.word_keys(t.bot_id, tsvector_to_array(t.search_vector)) @> common and t.is_active and t.min_level <= level limit many);
  end if;
  found_ids := found_ids || array(
    select t.id from unnest(common[:4]) with ordinality as one (key, n)
    join unnest(common[:4]) with ordinality as other (key, n) on one.n < other.n
    cross join lateral (
      select o.id from public.bot_training_data as o
      where private.word_keys(o.bot_id, tsvector_to_array(o.search_vector)) @> array[one.key, other.key] and o.is_active and o.min_level <= level limit many) as t);
  -- Those that were found by most of the words.
  return array(select f.id from unnest(found_ids) as f (id) group by f.id order by count(*) desc, f.id limit most);
end
$$;
comment on function private.find_training_ids(uuid, uuid, text[], int, int) is
  'Rows of a bot that may answer what is asked with these words, for somebody of this level: at most so many, those with most of the words first.';

-- A definer, as the next one, and for the service alone: behind policies no index would be used, because the operators of text
-- search may tell something of a row by their errors.
create function private.search_training_data(tenant uuid, bot uuid, asked text, language text, most int default 5, level int default 0)
  returns table (ref_id text, data_type public.bot_data_type, question text, answer text, category text, priority int, score numeric)
  language plpgsql stable security definer
  set search_path = ''
  set enable_seqscan = off
  set plan_cache_mode = force_generic_plan
  rows 5
as $$
#variable_conflict use_column
declare
  -- What a person writes in one message. More would only cost time.
  folded constant text := left(private.fold_text(left(search_training_data.asked, 2000)), 1000);
  -- The words in the forms of the language, and as they are written for rows of any language.
  words constant text[] := tsvector_to_array(to_tsvector(private.text_language(search_training_data.language), folded));
  plain_words constant text[] := tsvector_to_array(to_tsvector('pg_catalog.simple', folded));
  found_ids constant uuid[] := private.find_training_ids(tenant, bot, words || plain_words, level, 300);
begin
  return query
  select t.ref_id, t.data_type, t.question, t.answer, t.category, t.priority, d.score
  from (
    select s.id, s.score, s.priority
    from (
      select t.id, t.priority, (
        -- Dice's coefficient: the share of the words that both have. If each has a word that the other lacks, they may ask for
        -- different things, and count for less.
        2.0 * o.shared / (o.asked_count + length(t.search_vector)) * t.confidence_score
          * case when o.shared < least(o.asked_count, length(t.search_vector)) then 0.75 else 1 end)::numeric(4, 3) as score
      from public.bot_training_data as t
      cross join lateral (
        select cardinality(p.words) as asked_count,
          (select count(*)::int from unnest(tsvector_to_array(t.search_vector)) as w where w = any (p.words)) as shared
        from (select case when t.locale is null then plain_words else words end) as p (words)) as o
      where t.tenant_id = search_training_data.tenant and t.bot_id = search_training_data.bot and t.id = any (found_ids) and t.is_active and t.min_level <= level
        and (t.locale is null or t.locale = search_training_data.language)) as s
    where s.score >= 0.25
    order by round(s.score, 1) desc, s.priority desc, s.score desc, s.id
    limit most) as d
  join public.bot_training_data as t on t.tenant_id = search_training_data.tenant and t.id = d.id
  order by round(d.score, 1) desc, d.priority desc, d.score desc, d.id;
end
$$;
comment on function private.search_training_data(uuid, uuid, text, text, int, int) is
  'The rows of a bot whose words fit a question best, in its language, with how well: 1 is the same words. Rows below 0.25 are left out, and those for a higher level. Only for the service.';

create function private.find_similar_training_data(tenant uuid, bot uuid, asked text, language text, most int default 5, level int default 0)
  returns table (ref_id text, data_type public.bot_data_type, question text, answer text, category text, priority int, score numeric)
  language plpgsql stable security definer
  set search_path = ''
  set enable_seqscan = off
  set plan_cache_mode = force_generic_plan
  rows 5
as $$
#variable_conflict use_column
declare
  folded constant text := left(private.fold_text(left(find_similar_training_data.asked, 2000)), 1000);
  -- The letters of so many rows are compared.
  compared constant int := 200;
  found_ids uuid[] := array(select t.id from public.bot_training_data as t
    where t.tenant_id = find_similar_training_data.tenant and t.bot_id = find_similar_training_data.bot and t.is_active and t.min_level <= level limit compared + 1);
  words text[];
begin
  if cardinality(found_ids) > compared then
    words := (select array_agg(distinct w) from unnest(tsvector_to_array(to_tsvector(private.text_language(find_similar_training_data.language), folded))
      || tsvector_to_array(to_tsvector('pg_catalog.simple', folded))) as w);
    found_ids := private.find_training_ids(tenant, bot, words || private.find_near_words(tenant, bot, words), level, compared);
  end if;
  return query
  select d.ref_id, d.data_type, d.question, d.answer, d.category, d.priority, d.score
  from (
    -- Letters say less than words: "tubas" and "tuners" have most of theirs.
    select t.*, (0.85 * extensions.similarity(t.question_folded, folded) * t.confidence_score)::numeric(4, 3) as score
    from public.bot_training_data as t
    where t.tenant_id = find_similar_training_data.tenant and t.bot_id = find_similar_training_data.bot and t.id = any (found_ids) and t.is_active and t.min_level <= level
      and (t.locale is null or t.locale = find_similar_training_data.language)) as d
  where d.score >= 0.25
  order by round(d.score, 1) desc, d.priority desc, d.score desc, d.id
  limit most;
end
$$;
comment on function private.find_similar_training_data(uuid, uuid, text, text, int, int) is
  'The rows of a bot that are spelt most like a question, for words that are misspelt. Of a bot with more than 200 rows it compares those that share words with the question, or words that differ by one letter. Only for the service.';
grant execute on function private.search_training_data(uuid, uuid, text, text, int, int),
  private.find_similar_training_data(uuid, uuid, text, text, int, int) to service_role;

-- 06_control_settings.sql

-- Control settings: what a bot may do, and how much of it.

create function private.is_stop_word(value text) returns boolean
  language sql immutable parallel safe
  set search_path = ''
as $$
  -- The whole message, and not one that has the word in it: "Where does the bus stop?" is a question.
  select length(value) <= 40 and private.fold_text(value) in ('stop', 'stop all', 'stopall', 'unsubscribe', 'arret', 'arreter', 'desabonner', 'parar',
    'pare', 'cancelar suscripcion', 'abmelden', 'stopp', 'acha', 'simama')
$$;
comment on function private.is_stop_word(text) is 'Whether a contact wants to be written to no more.';
grant execute on function private.is_stop_word(text) to authenticated, service_role;

create function private.are_subscribe_words(words text[]) returns boolean
  language sql immutable parallel safe
  set search_path = ''
as $$
  -- Whoever writes STOP or START means that, so no bot may take these words for its own.
  select cardinality(words) between 1 and 10 and not exists (
    select from unnest(words) as w
    where w is null or length(w) > 40 or private.fold_text(w) = '' or private.fold_text(w) = 'start' or private.is_stop_word(w)
      -- A number chooses a plan.
      or private.fold_text(w) ~ '^[0-9 ]+$')
$$;
comment on function private.are_subscribe_words(text[]) is 'Whether a contact may write these to be offered plans: 1 to 10 words of at most 40 characters.';
grant execute on function private.are_subscribe_words(text[]) to authenticated, service_role;

create table public.bot_control_settings (
  tenant_id uuid not null references public.tenants on delete cascade,
  bot_id uuid not null,
  is_bot_enabled boolean not null default true,
  enable_ai_responses boolean not null default true,
  enable_training_mode boolean not null default false,
  enable_auto_reply boolean not null default true,
  is_typing_shown boolean not null default true,
  log_conversations boolean not null default true,
  enable_payment_flow boolean not null default false,
  subscribe_words text[] not null default '{subscribe,jiunge}',
  max_messages_per_hour int not null default 1000,
  max_messages_per_user_per_day int not null default 100,
  escalation_email text,
  escalation_phone text,
  metadata jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  created_by uuid,
  updated_by uuid,
  primary key (tenant_id, bot_id),
  constraint bot_control_settings_bot_fkey foreign key (tenant_id, bot_id) references public.bot_tenants (tenant_id, id) on delete cascade,
  constraint bot_hour_limit_in_range check (max_messages_per_hour between 1 and 100000),
  constraint bot_day_limit_in_range check (max_messages_per_user_per_day between 1 and 10000),
  constraint subscribe_words_are_words check (private.are_subscribe_words(subscribe_words)),
  constraint escalation_email_is_an_address check (private.is_email(escalation_email)),
  constraint escalation_phone_is_a_number check (escalation_phone ~ '^\+[1-9][0-9]{6,14}$'),
  constraint bot_settings_metadata_is_small check (jsonb_typeof(metadata) = 'object' and private.json_fits(metadata, 8192))
);
comment on table public.bot_control_settings is 'What a bot may do, and how much of it (1:1 with bot_tenants, made together with the bot).';
comment on column public.bot_control_settings.enable_training_mode is 'The bot answers only with its training data. What it does not know becomes a row without an answer.';
comment on column public.bot_control_settings.enable_auto_reply is 'Off: nobody is answered by the bot. Each message waits for a person.';
comment on column public.bot_control_settings.is_typing_shown is 'A contact sees that the bot has read the message, and that it is typing.';
comment on column public.bot_control_settings.log_conversations is 'Off: of a message that is settled, only the facts are kept: when, by whom, and which rule.';
comment on column public.bot_control_settings.enable_payment_flow is 'A contact who writes a word of subscribe_words is offered the plans of the bot, and pays by M-Pesa.';
comment on column public.bot_control_settings.subscribe_words is 'Each is a whole message. Case, accents and punctuation do not matter.';
comment on column public.bot_control_settings.max_messages_per_hour is 'How many messages the bot answers in an hour, of all contacts together.';
comment on column public.bot_control_settings.max_messages_per_user_per_day is 'How many messages of one contact it answers in a day of the tenant''s time zone.';
comment on column public.bot_control_settings.escalation_email is 'Who is told, besides the people of the tenant, when a contact waits for a person.';
create trigger bot_control_settings_touch before update on public.bot_control_settings for each row execute function private.tg_touch_updated_at();
create trigger bot_control_settings_stamp_editor before insert or update on public.bot_control_settings for each row execute function private.tg_stamp_editor();

-- A definer, because a new bot has settings from the first moment, whoever makes it.
create function private.tg_start_bot_settings() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  insert into public.bot_control_settings (tenant_id, bot_id) values (new.tenant_id, new.id) on conflict do nothing;
  return null;
end
$$;
create trigger bot_tenants_start_settings after insert on public.bot_tenants for each row execute function private.tg_start_bot_settings();

alter table public.bot_control_settings enable row level security;
create policy "members read their bots' settings" on public.bot_control_settings
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read', '{bots:read}'))::uuid[]));
create policy "managers update their bots' settings" on public.bot_control_settings
  for update to authenticated
  using (tenant_id = any ((select private.tenant_ids('manage'))::uuid[]))
  with check (tenant_id = any ((select private.tenant_ids('manage'))::uuid[]));
grant select, update (is_bot_enabled, enable_ai_responses, enable_training_mode, enable_auto_reply, is_typing_shown, log_conversations, enable_payment_flow, subscribe_words, max_messages_per_hour,
  max_messages_per_user_per_day, escalation_email, escalation_phone, metadata)
  on public.bot_control_settings to authenticated;
grant select, insert, update, delete on public.bot_control_settings to service_role;

select private.register_table('public.bot_control_settings', plain => '{metadata,subscribe_words}', personal => '{escalation_email,escalation_phone}',
  on_forget => 'keep', kept_because => 'Whom the shop itself tells. A manager changes it with the settings.');

-- 07_answering.sql

-- Answering: what a bot needs to know before it answers somebody.

create function private.bot_stop(tenant public.tenants, bot public.bot_tenants, settings public.bot_control_settings) returns text
  language sql stable
  set search_path = ''
as $$
  select case
    when not private.is_writable(tenant.status, tenant.trial_ends_at) or tenant.contract_pending_at is not null then 'tenant_not_active'
    when not private.has_feature(tenant.id, 'bots') then 'feature_not_in_plan'
    when bot.switched_off_at is not null then 'switched_off'
    when not bot.is_active then 'not_active'
    when not settings.is_bot_enabled then 'not_enabled' end
$$;
comment on function private.bot_stop(public.tenants, public.bot_tenants, public.bot_control_settings) is 'Why a bot answers nobody now. Null: it answers.';

-- A definer, and for the service alone: it reads the key of the model.
create function private.read_answering_bot(tenant uuid, bot uuid, level int default 0)
  returns table (stop text, client_name text, business_profile jsonb, brand jsonb, locale text, enable_ai_responses boolean,
    enable_training_mode boolean, ai_base_url text, ai_model text, ai_api_key text, templates jsonb)
  language sql stable security definer
  set search_path = ''
as $$
  select private.bot_stop(t, b, s), b.client_name, b.business_profile,
    jsonb_strip_nulls(jsonb_build_object('name', r.display_name, 'website', r.website_url, 'booking', r.booking_url)),
    left(t.locale, 2), s.enable_ai_responses, s.enable_training_mode, b.ai_base_url, b.ai_model,
    -- A subquery and not a join: with a join, Postgres may decrypt every secret in Vault.
    (select v.decrypted_secret from vault.decrypted_secrets as v where v.id = b.ai_api_key_secret_id),
    (select coalesce(jsonb_agg(jsonb_build_object('ref_id', p.ref_id, 'template_name', p.template_name, 'system_prompt', p.system_prompt,
        'conversation_context', p.conversation_context, 'tone', p.tone, 'max_response_length', p.max_response_length, 'is_default', p.is_default)
        order by p.id), '[]')
      from public.bot_templates as p where p.tenant_id = b.tenant_id and p.bot_id = b.id and p.is_active and p.min_level <= read_answering_bot.level)
  from public.bot_tenants as b
  join public.tenants as t on t.id = b.tenant_id
  join public.bot_control_settings as s on s.tenant_id = b.tenant_id and s.bot_id = b.id
  left join public.tenant_brands as r on r.tenant_id = b.tenant_id
  where b.tenant_id = read_answering_bot.tenant and b.id = read_answering_bot.bot
$$;
comment on function private.read_answering_bot(uuid, uuid, int) is
  'What a bot needs to answer: the shop, the templates for somebody of this level, the settings and its model with the key. stop says why it answers nobody now. Only for the service.';
grant execute on function private.read_answering_bot(uuid, uuid, int) to service_role;

-- 08_bot_words.sql

-- Words: which words the training data of a bot has, and how many rows have each. The search asks for the rare ones first, and finds
-- what a misspelt one may mean.

create function private.word_cuts(word text) returns text[]
  language sql immutable parallel safe
  set search_path = ''
as $$
  -- Two words with one of these in common differ by one letter: another one, one more, one less, or two in the other order.
  select case when length(word) between 4 and 40
    then array(select word union select left(word, n - 1) || substr(word, n + 1) from generate_series(1, length(word)) as n)
    else array[word] end
$$;
comment on function private.word_cuts(text) is 'A word, and what is left of it without any one of its letters. Short words stay whole.';

create table private.bot_words (
  tenant_id uuid not null references public.tenants on delete cascade,
  bot_id uuid not null,
  word text not null,
  row_count int not null,
  -- No key to the bot: the words of a deleted bot go with its training data, by the triggers below.
  primary key (tenant_id, bot_id, word)
) with (fillfactor = 80);
create index bot_words_cuts_idx on private.bot_words using gin (private.word_keys(bot_id, private.word_cuts(word))) with (fastupdate = off);
comment on table private.bot_words is 'In how many active rows of its training data a bot has a word.';

-- A definer, because people who teach a bot hold no privilege on its words.
create function private.tg_count_bot_words() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
declare
  -- The words of old rows and of new ones, as many rows fewer or more.
  changes private.bot_words[];
begin
  if tg_op = 'INSERT' then
    changes := array(
      select row(n.tenant_id, n.bot_id, w, count(*))::private.bot_words from new_rows as n, unnest(tsvector_to_array(n.search_vector)) as w
      where n.is_active group by n.tenant_id, n.bot_id, w);
  elsif tg_op = 'DELETE' then
    changes := array(
      select row(o.tenant_id, o.bot_id, w, -count(*))::private.bot_words from old_rows as o, unnest(tsvector_to_array(o.search_vector)) as w
      where o.is_active group by o.tenant_id, o.bot_id, w);
  else
    changes := array(
      select row(c.tenant_id, c.bot_id, w, sum(c.difference))::private.bot_words
      from (select n.*, 1 as difference from new_rows as n union all select o.*, -1 from old_rows as o) as c, unnest(tsvector_to_array(c.search_vector)) as w
      where c.is_active group by c.tenant_id, c.bot_id, w having sum(c.difference) <> 0);
  end if;
  -- Two who teach one bot lock its words in one order.
  perform from private.bot_words as k join unnest(changes) as c on c.tenant_id = k.tenant_id and c.bot_id = k.bot_id and c.word = k.word
  order by k.tenant_id, k.bot_id, k.word for no key update of k;
  update private.bot_words as k set row_count = k.row_count + c.row_count from unnest(changes) as c
  where c.row_count < 0 and k.tenant_id = c.tenant_id and k.bot_id = c.bot_id and k.word = c.word;
  insert into private.bot_words as k (tenant_id, bot_id, word, row_count)
  select c.tenant_id, c.bot_id, c.word, c.row_count from unnest(changes) as c where c.row_count > 0 order by c.tenant_id, c.bot_id, c.word
  on conflict on constraint bot_words_pkey do update set row_count = k.row_count + excluded.row_count;
  delete from private.bot_words as k using unnest(changes) as c
  where c.row_count < 0 and k.row_count <= 0 and k.tenant_id = c.tenant_id and k.bot_id = c.bot_id and k.word = c.word;
  return null;
end
$$;
create trigger bot_training_data_words_come after insert on public.bot_training_data
  referencing new table as new_rows for each statement execute function private.tg_count_bot_words();
create trigger bot_training_data_words_change after update on public.bot_training_data
  referencing old table as old_rows new table as new_rows for each statement execute function private.tg_count_bot_words();
create trigger bot_training_data_words_go after delete on public.bot_training_data
  referencing old table as old_rows for each statement execute function private.tg_count_bot_words();

create function private.find_near_words(tenant uuid, bot uuid, words text[]) returns text[]
  language plpgsql stable
  set search_path = ''
  set enable_seqscan = off
  set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
  unknown constant text[] := array(
    select w from unnest(words) as w
    where not exists (select from private.bot_words as k where k.tenant_id = tenant and k.bot_id = bot and k.word = w and k.row_count > 0)
    limit 20);
begin
  return array(
    select near.word from unnest(unknown) as u (word)
    cross join lateral (
      select k.word from private.bot_words as k
      where private.word_keys(k.bot_id, private.word_cuts(k.word)) && private.word_keys(bot, private.word_cuts(u.word)) and k.tenant_id = tenant and k.row_count > 0
      order by k.row_count desc, k.word limit 5) as near);
end
$$;
comment on function private.find_near_words(uuid, uuid, text[]) is
  'Words of a bot that differ by one letter from those of these that it does not have: what a misspelt word may mean.';

select private.register_table('private.bot_words', plain => '{word}', keeping => 'derived', unaudited => 'counts');

-- 10_number/01_bot_numbers.sql

-- Numbers: the WhatsApp number of a bot, and what Meta said of it.

create table public.bot_numbers (
  tenant_id uuid not null references public.tenants on delete cascade,
  bot_id uuid not null,
  whatsapp_phone_number_id text not null,
  whatsapp_business_account_id text not null,
  display_phone_number text,
  verified_name text,
  whatsapp_token_expires_at timestamptz,
  is_verified boolean not null default false,
  verified_at timestamptz,
  last_checked_at timestamptz,
  last_problem text,
  paused_at timestamptz,
  paused_reason text,
  access_token_secret_id uuid not null,
  app_secret_id uuid not null,
  verify_token_secret_id uuid not null,
  verify_token_hash bytea not null,
  verify_token_made_at timestamptz not null default now(),
  previous_verify_token_hash bytea,
  previous_verify_token_expires_at timestamptz,
  expiry_told_days int,
  verify_token_told_at timestamptz,
  revision uuid not null default private.uuid_v7(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  created_by uuid,
  updated_by uuid,
  primary key (tenant_id, bot_id),
  constraint bot_numbers_bot_fkey foreign key (tenant_id, bot_id) references public.bot_tenants (tenant_id, id) on delete cascade,
  constraint phone_number_id_is_digits check (whatsapp_phone_number_id ~ '^[0-9]{5,30}$'),
  constraint business_account_id_is_digits check (whatsapp_business_account_id ~ '^[0-9]{5,30}$'),
  constraint display_phone_number_is_short check (private.is_plain_text(display_phone_number, 40)),
  constraint verified_name_is_short check (private.is_plain_text(verified_name, 200)),
  constraint verified_number_has_a_moment check (is_verified = (verified_at is not null)),
  constraint number_problem_is_a_word check (last_problem ~ '^[a-z][a-z_]{0,39}$'),
  constraint paused_for_a_reason check ((paused_at is null) = (paused_reason is null)),
  constraint pause_reason_is_a_word check (paused_reason ~ '^[a-z][a-z_]{0,39}$'),
  constraint previous_verify_token_ends check ((previous_verify_token_hash is null) = (previous_verify_token_expires_at is null))
);
comment on table public.bot_numbers is
  'The WhatsApp number of a bot, at most one. is_verified is true only after Meta was asked about exactly these ids. Tokens and the app secret are in Vault.';
comment on column public.bot_numbers.whatsapp_phone_number_id is 'Meta''s id of the number. Of the verified ones each is of one bot, over all tenants.';
comment on column public.bot_numbers.last_problem is 'What the last check found wrong. Null if all was well.';
comment on column public.bot_numbers.paused_reason is 'Why the bot sends nothing now, as token_invalid.';
comment on column public.bot_numbers.expiry_told_days is 'How many days before its end the access token was last told of.';
comment on column public.bot_numbers.revision is 'Changes with every change of the settings, so that a check of older ones cannot verify newer ones.';
-- Whoever only types a number in blocks nobody.
create unique index bot_numbers_verified_idx on public.bot_numbers (whatsapp_phone_number_id) where is_verified;
-- Meta calls a path that names the bot and not its tenant.
create index bot_numbers_bot_idx on public.bot_numbers (bot_id);
create index bot_numbers_last_checked_idx on public.bot_numbers (last_checked_at nulls first) where is_verified;
create index bot_numbers_expiry_idx on public.bot_numbers (whatsapp_token_expires_at) where whatsapp_token_expires_at is not null;
create index bot_numbers_old_verify_token_idx on public.bot_numbers (verify_token_made_at) where verify_token_told_at is null;
create trigger bot_numbers_touch before update on public.bot_numbers for each row execute function private.tg_touch_updated_at();
create trigger bot_numbers_stamp_editor before insert or update on public.bot_numbers for each row execute function private.tg_stamp_editor();
create trigger bot_numbers_drop_secrets after delete or update of access_token_secret_id, app_secret_id, verify_token_secret_id
  on public.bot_numbers
  for each row execute function private.tg_drop_secrets('access_token_secret_id', 'app_secret_id', 'verify_token_secret_id');

alter table public.bot_numbers enable row level security;
create policy "managers read their bots' numbers" on public.bot_numbers
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read_admin'))::uuid[]));
create policy "managers remove their bots' numbers" on public.bot_numbers
  for delete to authenticated using (tenant_id = any ((select private.tenant_ids('manage'))::uuid[]));
-- Nobody may insert or update: ids, secrets and trust change together, in functions.
grant select (tenant_id, bot_id, whatsapp_phone_number_id, whatsapp_business_account_id, display_phone_number, verified_name,
    whatsapp_token_expires_at, is_verified, verified_at, last_checked_at, last_problem, paused_at, paused_reason, verify_token_made_at,
    previous_verify_token_expires_at, created_at, updated_at, created_by, updated_by), delete
  on public.bot_numbers to authenticated;
grant select on public.bot_numbers to service_role;

select private.register_table('public.bot_numbers',
  quiet => '{revision,last_checked_at,last_problem,expiry_told_days,verify_token_told_at}',
  -- The number and the name are those of a business, as Meta shows them to everybody.
  plain => '{whatsapp_phone_number_id,whatsapp_business_account_id,display_phone_number,verified_name,last_problem,paused_reason}',
  secret => '{access_token_secret_id,app_secret_id,verify_token_secret_id,verify_token_hash,previous_verify_token_hash}');

-- 10_number/02_setting.sql

-- Setting a number: its ids, its secrets in Vault, and the verify token with which Meta asks for the callback.

create function private.make_verify_token(out token text, out secret_id uuid, out hash bytea)
  language plpgsql volatile
  set search_path = ''
as $$
begin
  token := encode(extensions.gen_random_bytes(20), 'hex');
  secret_id := vault.create_secret(token, null, 'verify token of a bot''s number');
  hash := sha256(convert_to(token, 'UTF8'));
end
$$;
comment on function private.make_verify_token() is 'A new verify token, which is in Vault already, and its hash.';

-- A definer, as the next ones, because the secrets are in Vault. Only for the service: the edge function has checked the
-- caller's permission.
create function private.set_bot_number(
  tenant uuid, bot uuid, phone_number_id text, business_account_id text, access_token text default null, app_secret text default null
) returns text
  language plpgsql security definer
  set search_path = ''
as $$
declare
  stored public.bot_numbers;
  made record;
  problems jsonb;
  is_other boolean;
begin
  perform from public.bot_tenants as b where b.tenant_id = set_bot_number.tenant and b.id = set_bot_number.bot for no key update;
  if not found then
    perform private.raise_problem(404, 'not_found', 'This tenant has no bot with this ref_id.');
  end if;
  select * into stored from public.bot_numbers as n where n.tenant_id = set_bot_number.tenant and n.bot_id = set_bot_number.bot for update;
  select coalesce(jsonb_agg(jsonb_build_object('pointer', '/' || f.name, 'detail', case when f.given is null then 'is missing'
    else 'must have 4096 characters at most' end)), '[]') into problems
  from (values ('access_token', set_bot_number.access_token), ('app_secret', set_bot_number.app_secret)) as f (name, given)
  where length(f.given) > 4096 or f.given is null and stored.bot_id is null;
  if problems <> '[]' then
    perform private.raise_problem(422, 'invalid_value', 'The number cannot be connected with these secrets.', problems);
  end if;

  if stored.bot_id is null then
    select * into made from private.make_verify_token();
    insert into public.bot_numbers (tenant_id, bot_id, whatsapp_phone_number_id, whatsapp_business_account_id, access_token_secret_id,
      app_secret_id, verify_token_secret_id, verify_token_hash)
    values (set_bot_number.tenant, set_bot_number.bot, set_bot_number.phone_number_id, set_bot_number.business_account_id,
      vault.create_secret(set_bot_number.access_token, null, 'access token of a bot''s number'),
      vault.create_secret(set_bot_number.app_secret, null, 'app secret of a bot''s number'), made.secret_id, made.hash);
    return made.token;
  end if;
  is_other := (stored.whatsapp_phone_number_id, stored.whatsapp_business_account_id)
    <> (set_bot_number.phone_number_id, set_bot_number.business_account_id);
  update public.bot_numbers as n set
    whatsapp_phone_number_id = set_bot_number.phone_number_id, whatsapp_business_account_id = set_bot_number.business_account_id,
    access_token_secret_id = private.keep_secret(set_bot_number.access_token, n.access_token_secret_id, is_other,
      'access token of a bot''s number', 'access_token'),
    app_secret_id = private.keep_secret(set_bot_number.app_secret, n.app_secret_id, false, 'app secret of a bot''s number', 'app_secret'),
    is_verified = n.is_verified and not is_other,
    verified_at = case when not is_other then n.verified_at end,
    display_phone_number = case when not is_other then n.display_phone_number end,
    verified_name = case when not is_other then n.verified_name end,
    -- What was known of the token was known of the one before.
    whatsapp_token_expires_at = case when set_bot_number.access_token is null then n.whatsapp_token_expires_at end,
    expiry_told_days = case when set_bot_number.access_token is null then n.expiry_told_days end,
    last_checked_at = null, last_problem = null,
    revision = private.uuid_v7()
  where n.tenant_id = stored.tenant_id and n.bot_id = stored.bot_id
    and (is_other or set_bot_number.access_token is not null or set_bot_number.app_secret is not null);
  return null;
end
$$;
comment on function private.set_bot_number(uuid, uuid, text, text, text, text) is
  'Sets which WhatsApp number a bot has, and puts its secrets in Vault. Other ids have to be verified again, and need the access token again. Returns the verify token if it was made now. 404 not_found; 422 invalid_value.';

create function private.rotate_verify_token(tenant uuid, bot uuid, overlap interval default '7 days') returns text
  language plpgsql security definer
  set search_path = ''
as $$
declare
  made record;
begin
  perform from public.bot_numbers as n where n.tenant_id = rotate_verify_token.tenant and n.bot_id = rotate_verify_token.bot for update;
  if not found then
    perform private.raise_problem(404, 'not_found', 'This bot has no number.');
  end if;
  select * into made from private.make_verify_token();
  update public.bot_numbers as n set verify_token_secret_id = made.secret_id, verify_token_hash = made.hash, verify_token_made_at = now(),
    previous_verify_token_hash = n.verify_token_hash, previous_verify_token_expires_at = now() + overlap, verify_token_told_at = null
  where n.tenant_id = rotate_verify_token.tenant and n.bot_id = rotate_verify_token.bot;
  return made.token;
end
$$;
comment on function private.rotate_verify_token(uuid, uuid, interval) is
  'Gives the number of a bot a new verify token, and returns it. The one before counts for the overlap. 404 not_found.';

create function private.reveal_verify_token(tenant uuid, bot uuid) returns text
  language plpgsql security definer
  set search_path = ''
as $$
declare
  secret_id uuid;
begin
  select n.verify_token_secret_id into secret_id from public.bot_numbers as n
  where n.tenant_id = reveal_verify_token.tenant and n.bot_id = reveal_verify_token.bot;
  if secret_id is null then
    perform private.raise_problem(404, 'not_found', 'This bot has no number.');
  end if;
  perform private.record_audit(tenant, 'bot_number.verify_token_read', 'bot_numbers', private.ulid(bot));
  return (select s.decrypted_secret from vault.decrypted_secrets as s where s.id = secret_id);
end
$$;
comment on function private.reveal_verify_token(uuid, uuid) is
  'The verify token of a bot''s number, to be entered at Meta. Each reading is recorded. 404 not_found. Only for the service.';

create function private.read_verify_hashes(bot_ref text) returns table (verify_token_hash text, previous_verify_token_hash text)
  language sql stable security definer
  set search_path = ''
as $$
  select encode(n.verify_token_hash, 'hex'), case when n.previous_verify_token_expires_at > now() then encode(n.previous_verify_token_hash, 'hex') end
  from public.bot_numbers as n join public.tenants as t on t.id = n.tenant_id and t.status <> 'archived'
  where n.bot_id = private.ulid_to_uuid(left(bot_ref, 27))
$$;
comment on function private.read_verify_hashes(text) is
  'What a verify token is compared with, in hexadecimal: the hash of the one that counts, and of the one before within the overlap. Only for the service.';
grant execute on function private.set_bot_number(uuid, uuid, text, text, text, text), private.rotate_verify_token(uuid, uuid, interval),
  private.reveal_verify_token(uuid, uuid), private.read_verify_hashes(text) to service_role;

select private.register_audit_action('bot_number.verify_token_read', 'r');

-- 10_number/03_using.sql

-- Using a number: what receiving and sending read of it, and how a bot is paused.

-- Definers, all of them, because they read Vault or write what nobody else may. Only for the service.
create function private.read_bot_webhook(bot_ref text)
  returns table (tenant_id uuid, bot_id uuid, whatsapp_phone_number_id text, whatsapp_business_account_id text, app_secret text)
  language sql stable security definer
  set search_path = ''
as $$
  select f.tenant_id, f.bot_id, f.whatsapp_phone_number_id, f.whatsapp_business_account_id, f.app_secret
  from (
    select n.tenant_id, n.bot_id, n.whatsapp_phone_number_id, n.whatsapp_business_account_id,
      -- A subquery and not a join: with a join, Postgres may decrypt every secret in Vault.
      (select s.decrypted_secret from vault.decrypted_secrets as s where s.id = n.app_secret_id) as app_secret
    from public.bot_numbers as n join public.tenants as t on t.id = n.tenant_id and t.status <> 'archived'
    where n.bot_id = private.ulid_to_uuid(left(read_bot_webhook.bot_ref, 27))) as f
  where f.app_secret is not null
$$;
comment on function private.read_bot_webhook(text) is
  'What a webhook of Meta is verified with, by the ref_id of the bot. No row if the bot is unknown or has no number. Only for the service.';

create function private.read_bot_sender(tenant uuid, bot uuid)
  returns table (whatsapp_phone_number_id text, access_token text, is_verified boolean, paused_reason text)
  language sql stable security definer
  set search_path = ''
as $$
  select n.whatsapp_phone_number_id, (select s.decrypted_secret from vault.decrypted_secrets as s where s.id = n.access_token_secret_id),
    n.is_verified, n.paused_reason
  from public.bot_numbers as n
  where n.tenant_id = read_bot_sender.tenant and n.bot_id = read_bot_sender.bot
$$;
comment on function private.read_bot_sender(uuid, uuid) is
  'By which number a bot sends, and with which access token. It sends nothing unless the number is verified and not paused. Only for the service.';

create function private.tell_of_pause(tenant uuid, bot uuid, is_paused boolean, reason text) returns void
  language plpgsql
  set search_path = ''
as $$
declare
  subject public.bot_tenants;
begin
  -- Whoever calls this has locked the bot, for which the key stands.
  select * into subject from public.bot_tenants as b where b.tenant_id = tell_of_pause.tenant and b.id = tell_of_pause.bot;
  perform private.emit_event(subject.tenant_id, case when is_paused then 'bot.paused' else 'bot.resumed' end,
    jsonb_build_object('bot', jsonb_build_object('ref_id', subject.ref_id, 'client_name', subject.client_name), 'reason', tell_of_pause.reason),
    'bot ' || subject.ref_id, has_row_lock => true);
  if is_paused then
    perform private.notify(subject.tenant_id, 'bot.paused', '{admins}', jsonb_build_object('bot', subject.client_name), 'bot', subject.ref_id);
  end if;
end
$$;
comment on function private.tell_of_pause(uuid, uuid, boolean, text) is 'Tells webhooks that a bot is paused or not any more, and its managers if it is.';

create function private.pause_bot(tenant uuid, bot uuid, reason text) returns boolean
  language plpgsql security definer
  set search_path = ''
as $$
begin
  -- The bot before its number, as whoever sets a number locks them.
  perform from public.bot_tenants as b where b.tenant_id = pause_bot.tenant and b.id = pause_bot.bot for no key update;
  update public.bot_numbers as n set paused_at = now(), paused_reason = pause_bot.reason
  where n.tenant_id = pause_bot.tenant and n.bot_id = pause_bot.bot and n.paused_at is null;
  if found then
    perform private.tell_of_pause(tenant, bot, true, reason);
    return true;
  end if;
  return false;
end
$$;
comment on function private.pause_bot(uuid, uuid, text) is
  'Has a bot send nothing until its number is verified again, and tells its managers once. The reason is a word, as token_invalid. Returns whether it was not paused before. Only for the service.';

create function private.resume_bot(tenant uuid, bot uuid) returns boolean
  language plpgsql security definer
  set search_path = ''
as $$
declare
  reason text;
begin
  perform from public.bot_tenants as b where b.tenant_id = resume_bot.tenant and b.id = resume_bot.bot for no key update;
  select n.paused_reason into reason from public.bot_numbers as n
  where n.tenant_id = resume_bot.tenant and n.bot_id = resume_bot.bot and n.paused_at is not null for no key update;
  if reason is null then
    return false;
  end if;
  update public.bot_numbers as n set paused_at = null, paused_reason = null
  where n.tenant_id = resume_bot.tenant and n.bot_id = resume_bot.bot;
  perform private.tell_of_pause(tenant, bot, false, reason);
  return true;
end
$$;
comment on function private.resume_bot(uuid, uuid) is
  'Has a bot send again. The event says why it was paused. Returns whether it was paused before. Only for the service.';
grant execute on function private.read_bot_webhook(text), private.read_bot_sender(uuid, uuid), private.pause_bot(uuid, uuid, text),
  private.resume_bot(uuid, uuid) to service_role;

select private.register_event_type('bot.paused', 'A bot sends nothing until its number is verified again. The reason is a word, as token_invalid.',
  '{"bot": {"ref_id": "ref_id", "client_name": "text"}, "reason": "text"}',
  '{"bot": {"ref_id": "01JD3N8Q4ZB6T2V9XK5M7R0C1E", "client_name": "Kassangas Music Shop"}, "reason": "token_invalid"}');
select private.register_event_type('bot.resumed', 'A bot sends again. The reason is the one for which it was paused.',
  '{"bot": {"ref_id": "ref_id", "client_name": "text"}, "reason": "text"}',
  '{"bot": {"ref_id": "01JD3N8Q4ZB6T2V9XK5M7R0C1E", "client_name": "Kassangas Music Shop"}, "reason": "token_invalid"}');

select private.register_notification_type('bot.paused', 'bots', 'A bot sends nothing, because WhatsApp does not take it any more.',
  '{"en": "Your bot {{bot}} is paused and answers nobody on WhatsApp. Verify its number to learn what to do.",
    "de": "Dein Bot {{bot}} pausiert und antwortet niemandem auf WhatsApp. Prüfe seine Nummer, um zu erfahren, was zu tun ist.",
    "fr": "Votre bot {{bot}} est en pause et ne répond à personne sur WhatsApp. Vérifiez son numéro pour savoir que faire."}',
  '{"bot": "Kassangas Music Shop"}', is_critical => true);

-- 10_number/04_checks.sql

-- Checks of numbers: how Meta's answers verify one, and what a token that does not count any more leads to.

-- Definers, all of them: they read Vault, and what a check found is written by nobody else. Only for the service.
create function private.begin_number_check(tenant uuid, bot uuid,
    out phone_number_id text, out business_account_id text, out access_token text, out app_secret text, out verify_token text,
    out revision uuid, out is_taken boolean)
  language plpgsql security definer
  set search_path = ''
as $$
declare
  stored public.bot_numbers;
begin
  select * into stored from public.bot_numbers as n where n.tenant_id = begin_number_check.tenant and n.bot_id = begin_number_check.bot;
  if stored.bot_id is null then
    perform private.raise_problem(404, 'not_found', 'This bot has no number.');
  end if;
  if not private.take_turn(tenant, 'bot_number_check', 60, 'hour') then
    perform private.raise_problem(429, 'too_many_number_checks', 'This tenant has verified numbers 60 times in this hour. Wait until the next.');
  end if;
  perform private.record_audit(tenant, 'bot_number.secrets_read', 'bot_numbers', private.ulid(bot));
  phone_number_id := stored.whatsapp_phone_number_id;
  business_account_id := stored.whatsapp_business_account_id;
  access_token := (select s.decrypted_secret from vault.decrypted_secrets as s where s.id = stored.access_token_secret_id);
  app_secret := (select s.decrypted_secret from vault.decrypted_secrets as s where s.id = stored.app_secret_id);
  verify_token := (select s.decrypted_secret from vault.decrypted_secrets as s where s.id = stored.verify_token_secret_id);
  revision := stored.revision;
  is_taken := exists (select from private.holders_of_number(stored) as h where not h.is_lapsed);
end
$$;
comment on function private.begin_number_check(uuid, uuid) is
  'What Meta is asked about a number, and with what. is_taken: it is verified for another bot. At most 60 times an hour. 404 not_found; 429 too_many_number_checks. Only for the service.';

create function private.holders_of_number(claim public.bot_numbers) returns table (tenant_id uuid, bot_id uuid, is_lapsed boolean)
  language sql stable
  set search_path = ''
as $$
  -- An archived tenant keeps nothing, and neither does a token that Meta does not accept any more.
  select n.tenant_id, n.bot_id, t.status = 'archived' or coalesce(n.paused_reason = 'token_invalid', false)
  from public.bot_numbers as n join public.tenants as t on t.id = n.tenant_id
  where n.whatsapp_phone_number_id = claim.whatsapp_phone_number_id and n.is_verified
    and (n.tenant_id, n.bot_id) <> (claim.tenant_id, claim.bot_id)
$$;
comment on function private.holders_of_number(public.bot_numbers) is
  'The other bot for which a number is verified, and whether a bot that proves the number takes it over.';

create function private.record_number_check(
  tenant uuid, bot uuid, revision uuid, outcome text, problem text default null, display_phone_number text default null,
  verified_name text default null, token_expires_at timestamptz default null
) returns void
  language plpgsql security definer
  set search_path = ''
as $$
declare
  stored public.bot_numbers;
begin
  if record_number_check.outcome not in ('good', 'bad', 'passing') then
    raise exception 'unknown outcome %', left(record_number_check.outcome, 100);
  end if;
  -- The bot before its number, as whoever sets a number locks them.
  perform from public.bot_tenants as b where b.tenant_id = record_number_check.tenant and b.id = record_number_check.bot for no key update;
  select * into stored from public.bot_numbers as n
  where n.tenant_id = record_number_check.tenant and n.bot_id = record_number_check.bot and n.revision = record_number_check.revision
  for no key update;
  if stored.bot_id is null then
    perform private.raise_problem(409, 'conflict', 'The number was changed during the check. Verify it again.');
  end if;
  begin
    if record_number_check.outcome = 'good' then
      update public.bot_numbers as n set is_verified = false, verified_at = null, last_problem = 'number_taken'
      from private.holders_of_number(stored) as h
      where n.tenant_id = h.tenant_id and n.bot_id = h.bot_id and h.is_lapsed;
    end if;
    update public.bot_numbers as n set
      -- A server that is down for a moment says nothing of the number. What was verified stays verified.
      is_verified = record_number_check.outcome = 'good' or record_number_check.outcome = 'passing' and n.is_verified,
      verified_at = case record_number_check.outcome when 'good' then now() when 'passing' then n.verified_at end,
      last_checked_at = now(), last_problem = record_number_check.problem,
      display_phone_number = coalesce(left(record_number_check.display_phone_number, 40), n.display_phone_number),
      verified_name = coalesce(left(record_number_check.verified_name, 200), n.verified_name),
      whatsapp_token_expires_at = case when record_number_check.outcome = 'good' then record_number_check.token_expires_at else n.whatsapp_token_expires_at end,
      expiry_told_days = case when record_number_check.outcome <> 'good' or n.whatsapp_token_expires_at is not distinct from record_number_check.token_expires_at then n.expiry_told_days end
    where n.tenant_id = stored.tenant_id and n.bot_id = stored.bot_id;
  exception when unique_violation then
    -- Two bots have proven it at once, and the other was first.
    update public.bot_numbers as n set last_checked_at = now(), last_problem = 'number_taken'
    where n.tenant_id = stored.tenant_id and n.bot_id = stored.bot_id;
    return;
  end;
  if record_number_check.outcome = 'good' then
    perform private.resume_bot(tenant, bot);
  end if;
end
$$;
comment on function private.record_number_check(uuid, uuid, uuid, text, text, text, text, timestamptz) is
  'Stores what a check found, for the settings that were checked: good, bad, or passing, which says nothing of the number. This is the only way to is_verified. 409 conflict. Only for the service.';
grant execute on function private.begin_number_check(uuid, uuid),
  private.record_number_check(uuid, uuid, uuid, text, text, text, text, timestamptz) to service_role;

select private.register_audit_action('bot_number.secrets_read', 'r');

-- 10_number/05_health.sql

-- Health of numbers: every 15 minutes Meta is asked whether the token of a verified number still counts.

-- A definer, as the next one, because it reads Vault. Only for the service.
create function private.claim_due_numbers(batch int default 100)
  returns table (tenant_id uuid, bot_id uuid, revision uuid, phone_number_id text, access_token text)
  language sql volatile security definer
  set search_path = ''
as $$
  with due as materialized (
    select n.tenant_id, n.bot_id from public.bot_numbers as n join public.tenants as t on t.id = n.tenant_id and t.status <> 'archived'
    where n.is_verified and (n.last_checked_at is null or n.last_checked_at <= now() - interval '14 minutes')
    -- Whoever waits longest comes first, so that no tenant's numbers hold up another's.
    order by n.last_checked_at nulls first
    limit batch
    for no key update of n skip locked
  )
  update public.bot_numbers as n set last_checked_at = now()
  from due as d where n.tenant_id = d.tenant_id and n.bot_id = d.bot_id
  returning n.tenant_id, n.bot_id, n.revision, n.whatsapp_phone_number_id,
    (select s.decrypted_secret from vault.decrypted_secrets as s where s.id = n.access_token_secret_id)
$$;
comment on function private.claim_due_numbers(int) is
  'The verified numbers that were not checked for a quarter of an hour, those that wait longest first. Two callers never get the same one. Only for the service.';

create function private.record_number_health(tenant uuid, bot uuid, revision uuid, problem text default null) returns boolean
  language plpgsql security definer
  set search_path = ''
as $$
declare
  reason text;
begin
  perform from public.bot_tenants as b where b.tenant_id = record_number_health.tenant and b.id = record_number_health.bot for no key update;
  update public.bot_numbers as n set last_problem = record_number_health.problem
  where n.tenant_id = record_number_health.tenant and n.bot_id = record_number_health.bot and n.revision = record_number_health.revision
    and n.is_verified
  returning coalesce(n.paused_reason, '') into reason;
  -- The number was changed meanwhile, or disconnected.
  if reason is null then
    return false;
  end if;
  if record_number_health.problem = 'token_invalid' then
    return private.pause_bot(tenant, bot, 'token_invalid');
  end if;
  if record_number_health.problem is null and reason = 'token_invalid' then
    perform private.resume_bot(tenant, bot);
  end if;
  return false;
end
$$;
comment on function private.record_number_health(uuid, uuid, uuid, text) is
  'Stores what Meta said of a number, for the settings that were asked with. A token that does not count any more pauses the bot; one that counts again lets it send. Returns whether the bot was paused now. Only for the service.';

create function private.request_number_checks() returns text
  language plpgsql
  set search_path = ''
as $$
begin
  if not exists (
    select from public.bot_numbers as n join public.tenants as t on t.id = n.tenant_id and t.status <> 'archived'
    where n.is_verified and (n.last_checked_at is null or n.last_checked_at <= now() - interval '14 minutes')) then
    return 'No number is due.';
  end if;
  -- Unlike format(), this is null if no request was made.
  return coalesce('Asked with request ' || private.call_edge_function('/bots/numbers/check', timeout_milliseconds => 120000) || '.',
    'Nothing was asked: Vault does not have the secret tenantry_functions_url or tenantry_service_key.');
end
$$;
comment on function private.request_number_checks() is
  'If a number is due, wakes the edge function that asks Meta. Returns what it did.';
grant execute on function private.claim_due_numbers(int), private.record_number_health(uuid, uuid, uuid, text) to service_role;

select cron.schedule('bots: ask WhatsApp about numbers', '*/5 * * * *', 'select private.request_number_checks()');

-- 10_number/06_reminders.sql

-- Reminders: an access token that expires, and a verify token that is old.

create function private.tell_of_expiring_tokens(batch int default 500) returns int
  language plpgsql
  set search_path = ''
as $$
declare
  due record;
  told int := 0;
begin
  for due in
    select n.tenant_id, n.bot_id, b.ref_id, b.client_name, s.days, to_char(n.whatsapp_token_expires_at at time zone t.time_zone, 'YYYY-MM-DD') as expires_on
    from public.bot_numbers as n
    join public.tenants as t on t.id = n.tenant_id and t.status <> 'archived'
    join public.bot_tenants as b on b.tenant_id = n.tenant_id and b.id = n.bot_id
    cross join lateral (select case when n.whatsapp_token_expires_at <= now() + interval '1 day' then 1
      when n.whatsapp_token_expires_at <= now() + interval '7 days' then 7 else 14 end) as s (days)
    where n.whatsapp_token_expires_at > now() and n.whatsapp_token_expires_at <= now() + interval '14 days'
      and (n.expiry_told_days is null or n.expiry_told_days > s.days)
    order by n.whatsapp_token_expires_at limit batch for no key update of n skip locked
  loop
    update public.bot_numbers as n set expiry_told_days = due.days where n.tenant_id = due.tenant_id and n.bot_id = due.bot_id;
    perform private.notify(due.tenant_id, 'bot.token_expiring', '{admins}',
      jsonb_build_object('bot', due.client_name, 'expires_on', due.expires_on), 'bot', due.ref_id);
    told := told + 1;
  end loop;
  return told;
end
$$;
comment on function private.tell_of_expiring_tokens(int) is
  'Tells the managers of each access token that expires within 14, 7 and 1 days, once for each, at most one batch. Returns of how many.';

create function private.tell_of_old_verify_tokens(batch int default 500) returns int
  language plpgsql
  set search_path = ''
as $$
declare
  due record;
  told int := 0;
begin
  for due in
    select n.tenant_id, n.bot_id, b.ref_id, b.client_name
    from public.bot_numbers as n
    join public.tenants as t on t.id = n.tenant_id and t.status <> 'archived'
    join public.bot_tenants as b on b.tenant_id = n.tenant_id and b.id = n.bot_id
    where n.verify_token_made_at < now() - interval '90 days' and n.verify_token_told_at is null
    order by n.verify_token_made_at limit batch for no key update of n skip locked
  loop
    update public.bot_numbers as n set verify_token_told_at = now() where n.tenant_id = due.tenant_id and n.bot_id = due.bot_id;
    perform private.notify(due.tenant_id, 'bot.verify_token_old', '{admins}', jsonb_build_object('bot', due.client_name), 'bot', due.ref_id);
    told := told + 1;
  end loop;
  return told;
end
$$;
comment on function private.tell_of_old_verify_tokens(int) is
  'Tells the managers of each verify token that is older than 90 days, once, at most one batch. Returns of how many.';

select private.register_notification_type('bot.token_expiring', 'bots', 'The access token of a bot''s number expires soon.',
  '{"en": "The WhatsApp access token of your bot {{bot}} expires on {{expires_on}}. Make a new one at Meta and enter it.",
    "de": "Das WhatsApp-Zugriffstoken deines Bots {{bot}} läuft am {{expires_on}} ab. Erzeuge bei Meta ein neues und trage es ein.",
    "fr": "Le jeton d’accès WhatsApp de votre bot {{bot}} expire le {{expires_on}}. Créez-en un nouveau chez Meta et saisissez-le."}',
  '{"bot": "Kassangas Music Shop", "expires_on": "2026-12-20"}', is_critical => true);
select private.register_notification_type('bot.verify_token_old', 'bots', 'The verify token of a bot''s number is older than 90 days.',
  '{"en": "The verify token of your bot {{bot}} is older than 90 days. Make a new one and enter it at Meta.",
    "de": "Das Prüftoken deines Bots {{bot}} ist älter als 90 Tage. Erzeuge ein neues und trage es bei Meta ein.",
    "fr": "Le jeton de vérification de votre bot {{bot}} a plus de 90 jours. Créez-en un nouveau et saisissez-le chez Meta."}',
  '{"bot": "Kassangas Music Shop"}');

select cron.schedule('bots: tell of access tokens that expire', '23 * * * *', 'select private.tell_of_expiring_tokens()');
select cron.schedule('bots: tell of old verify tokens', '29 5 * * *', 'select private.tell_of_old_verify_tokens()');

-- 20_conversations/01_contacts.sql

-- Contacts: the customers who write to a bot.

create table public.contacts (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  ref_id text not null generated always as (private.ulid(id)) stored,
  bot_id uuid not null,
  wa_id text,
  user_id text,
  full_name text,
  opted_out_at timestamptz,
  created_at timestamptz not null default now(),
  primary key (tenant_id, id),
  constraint contacts_bot_fkey foreign key (tenant_id, bot_id) references public.bot_tenants (tenant_id, id) on delete cascade,
  constraint contact_is_of_a_bot unique (tenant_id, bot_id, id),
  constraint wa_id_is_digits check (wa_id ~ '^[1-9][0-9]{6,14}$'),
  constraint user_id_is_short check (length(user_id) between 1 and 200 and user_id ~ '^[!-~]+$'),
  constraint contact_name_is_short check (length(full_name) between 1 and 200)
);
create unique index contacts_ref_id_idx on public.contacts (tenant_id, ref_id) where ref_id is not null;
create unique index contacts_wa_id_idx on public.contacts (tenant_id, bot_id, wa_id) where wa_id is not null;
create unique index contacts_user_id_idx on public.contacts (tenant_id, bot_id, user_id) where user_id is not null;
comment on table public.contacts is 'The customers of a bot. Two bots of one tenant have contacts of their own, also if one person writes to both.';
comment on column public.contacts.wa_id is 'The telephone number as WhatsApp has it: digits without a plus. Whoever has a user name may hide it.';
comment on column public.contacts.user_id is 'What WhatsApp calls the person for this business, whatever the number is.';
comment on column public.contacts.opted_out_at is 'When the contact wrote STOP. Nothing is sent until the contact writes START.';

alter table public.contacts enable row level security;
create policy "members read their bots' contacts" on public.contacts
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read', '{bots:read}'))::uuid[]));
grant select on public.contacts to authenticated;
grant select, insert, update, delete on public.contacts to service_role;

select private.register_table('public.contacts', personal => '{wa_id,user_id,full_name}',
  on_forget => 'keep', kept_because => 'A contact of WhatsApp is known by a telephone number and not by an address. A manager forgets it in its conversation.',
  unaudited => 'made by what the contact writes; forgetting one has its own row in the log');

-- 20_conversations/02_conversation_states.sql

-- States of conversations: who answers a contact now, the bot or a person.

create table public.conversation_states (
  tenant_id uuid not null references public.tenants on delete cascade,
  bot_id uuid not null,
  contact_id uuid not null,
  taken_over_at timestamptz,
  taken_over_by uuid,
  escalated_at timestamptz,
  escalation_reason text,
  last_received_at timestamptz,
  last_message_at timestamptz not null default date_trunc('milliseconds', now()),
  notice_on date,
  offered_plans uuid[],
  offered_at timestamptz,
  primary key (tenant_id, contact_id),
  constraint conversation_states_contact_fkey foreign key (tenant_id, bot_id, contact_id)
    references public.contacts (tenant_id, bot_id, id) on delete cascade,
  constraint offer_has_a_moment check ((offered_plans is null) = (offered_at is null)),
  constraint escalated_for_a_reason check ((escalated_at is null) = (escalation_reason is null)),
  constraint escalation_reason_is_a_word check (escalation_reason ~ '^[a-z_]{1,40}$')
) with (fillfactor = 80);
create index conversation_states_list_idx on public.conversation_states (tenant_id, bot_id, last_message_at desc, contact_id desc);
create index conversation_states_contact_idx on public.conversation_states (tenant_id, bot_id, contact_id);
create index conversation_states_escalated_idx on public.conversation_states (tenant_id, bot_id, last_message_at desc, contact_id desc)
  where escalated_at is not null;
comment on table public.conversation_states is 'Who answers a contact now, and until when the contact may be written to (1:1 with contacts, made together).';
comment on column public.conversation_states.taken_over_at is 'The bot is quiet from then on, until the conversation is handed back.';
comment on column public.conversation_states.escalated_at is 'Since when the contact waits for a person.';
comment on column public.conversation_states.last_received_at is 'WhatsApp lets a business write for 24 hours after it.';
comment on column public.conversation_states.last_message_at is 'In milliseconds, as the API shows it, because the list is in its order.';
comment on column public.conversation_states.offered_plans is 'Which plans the contact was offered, in the order of their numbers. Null: none, or one was chosen.';
comment on column public.conversation_states.notice_on is 'The day on which the contact was last told that there were too many messages.';

alter table public.conversation_states enable row level security;
create policy "members read the states of their bots' conversations" on public.conversation_states
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read', '{bots:read}'))::uuid[]));
grant select on public.conversation_states to authenticated;
grant select, insert, update, delete on public.conversation_states to service_role;

select private.register_table('public.conversation_states', plain => '{escalation_reason}',
  unaudited => 'what people change has an action of its own in the log; the rest follows from the messages');

-- 20_conversations/03_messages.sql

-- Messages: what a contact wrote, what was answered, and why. One row for each message of WhatsApp.

create type public.message_direction as enum ('inbound', 'outbound');
create type public.bot_message_status as enum (
  -- In this order a message moves, and never back.
  'waiting',
  'unknown', -- it was sent, and WhatsApp has not answered; its status will tell
  'sent', 'delivered', 'read',
  'failed'
);
create type public.bot_message_source as enum ('contact', 'bot', 'person', 'api_key');

create table public.bot_messages (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  ref_id text not null generated always as (private.ulid(id)) stored,
  bot_id uuid not null,
  contact_id uuid not null,
  direction public.message_direction not null,
  source public.bot_message_source not null,
  kind text not null default 'text',
  whatsapp_message_id text,
  message_text text,
  raw_payload jsonb,
  occurred_at timestamptz not null default now(),
  -- Of what a contact wrote: what the bot did about it.
  begun_at timestamptz,
  settled_at timestamptz,
  outcome text,
  reason text,
  template_used text,
  training_data_ref text,
  llm_call_ref text,
  -- Of what is sent: what it answers, and how far it got.
  answers_id uuid,
  status public.bot_message_status,
  attempted_at timestamptz,
  error_code int,
  error_message text,
  created_at timestamptz not null default now(),
  primary key (tenant_id, id),
  constraint bot_messages_contact_fkey foreign key (tenant_id, bot_id, contact_id)
    references public.contacts (tenant_id, bot_id, id) on update cascade on delete cascade,
  constraint direction_goes_with_source check ((direction = 'inbound') = (source = 'contact')),
  constraint only_what_is_sent_has_a_status check ((direction = 'outbound') = (status is not null)),
  constraint message_kind_is_a_word check (kind ~ '^[a-z_]{1,40}$'),
  constraint wamid_is_short check (length(whatsapp_message_id) between 1 and 300 and whatsapp_message_id ~ '^[!-~]+$'),
  constraint message_text_is_short check (length(message_text) between 1 and 8192),
  constraint message_payload_is_small check (jsonb_typeof(raw_payload) = 'object' and private.json_fits(raw_payload, 65536)),
  constraint message_outcome_is_known check (outcome in ('answered', 'escalated', 'silent')),
  constraint settled_message_has_an_outcome check ((settled_at is null) = (outcome is null) and (outcome is null) = (reason is null)),
  constraint message_reason_is_a_word check (reason ~ '^[a-z_]{1,40}$'),
  constraint bot_messages_answers_fkey foreign key (tenant_id, answers_id) references public.bot_messages (tenant_id, id) on delete set null (answers_id),
  constraint template_used_is_short check (length(template_used) <= 200),
  constraint training_data_ref_is_one check (training_data_ref ~ '^[0-7][0-9A-HJKMNP-TV-Z]{25}$'),
  constraint llm_call_ref_is_one check (llm_call_ref ~ '^[0-7][0-9A-HJKMNP-TV-Z]{25}$'),
  constraint message_error_is_short check (length(error_message) <= 1000)
) with (fillfactor = 80);
create unique index bot_messages_ref_id_idx on public.bot_messages (tenant_id, ref_id) where ref_id is not null;
-- The inbox: whatever WhatsApp sends again is there already.
create unique index bot_messages_whatsapp_message_id_idx on public.bot_messages (tenant_id, bot_id, whatsapp_message_id)
  where whatsapp_message_id is not null;
create index bot_messages_contact_idx on public.bot_messages (tenant_id, bot_id, contact_id, id desc);
create index bot_messages_answers_idx on public.bot_messages (tenant_id, answers_id);
create index bot_messages_bot_idx on public.bot_messages (tenant_id, bot_id, id desc);
create index bot_messages_open_idx on public.bot_messages (tenant_id, contact_id, id) where direction = 'inbound' and settled_at is null;
create index bot_messages_created_at_idx on public.bot_messages using brin (created_at) with (autosummarize = on);
comment on table public.bot_messages is 'The messages of a bot, received and sent. conversations and bot_message_logs are two views of it.';
comment on column public.bot_messages.message_text is 'Null if it has no text, or if log_conversations is off and the message is settled.';
comment on column public.bot_messages.raw_payload is 'What a contact wrote, in WhatsApp''s own words.';
comment on column public.bot_messages.occurred_at is 'When the contact wrote it, by WhatsApp''s clock; or when it was written here.';
comment on column public.bot_messages.begun_at is 'When the bot first thought about it. It counts for the limits once.';
comment on column public.bot_messages.attempted_at is 'When an attempt to send it began whose end nobody knows yet.';

alter table public.bot_messages enable row level security;
create policy "members read their bots' messages" on public.bot_messages
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read', '{bots:read}'))::uuid[]));
grant select on public.bot_messages to authenticated;
grant select, insert, update, delete on public.bot_messages to service_role;

create view public.conversations with (security_invoker = true) as
  select m.tenant_id, m.bot_id, m.ref_id, c.ref_id as contact, m.direction, m.raw_payload, m.message_text, m.whatsapp_message_id, m.occurred_at
  from public.bot_messages as m join public.contacts as c on c.tenant_id = m.tenant_id and c.id = m.contact_id;
comment on view public.conversations is 'What was said between a bot and its contacts.';

create view public.bot_message_logs with (security_invoker = true) as
  select m.tenant_id, m.bot_id, m.ref_id, c.ref_id as contact, m.direction, m.message_text, m.whatsapp_message_id,
    m.llm_call_ref is not null as ai_processed, a.message_text as ai_response, m.outcome, m.reason, m.template_used,
    m.training_data_ref as training_data_id, m.status, coalesce(m.error_message, a.error_message) as error_message, m.occurred_at
  from public.bot_messages as m
  join public.contacts as c on c.tenant_id = m.tenant_id and c.id = m.contact_id
  left join lateral (
    select o.message_text, o.error_message from public.bot_messages as o
    where o.tenant_id = m.tenant_id and o.answers_id = m.id order by o.id limit 1) as a on true;
comment on view public.bot_message_logs is 'What a bot did about each message, and which rule, row, template and model led to it.';
grant select on public.conversations, public.bot_message_logs to authenticated, service_role;

create function private.sweep_bot_messages(batch int default 5000) returns int
  language sql volatile
  set search_path = ''
as $$
  with gone as (
    delete from public.bot_messages as m where m.ctid = any (array(
      select o.ctid from public.bot_messages as o where o.created_at < now() - interval '2 years' limit batch for update skip locked))
    returning 1)
  select count(*)::int from gone
$$;
comment on function private.sweep_bot_messages(int) is 'Deletes messages that are older than two years. Returns how many.';
select cron.schedule('bots: delete old messages', '41 * * * *', 'select private.sweep_bot_messages()');

select private.register_table('public.bot_messages', plain => '{kind,outcome,reason,template_used,training_data_ref,llm_call_ref,whatsapp_message_id}',
  personal => '{message_text,raw_payload,error_message}', on_forget => 'keep', kept_because => 'What a contact of WhatsApp wrote goes with the contact, whom a manager forgets in the conversation.',
  unaudited => 'each message is a row of the log by itself');

-- 20_conversations/04_receiving.sql

-- Receiving: what WhatsApp brings becomes messages of contacts, each once.

select private.register_queue('bot_answers', '/bots/answer', '{5 s,30 s,2 min,10 min}');

-- A definer, because whoever creates a bot holds no privilege on queues.
create function private.tg_keep_bot_lanes() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  if tg_op = 'DELETE' then
    delete from private.queue_lanes as l where l.tenant_id = old.tenant_id and l.queue in ('bot_answers', 'bot_messages') and l.lane_id = old.id;
    return null;
  end if;
  perform private.open_lane('bot_answers', new.tenant_id, new.id);
  -- As many as WhatsApp takes of one number.
  perform private.open_lane('bot_messages', new.tenant_id, new.id, rate_limit_per_second => 80);
  return null;
end
$$;
create trigger bot_tenants_keep_lanes after insert or delete on public.bot_tenants for each row execute function private.tg_keep_bot_lanes();

create function private.find_contact(tenant uuid, bot uuid, given_wa_id text, given_user_id text, given_name text) returns uuid
  language plpgsql
  set search_path = ''
as $$
declare
  by_user public.contacts;
  by_number public.contacts;
  found_id uuid;
begin
  select * into by_user from public.contacts as c where c.tenant_id = tenant and c.bot_id = bot and c.user_id = given_user_id;
  select * into by_number from public.contacts as c where c.tenant_id = tenant and c.bot_id = bot and c.wa_id = given_wa_id;
  -- Telephone numbers are given to others after some time. Somebody else's conversation stays with the person who had it.
  if by_number.user_id <> given_user_id then
    update public.contacts as c set wa_id = null where c.tenant_id = tenant and c.id = by_number.id;
    by_number := null;
  end if;
  if by_user.id <> by_number.id then
    perform private.join_contacts(tenant, bot, by_user.id, by_number.id);
  end if;
  found_id := coalesce(by_user.id, by_number.id);
  if found_id is null then
    insert into public.contacts (tenant_id, bot_id, wa_id, user_id, full_name)
    values (tenant, bot, given_wa_id, given_user_id, given_name) returning id into found_id;
  else
    update public.contacts as c
    set wa_id = coalesce(given_wa_id, c.wa_id), user_id = coalesce(given_user_id, c.user_id), full_name = coalesce(given_name, c.full_name)
    where c.tenant_id = tenant and c.id = found_id
      and (coalesce(given_wa_id, c.wa_id), coalesce(given_user_id, c.user_id), coalesce(given_name, c.full_name))
        is distinct from (c.wa_id, c.user_id, c.full_name);
  end if;
  return found_id;
end
$$;
comment on function private.find_contact(uuid, uuid, text, text, text) is
  'The contact with this number or this id of a user, made if there is none. Two contacts who turn out to be one person are joined. The caller must hold the lane of the bot.';

create function private.join_contacts(tenant uuid, bot uuid, kept uuid, other uuid) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  update public.bot_messages as m set contact_id = kept where m.tenant_id = tenant and m.bot_id = bot and m.contact_id = other;
  update public.conversation_states as s set
    last_received_at = greatest(s.last_received_at, o.last_received_at), last_message_at = greatest(s.last_message_at, o.last_message_at),
    taken_over_at = coalesce(s.taken_over_at, o.taken_over_at), taken_over_by = coalesce(s.taken_over_by, o.taken_over_by),
    escalated_at = coalesce(s.escalated_at, o.escalated_at), escalation_reason = coalesce(s.escalation_reason, o.escalation_reason),
    notice_on = greatest(s.notice_on, o.notice_on)
  from public.conversation_states as o
  where s.tenant_id = tenant and s.contact_id = kept and o.tenant_id = tenant and o.contact_id = other;
  -- What was paid for under the other name.
  update public.contact_subscriptions as p set contact_id = kept where p.tenant_id = tenant and p.bot_id = bot and p.contact_id = other;
  -- Whoever did not want to be written to does not want it under the other name either.
  update public.contacts as c set opted_out_at = coalesce(c.opted_out_at, o.opted_out_at)
  from public.contacts as o
  where c.tenant_id = tenant and c.id = kept and o.tenant_id = tenant and o.id = other;
  delete from public.contacts as c where c.tenant_id = tenant and c.id = other;
end
$$;
comment on function private.join_contacts(uuid, uuid, uuid, uuid) is 'Moves the messages of one contact to another, who is the same person, and removes it.';

create function private.receive_bot_messages(tenant uuid, bot uuid, given jsonb) returns int
  language plpgsql
  set search_path = ''
  set enable_seqscan = off
as $$
declare
  message record;
  sender uuid;
  made public.bot_messages;
  is_known_bot boolean;
  logged boolean := (select s.log_conversations from public.bot_control_settings as s where s.tenant_id = tenant and s.bot_id = bot);
  items uuid[] := '{}';
  keys text[] := '{}';
  events jsonb[] := '{}';
  event_keys text[] := '{}';
  received int := 0;
begin
  -- Whoever holds the lane is alone with the contacts of the bot, so two webhooks at once make no contact twice.
  perform private.lock_lanes('bot_answers', array[tenant], array[bot]);
  for message in
    select m.* from rows from (jsonb_to_recordset(given)
      as (wamid text, wa_id text, user_id text, name text, kind text, text text, at timestamptz, payload jsonb)) with ordinality as m (wamid, wa_id, user_id, name, kind, text, at, payload, n)
    order by m.n
  loop
    continue when exists (
      select from public.bot_messages as m where m.tenant_id = tenant and m.bot_id = bot and m.whatsapp_message_id = message.wamid);
    sender := private.find_contact(tenant, bot, message.wa_id, message.user_id, message.name);
    insert into public.bot_messages (tenant_id, bot_id, contact_id, direction, source, kind, whatsapp_message_id, message_text, raw_payload, occurred_at)
    values (tenant, bot, sender, 'inbound', 'contact', message.kind, message.wamid, message.text,
      case when private.json_fits(message.payload, 65536) then message.payload end,
      date_trunc('milliseconds', least(message.at, clock_timestamp())))
    on conflict do nothing returning * into made;
    continue when made.id is null;
    received := received + 1;
    insert into public.conversation_states as s (tenant_id, bot_id, contact_id, last_received_at, last_message_at)
    values (tenant, bot, sender, made.occurred_at, made.occurred_at)
    on conflict on constraint conversation_states_pkey do update set
      last_received_at = greatest(s.last_received_at, excluded.last_received_at), last_message_at = greatest(s.last_message_at, excluded.last_message_at);
    if private.is_stop_word(message.text) then
      update public.contacts as c set opted_out_at = coalesce(c.opted_out_at, now()) where c.tenant_id = tenant and c.id = sender;
      update public.bot_messages as m set settled_at = now(), outcome = 'silent', reason = 'opted_out' where m.tenant_id = tenant and m.id = made.id;
    elsif message.kind = 'reaction' then
      update public.bot_messages as m set settled_at = now(), outcome = 'silent', reason = 'reaction' where m.tenant_id = tenant and m.id = made.id;
    else
      if private.fold_text(left(message.text, 40)) = 'start' then
        update public.contacts as c set opted_out_at = null where c.tenant_id = tenant and c.id = sender and c.opted_out_at is not null;
      end if;
      items := items || made.id;
      keys := keys || sender::text;
    end if;
    events := events || jsonb_build_object('message', jsonb_strip_nulls(jsonb_build_object('ref_id', made.ref_id, 'contact', private.ulid(sender), 'bot', private.ulid(bot),
      'kind', made.kind, 'text', case when logged then made.message_text end)));
    event_keys := event_keys || ('contact ' || private.ulid(sender));
  end loop;
  if events <> '{}' then
    perform private.emit_events(tenant, array_fill('message.received'::text, array[cardinality(events)]), events, event_keys, has_row_lock => true);
  end if;
  if items <> '{}' then
    perform private.enqueue_items('bot_answers', array_fill(tenant, array[cardinality(items)]), array_fill(bot, array[cardinality(items)]), items, keys);
    perform private.wake_dispatcher('bot_answers');
  end if;
  return received;
end
$$;
comment on function private.receive_bot_messages(uuid, uuid, jsonb) is
  'Stores what contacts wrote to a bot, [{wamid, wa_id, user_id, name, kind, text, at, payload}], and has it answered. What is there already changes nothing. Returns how many were new.';

select private.register_event_type('message.received', 'A contact wrote to a bot. The text is left out if log_conversations is off.',
  '{"message": {"ref_id": "ref_id", "contact": "ref_id", "bot": "ref_id", "kind": "text", "text?": "text"}}',
  '{"message": {"ref_id": "01JD3N8Q4ZB6T2V9XK5M7R0C1E", "contact": "01JD3N8Q4ZB6T2V9XK5M7R0C1F", "bot": "01JD3N8Q4ZB6T2V9XK5M7R0C1G", "kind": "text", "text": "Do you sell ukuleles?"}}');

-- 20_conversations/05_escalating.sql

-- Escalation: a contact waits for a person, who is told once. And what the bot did not know is kept, so that it learns.

create function private.draft_training_data(tenant uuid, bot uuid, question text, locale text) returns void
  language plpgsql
  set search_path = ''
as $$
declare
  asked text := left(btrim(question), 1000);
begin
  if coalesce(private.fold_text(asked), '') = '' then
    return;
  end if;
  -- 500 are more than anybody writes answers to. And a stranger must not use up the rows of the plan.
  insert into public.bot_training_data (tenant_id, bot_id, question, locale, is_active)
  select tenant, bot, asked, draft_training_data.locale, false
  where not exists (select from public.bot_training_data as d
      where d.tenant_id = tenant and d.bot_id = bot and d.question_folded = private.fold_text(asked))
    and (select count(*) from (select from public.bot_training_data as d
      where d.tenant_id = tenant and d.bot_id = bot and d.answer is null limit 500) as d) < 500;
exception when sqlstate 'P0001' then
  -- The plan has no place for another row. The contact is escalated all the same.
  null;
end
$$;
comment on function private.draft_training_data(uuid, uuid, text, text) is
  'Keeps a question that a bot could not answer, for a person who writes the answer. At most 500 of a bot wait.';

create function private.announce_escalation(bot public.bot_tenants, contact public.contacts, settings public.bot_control_settings, reason text)
  returns void
  language plpgsql
  set search_path = ''
as $$
declare
  -- Each escalation is told once.
  key constant text := 'escalated ' || contact.ref_id || ' ' || extract(epoch from now());
  data jsonb := jsonb_build_object('person', coalesce(contact.full_name, '+' || contact.wa_id, contact.user_id), 'bot', bot.client_name,
    'console_path', '/t/' || (select t.slug from public.tenants as t where t.id = bot.tenant_id) || '/bots/' || bot.ref_id || '/conversations/' || contact.ref_id);
  channel public.notification_channel;
begin
  perform private.emit_event(bot.tenant_id, 'conversation.escalated',
    jsonb_build_object('conversation', jsonb_build_object('contact', contact.ref_id, 'bot', bot.ref_id, 'reason', reason)),
    'contact ' || contact.ref_id, has_row_lock => true);
  perform private.notify(bot.tenant_id, 'conversation.escalated', '{everybody}', data, 'conversation', contact.ref_id, key,
    'escalated ' || bot.ref_id, '2 minutes');
  if settings.escalation_email is not null then
    perform private.message_address(bot.tenant_id, 'email', settings.escalation_email, 'conversation_escalated', data, key);
  end if;
  if settings.escalation_phone is not null then
    select p.channel into channel from public.notification_providers as p
    where p.tenant_id in (bot.tenant_id, private.platform_tenant_id()) and p.channel in ('whatsapp', 'sms') and p.is_active and p.verified_at is not null
    order by p.tenant_id = bot.tenant_id desc, p.channel desc limit 1;
    if channel is not null then
      perform private.message_address(bot.tenant_id, channel, settings.escalation_phone, 'conversation_escalated', data, key);
    end if;
  end if;
end
$$;
comment on function private.announce_escalation(public.bot_tenants, public.contacts, public.bot_control_settings, text) is
  'Tells the people of the tenant, and whom the settings name, that a contact waits for a person.';

select private.register_event_type('conversation.escalated', 'A contact waits for a person, because the bot does not answer.',
  '{"conversation": {"contact": "ref_id", "bot": "ref_id", "reason": "text"}}',
  '{"conversation": {"contact": "01JD3N8Q4ZB6T2V9XK5M7R0C1F", "bot": "01JD3N8Q4ZB6T2V9XK5M7R0C1G", "reason": "model_does_not_know"}}');

select private.register_notification_type('conversation.escalated', 'bots', 'A customer of a bot waits for a person.',
  '{"en": "{{person}} waits for an answer of {{bot}}.", "de": "{{person}} wartet auf eine Antwort von {{bot}}.", "fr": "{{person}} attend une réponse de {{bot}}."}',
  '{"person": "Ada Example", "bot": "Kassangas Music Shop"}');

select private.register_email_template('conversation_escalated', t.locale, 'A customer waits', t.subject, t.body_html,
  '[{"key": "person", "description": "The name or the number of the customer.", "required": true},
    {"key": "bot", "description": "The shop of the bot.", "required": true},
    {"key": "tenant", "description": "The name of the tenant.", "required": true},
    {"key": "link", "description": "Where the conversation is answered. Nothing, if TENANTRY_CONSOLE_URL is not set.", "required": false}]', 'alert')
from (values
  ('en', '{{person}} waits for an answer of {{bot}}', '<p>{{person}} wrote to {{bot}}, and the bot has no answer.</p><p>You find the conversation in the console of {{tenant}}, under Bots.</p><p>{{link}}</p>'),
  ('de', '{{person}} wartet auf eine Antwort von {{bot}}', '<p>{{person}} hat {{bot}} geschrieben, und der Bot weiß keine Antwort.</p><p>Das Gespräch steht in der Konsole von {{tenant}} unter Bots.</p><p>{{link}}</p>'),
  ('fr', '{{person}} attend une réponse de {{bot}}', '<p>{{person}} a écrit à {{bot}}, et le bot n’a pas de réponse.</p><p>La conversation se trouve dans la console de {{tenant}}, sous Bots.</p><p>{{link}}</p>')
) as t (locale, subject, body_html);

-- 20_conversations/06_answering.sql

-- Answering: what waits of a contact, whether the bot may answer it, and what became of it. For the service alone.

create table private.bot_answer_counts (
  tenant_id uuid not null references public.tenants on delete cascade,
  bot_id uuid not null,
  -- Of one contact in a day, or of all contacts in an hour: then it is the id of the bot.
  counted_for uuid not null,
  starts_at timestamptz not null,
  message_count int not null,
  primary key (tenant_id, bot_id, counted_for, starts_at),
  constraint bot_answer_counts_bot_fkey foreign key (tenant_id, bot_id) references public.bot_tenants (tenant_id, id) on delete cascade
) with (fillfactor = 70);
create index bot_answer_counts_starts_at_idx on private.bot_answer_counts (starts_at);
comment on table private.bot_answer_counts is 'How many messages a bot has answered: of all its contacts in an hour, and of each in a day.';

create function private.count_bot_answers(tenant uuid, bot uuid, counted_for uuid, starts_at timestamptz, added int, most int) returns boolean
  language plpgsql
  set search_path = ''
as $$
begin
  -- The row is locked until the end of the transaction, so nobody counts beside it.
  insert into private.bot_answer_counts as c (tenant_id, bot_id, counted_for, starts_at, message_count)
  select tenant, bot, count_bot_answers.counted_for, count_bot_answers.starts_at, added where added <= most
  on conflict on constraint bot_answer_counts_pkey do update set message_count = c.message_count + excluded.message_count
    where c.message_count + excluded.message_count <= most;
  return found;
end
$$;
comment on function private.count_bot_answers(uuid, uuid, uuid, timestamptz, int, int) is
  'Counts messages that a bot answers, unless they would be more than this. Returns whether they were counted.';

create function private.begin_bot_answer(tenant uuid, message uuid)
  returns table (bot_id uuid, contact_id uuid, stop text, messages jsonb, turns jsonb, unread text)
  language plpgsql
  set search_path = ''
  set enable_seqscan = off
as $$
#variable_conflict use_column
declare
  asked public.bot_messages;
  state public.conversation_states;
  contact public.contacts;
  settings public.bot_control_settings;
  sender record;
  zone text := (select t.time_zone from public.tenants as t where t.id = tenant);
  opened jsonb;
  newest timestamptz;
  newest_wamid text;
  new_count int;
  found_stop text;
begin
  select * into asked from public.bot_messages as m where m.tenant_id = tenant and m.id = begin_bot_answer.message;
  -- The conversation is held, so that nobody takes it over between the look and the count.
  select * into state from public.conversation_states as s where s.tenant_id = tenant and s.contact_id = asked.contact_id for update;
  select jsonb_agg(jsonb_build_object('id', m.id, 'text', m.message_text, 'kind', m.kind) order by m.occurred_at, m.id), max(m.occurred_at),
    count(*) filter (where m.begun_at is null), (array_agg(m.whatsapp_message_id order by m.occurred_at desc, m.id desc))[1]
  into opened, newest, new_count, newest_wamid
  from (
    select * from public.bot_messages as o
    where o.tenant_id = tenant and o.contact_id = asked.contact_id and o.direction = 'inbound' and o.settled_at is null
    order by o.id limit 50) as m;
  if opened is null then
    return; -- Answered together with an earlier one.
  end if;
  select * into contact from public.contacts as c where c.tenant_id = tenant and c.id = asked.contact_id;
  select * into settings from public.bot_control_settings as s where s.tenant_id = tenant and s.bot_id = asked.bot_id;
  select s.is_verified, s.paused_reason into sender from private.read_bot_sender(tenant, asked.bot_id) as s;
  found_stop := case
    when contact.opted_out_at is not null then 'opted_out'
    when state.taken_over_at is not null then 'taken_over'
    when sender.is_verified is not true then 'not_verified'
    when sender.paused_reason is not null then 'paused'
    when newest < now() - interval '24 hours' then 'window_closed'
    when not settings.enable_auto_reply then 'auto_reply_off' end;
  if found_stop is null and new_count > 0 then
    found_stop := case
      when not private.count_bot_answers(tenant, asked.bot_id, asked.contact_id, date_trunc('day', now(), zone), new_count,
        settings.max_messages_per_user_per_day) then 'day_limit'
      when not private.count_bot_answers(tenant, asked.bot_id, asked.bot_id, date_trunc('hour', now()), new_count,
        settings.max_messages_per_hour) then 'hour_limit' end;
    -- A worker that is killed after this counts nothing again.
    if found_stop is null then
      update public.bot_messages as m set begun_at = now()
      where m.tenant_id = tenant and m.id in (select (o ->> 'id')::uuid from jsonb_array_elements(opened) as o) and m.begun_at is null;
    end if;
  end if;
  return query select asked.bot_id, asked.contact_id, found_stop, opened, (
      select coalesce(jsonb_agg(jsonb_build_object('role', case m.direction when 'inbound' then 'user' else 'assistant' end, 'text', m.message_text)
        order by m.id), '[]')
      from (
        select * from public.bot_messages as o
        where o.tenant_id = tenant and o.bot_id = asked.bot_id and o.contact_id = asked.contact_id and o.message_text is not null
          and (o.direction = 'outbound' or o.settled_at is not null) and o.created_at > now() - interval '24 hours'
        order by o.id desc limit 10) as m),
    case when found_stop is null and new_count > 0 and settings.is_typing_shown then newest_wamid end;
end
$$;
comment on function private.begin_bot_answer(uuid, uuid) is
  'What a contact wrote and nobody has answered, counted for the limits once, with the last turns of the day. stop says why the bot does not answer it. unread is the newest message, once, if its contact may see that it is read. No row if nothing waits.';

create function private.settle_bot_answer(
  tenant uuid, contact uuid, messages uuid[], outcome text, reason text, replies text[], notice text default null, details jsonb default '{}'
) returns boolean
  language plpgsql
  set search_path = ''
  set enable_seqscan = off
as $$
declare
  bot public.bot_tenants;
  person public.contacts;
  settings public.bot_control_settings;
  state public.conversation_states;
  settled uuid[];
  today date := (select (now() at time zone t.time_zone)::date from public.tenants as t where t.id = tenant);
begin
  select b.* into bot from public.bot_tenants as b join public.contacts as c on c.tenant_id = b.tenant_id and c.bot_id = b.id
  where c.tenant_id = tenant and c.id = contact;
  -- Lanes are locked before any row.
  perform private.lock_lanes('bot_messages', array[tenant], array[bot.id]);
  select * into state from public.conversation_states as s where s.tenant_id = tenant and s.contact_id = contact for update;
  select * into person from public.contacts as c where c.tenant_id = tenant and c.id = contact;
  select * into settings from public.bot_control_settings as s where s.tenant_id = tenant and s.bot_id = bot.id;
  -- While the bot was thinking, a person may have taken over, or the contact may have had enough.
  if state.taken_over_at is not null or person.opted_out_at is not null then
    outcome := 'silent';
    reason := case when person.opted_out_at is not null then 'opted_out' else 'taken_over' end;
    replies := '{}';
    notice := null;
  end if;
  with done as (
    update public.bot_messages as m set settled_at = now(), outcome = settle_bot_answer.outcome, reason = settle_bot_answer.reason,
      template_used = details ->> 'template', training_data_ref = details ->> 'training_data', llm_call_ref = details ->> 'call',
      message_text = case when settings.log_conversations or settle_bot_answer.outcome = 'escalated' then m.message_text end,
      raw_payload = case when settings.log_conversations then m.raw_payload end
    where m.tenant_id = tenant and m.id = any (messages) and m.settled_at is null
    returning m.id)
  select array_agg(d.id order by d.id) into settled from done as d;
  -- Somebody else has settled them: each message has one effect.
  if settled is null then
    return false;
  end if;
  if outcome = 'escalated' then
    if state.escalated_at is null then
      update public.conversation_states as s set escalated_at = now(), escalation_reason = settle_bot_answer.reason
      where s.tenant_id = tenant and s.contact_id = contact;
      perform private.announce_escalation(bot, person, settings, reason);
    else
      notice := null;
    end if;
    if reason = 'training_mode' then
      perform private.draft_training_data(tenant, bot.id, details ->> 'question', details ->> 'locale');
    end if;
  elsif reason in ('day_limit', 'hour_limit') then
    if state.notice_on = today then
      notice := null;
    end if;
    update public.conversation_states as s set notice_on = today where s.tenant_id = tenant and s.contact_id = contact;
  end if;
  perform private.enqueue_bot_messages(tenant, bot.id, contact, replies || array_remove(array[notice], null), 'bot', settled[1]);
  return true;
end
$$;
comment on function private.settle_bot_answer(uuid, uuid, uuid[], text, text, text[], text, jsonb) is
  'Says what became of messages of a contact, and sends the replies, all in this transaction. outcome: answered, escalated or silent. notice is sent once: when a conversation is escalated, or once a day above a limit. False if they are settled already.';

create function private.sweep_bot_answer_counts(batch int default 5000) returns int
  language sql volatile
  set search_path = ''
as $$
  with gone as (
    delete from private.bot_answer_counts as c where c.ctid = any (array(
      select o.ctid from private.bot_answer_counts as o where o.starts_at < now() - interval '3 days' limit batch for update skip locked))
    returning 1)
  select count(*)::int from gone
$$;
comment on function private.sweep_bot_answer_counts(int) is 'Deletes counts that no limit asks for any more. Returns how many.';
select cron.schedule('bots: delete old counts', '47 * * * *', 'select private.sweep_bot_answer_counts()');

select private.register_table('private.bot_answer_counts', keeping => 'derived', unaudited => 'counts');

-- 20_conversations/07_sending.sql

-- Sending: the queue of messages to contacts, and how far each got. For the service alone.

select private.register_queue('bot_messages', '/bots/send', '{5 s,30 s,2 min,10 min,1 h}');

create function private.enqueue_bot_messages(
  tenant uuid, bot uuid, contact uuid, texts text[], source public.bot_message_source, answers uuid default null
) returns uuid[]
  language plpgsql
  set search_path = ''
as $$
declare
  made uuid[];
begin
  if texts = '{}' then
    return '{}';
  end if;
  with written as (
    insert into public.bot_messages (tenant_id, bot_id, contact_id, direction, source, message_text, answers_id, status)
    select tenant, bot, contact, 'outbound', enqueue_bot_messages.source, t.value, answers, 'waiting'
    from unnest(texts) with ordinality as t (value, n) order by t.n
    returning id)
  select array_agg(w.id order by w.id) into made from written as w;
  update public.conversation_states as s set last_message_at = date_trunc('milliseconds', now()) where s.tenant_id = tenant and s.contact_id = contact;
  perform private.enqueue_items('bot_messages', array_fill(tenant, array[cardinality(made)]), array_fill(bot, array[cardinality(made)]), made,
    array_fill(contact::text, array[cardinality(made)]));
  perform private.wake_dispatcher('bot_messages');
  return made;
end
$$;
comment on function private.enqueue_bot_messages(uuid, uuid, uuid, text[], public.bot_message_source, uuid) is
  'Sends texts to a contact, in this order, if and only if this transaction commits. The caller must hold the lane of the bot, and does nothing after this.';

create function private.begin_bot_send(tenant uuid, message uuid)
  returns table (stop text, ref_id text, to_number text, to_user text, text text, phone_number_id text, access_token text, is_ours boolean)
  language plpgsql
  set search_path = ''
  set enable_seqscan = off
as $$
#variable_conflict use_column
declare
  sent public.bot_messages;
  contact public.contacts;
  sender record;
  stopped text;
  is_begun boolean := false;
begin
  select * into sent from public.bot_messages as m
  where m.tenant_id = tenant and m.id = begin_bot_send.message and m.status in ('waiting', 'unknown') for no key update;
  if sent.id is null then
    return; -- Its status came already, or it was deleted.
  end if;
  select * into contact from public.contacts as c where c.tenant_id = tenant and c.id = sent.contact_id;
  select s.whatsapp_phone_number_id, s.access_token, s.is_verified, s.paused_reason into sender from private.read_bot_sender(tenant, sent.bot_id) as s;
  stopped := case
    when contact.opted_out_at is not null then 'opted_out'
    when not exists (select from public.tenants as t
      where t.id = tenant and private.is_writable(t.status, t.trial_ends_at) and t.contract_pending_at is null) then 'tenant_not_active'
    when sender.is_verified is not true then 'not_verified'
    when not exists (select from public.conversation_states as s
      where s.tenant_id = tenant and s.contact_id = sent.contact_id and s.last_received_at > now() - interval '24 hours') then 'window_closed'
    when sender.paused_reason is not null then 'paused' end;
  if stopped is null then
    update public.bot_messages as m set attempted_at = now(), status = 'unknown'
    where m.tenant_id = tenant and m.id = sent.id and (m.attempted_at is null or m.attempted_at < now() - interval '10 minutes');
    is_begun := found;
  end if;
  return query select stopped, sent.ref_id, contact.wa_id, contact.user_id, sent.message_text, sender.whatsapp_phone_number_id, sender.access_token,
    is_begun;
end
$$;
comment on function private.begin_bot_send(uuid, uuid) is
  'What a message needs to be sent, and that it is being sent from now on. is_ours is false for ten minutes after an attempt whose end nobody knows: the status may come. stop says why it is not sent now. No row if it is sent, or gone.';

create function private.complete_bot_sends(given jsonb, dispatcher int default null) returns int
  language plpgsql
  set search_path = ''
  set enable_seqscan = off
as $$
declare
  results private.queue_result[] := array(
    select r from jsonb_populate_recordset(null::private.queue_result, given) as r order by r.lane_id, r.item_id, r.lease_id);
  done record;
  attempt record;
begin
  select * into done from private.complete_items('bot_messages', results, dispatcher);
  for attempt in
    select r.tenant_id, r.item_id, a.value ->> 'wamid' as wamid, (a.value ->> 'is_unsent')::boolean as is_unsent, (a.value ->> 'error_code')::int as error_code,
      left(a.value ->> 'error', 1000) as error, case
        when a.value ->> 'wamid' is not null then 'sent'
        when r.ordinality = any (done.died) or (a.value ->> 'is_final')::boolean then 'failed' end as status
    from unnest(results) with ordinality as r
    join jsonb_array_elements(given) as a on (a.value ->> 'item_id')::uuid = r.item_id and (a.value ->> 'lease_id')::uuid = r.lease_id
    order by r.item_id
  loop
    if attempt.status is not null then
      perform private.raise_bot_message(attempt.tenant_id, attempt.item_id, attempt.status::public.bot_message_status, attempt.wamid,
        attempt.error_code, attempt.error);
    elsif attempt.is_unsent then
      -- WhatsApp did not take it, so another attempt sends no second one.
      update public.bot_messages as m set attempted_at = null, status = 'waiting', error_code = attempt.error_code, error_message = attempt.error
      where m.tenant_id = attempt.tenant_id and m.id = attempt.item_id and m.status in ('waiting', 'unknown');
    end if;
  end loop;
  perform private.wake_tenants_after('bot_messages', results, done.tenants);
  return cardinality(done.settled);
end
$$;
comment on function private.complete_bot_sends(jsonb, int) is
  'Takes the results of attempts to send, [private.queue_result with wamid, or is_final, is_unsent, error_code and error]. Returns how many were settled.';

create function private.raise_bot_message(
  tenant uuid, message uuid, reached public.bot_message_status, wamid text default null, code int default null, error text default null
) returns boolean
  language plpgsql
  set search_path = ''
  set enable_seqscan = off
as $$
declare
  raised public.bot_messages;
begin
  -- Statuses come late and in any order. A lower one changes nothing, and what has failed stays so.
  update public.bot_messages as m set
    status = case when m.status < reached then reached else m.status end,
    whatsapp_message_id = coalesce(m.whatsapp_message_id, wamid), attempted_at = null,
    error_code = case when m.status < reached then code else m.error_code end,
    error_message = case when m.status < reached then raise_bot_message.error else m.error_message end,
    message_text = case when s.log_conversations then m.message_text end
  from public.bot_control_settings as s
  where m.tenant_id = tenant and m.id = message and m.direction = 'outbound' and s.tenant_id = m.tenant_id and s.bot_id = m.bot_id
    and (m.status < reached or m.whatsapp_message_id is null and wamid is not null)
    and not (reached = 'failed' and m.status in ('delivered', 'read'))
  returning m.* into raised;
  if raised.id is null then
    return false;
  end if;
  if raised.status = reached and reached in ('sent', 'failed') then
    perform private.emit_event(tenant, case reached when 'sent' then 'message.sent' else 'message.failed' end, jsonb_build_object('message', jsonb_strip_nulls(jsonb_build_object(
        'ref_id', raised.ref_id, 'contact', private.ulid(raised.contact_id), 'bot', private.ulid(raised.bot_id), 'source', raised.source,
        'text', raised.message_text, 'error_code', raised.error_code))),
      'contact ' || private.ulid(raised.contact_id));
  end if;
  return true;
end
$$;
comment on function private.raise_bot_message(uuid, uuid, public.bot_message_status, text, int, text) is
  'Says how far a message got. It moves forward only. Returns whether anything changed.';

create function private.take_bot_statuses(tenant uuid, bot uuid, given jsonb) returns int
  language plpgsql
  set search_path = ''
  set enable_seqscan = off
as $$
declare
  told record;
  taken int := 0;
begin
  for told in
    select m.id, s.status, s.wamid, s.code, left(s.error, 1000) as error
    from jsonb_to_recordset(given) as s (wamid text, ref text, status text, code int, error text)
    cross join lateral (
      select o.id from public.bot_messages as o
      where o.tenant_id = tenant and o.bot_id = bot and o.direction = 'outbound' and o.whatsapp_message_id = s.wamid
      union all
      -- Before its sender has said under which id WhatsApp took it, or if that answer was lost.
      select o.id from public.bot_messages as o
      where o.tenant_id = tenant and o.bot_id = bot and o.direction = 'outbound' and o.whatsapp_message_id is null
        and o.id = case when s.ref ~ '^[0-9A-HJKMNP-TV-Z]{26}$' then private.ulid_to_uuid(s.ref) end
      limit 1) as m
    -- Two calls at once lock in one order.
    order by m.id
  loop
    if private.raise_bot_message(tenant, told.id, told.status::public.bot_message_status, told.wamid, told.code, told.error) then
      taken := taken + 1;
    end if;
  end loop;
  return taken;
end
$$;
comment on function private.take_bot_statuses(uuid, uuid, jsonb) is
  'What WhatsApp says of messages of a bot, [{wamid, ref, status, code, error}]. Of other bots'' messages it changes nothing. Returns how many got further.';

select private.register_event_type('message.sent', 'WhatsApp took a message of a bot, or of a person who answers for it. The text is left out if log_conversations is off.',
  '{"message": {"ref_id": "ref_id", "contact": "ref_id", "bot": "ref_id", "source": "text", "text?": "text"}}',
  '{"message": {"ref_id": "01JD3N8Q4ZB6T2V9XK5M7R0C1E", "contact": "01JD3N8Q4ZB6T2V9XK5M7R0C1F", "bot": "01JD3N8Q4ZB6T2V9XK5M7R0C1G", "source": "bot", "text": "Yes, from 4,500 shillings."}}');
select private.register_event_type('message.failed', 'A message could not be sent, or WhatsApp could not deliver it.',
  '{"message": {"ref_id": "ref_id", "contact": "ref_id", "bot": "ref_id", "source": "text", "text?": "text", "error_code?": "count"}}',
  '{"message": {"ref_id": "01JD3N8Q4ZB6T2V9XK5M7R0C1E", "contact": "01JD3N8Q4ZB6T2V9XK5M7R0C1F", "bot": "01JD3N8Q4ZB6T2V9XK5M7R0C1G", "source": "bot", "error_code": 131026}}');

-- 20_conversations/08_people.sql

-- People in a conversation: taking it over from the bot, writing to the contact, handing it back, forgetting the contact.

-- Definers, this one and the next: people may change nothing of a conversation but who answers it.
create function public.take_over_conversation(tenant_id uuid, contact_id uuid) returns void
  language plpgsql security definer
  set search_path = ''
as $$
begin
  perform private.require_permission(take_over_conversation.tenant_id, 'write');
  update public.conversation_states as s set taken_over_at = now(), taken_over_by = auth.uid(), escalated_at = null, escalation_reason = null
  where s.tenant_id = take_over_conversation.tenant_id and s.contact_id = take_over_conversation.contact_id
    and (s.taken_over_at is null or s.taken_over_by is distinct from auth.uid());
  if found then
    perform private.record_audit(take_over_conversation.tenant_id, 'conversation.taken_over', 'contacts', private.ulid(contact_id));
  elsif not exists (select from public.conversation_states as s
      where s.tenant_id = take_over_conversation.tenant_id and s.contact_id = take_over_conversation.contact_id) then
    perform private.raise_problem(404, 'not_found', 'This bot has no contact with this ref_id.');
  end if;
end
$$;
comment on function public.take_over_conversation(uuid, uuid) is
  'The bot does not answer this contact any more: the caller does. It may be taken over from somebody else. 404 not_found.';

create function public.hand_back_conversation(tenant_id uuid, contact_id uuid) returns void
  language plpgsql security definer
  set search_path = ''
as $$
begin
  perform private.require_permission(hand_back_conversation.tenant_id, 'write');
  update public.conversation_states as s set taken_over_at = null, taken_over_by = null, escalated_at = null, escalation_reason = null
  where s.tenant_id = hand_back_conversation.tenant_id and s.contact_id = hand_back_conversation.contact_id;
  if not found then
    perform private.raise_problem(404, 'not_found', 'This bot has no contact with this ref_id.');
  end if;
  perform private.record_audit(hand_back_conversation.tenant_id, 'conversation.handed_back', 'contacts', private.ulid(contact_id));
end
$$;
comment on function public.hand_back_conversation(uuid, uuid) is 'The bot answers this contact again, from the next message on. 404 not_found.';

-- A definer, because people hold no privilege on queues. It answers the message, because a key that may only write may read nothing.
create function public.write_to_contact(tenant_id uuid, bot_id uuid, contact_id uuid, message_text text) returns public.bot_messages
  language plpgsql security definer
  set search_path = ''
as $$
declare
  contact public.contacts;
  received_at timestamptz;
  writer uuid := auth.uid();
  sent_id uuid;
  sent public.bot_messages;
begin
  perform private.require_permission(write_to_contact.tenant_id, 'bots:write');
  if coalesce(length(btrim(left(message_text, 8192))), 0) = 0 or length(message_text) > 4096 or not private.is_plain_text(message_text, 4096) then
    perform private.raise_problem(422, 'invalid_value', 'This is no message.',
      '[{"pointer": "/text", "detail": "must be plain text of 1 to 4096 characters"}]');
  end if;
  select * into contact from public.contacts as c
  where c.tenant_id = write_to_contact.tenant_id and c.bot_id = write_to_contact.bot_id and c.id = write_to_contact.contact_id;
  if contact.id is null then
    perform private.raise_problem(404, 'not_found', 'This bot has no contact with this ref_id.');
  end if;
  perform private.lock_lanes('bot_messages', array[contact.tenant_id], array[contact.bot_id]);
  select s.last_received_at into received_at from public.conversation_states as s
  where s.tenant_id = contact.tenant_id and s.contact_id = contact.id for update;
  if contact.opted_out_at is not null then
    perform private.raise_problem(409, 'contact_opted_out', 'This contact wrote STOP, so nothing may be sent. The contact can write START.');
  elsif received_at is null or received_at < now() - interval '24 hours' then
    perform private.raise_problem(409, 'window_closed',
      'WhatsApp lets a business write for 24 hours after the last message of a customer. Wait until this one writes again.');
  end if;
  -- Whoever writes has taken over. A program that writes leaves it to the bot.
  if writer is not null then
    update public.conversation_states as s set taken_over_at = coalesce(s.taken_over_at, now()), taken_over_by = writer, escalated_at = null, escalation_reason = null
    where s.tenant_id = contact.tenant_id and s.contact_id = contact.id
      and (s.taken_over_at is null or s.taken_over_by is distinct from writer or s.escalated_at is not null);
  end if;
  perform private.record_audit(contact.tenant_id, 'conversation.written_to', 'contacts', contact.ref_id);
  sent_id := (private.enqueue_bot_messages(contact.tenant_id, contact.bot_id, contact.id, array[message_text],
    case when writer is null then 'api_key' else 'person' end::public.bot_message_source))[1];
  select * into sent from public.bot_messages as m where m.tenant_id = contact.tenant_id and m.id = sent_id;
  return sent;
end
$$;
comment on function public.write_to_contact(uuid, uuid, uuid, text) is
  'Sends a text to a contact. A person who writes takes the conversation over. Returns the message. 404 not_found; 409 contact_opted_out, window_closed; 422 invalid_value.';

-- A definer, because it changes tables that nobody may change directly.
create function public.forget_contact(tenant_id uuid, contact_id uuid) returns jsonb
  language plpgsql security definer
  set search_path = ''
as $$
declare
  contact public.contacts;
  forgotten jsonb;
begin
  perform private.require_permission(forget_contact.tenant_id, 'manage');
  select * into contact from public.contacts as c where c.tenant_id = forget_contact.tenant_id and c.id = forget_contact.contact_id;
  if contact.id is null then
    perform private.raise_problem(404, 'not_found', 'This bot has no contact with this ref_id.');
  end if;
  forgotten := private.forget_rows(contact.tenant_id, null, 'public.contacts', contact.id, contact.ref_id);
  delete from public.contacts as c where c.tenant_id = contact.tenant_id and c.id = contact.id;
  return forgotten;
end
$$;
comment on function public.forget_contact(uuid, uuid) is
  'Erases what a tenant holds about a contact: the messages, and whatever names the ref_id. Whoever writes again is a new contact. 404 not_found.';
grant execute on function public.take_over_conversation(uuid, uuid), public.hand_back_conversation(uuid, uuid), public.write_to_contact(uuid, uuid, uuid, text),
  public.forget_contact(uuid, uuid) to authenticated, service_role;

select private.register_audit_action('conversation.taken_over', 'u');
select private.register_audit_action('conversation.handed_back', 'u');
select private.register_audit_action('conversation.written_to', 'c');

insert into private.api_scopes (scope, permission, description) values
  ('bots:write', 'write', 'Write to the contacts of the bots.')
on conflict (scope) do update set (permission, description) = (excluded.permission, excluded.description);

-- 30_subscriptions/01_plans.sql

-- Plans: what the contacts of a bot can subscribe to, and what it costs.

create type public.bot_plan_type as enum (
  'monthly',
  'one' -- paid once, and never ends
);

create table public.bot_plans (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  ref_id text not null generated always as (private.ulid(id)) stored,
  bot_id uuid not null,
  plan_name text not null,
  amount_minor bigint not null,
  currency char(3) not null default 'KES',
  level int not null,
  plan_type public.bot_plan_type not null default 'monthly',
  is_active boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  created_by uuid,
  updated_by uuid,
  primary key (tenant_id, id),
  constraint bot_plans_bot_fkey foreign key (tenant_id, bot_id) references public.bot_tenants (tenant_id, id) on delete cascade,
  constraint bot_plan_name_is_its_own unique (tenant_id, bot_id, plan_name),
  constraint bot_plan_name_is_text check (length(btrim(plan_name)) >= 1 and private.is_plain_text(plan_name, 60)),
  -- M-Pesa moves whole shillings, at most 250,000 at once.
  constraint bot_plan_amount_is_whole_shillings check (amount_minor between 100 and 25000000 and amount_minor % 100 = 0),
  constraint bot_plan_currency_is_that_of_mpesa check (currency = 'KES'),
  constraint bot_plan_level_in_range check (level between 1 and 100)
);
create unique index bot_plans_ref_id_idx on public.bot_plans (tenant_id, ref_id) where ref_id is not null;
comment on table public.bot_plans is 'What the contacts of a bot can subscribe to. A change is for later payments: who has paid keeps what was bought.';
comment on column public.bot_plans.level is 'Opens the templates and the training data with this min_level, and those with less.';
create trigger bot_plans_touch before update on public.bot_plans for each row execute function private.tg_touch_updated_at();
create trigger bot_plans_stamp_editor before insert or update on public.bot_plans for each row execute function private.tg_stamp_editor();

alter table public.bot_plans enable row level security;
create policy "members read their bots' plans" on public.bot_plans
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read', '{bots:read}'))::uuid[]));
create policy "managers create their bots' plans" on public.bot_plans
  for insert to authenticated with check (tenant_id = any ((select private.tenant_ids('manage'))::uuid[]));
create policy "managers update their bots' plans" on public.bot_plans
  for update to authenticated
  using (tenant_id = any ((select private.tenant_ids('manage'))::uuid[]))
  with check (tenant_id = any ((select private.tenant_ids('manage'))::uuid[]));
create policy "managers delete their bots' plans" on public.bot_plans
  for delete to authenticated using (tenant_id = any ((select private.tenant_ids('manage'))::uuid[]));
grant select, delete on public.bot_plans to authenticated;
grant insert (tenant_id, bot_id, plan_name, amount_minor, currency, level, plan_type, is_active),
  update (plan_name, amount_minor, currency, level, plan_type, is_active) on public.bot_plans to authenticated;
grant select, insert, update, delete on public.bot_plans to service_role;

create trigger bot_plans_take_place after insert on public.bot_plans
  for each row execute function private.tg_count_places('bot_plans', '1', 'ask');
create trigger bot_plans_vacate after delete on public.bot_plans
  for each row execute function private.tg_count_places('bot_plans', '-1');
select private.register_limit('bot_plans', 'Plans of all bots, for sale or not.',
  '{"trial": 10, "starter": 10, "professional": 20, "business": 50, "enterprise": 1000}', 'creating a plan of a bot');

select private.register_table('public.bot_plans', plain => '{plan_name,currency}');

-- 30_subscriptions/02_mpesa_accounts.sql

-- M-Pesa accounts: where the contacts of a bot pay to, and with which secrets M-Pesa is asked.

create table public.bot_mpesa_accounts (
  tenant_id uuid not null references public.tenants on delete cascade,
  bot_id uuid not null,
  shortcode text not null,
  till_number text,
  base_url text not null default 'https://api.safaricom.co.ke',
  consumer_key_secret_id uuid not null,
  consumer_secret_secret_id uuid not null,
  passkey_secret_id uuid not null,
  last_problem text,
  last_problem_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  created_by uuid,
  updated_by uuid,
  primary key (tenant_id, bot_id),
  constraint bot_mpesa_accounts_bot_fkey foreign key (tenant_id, bot_id) references public.bot_tenants (tenant_id, id) on delete cascade,
  constraint shortcode_is_digits check (shortcode ~ '^[0-9]{5,10}$'),
  constraint till_number_is_digits check (till_number ~ '^[0-9]{5,10}$'),
  constraint mpesa_url_is_a_url check (length(base_url) <= 500 and base_url ~ '^https?://[^/?#@[:space:]]+(/[^?#[:space:]]*[^/?#[:space:]])?$'),
  constraint mpesa_problem_is_a_word check (last_problem ~ '^[a-z_]{1,40}$'),
  constraint mpesa_problem_has_a_moment check ((last_problem is null) = (last_problem_at is null))
);
comment on table public.bot_mpesa_accounts is 'The M-Pesa account of a bot, at most one. The three secrets are in Vault, and are never shown.';
comment on column public.bot_mpesa_accounts.till_number is 'Of a shop that sells goods (Buy Goods). Null: the shortcode is a Pay Bill number.';
comment on column public.bot_mpesa_accounts.last_problem is 'Why M-Pesa did not take the last request, as credentials. Null if it did.';
create trigger bot_mpesa_accounts_touch before update on public.bot_mpesa_accounts for each row execute function private.tg_touch_updated_at();
create trigger bot_mpesa_accounts_stamp_editor before insert or update on public.bot_mpesa_accounts
  for each row execute function private.tg_stamp_editor();
create trigger bot_mpesa_accounts_drop_secrets
  after delete or update of consumer_key_secret_id, consumer_secret_secret_id, passkey_secret_id on public.bot_mpesa_accounts
  for each row execute function private.tg_drop_secrets('consumer_key_secret_id', 'consumer_secret_secret_id', 'passkey_secret_id');

alter table public.bot_mpesa_accounts enable row level security;
create policy "managers read their bots' M-Pesa accounts" on public.bot_mpesa_accounts
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read_admin'))::uuid[]));
create policy "managers remove their bots' M-Pesa accounts" on public.bot_mpesa_accounts
  for delete to authenticated using (tenant_id = any ((select private.tenant_ids('manage'))::uuid[]));
-- Nobody may insert or update: where the secrets go and the secrets change together, in a function.
grant select (tenant_id, bot_id, shortcode, till_number, base_url, last_problem, last_problem_at, created_at, updated_at, created_by, updated_by),
  delete on public.bot_mpesa_accounts to authenticated;
grant select on public.bot_mpesa_accounts to service_role;

-- A definer, as the next ones, because the secrets are in Vault. Only for the service: the edge function has checked the
-- address and the caller's permission.
create function private.set_bot_mpesa(
  tenant uuid, bot uuid, shortcode text, till_number text, base_url text,
  consumer_key text default null, consumer_secret text default null, passkey text default null
) returns void
  language plpgsql security definer
  set search_path = ''
as $$
declare
  stored public.bot_mpesa_accounts;
  problems jsonb;
  is_elsewhere boolean;
begin
  perform from public.bot_tenants as b where b.tenant_id = set_bot_mpesa.tenant and b.id = set_bot_mpesa.bot for no key update;
  if not found then
    perform private.raise_problem(404, 'not_found', 'This tenant has no bot with this ref_id.');
  end if;
  select * into stored from public.bot_mpesa_accounts as a where a.tenant_id = set_bot_mpesa.tenant and a.bot_id = set_bot_mpesa.bot for update;
  select coalesce(jsonb_agg(jsonb_build_object('pointer', '/' || f.name, 'detail', case when f.given is null then 'is missing'
    else 'must have 4096 characters at most' end)), '[]') into problems
  from (values ('consumer_key', set_bot_mpesa.consumer_key), ('consumer_secret', set_bot_mpesa.consumer_secret), ('passkey', set_bot_mpesa.passkey))
    as f (name, given)
  where length(f.given) > 4096 or f.given is null and stored.bot_id is null;
  if problems <> '[]' then
    perform private.raise_problem(422, 'invalid_value', 'The account cannot be used with these secrets.', problems);
  end if;
  if stored.bot_id is null then
    insert into public.bot_mpesa_accounts (tenant_id, bot_id, shortcode, till_number, base_url, consumer_key_secret_id,
      consumer_secret_secret_id, passkey_secret_id)
    values (set_bot_mpesa.tenant, set_bot_mpesa.bot, set_bot_mpesa.shortcode, set_bot_mpesa.till_number, set_bot_mpesa.base_url,
      vault.create_secret(set_bot_mpesa.consumer_key, null, 'M-Pesa consumer key of a bot'),
      vault.create_secret(set_bot_mpesa.consumer_secret, null, 'M-Pesa consumer secret of a bot'),
      vault.create_secret(set_bot_mpesa.passkey, null, 'M-Pesa passkey of a bot'));
    return;
  end if;
  -- Whoever may change the address must not learn the secrets by it.
  is_elsewhere := lower(substring(stored.base_url from '^[a-z]+://[^/]+')) is distinct from lower(substring(set_bot_mpesa.base_url from '^[a-z]+://[^/]+'));
  update public.bot_mpesa_accounts as a set
    shortcode = set_bot_mpesa.shortcode, till_number = set_bot_mpesa.till_number, base_url = set_bot_mpesa.base_url,
    consumer_key_secret_id = private.keep_secret(set_bot_mpesa.consumer_key, a.consumer_key_secret_id, is_elsewhere, 'M-Pesa consumer key of a bot', 'consumer_key'),
    consumer_secret_secret_id = private.keep_secret(set_bot_mpesa.consumer_secret, a.consumer_secret_secret_id, is_elsewhere, 'M-Pesa consumer secret of a bot', 'consumer_secret'),
    passkey_secret_id = private.keep_secret(set_bot_mpesa.passkey, a.passkey_secret_id, is_elsewhere, 'M-Pesa passkey of a bot', 'passkey'),
    last_problem = null, last_problem_at = null
  where a.tenant_id = stored.tenant_id and a.bot_id = stored.bot_id;
end
$$;
comment on function private.set_bot_mpesa(uuid, uuid, text, text, text, text, text, text) is
  'Sets where the contacts of a bot pay to, and puts the secrets in Vault. 404 not_found; 422 invalid_value if a secret is missing, or if stored ones would go to another server.';

create function private.read_bot_mpesa(tenant uuid, bot uuid)
  returns table (shortcode text, till_number text, base_url text, consumer_key text, consumer_secret text, passkey text)
  language plpgsql volatile security definer
  set search_path = ''
as $$
begin
  if not exists (select from public.bot_mpesa_accounts as a where a.tenant_id = read_bot_mpesa.tenant and a.bot_id = read_bot_mpesa.bot) then
    return;
  end if;
  perform private.record_audit(tenant, 'bot_mpesa.secrets_read', 'bot_mpesa_accounts', private.ulid(bot));
  return query
  -- Subqueries and no joins: with a join, Postgres may decrypt every secret in Vault.
  select a.shortcode, a.till_number, a.base_url, (select s.decrypted_secret from vault.decrypted_secrets as s where s.id = a.consumer_key_secret_id),
    (select s.decrypted_secret from vault.decrypted_secrets as s where s.id = a.consumer_secret_secret_id),
    (select s.decrypted_secret from vault.decrypted_secrets as s where s.id = a.passkey_secret_id)
  from public.bot_mpesa_accounts as a where a.tenant_id = read_bot_mpesa.tenant and a.bot_id = read_bot_mpesa.bot;
end
$$;
comment on function private.read_bot_mpesa(uuid, uuid) is
  'Where the contacts of a bot pay to, with the secrets. Each reading is recorded. No row if the bot has no account. Only for the service.';

create function private.note_mpesa_problem(tenant uuid, bot uuid, problem text) returns void
  language sql volatile security definer
  set search_path = ''
as $$
  update public.bot_mpesa_accounts as a set last_problem = problem, last_problem_at = case when problem is not null then now() end
  where a.tenant_id = tenant and a.bot_id = bot and a.last_problem is distinct from problem
$$;
comment on function private.note_mpesa_problem(uuid, uuid, text) is 'Notes why M-Pesa does not take the requests of a bot. Null: it does. Only for the service.';
grant execute on function private.set_bot_mpesa(uuid, uuid, text, text, text, text, text, text), private.read_bot_mpesa(uuid, uuid),
  private.note_mpesa_problem(uuid, uuid, text) to service_role;

select private.register_audit_action('bot_mpesa.secrets_read', 'r');
select private.register_table('public.bot_mpesa_accounts', quiet => '{last_problem,last_problem_at}', plain => '{shortcode,till_number,base_url,last_problem}',
  secret => '{consumer_key_secret_id,consumer_secret_secret_id,passkey_secret_id}');

-- 30_subscriptions/03_contact_subscriptions.sql

-- Contact subscriptions: what a contact chose, whether it is paid, and until when.

create type public.contact_subscription_status as enum (
  'pending', -- chosen; M-Pesa has not said how it ended
  'failed',
  'subscribed',
  'expired'
);

create table public.contact_subscriptions (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  ref_id text not null generated always as (private.ulid(id)) stored,
  bot_id uuid not null,
  contact_id uuid,
  plan_id uuid,
  order_id uuid not null,
  -- As they were when the contact chose. The plan may change later.
  plan_name text not null,
  plan_type public.bot_plan_type not null,
  level int not null,
  amount_minor bigint not null,
  currency char(3) not null,
  phone text,
  status public.contact_subscription_status not null default 'pending',
  reason text,
  checkout_request_id text,
  -- When M-Pesa was asked to ring the phone. It is asked once, whatever became of it.
  attempted_at timestamptz,
  callback_token_hash bytea,
  is_unclear_told boolean not null default false,
  starts_at timestamptz,
  expires_at timestamptz,
  reminded_at timestamptz,
  is_told boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (tenant_id, id),
  constraint contact_subscriptions_bot_fkey foreign key (tenant_id, bot_id) references public.bot_tenants (tenant_id, id) on delete cascade,
  -- A contact who is forgotten leaves what was paid, and no number.
  constraint contact_subscriptions_contact_fkey foreign key (tenant_id, bot_id, contact_id)
    references public.contacts (tenant_id, bot_id, id) on update cascade on delete set null (contact_id),
  constraint contact_subscriptions_plan_fkey foreign key (tenant_id, plan_id) references public.bot_plans (tenant_id, id)
    on delete set null (plan_id),
  constraint contact_subscriptions_order_fkey foreign key (tenant_id, order_id) references public.payment_orders (tenant_id, id)
    on update cascade on delete cascade,
  constraint contact_subscription_has_its_order unique (tenant_id, order_id),
  constraint subscribed_plan_name_is_short check (length(plan_name) <= 60),
  constraint subscription_phone_is_of_mpesa check (phone ~ '^254[17][0-9]{8}$'),
  constraint forgotten_contact_has_no_phone check (contact_id is not null or phone is null),
  constraint subscription_reason_is_a_word check (reason ~ '^[a-z0-9_]{1,40}$'),
  constraint failed_for_a_reason check (status <> 'failed' or reason is not null),
  constraint subscribed_has_begun check ((status in ('subscribed', 'expired')) = (starts_at is not null)),
  constraint only_a_month_ends check (expires_at is null or starts_at < expires_at and plan_type = 'monthly'),
  constraint a_month_ends check (starts_at is null or plan_type = 'one' or expires_at is not null),
  constraint checkout_request_id_is_short check (length(checkout_request_id) between 1 and 100 and checkout_request_id ~ '^[!-~]+$')
);
create unique index contact_subscriptions_ref_id_idx on public.contact_subscriptions (tenant_id, ref_id) where ref_id is not null;
create unique index contact_subscriptions_checkout_idx on public.contact_subscriptions (tenant_id, bot_id, checkout_request_id)
  where checkout_request_id is not null;
create index contact_subscriptions_bot_idx on public.contact_subscriptions (tenant_id, bot_id, id desc);
create index contact_subscriptions_contact_idx on public.contact_subscriptions (tenant_id, bot_id, contact_id);
create index contact_subscriptions_plan_idx on public.contact_subscriptions (tenant_id, plan_id);
-- The callback names it alone.
create index contact_subscriptions_id_idx on public.contact_subscriptions (id);
create index contact_subscriptions_pending_idx on public.contact_subscriptions (created_at) where status = 'pending';
create index contact_subscriptions_expires_at_idx on public.contact_subscriptions (expires_at) where status = 'subscribed' and expires_at is not null;
create index contact_subscriptions_untold_idx on public.contact_subscriptions (updated_at) where not is_told;
comment on table public.contact_subscriptions is
  'What a contact of a bot subscribed to, a row for each payment. The status follows from what M-Pesa said when it was asked, and moves forward only.';
comment on column public.contact_subscriptions.phone is 'Whose M-Pesa pays, as M-Pesa has it: 254, then nine digits. Null if the contact was forgotten.';
comment on column public.contact_subscriptions.checkout_request_id is 'How M-Pesa calls the payment. Null until it has said so.';
comment on column public.contact_subscriptions.is_told is 'Whether the contact was told of the status, as far as one may be written to.';
create trigger contact_subscriptions_touch before update on public.contact_subscriptions for each row execute function private.tg_touch_updated_at();

create function private.tg_move_subscription() returns trigger
  language plpgsql
  set search_path = ''
as $$
begin
  if new.contact_id is null then
    new.phone := null;
    new.is_told := true;
  end if;
  if new.status <> old.status then
    -- Whoever has paid after all is subscribed, as with every payment: failed, then paid.
    if (old.status, new.status) not in (('pending', 'failed'), ('pending', 'subscribed'), ('failed', 'subscribed'), ('subscribed', 'expired')) then
      raise exception 'A subscription that is % cannot become %.', old.status, new.status;
    end if;
    new.is_told := new.contact_id is null;
  end if;
  return new;
end
$$;
create trigger contact_subscriptions_move before update on public.contact_subscriptions
  for each row execute function private.tg_move_subscription();

-- A definer, as every function that emits.
create function private.tg_emit_subscription_events() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  perform private.emit_event(new.tenant_id, 'subscription.changed', jsonb_build_object('subscription', jsonb_build_object(
      'ref_id', new.ref_id, 'bot', private.ulid(new.bot_id), 'contact', private.ulid(new.contact_id), 'plan_name', new.plan_name,
      'plan_type', new.plan_type, 'level', new.level, 'amount_minor', new.amount_minor, 'currency', new.currency, 'status', new.status,
      'reason', new.reason, 'starts_at', private.event_moment(new.starts_at), 'expires_at', private.event_moment(new.expires_at))),
    'subscription ' || new.ref_id, has_row_lock => true);
  return null;
end
$$;
create trigger contact_subscriptions_emit_made after insert on public.contact_subscriptions
  for each row execute function private.tg_emit_subscription_events();
create trigger contact_subscriptions_emit_moved after update of status on public.contact_subscriptions
  for each row when (old.status <> new.status) execute function private.tg_emit_subscription_events();

alter table public.contact_subscriptions enable row level security;
create policy "members read their bots' subscriptions" on public.contact_subscriptions
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read', '{bots:read}'))::uuid[]));
-- Nobody writes here but functions: a row that somebody else made would be something that nobody paid for.
grant select (tenant_id, id, ref_id, bot_id, contact_id, plan_id, order_id, plan_name, plan_type, level, amount_minor, currency, phone, status,
  reason, checkout_request_id, starts_at, expires_at, created_at, updated_at) on public.contact_subscriptions to authenticated;
grant select on public.contact_subscriptions to service_role;

create function private.contact_level(tenant uuid, bot uuid, contact uuid) returns int
  language sql stable
  set search_path = ''
as $$
  select coalesce(max(s.level), 0) from public.contact_subscriptions as s
  where s.tenant_id = contact_level.tenant and s.bot_id = contact_level.bot and s.contact_id = contact_level.contact
    and s.status = 'subscribed' and s.starts_at <= now() and (s.expires_at is null or s.expires_at > now())
$$;
comment on function private.contact_level(uuid, uuid, uuid) is 'The highest level that a contact has paid for and that counts now. 0: none.';

select private.register_event_type('subscription.changed',
  'A contact of a bot chose a plan, or the payment of it succeeded or failed, or the paid month ended. The status is pending, subscribed, failed or expired.',
  '{"subscription": {"ref_id": "ref_id", "bot": "ref_id", "contact?": "ref_id", "plan_name": "text", "plan_type": "monthly|one", "level": "count",
    "amount_minor": "count", "currency": "text", "status": "text", "reason?": "text", "starts_at?": "moment", "expires_at?": "moment"}}',
  '{"subscription": {"ref_id": "01JD3N8Q4ZB6T2V9XK5M7R0C1E", "bot": "01JD3N8Q4ZB6T2V9XK5M7R0C1G", "contact": "01JD3N8Q4ZB6T2V9XK5M7R0C1F",
    "plan_name": "Music club", "plan_type": "monthly", "level": 1, "amount_minor": 50000, "currency": "KES", "status": "subscribed", "reason": null,
    "starts_at": "2026-11-20T09:30:00.000Z", "expires_at": "2026-12-20T09:30:00.000Z"}}');

select private.register_table('public.contact_subscriptions', plain => '{plan_name,currency,reason,checkout_request_id}', personal => '{phone}',
  secret => '{callback_token_hash}', quiet => '{attempted_at,is_unclear_told,reminded_at,is_told}',
  on_forget => 'keep', kept_because => 'What was paid is kept with the payment. When the contact is forgotten in its conversation, the number goes.');

-- 30_subscriptions/04_choosing.sql

-- Choosing: what a contact can subscribe to, and what a chosen plan begins. For the service alone.

create function private.read_subscriber(tenant uuid, contact uuid, texts text[])
  returns table (stop text, is_open boolean, asked int, phone text, plans jsonb, offered jsonb, is_pending boolean, held jsonb)
  language sql stable
  set search_path = ''
as $$
  select private.bot_stop(t, b, s),
    s.enable_payment_flow and exists (select from public.bot_mpesa_accounts as a where a.tenant_id = c.tenant_id and a.bot_id = c.bot_id),
    (select min(w.n)::int from unnest(read_subscriber.texts) with ordinality as w (value, n)
      where length(w.value) <= 40 and private.fold_text(w.value) = any (array(select private.fold_text(v) from unnest(s.subscribe_words) as v))), c.wa_id,
    (select coalesce(jsonb_agg(o.plan order by o.level, o.amount_minor, o.id), '[]') from (
      select p.level, p.amount_minor, p.id, jsonb_build_object('id', p.id, 'plan_name', p.plan_name, 'amount_minor', p.amount_minor, 'currency', p.currency,
        'plan_type', p.plan_type, 'updated_at', p.updated_at, 'is_held', p.plan_type = 'one' and exists (
          select from public.contact_subscriptions as h
          where h.tenant_id = c.tenant_id and h.bot_id = c.bot_id and h.contact_id = c.id and h.plan_id = p.id and h.status = 'subscribed')) as plan
      from public.bot_plans as p where p.tenant_id = c.tenant_id and p.bot_id = c.bot_id and p.is_active
      order by p.level, p.amount_minor, p.id limit 10) as o),
    -- Whoever was offered something yesterday writes "2" for another reason.
    case when i.offered_at > now() - interval '30 minutes' then jsonb_build_object('plans', i.offered_plans, 'at', i.offered_at) end,
    exists (select from public.contact_subscriptions as h
      where h.tenant_id = c.tenant_id and h.bot_id = c.bot_id and h.contact_id = c.id and h.status = 'pending'),
    (select jsonb_build_object('plan_name', h.plan_name, 'expires_at', h.expires_at) from public.contact_subscriptions as h
      where h.tenant_id = c.tenant_id and h.bot_id = c.bot_id and h.contact_id = c.id and h.status = 'subscribed'
        and (h.expires_at is null or h.expires_at > now())
      order by h.level desc, h.expires_at desc nulls first limit 1)
  from public.contacts as c
  join public.tenants as t on t.id = c.tenant_id
  join public.bot_tenants as b on b.tenant_id = c.tenant_id and b.id = c.bot_id
  join public.bot_control_settings as s on s.tenant_id = c.tenant_id and s.bot_id = c.bot_id
  join public.conversation_states as i on i.tenant_id = c.tenant_id and i.contact_id = c.id
  where c.tenant_id = read_subscriber.tenant and c.id = read_subscriber.contact
$$;
comment on function private.read_subscriber(uuid, uuid, text[]) is
  'What decides whether a contact who writes these texts wants to subscribe: the plans and the last offer. asked is the number of the text that is a word for it. is_open is false if the payment flow is off, or the bot has no M-Pesa account.';

create function private.offer_bot_plans(tenant uuid, contact uuid, messages uuid[], reason text, reply text, plans uuid[] default null) returns void
  language plpgsql
  set search_path = ''
as $$
declare
  bot uuid := (select c.bot_id from public.contacts as c where c.tenant_id = tenant and c.id = contact);
begin
  perform private.lock_lanes('bot_messages', array[tenant], array[bot]);
  update public.conversation_states as s set offered_plans = plans, offered_at = case when plans is not null then now() end
  where s.tenant_id = tenant and s.contact_id = contact and (plans is not null or s.offered_plans is not null);
  perform private.settle_bot_answer(tenant, contact, messages, 'answered', offer_bot_plans.reason, array[reply]);
end
$$;
comment on function private.offer_bot_plans(uuid, uuid, uuid[], text, text, uuid[]) is
  'Answers a contact about subscriptions, and remembers which plans were offered, in the order of their numbers. Null: none.';

create function private.choose_bot_plan(tenant uuid, contact uuid, messages uuid[], plan uuid, amount_minor bigint, phone text, reply text) returns text
  language plpgsql
  set search_path = ''
as $$
#variable_conflict use_column
declare
  chosen public.bot_plans;
  state public.conversation_states;
  ordered public.payment_orders;
  subscription uuid;
begin
  select p.* into chosen from public.bot_plans as p join public.contacts as c on c.tenant_id = p.tenant_id and c.bot_id = p.bot_id
  where p.tenant_id = choose_bot_plan.tenant and p.id = choose_bot_plan.plan and c.id = choose_bot_plan.contact and p.is_active
    and p.amount_minor = choose_bot_plan.amount_minor;
  if chosen.id is null then
    return 'changed';
  end if;
  -- Lanes are locked before any row.
  perform private.lock_lanes('bot_messages', array[tenant], array[chosen.bot_id]);
  perform private.lock_lanes('bot_pushes', array[tenant], array[chosen.bot_id]);
  select * into state from public.conversation_states as s
  where s.tenant_id = choose_bot_plan.tenant and s.contact_id = choose_bot_plan.contact for update;
  -- While the bot was thinking, the contact may have written STOP, or a person may have taken over. Or another worker was first.
  if state.taken_over_at is null
    and exists (select from public.contacts as c where c.tenant_id = choose_bot_plan.tenant and c.id = choose_bot_plan.contact and c.opted_out_at is null)
    and exists (select from public.bot_messages as m
      where m.tenant_id = choose_bot_plan.tenant and m.id = any (messages) and m.settled_at is null) then
    -- Whoever holds the conversation is alone with it, so two messages at once begin one payment.
    if exists (select from public.contact_subscriptions as s
      where s.tenant_id = choose_bot_plan.tenant and s.bot_id = chosen.bot_id and s.contact_id = choose_bot_plan.contact and s.status = 'pending') then
      return 'pending';
    end if;
    -- Each of these rings a telephone, and the number may be somebody else's.
    if not private.count_bot_answers(tenant, chosen.bot_id, private.push_counter(choose_bot_plan.contact), date_trunc('day', now()), 1, 5) then
      return 'too_many';
    end if;
    subscription := private.uuid_v7();
    ordered := private.make_payment_order(tenant, 'mpesa', 'bot_subscription', chosen.amount_minor, chosen.currency,
      jsonb_build_object('plan_name', chosen.plan_name, 'bot', private.ulid(chosen.bot_id), 'subscription', private.ulid(subscription)));
    insert into public.contact_subscriptions (tenant_id, id, bot_id, contact_id, plan_id, order_id, plan_name, plan_type, level, amount_minor, currency, phone)
    values (tenant, subscription, chosen.bot_id, contact, chosen.id, ordered.id, chosen.plan_name, chosen.plan_type, chosen.level,
      chosen.amount_minor, chosen.currency, choose_bot_plan.phone);
    update public.conversation_states as s set offered_plans = null, offered_at = null
    where s.tenant_id = choose_bot_plan.tenant and s.contact_id = choose_bot_plan.contact;
    perform private.enqueue_items('bot_pushes', array[tenant], array[chosen.bot_id], array[subscription], array[null::text]);
    perform private.wake_dispatcher('bot_pushes');
  end if;
  perform private.settle_bot_answer(tenant, contact, messages, 'answered', 'plan_chosen', array[reply]);
  return 'begun';
end
$$;
comment on function private.choose_bot_plan(uuid, uuid, uuid[], uuid, bigint, text, text) is
  'Orders a plan for a contact, has M-Pesa asked to ring the phone, and replies, all in this transaction. Or does nothing and says why: changed, pending, or too_many, which is more than five in a day.';

create function private.push_counter(contact uuid) returns uuid
  language sql immutable parallel safe
  set search_path = ''
as $$ select md5('push ' || contact)::uuid $$;
comment on function private.push_counter(uuid) is 'Under which id the payments that a contact begins are counted, apart from its messages.';

-- 30_subscriptions/05_pushing.sql

-- Pushing: M-Pesa is asked to ring the phone of a contact, once. For the service alone.

select private.register_queue('bot_pushes', '/bots/checkouts/push', '{2 s,10 s,30 s,2 min}');

-- A definer, because whoever creates a bot holds no privilege on queues.
create function private.tg_keep_push_lane() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  if tg_op = 'DELETE' then
    delete from private.queue_lanes as l where l.tenant_id = old.tenant_id and l.queue = 'bot_pushes' and l.lane_id = old.id;
    return null;
  end if;
  perform private.open_lane('bot_pushes', new.tenant_id, new.id, rate_limit_per_second => 5);
  return null;
end
$$;
create trigger bot_tenants_keep_push_lane after insert or delete on public.bot_tenants for each row execute function private.tg_keep_push_lane();

create function private.read_push(tenant uuid, subscription uuid)
  returns table (stop text, ref_id text, order_ref text, bot_id uuid, phone text, amount_minor bigint, plan_name text)
  language sql stable
  set search_path = ''
as $$
  select case
      when s.status <> 'pending' or s.checkout_request_id is not null then 'over'
      when c.opted_out_at is not null then 'opted_out'
      when private.bot_stop(t, b, i) is not null then 'bot_off'
      -- Whoever chose so long ago has put the phone away.
      when s.created_at < now() - interval '10 minutes' then 'too_late' end,
    s.ref_id, o.ref_id, s.bot_id, s.phone, s.amount_minor, s.plan_name
  from public.contact_subscriptions as s
  join public.payment_orders as o on o.tenant_id = s.tenant_id and o.id = s.order_id
  join public.tenants as t on t.id = s.tenant_id
  join public.bot_tenants as b on b.tenant_id = s.tenant_id and b.id = s.bot_id
  join public.bot_control_settings as i on i.tenant_id = s.tenant_id and i.bot_id = s.bot_id
  left join public.contacts as c on c.tenant_id = s.tenant_id and c.id = s.contact_id
  where s.tenant_id = read_push.tenant and s.id = read_push.subscription
$$;
comment on function private.read_push(uuid, uuid) is 'What M-Pesa needs to ring a phone. stop says why it is not asked. No row if the subscription is gone.';

create function private.begin_push(tenant uuid, subscription uuid) returns text
  language plpgsql
  set search_path = ''
as $$
declare
  token text := encode(extensions.gen_random_bytes(20), 'hex');
begin
  update public.contact_subscriptions as s set attempted_at = now(), callback_token_hash = sha256(convert_to(token, 'UTF8'))
  where s.tenant_id = begin_push.tenant and s.id = begin_push.subscription and s.status = 'pending' and s.attempted_at is null;
  return case when found then token end;
end
$$;
comment on function private.begin_push(uuid, uuid) is
  'Says that M-Pesa is being asked from now on, and returns the token of the callback. Null if it was asked before: nobody knows how that ended, and a phone must not ring twice.';

create function private.lock_subscription(tenant uuid, subscription uuid) returns public.contact_subscriptions
  language plpgsql
  set search_path = ''
as $$
declare
  locked public.contact_subscriptions;
begin
  -- The order first, as whoever settles a payment locks them.
  perform from public.payment_orders as o join public.contact_subscriptions as s on s.tenant_id = o.tenant_id and s.order_id = o.id
  where s.tenant_id = lock_subscription.tenant and s.id = lock_subscription.subscription for no key update of o;
  select * into locked from public.contact_subscriptions as s
  where s.tenant_id = lock_subscription.tenant and s.id = lock_subscription.subscription for no key update;
  return locked;
end
$$;
comment on function private.lock_subscription(uuid, uuid) is 'A subscription, held together with its order until the transaction ends.';

create function private.give_up_subscription(stored public.contact_subscriptions, failure text) returns boolean
  language plpgsql
  set search_path = ''
as $$
begin
  update public.contact_subscriptions as s set status = 'failed', reason = failure
  where s.tenant_id = stored.tenant_id and s.id = stored.id and s.status = 'pending' and s.checkout_request_id is null;
  if not found then
    return false;
  end if;
  perform private.review_payment_order(o, is_closed => true)
  from public.payment_orders as o where o.tenant_id = stored.tenant_id and o.id = stored.order_id;
  return true;
end
$$;
comment on function private.give_up_subscription(public.contact_subscriptions, text) is
  'A subscription that M-Pesa has no payment of, as far as we know, has failed, and so has its order. The row must be locked.';

create function private.end_push(tenant uuid, subscription uuid, checkout text default null, failure text default null) returns boolean
  language plpgsql
  set search_path = ''
as $$
declare
  stored public.contact_subscriptions;
begin
  stored := private.lock_subscription(end_push.tenant, end_push.subscription);
  if checkout is not null then
    return private.attach_checkout(stored, checkout);
  elsif failure is not null then
    -- A callback has come: M-Pesa did take it.
    return private.give_up_subscription(stored, failure);
  end if;
  update public.contact_subscriptions as s set attempted_at = null, callback_token_hash = null
  where s.tenant_id = stored.tenant_id and s.id = stored.id and s.checkout_request_id is null;
  return found;
end
$$;
comment on function private.end_push(uuid, uuid, text, text) is
  'Says how M-Pesa calls the payment, or that it refused it for good; or neither, which means that M-Pesa was not reached and may be asked again.';

create function private.attach_checkout(stored public.contact_subscriptions, checkout text) returns boolean
  language plpgsql
  set search_path = ''
as $$
declare
  attached public.payment_orders;
begin
  if stored.id is null or stored.checkout_request_id is not null or stored.attempted_at is null then
    return coalesce(stored.checkout_request_id = checkout, false);
  end if;
  attached := private.attach_payment_order(stored.tenant_id, stored.order_id, checkout, null);
  update public.contact_subscriptions as s set checkout_request_id = attached.provider_order_id
  where s.tenant_id = stored.tenant_id and s.id = stored.id;
  -- The prompt is on the phone for a minute.
  update public.payment_orders as o set next_ask_at = now() + interval '20 seconds' where o.tenant_id = stored.tenant_id and o.id = stored.order_id;
  return true;
exception when unique_violation then
  -- It is the payment of another order.
  return false;
end
$$;
comment on function private.attach_checkout(public.contact_subscriptions, text) is
  'Notes how M-Pesa calls the payment of a subscription, once. False for the payment of another one. The row must be locked.';

-- 30_subscriptions/06_settling.sql

-- Settling: a payment of a contact gives the subscription, in the transaction of the inbox that makes it paid.

create function private.settle_bot_subscription(order_row public.payment_orders, payment public.payments) returns void
  language plpgsql
  set search_path = ''
as $$
declare
  bought public.contact_subscriptions;
  begins timestamptz := clock_timestamp();
begin
  select * into bought from public.contact_subscriptions as s
  where s.tenant_id = order_row.tenant_id and s.order_id = order_row.id for no key update;
  if bought.contact_id is null then
    perform private.raise_problem(409, 'contact_gone', 'Whoever paid was forgotten, or the bot was deleted.');
  end if;
  if bought.plan_type = 'one' and exists (select from public.contact_subscriptions as s
    where s.tenant_id = bought.tenant_id and s.bot_id = bought.bot_id and s.contact_id = bought.contact_id and s.plan_id = bought.plan_id
      and s.status = 'subscribed' and s.id <> bought.id) then
    perform private.raise_problem(409, 'already_subscribed', 'This contact has the plan for ever already.');
  end if;
  if bought.plan_type = 'monthly' then
    -- Who renews early loses no day.
    select greatest(begins, max(s.expires_at)) into begins from public.contact_subscriptions as s
    where s.tenant_id = bought.tenant_id and s.bot_id = bought.bot_id and s.contact_id = bought.contact_id and s.plan_id = bought.plan_id
      and s.status = 'subscribed';
  end if;
  update public.contact_subscriptions as s set status = 'subscribed', reason = null, starts_at = begins,
    expires_at = case when s.plan_type = 'monthly' then begins + interval '1 month' end
  where s.tenant_id = bought.tenant_id and s.id = bought.id;
end
$$;
comment on function private.settle_bot_subscription(public.payment_orders, public.payments) is
  'Gives a contact what was paid for. A month begins when the one before ends. 409 contact_gone, already_subscribed: the money is to be sent back.';
select private.register_order_kind('bot_subscription', 'private.settle_bot_subscription(public.payment_orders, public.payments)',
  'A plan of a bot, bought by one of its contacts.', is_paid_to_tenant => true);

create function private.tg_fail_bot_subscription() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  update public.contact_subscriptions as s set status = 'failed', reason = coalesce((
    select left(regexp_replace(p.reason, '[^a-z0-9_]+', '_', 'g'), 40) from public.payments as p
    where p.tenant_id = new.tenant_id and p.order_id = new.id and p.reason is not null order by p.id desc limit 1), new.status::text)
  where s.tenant_id = new.tenant_id and s.order_id = new.id and s.status = 'pending';
  return null;
end
$$;
-- The payment has its row before the order changes, so its reason is there.
create trigger payment_orders_fail_bot_subscription after update of status on public.payment_orders
  for each row when (new.kind = 'bot_subscription' and new.status in ('failed', 'refund_due', 'refunded') and old.status <> new.status)
  execute function private.tg_fail_bot_subscription();

-- 30_subscriptions/07_watching.sql

-- Watching: callbacks that only wake, payments that nobody knows the end of, and months that end. For the service alone.

create function private.hear_checkout(subscription_ref text, token text, checkout text) returns boolean
  language plpgsql
  set search_path = ''
as $$
declare
  heard public.contact_subscriptions;
begin
  select * into heard from public.contact_subscriptions as s
  where s.id = private.ulid_to_uuid(left(subscription_ref, 27)) and s.callback_token_hash = sha256(convert_to(left(token, 100), 'UTF8'));
  if heard.id is null then
    return false;
  end if;
  heard := private.lock_subscription(heard.tenant_id, heard.id);
  -- The token went to M-Pesa alone. If its answer was lost, this is how we learn what it calls the payment.
  if not private.attach_checkout(heard, checkout) then
    return false;
  end if;
  update public.payment_orders as o set next_ask_at = now()
  where o.tenant_id = heard.tenant_id and o.id = heard.order_id and o.status in ('created', 'failed')
    -- One callback after another wakes once.
    and (o.next_ask_at is null or o.next_ask_at > now() + interval '2 seconds');
  if found then
    perform private.call_edge_function('/bots/checkouts/check', timeout_milliseconds => 60000);
  end if;
  return found;
end
$$;
comment on function private.hear_checkout(text, text, text) is
  'Takes a callback of M-Pesa, which nobody signed: whatever it says, M-Pesa is only asked now and not later. Returns whether it is.';

create function private.review_subscriptions(batch int default 500) returns int
  language plpgsql
  set search_path = ''
as $$
declare
  due record;
  held public.contact_subscriptions;
  reviewed int := 0;
  ended int;
begin
  for due in
    select o.tenant_id, o.id from public.contact_subscriptions as o
    where o.status = 'pending' and o.checkout_request_id is null
      -- M-Pesa was never asked, because it could not be reached. Or it was asked, and never said how it calls the payment: after
      -- a day the contact may try again, and a late callback is still heard.
      and o.created_at < now() - case when o.attempted_at is null then interval '15 minutes' else interval '1 day' end
    order by o.created_at limit batch
  loop
    held := private.lock_subscription(due.tenant_id, due.id);
    if private.give_up_subscription(held, case when held.attempted_at is null then 'not_sent' else 'unclear' end) then
      reviewed := reviewed + 1;
    end if;
  end loop;
  update public.contact_subscriptions as s set status = 'expired'
  where s.ctid = any (array(
    select o.ctid from public.contact_subscriptions as o
    where o.status = 'subscribed' and o.expires_at <= now() order by o.expires_at limit batch for no key update skip locked));
  get diagnostics ended = row_count;
  return reviewed + ended;
end
$$;
comment on function private.review_subscriptions(int) is
  'Ends months that are over, and gives up payments that M-Pesa was not asked about, or that it never named. Returns how many.';

create function private.tell_of_unclear_payments(batch int default 500) returns int
  language plpgsql
  set search_path = ''
as $$
declare
  due record;
  told int := 0;
begin
  for due in
    select s.tenant_id, s.id, s.bot_id, s.contact_id from public.contact_subscriptions as s
    where s.status = 'pending' and s.attempted_at < now() - interval '15 minutes' and not s.is_unclear_told and s.contact_id is not null
    order by s.created_at limit batch
  loop
    -- A conversation before what was bought in it.
    update public.conversation_states as i set escalated_at = now(), escalation_reason = 'payment_unclear'
    where i.tenant_id = due.tenant_id and i.contact_id = due.contact_id and i.escalated_at is null;
    if found then
      perform private.announce_escalation(b, c, i, 'payment_unclear')
      from public.bot_tenants as b, public.contacts as c, public.bot_control_settings as i
      where b.tenant_id = due.tenant_id and b.id = due.bot_id and c.tenant_id = due.tenant_id and c.id = due.contact_id
        and i.tenant_id = due.tenant_id and i.bot_id = due.bot_id;
    end if;
    update public.contact_subscriptions as s set is_unclear_told = true where s.tenant_id = due.tenant_id and s.id = due.id;
    told := told + 1;
  end loop;
  return told;
end
$$;
comment on function private.tell_of_unclear_payments(int) is
  'Has a person look at payments whose end nobody knows after 15 minutes, once for each. Returns how many.';

create function private.request_checkout_checks() returns text
  language plpgsql
  set search_path = ''
as $$
begin
  if not exists (select from public.payment_orders as o where o.next_ask_at <= now() and o.provider = 'mpesa')
    and not exists (select from public.contact_subscriptions as s where not s.is_told)
    and not exists (select from private.find_reminders(1)) then
    return 'Nothing is due.';
  end if;
  -- Unlike format(), this is null if no request was made.
  return coalesce('Asked with request ' || private.call_edge_function('/bots/checkouts/check', timeout_milliseconds => 60000) || '.',
    'Nothing was asked: Vault does not have the secret tenantry_functions_url or tenantry_service_key.');
end
$$;
comment on function private.request_checkout_checks() is
  'If M-Pesa is to be asked about a payment, or a contact to be told of one, wakes the edge function that does. Returns what it did.';

select cron.schedule('bots: ask M-Pesa about payments', '* * * * *', 'select private.request_checkout_checks()');
select cron.schedule('bots: tell of payments that are unclear', '* * * * *', 'select private.tell_of_unclear_payments()');
select cron.schedule('bots: end subscriptions', '* * * * *', 'select private.review_subscriptions()');

-- 30_subscriptions/08_telling.sql

-- Telling: contacts hear what became of a payment, and that a month ends. For the service alone.

create function private.find_untold_subscriptions(batch int default 100)
  returns table (tenant_id uuid, id uuid, what text, reason text, plan_name text, expires_at timestamptz, client_name text, locale text, time_zone text, word text)
  language sql stable
  set search_path = ''
as $$
  select s.tenant_id, s.id, s.status::text, s.reason, s.plan_name, s.expires_at, b.client_name, left(t.locale, 2), t.time_zone, i.subscribe_words[1]
  from (select * from public.contact_subscriptions as o where not o.is_told order by o.updated_at limit batch) as s
  join public.tenants as t on t.id = s.tenant_id
  join public.bot_tenants as b on b.tenant_id = s.tenant_id and b.id = s.bot_id
  join public.bot_control_settings as i on i.tenant_id = s.tenant_id and i.bot_id = s.bot_id
$$;
comment on function private.find_untold_subscriptions(int) is 'Subscriptions of whose status the contact was not told yet.';

create function private.find_reminders(batch int default 100)
  returns table (tenant_id uuid, id uuid, what text, reason text, plan_name text, expires_at timestamptz, client_name text, locale text, time_zone text, word text)
  language sql stable
  set search_path = ''
as $$
  select s.tenant_id, s.id, 'reminder', null, s.plan_name, s.expires_at, b.client_name, left(t.locale, 2), t.time_zone, i.subscribe_words[1]
  from public.contact_subscriptions as s
  join public.tenants as t on t.id = s.tenant_id
  join public.bot_tenants as b on b.tenant_id = s.tenant_id and b.id = s.bot_id
  join public.bot_control_settings as i on i.tenant_id = s.tenant_id and i.bot_id = s.bot_id and i.enable_payment_flow
  join public.conversation_states as c on c.tenant_id = s.tenant_id and c.contact_id = s.contact_id
  where s.status = 'subscribed' and s.expires_at > now() and s.expires_at < now() + interval '3 days' and s.reminded_at is null
    -- Within the window only, and some minutes before it closes: the queue has to get it through.
    and c.last_received_at > now() - interval '23 hours 45 minutes' and c.taken_over_at is null
    and exists (select from public.contacts as p where p.tenant_id = s.tenant_id and p.id = s.contact_id and p.opted_out_at is null)
    and private.bot_stop(t, b, i) is null
    -- It is renewed already.
    and not exists (select from public.contact_subscriptions as n
      where n.tenant_id = s.tenant_id and n.bot_id = s.bot_id and n.contact_id = s.contact_id and n.plan_id = s.plan_id
        and n.status = 'subscribed' and n.expires_at > s.expires_at)
  order by s.expires_at limit batch
$$;
comment on function private.find_reminders(int) is 'Months that end within three days, of contacts who may be written to now and were not reminded.';

create function private.tell_subscriber(tenant uuid, subscription uuid, what text, words text) returns boolean
  language plpgsql
  set search_path = ''
as $$
declare
  bot public.bot_tenants;
  subject public.contact_subscriptions;
  state public.conversation_states;
  is_allowed boolean;
begin
  select b.* into bot from public.contact_subscriptions as s join public.bot_tenants as b on b.tenant_id = s.tenant_id and b.id = s.bot_id
  where s.tenant_id = tell_subscriber.tenant and s.id = tell_subscriber.subscription;
  -- Lanes are locked before any row, and a conversation before what was bought in it.
  perform private.lock_lanes('bot_messages', array[tenant], array[bot.id]);
  select i.* into state from public.conversation_states as i
  join public.contact_subscriptions as s on s.tenant_id = i.tenant_id and s.contact_id = i.contact_id
  where s.tenant_id = tell_subscriber.tenant and s.id = tell_subscriber.subscription for update of i;
  if tell_subscriber.what = 'reminder' then
    update public.contact_subscriptions as s set reminded_at = now()
    where s.tenant_id = tell_subscriber.tenant and s.id = tell_subscriber.subscription and s.status = 'subscribed' and s.reminded_at is null
    returning * into subject;
  else
    -- A later status is told instead.
    update public.contact_subscriptions as s set is_told = true
    where s.tenant_id = tell_subscriber.tenant and s.id = tell_subscriber.subscription and s.status::text = tell_subscriber.what and not s.is_told
    returning * into subject;
  end if;
  if subject.id is null then
    return false;
  end if;
  select state.contact_id is not null and state.taken_over_at is null and state.last_received_at > now() - interval '24 hours'
    and c.opted_out_at is null and private.bot_stop(t, bot, i) is null
  into is_allowed
  from public.contacts as c join public.tenants as t on t.id = c.tenant_id
  join public.bot_control_settings as i on i.tenant_id = c.tenant_id and i.bot_id = c.bot_id
  where c.tenant_id = subject.tenant_id and c.id = subject.contact_id;
  if is_allowed then
    perform private.enqueue_bot_messages(tenant, bot.id, subject.contact_id, array[words], 'bot');
  end if;
  return coalesce(is_allowed, false);
end
$$;
comment on function private.tell_subscriber(uuid, uuid, text, text) is
  'Tells a contact of a status or of a month that ends, once, unless the contact may not be written to now. Returns whether a message is sent.';
