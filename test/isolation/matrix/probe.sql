-- What the matrix asks the database, one attempt at a time. Run by a superuser inside the transaction
-- that holds the matrix's world; every attempt is undone.

create temp table matrix_names (id uuid primary key, name text not null) on commit drop;
create temp table matrix_rows (relation text, name text, tab oid, place tid) on commit drop;
create index on matrix_rows (relation);

create temp table matrix_probes (n int generated always as identity, subject text not null, shape text not null, probe jsonb not null) on commit drop;

create function pg_temp.remember_rows(relation text, key text, mark text) returns void
  language plpgsql
as $$
begin
  execute format(
    'insert into pg_temp.matrix_rows
     select %L, coalesce(n.name, r.key::text) || r.mark, r.tab, r.place
     from (select tableoid as tab, ctid as place, %s as key, %s as mark from public.%I) as r
     left join pg_temp.matrix_names as n on n.id = r.key',
    relation, key, mark, relation);
end
$$;

-- Whose rows of a table are no longer where they were: an update moves a row as a deletion does.
create function pg_temp.touched(relation text, is_operator boolean) returns text
  language plpgsql
as $$
declare
  names text;
begin
  execute format(
    'select string_agg(distinct m.name, '' '' order by m.name) from pg_temp.matrix_rows as m
     where m.relation = %L and not exists (
       select from public.%I as r where r.tableoid = m.tab and r.ctid = m.place)
     and not (%L and starts_with(m.name, private.platform_tenant_id()::text))', relation, relation, is_operator)
  into names;
  return names;
end
$$;

create function pg_temp.names(ids uuid[]) returns text
  language sql
as $$
  select string_agg(coalesce(n.name, given.id::text), ' ' order by coalesce(n.name, given.id::text))
  from unnest(ids) as given (id) left join pg_temp.matrix_names as n on n.id = given.id
$$;

-- Without the platform's own tenant and its people, of whom other tests make some.
create function pg_temp.beside_platform(ids uuid[]) returns uuid[]
  language sql
as $$
  select array_agg(given.id) from unnest(ids) as given (id)
  where given.id <> private.platform_tenant_id() and (
    exists (select from pg_temp.matrix_names as n where n.id = given.id) or not exists (
      select from public.tenant_members as m where m.tenant_id = private.platform_tenant_id() and m.user_id = given.id))
$$;

-- One attempt as one caller. Answers whose rows were seen or touched, what a call returned, 'nothing',
-- 'denied' (no privilege), 'refused' (row level security) or the sqlstate and message.
create function pg_temp.probe(probe jsonb) returns text
  language plpgsql
as $$
declare
  answer text;
begin
  if probe ? 'before' then
    execute probe ->> 'before';
  end if;
  perform set_config('request.jwt.claims', probe ->> 'claims', true);
  perform set_config('tenantry.api_key', coalesce(probe ->> 'key', ''), true);
  perform set_config('tenantry.portal_token', coalesce(probe ->> 'token', ''), true);
  perform set_config('role', probe ->> 'role', true);
  if probe ->> 'kind' in ('see', 'call') then
    execute probe ->> 'sql' into answer;
  else
    execute probe ->> 'sql';
  end if;
  perform set_config('role', 'none', true);
  answer := case probe ->> 'kind'
    when 'see' then pg_temp.names(case when probe ? 'isOperator' then pg_temp.beside_platform(answer::uuid[]) else answer::uuid[] end)
    when 'touch' then pg_temp.touched(probe ->> 'watch', probe ? 'isOperator')
    when 'call' then answer
    else 'ok' end;
  raise exception using errcode = 'ZZ000', message = coalesce(answer, 'nothing');
exception
  when sqlstate 'ZZ000' then
    return sqlerrm;
  when insufficient_privilege then
    return case when sqlerrm like '%row-level security%' then 'refused' else 'denied' end;
  when others then
    return case when sqlstate like 'PT%' then sqlstate || ' ' || sqlerrm else sqlstate end;
end
$$;

-- What was not as expected in the probes of these subjects, or only the first of it. Probes with most of the suspects in
-- their shape come first, and among these the shapes that are named, in that order.
create function pg_temp.surprises(subjects text[], shapes text[], suspects text[], only_first boolean)
  returns table (subject text, shape text, surprise text)
  language plpgsql
as $$
declare
  attempt record;
  answer text;
  is_quiet boolean;
begin
  for attempt in
    select s.name, p.shape, p.probe, coalesce((p.probe ->> 'quiet')::boolean, false) as is_quiet
    from unnest(subjects) with ordinality as s (name, place)
    join pg_temp.matrix_probes as p on p.subject = s.name
    order by (select count(*) from unnest(suspects) as u (word) where strpos(p.shape, u.word) > 0) desc,
      array_position(shapes, p.shape) is null, s.place, array_position(shapes, p.shape), is_quiet, p.n
  loop
    -- Triggers off where a guard of its own would hide which rows the policies let through. Not for each attempt: this
    -- drops all plans of the session, and making them again takes most of the time.
    if attempt.is_quiet is distinct from is_quiet then
      is_quiet := attempt.is_quiet;
      perform set_config('session_replication_role', case when is_quiet then 'replica' else 'origin' end, true);
    end if;
    answer := pg_temp.probe(attempt.probe);
    continue when answer = attempt.probe ->> 'expected';
    subject := attempt.name;
    shape := attempt.shape;
    surprise := format('%s: expected %s, got %s', attempt.probe ->> 'title', attempt.probe ->> 'expected', answer);
    return next;
    exit when only_first;
  end loop;
  perform set_config('session_replication_role', 'origin', true);
end
$$;
