-- Forgetting: how a tenant erases what it holds about one person.

create function private.names_person(value text, address text) returns boolean
  language sql immutable parallel safe
  set search_path = ''
as $$
  -- Most rows are not about this person. position() skips them without a regular expression. Before and after the
  -- address there may be only characters that no address can have or, in JSON, the letter of an escape such as \n.
  -- So bo.ada@example.com and ada@example.com.au are other people.
  select position(address in private.fold_email(value)) > 0 and private.fold_email(value) ~ (
    '(^|[\s@<>"(),:;\\\[\]]|\\[nrtbf])' || regexp_replace(address, '([^[:alnum:]@])', '\\\1', 'g') || '(?![[:alnum:]-]|\.[[:alnum:]])')
$$;
comment on function private.names_person(text, text) is
  'Whether a text is this e-mail address (in lower case), or contains it as a whole address and not as a part of a longer one.';

create function private.names_ref(value text, ref text) returns boolean
  language sql immutable parallel safe
  set search_path = ''
as $$ select position(lower(ref collate "C") in lower(value collate "C")) > 0 $$;
comment on function private.names_ref(text, text) is 'Whether a text contains this ref_id. No other text is like one.';

create function private.personal_tables()
  returns table (name text, relation regclass, owned_by text, depth int, personal text[], person text, on_forget text, kept_because text,
    forgotten_with regclass)
  language sql stable
  set search_path = ''
as $$
  select t.name, t.relation, format('%I = $1', t.tenant_column), t.depth, g.personal, g.person, g.on_forget, g.kept_because, g.forgotten_with
  from private.registered_tables as g join private.tenant_tables() as t using (relation)
  where g.personal <> '{}'
  union all
  -- Profiles belong to no tenant. They count if the person is a member of this one. Nothing else of theirs does: that
  -- a member registers another tenant, say, is not this tenant's to know.
  select c.relname, g.relation, 'user_id in (select m.user_id from public.tenant_members as m where m.tenant_id = $1)', 0,
    g.personal, g.person, g.on_forget, g.kept_because, g.forgotten_with
  from private.registered_tables as g join pg_catalog.pg_class as c on c.oid = g.relation
  where g.relation = 'public.user_profiles'::regclass
$$;
comment on function private.personal_tables() is
  'The tables that hold something about people, with the condition for the rows of a tenant ($1), and what happens when a person is forgotten.';

create function private.forget_rows(
  tenant uuid, address text, relation regclass default null, row_id uuid default null, ref text default null
) returns jsonb
  language plpgsql
  set search_path = ''
as $$
declare
  source record;
  matches text;
  child record;
  are_queues_locked boolean := false;
  assignments text;
  touched bigint;
  erased jsonb := '{}';
  deleted jsonb := '{}';
  kept jsonb := '[]';
begin
  -- None is longer, and a search costs by its length.
  address := left(address, 254);
  if exists (
    select from public.tenant_members as m join public.user_profiles as p on p.user_id = m.user_id
    where m.tenant_id = forget_rows.tenant and m.status = 'active' and private.fold_email(p.email) = address) then
    perform private.raise_problem(409, 'is_member', 'The person with this address is a member of the tenant. Remove the member first.');
  end if;

  -- Children before parents, as in a purge. Rows are deleted last, because the queues are locked from then on.
  for source in
    select * from private.personal_tables() as t order by t.on_forget = 'delete', t.depth desc, t.name
  loop
    -- $1 is the tenant, $2 the address, $3 the id of a row, $4 its ref_id. What is null matches nothing.
    matches := case
      when source.person is null then null
      when source.relation = forget_rows.relation then format('(private.names_person(p.%I::text, $2) or p.id = $3)', source.person)
      else format('(private.names_person(p.%1$I::text, $2) or private.names_ref(p.%1$I::text, $4))', source.person) end;
    if source.on_forget = 'keep' then
      execute format(
        'select count(*) from %s as p cross join lateral concat_ws(%L, %s) as held
         where p.%s and (private.names_person(held, $2) or private.names_ref(held, $4))', source.relation, ' ',
        (select string_agg(distinct 'p.' || quote_ident(split_part(c, '.', 1)), ', ') from unnest(source.personal) as c), source.owned_by)
      into touched using tenant, address, row_id, ref;
      kept := kept || jsonb_build_object('table', source.name, 'rows', touched, 'reason', source.kept_because);
    elsif source.forgotten_with is not null then
      continue; -- Deleted before what it hangs on was erased.
    elsif source.person is null then
      raise exception 'forget_rows: % has personal columns. Register its person, or on_forget => keep and kept_because.', source.relation;
    elsif source.on_forget = 'erase' then
      -- What hangs on the row says whose it is by the row alone, so it goes before the row is erased.
      for child in
        select t.name, t.relation, k.own, k.others from private.personal_tables() as t
        join pg_catalog.pg_constraint as f on f.conrelid = t.relation and f.confrelid = t.forgotten_with and f.contype = 'f'
        cross join lateral (select string_agg(format('c.%I', a.attname), ', ' order by n) as own, string_agg(format('p.%I', b.attname), ', ' order by n) as others
          from unnest(f.conkey, f.confkey) with ordinality as u (own, others, n)
          join pg_catalog.pg_attribute as a on a.attrelid = f.conrelid and a.attnum = u.own
          join pg_catalog.pg_attribute as b on b.attrelid = f.confrelid and b.attnum = u.others) as k
        where t.forgotten_with = source.relation order by t.name
      loop
        execute format('delete from %s as c where c.%s and (%s) in (select %s from %s as p where p.%s and %s)',
          child.relation, source.owned_by, child.own, child.others, source.relation, source.owned_by, matches)
        using tenant, address, row_id, ref;
        get diagnostics touched = row_count;
        deleted := deleted || jsonb_build_object(child.name, touched);
      end loop;
      select string_agg(format('%I = %s', a.attname, case
        when a.attname = any (source.personal) then coalesce(pg_catalog.pg_get_expr(d.adbin, d.adrelid), 'null')
        else format('private.overwrite_paths(%I, %L, ''null'')', a.attname, p.paths) end), ', ') into assignments
      from pg_catalog.pg_attribute as a
      left join pg_catalog.pg_attrdef as d on d.adrelid = a.attrelid and d.adnum = a.attnum
      cross join lateral (select array(
        select substr(c, length(a.attname) + 2) from unnest(source.personal) as c
        where c like '%.%' and split_part(c, '.', 1) = a.attname) as paths) as p
      where a.attrelid = source.relation and (a.attname = any (source.personal) or p.paths <> '{}') and a.attgenerated = '';
      execute format('update %s as p set %s where p.%s and %s', source.relation, assignments, source.owned_by, matches)
      using tenant, address, row_id, ref;
      get diagnostics touched = row_count;
      erased := erased || jsonb_build_object(source.name, touched);
    else
      if not are_queues_locked then
        perform private.lock_tenant_queues(tenant);
        are_queues_locked := true;
      end if;
      execute format('delete from %s as p where p.%s and %s', source.relation, source.owned_by, matches)
      using tenant, address, row_id, ref;
      get diagnostics touched = row_count;
      deleted := deleted || jsonb_build_object(source.name, touched);
    end if;
  end loop;

  -- The audit row must not hold the address. A person who knows the address can still find the row by its hash. A ref_id
  -- says nothing of a person any more.
  perform private.record_audit(tenant, 'person.forgotten',
    case when ref is null then 'person' else (select c.relname from pg_catalog.pg_class as c where c.oid = forget_rows.relation) end,
    coalesce(ref, encode(sha256(convert_to(tenant || ' ' || address, 'utf8')), 'hex')), null,
    jsonb_build_object('erased', erased, 'deleted', deleted));
  return jsonb_build_object('erased', erased, 'deleted', deleted, 'kept', kept);
end
$$;
comment on function private.forget_rows(uuid, text, regclass, uuid, text) is
  'Erases what a tenant holds about a person: whatever names the address, and one row with whatever names its ref_id. Either may be null. The caller must hold a permission. 409 is_member.';

-- A definer, because it changes tables that nobody may change directly, such as usage_events.
create function public.forget_person(tenant_id uuid, email text) returns jsonb
  language plpgsql security definer
  set search_path = ''
as $$
declare
  -- Not normalize_email(), because the address of a participant need not be ASCII.
  address text := private.fold_email(regexp_replace(left(forget_person.email, 1000), '^\s+|\s+$', '', 'g'));
begin
  perform private.require_permission(forget_person.tenant_id, 'manage');
  if address is null or not private.is_email(address) then
    perform private.raise_problem(422, 'invalid_value', 'This is not an e-mail address.',
      '[{"pointer": "/email", "detail": "must be an e-mail address"}]');
  end if;
  return private.forget_rows(forget_person.tenant_id, address);
end
$$;
comment on function public.forget_person(uuid, text) is
  'Erases what a tenant holds about the person with an e-mail address, as the file of each table registered it. Returns the rows erased, deleted and kept in each table. 409 is_member.';
grant execute on function public.forget_person(uuid, text) to authenticated, service_role;

select private.register_audit_action('person.forgotten', 'u', '{erased,deleted}');
