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
