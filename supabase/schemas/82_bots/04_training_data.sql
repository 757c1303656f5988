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
