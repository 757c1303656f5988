-- Participant names: what a search for participants reads, so that it reads none of their rows.

-- Beside the participants, and not in them: these rows hardly ever change, so Postgres answers from the index alone, in which
-- a tenant's names lie side by side. A hundred thousand are 11 MB of it. An index of participant_sessions would be written
-- with each change of a status, and its rows be looked at after each. An index of trigrams would find nothing by two letters.
create table private.participant_names (
  tenant_id uuid not null,
  session_id uuid not null,
  words text not null,
  primary key (tenant_id, session_id) include (words),
  foreign key (tenant_id, session_id) references public.participant_sessions on delete cascade,
  -- An entry of an index has room for 2,704 bytes.
  constraint participant_words_fit check (octet_length(words) <= 2600)
-- Cron removes sessions every minute. Without a vacuum soon after, each search would look at the rows beside those.
) with (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_insert_scale_factor = 0.01);
comment on table private.participant_names is 'Name and address of each participant who has one, in small letters. Triggers of participant_sessions keep it.';

-- A definer, because nobody writes names directly.
create function private.tg_keep_participant_name() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
declare
  words text := lower(concat_ws(' ', new.full_name, new.email));
begin
  if words = '' then
    delete from private.participant_names as n where n.tenant_id = new.tenant_id and n.session_id = new.id;
  else
    insert into private.participant_names (tenant_id, session_id, words) values (new.tenant_id, new.id, words)
    on conflict on constraint participant_names_pkey do update set words = excluded.words;
  end if;
  return null;
end
$$;
create trigger participant_sessions_keep_first_name after insert on public.participant_sessions
  for each row when (new.full_name is not null or new.email is not null) execute function private.tg_keep_participant_name();
create trigger participant_sessions_keep_name after update of full_name, email on public.participant_sessions
  for each row when (old.full_name is distinct from new.full_name or old.email is distinct from new.email)
  execute function private.tg_keep_participant_name();

-- A definer, because nobody is granted the names. It asks first what the policy of participant_sessions asks.
create function private.find_participants(tenant uuid, search text, status text, campaign uuid, before uuid, most int)
  returns setof uuid
  language plpgsql stable security definer
  set search_path = ''
  rows 50
  -- Back along the key until enough are found, also in a session that planned this while the table was empty.
  set enable_seqscan = off
  set enable_bitmapscan = off
  set enable_sort = off
  -- To compile the statement takes longer than to read a hundred thousand names.
  set jit = off
as $$
declare
  wanted text := lower(left(search, 100));
  behind uuid := coalesce(before, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
begin
  if tenant = any (private.tenant_ids('read')) is not true then
    return;
  elsif status is null and campaign is null then
    return query
    select n.session_id from private.participant_names as n
    where n.tenant_id = tenant and n.session_id < behind and position(wanted in n.words) > 0
    order by n.session_id desc limit least(most, 1001);
  else
    -- Only of whom the words fit, the row is looked at. The offset keeps the planner from beginning with all of a status.
    return query
    select n.session_id from private.participant_names as n
    cross join lateral (
      select from public.participant_sessions as s
      where s.tenant_id = n.tenant_id and s.id = n.session_id
        and (status is null or s.client_status = status) and (campaign is null or s.campaign_id = campaign) offset 0) as s
    where n.tenant_id = tenant and n.session_id < behind and position(wanted in n.words) > 0
    order by n.session_id desc limit least(most, 1001);
  end if;
end
$$;
comment on function private.find_participants(uuid, text, text, uuid, uuid, int) is
  'The newest participants of a tenant before an id whose name or address has this in it, in any case. None, if the caller may not read them.';
grant execute on function private.find_participants(uuid, text, text, uuid, uuid, int) to authenticated;

select private.register_table('private.participant_names', keeping => 'derived', personal => '{words}',
  on_forget => 'delete', forgotten_with => 'public.participant_sessions', unaudited => 'copied from participant_sessions, whose changes are in the log');
