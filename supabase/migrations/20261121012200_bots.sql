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
  ('bots:read', 'read', 'Read the bots, their templates, training data and settings.')
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
  constraint bot_template_metadata_is_small check (jsonb_typeof(metadata) = 'object' and private.json_fits(metadata, 8192))
);
create unique index bot_templates_ref_id_idx on public.bot_templates (tenant_id, ref_id) where ref_id is not null;
create unique index bot_templates_default_idx on public.bot_templates (tenant_id, bot_id) where is_default;
comment on table public.bot_templates is 'How a bot speaks: its instructions to a language model, the tone and the length of an answer.';
comment on column public.bot_templates.template_name is 'A template is used where the training data that fits best has a category of this name. Else the default one is.';
comment on column public.bot_templates.conversation_context is 'What the model is told as facts, besides the profile of the shop.';
comment on column public.bot_templates.max_response_length is 'How many characters an answer of the model may have.';
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
grant insert (tenant_id, bot_id, template_name, description, system_prompt, conversation_context, tone, max_response_length, is_active, is_default, metadata),
  update (template_name, description, system_prompt, conversation_context, tone, max_response_length, is_active, is_default, metadata)
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
grant insert (tenant_id, bot_id, data_type, question, answer, category, locale, priority, confidence_score, is_active),
  update (data_type, question, answer, category, locale, priority, confidence_score, is_active) on public.bot_training_data to authenticated;
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

-- A definer, as the next one, and for the service alone: behind policies no index would be used, because the operators of text
-- search may tell something of a row by their errors.
create function private.search_training_data(tenant uuid, bot uuid, asked text, language text, most int default 5)
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
  -- A word that is in more rows than this says little. Two of them together say something.
  many constant int := 200;
  found_ids uuid[] := '{}';
  common bigint[] := '{}';
  key bigint;
  holders uuid[];
  common_holders uuid[];
begin
  for key in select k from unnest(private.word_keys(bot, words || plain_words)) as k group by k limit 40 loop
    holders := array(select t.id from public.bot_training_data as t
      where private.word_keys(t.bot_id, tsvector_to_array(t.search_vector)) @> array[key] and t.is_active limit many + 1);
    if cardinality(holders) <= many then
      found_ids := found_ids || holders;
    else
      common := common || key;
      common_holders := holders;
    end if;
  end loop;
  -- Of a single common word any row is as good as another.
  if cardinality(common) = 1 and found_ids = '{}' then
    found_ids := common_holders;
  end if;
  found_ids := found_ids || array(
    select t.id from unnest(common[:8]) with ordinality as one (key, n)
    join unnest(common[:8]) with ordinality as other (key, n) on one.n < other.n
    cross join lateral (
      select o.id from public.bot_training_data as o
      where private.word_keys(o.bot_id, tsvector_to_array(o.search_vector)) @> array[one.key, other.key] and o.is_active limit many) as t);
  return query
  select d.ref_id, d.data_type, d.question, d.answer, d.category, d.priority, d.score
  from (
    select t.*, (
      -- Dice's coefficient: the share of the words that both have. If each has a word that the other lacks, they may ask for
      -- different things, and count for less.
      2.0 * o.shared / (o.asked_count + length(t.search_vector)) * t.confidence_score
        * case when o.shared < least(o.asked_count, length(t.search_vector)) then 0.75 else 1 end)::numeric(4, 3) as score
    from public.bot_training_data as t
    cross join lateral (
      select cardinality(p.words) as asked_count,
        (select count(*)::int from unnest(tsvector_to_array(t.search_vector)) as w where w = any (p.words)) as shared
      from (select case when t.locale is null then plain_words else words end) as p (words)) as o
    where t.tenant_id = search_training_data.tenant and t.bot_id = search_training_data.bot and t.id = any (found_ids) and t.is_active
      and (t.locale is null or t.locale = search_training_data.language)) as d
  where d.score >= 0.25
  order by round(d.score, 1) desc, d.priority desc, d.score desc, d.id
  limit most;
end
$$;
comment on function private.search_training_data(uuid, uuid, text, text, int) is
  'The rows of a bot whose words fit a question best, in its language, with how well: 1 is the same words. Rows below 0.25 are left out. Only for the service.';

create function private.find_similar_training_data(tenant uuid, bot uuid, asked text, language text, most int default 5)
  returns table (ref_id text, data_type public.bot_data_type, question text, answer text, category text, priority int, score numeric)
  language plpgsql stable security definer
  set search_path = ''
  rows 5
as $$
#variable_conflict use_column
declare
  folded constant text := left(private.fold_text(left(find_similar_training_data.asked, 2000)), 1000);
begin
  return query
  select d.ref_id, d.data_type, d.question, d.answer, d.category, d.priority, d.score
  from (
    -- Letters say less than words: "tubas" and "tuners" have most of theirs.
    select t.*, (0.85 * extensions.similarity(t.question_folded, folded) * t.confidence_score)::numeric(4, 3) as score
    from public.bot_training_data as t
    where t.tenant_id = find_similar_training_data.tenant and t.bot_id = find_similar_training_data.bot and t.is_active
      and (t.locale is null or t.locale = find_similar_training_data.language)) as d
  where d.score >= 0.25
  order by round(d.score, 1) desc, d.priority desc, d.score desc, d.id
  limit most;
end
$$;
comment on function private.find_similar_training_data(uuid, uuid, text, text, int) is
  'The rows of a bot that are spelt most like a question, for words that are misspelt. It looks at all rows of the bot. Only for the service.';
grant execute on function private.search_training_data(uuid, uuid, text, text, int),
  private.find_similar_training_data(uuid, uuid, text, text, int) to service_role;

-- 06_control_settings.sql

-- Control settings: what a bot may do, and how much of it.

create table public.bot_control_settings (
  tenant_id uuid not null references public.tenants on delete cascade,
  bot_id uuid not null,
  is_bot_enabled boolean not null default true,
  enable_ai_responses boolean not null default true,
  enable_training_mode boolean not null default false,
  metadata jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  created_by uuid,
  updated_by uuid,
  primary key (tenant_id, bot_id),
  constraint bot_control_settings_bot_fkey foreign key (tenant_id, bot_id) references public.bot_tenants (tenant_id, id) on delete cascade,
  constraint bot_settings_metadata_is_small check (jsonb_typeof(metadata) = 'object' and private.json_fits(metadata, 8192))
);
comment on table public.bot_control_settings is 'What a bot may do, and how much of it (1:1 with bot_tenants, made together with the bot).';
comment on column public.bot_control_settings.enable_training_mode is 'The bot answers only with its training data. What it does not know becomes a row without an answer.';
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
grant select, update (is_bot_enabled, enable_ai_responses, enable_training_mode, metadata) on public.bot_control_settings to authenticated;
grant select, insert, update, delete on public.bot_control_settings to service_role;

select private.register_table('public.bot_control_settings', plain => '{metadata}');

-- 07_answering.sql

-- Answering: what a bot needs to know before it answers somebody.

-- A definer, and for the service alone: it reads the key of the model.
create function private.read_answering_bot(tenant uuid, bot uuid)
  returns table (stop text, client_name text, business_profile jsonb, brand jsonb, locale text, enable_ai_responses boolean,
    enable_training_mode boolean, ai_base_url text, ai_model text, ai_api_key text, templates jsonb)
  language sql stable security definer
  set search_path = ''
as $$
  select case
      when t.status not in ('active', 'demo', 'trial') or t.status = 'trial' and t.trial_ends_at <= now() or t.contract_pending_at is not null
        then 'tenant_not_active'
      when not private.has_feature(t.id, 'bots') then 'feature_not_in_plan'
      when b.switched_off_at is not null then 'switched_off'
      when not b.is_active then 'not_active'
      when not s.is_bot_enabled then 'not_enabled' end,
    b.client_name, b.business_profile,
    jsonb_strip_nulls(jsonb_build_object('name', r.display_name, 'website', r.website_url, 'booking', r.booking_url)),
    left(t.locale, 2), s.enable_ai_responses, s.enable_training_mode, b.ai_base_url, b.ai_model,
    -- A subquery and not a join: with a join, Postgres may decrypt every secret in Vault.
    (select v.decrypted_secret from vault.decrypted_secrets as v where v.id = b.ai_api_key_secret_id),
    (select coalesce(jsonb_agg(jsonb_build_object('ref_id', p.ref_id, 'template_name', p.template_name, 'system_prompt', p.system_prompt,
        'conversation_context', p.conversation_context, 'tone', p.tone, 'max_response_length', p.max_response_length, 'is_default', p.is_default)
        order by p.id), '[]')
      from public.bot_templates as p where p.tenant_id = b.tenant_id and p.bot_id = b.id and p.is_active)
  from public.bot_tenants as b
  join public.tenants as t on t.id = b.tenant_id
  join public.bot_control_settings as s on s.tenant_id = b.tenant_id and s.bot_id = b.id
  left join public.tenant_brands as r on r.tenant_id = b.tenant_id
  where b.tenant_id = read_answering_bot.tenant and b.id = read_answering_bot.bot
$$;
comment on function private.read_answering_bot(uuid, uuid) is
  'What a bot needs to answer: the shop, the templates, the settings and its model with the key. stop says why it answers nobody now. Only for the service.';
grant execute on function private.read_answering_bot(uuid, uuid) to service_role;

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

create function private.tell_of_pause(tenant uuid, bot uuid, type text, reason text) returns void
  language plpgsql
  set search_path = ''
as $$
declare
  subject public.bot_tenants;
begin
  -- Whoever calls this has locked the bot, for which the key stands.
  select * into subject from public.bot_tenants as b where b.tenant_id = tell_of_pause.tenant and b.id = tell_of_pause.bot;
  perform private.emit_event(subject.tenant_id, tell_of_pause.type,
    jsonb_build_object('bot', jsonb_build_object('ref_id', subject.ref_id, 'client_name', subject.client_name), 'reason', tell_of_pause.reason),
    'bot ' || subject.ref_id, has_row_lock => true);
  if tell_of_pause.type = 'bot.paused' then
    perform private.notify(subject.tenant_id, 'bot.paused', '{admins}', jsonb_build_object('bot', subject.client_name), 'bot', subject.ref_id);
  end if;
end
$$;
comment on function private.tell_of_pause(uuid, uuid, text, text) is 'Tells webhooks that a bot is paused or not any more, and its managers if it is.';

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
    perform private.tell_of_pause(tenant, bot, 'bot.paused', reason);
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
  perform private.tell_of_pause(tenant, bot, 'bot.resumed', reason);
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
