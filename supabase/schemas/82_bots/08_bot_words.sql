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
