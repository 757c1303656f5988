-- Partitions: the months of every partitioned table, made ahead and dropped when they are old enough.

create table private.partitioned_tables (
  relation regclass primary key,
  months_ahead int not null default 3,
  months_kept int,
  constraint months_ahead_in_range check (months_ahead between 1 and 24),
  constraint months_kept_in_range check (months_kept between 1 and 240)
);
comment on table private.partitioned_tables is
  'Every table that has a partition for each month, in UTC: how many months are made ahead, and how many past ones are kept. The file of each table registers it.';
comment on column private.partitioned_tables.months_kept is 'How many whole months before the present one are kept. Null if nothing is dropped.';

create function private.oldest_kept_month(target regclass, at timestamptz default now()) returns timestamptz
  language sql stable
  set search_path = ''
as $$
  select (date_trunc('month', at at time zone 'UTC') - make_interval(months => p.months_kept)) at time zone 'UTC'
  from private.partitioned_tables as p where p.relation = target
$$;
comment on function private.oldest_kept_month(regclass, timestamptz) is
  'Where the rows of a partitioned table begin that are kept. Null if nothing is dropped.';

create function private.copy_truncate_triggers(target regclass, partition regclass) returns void
  language plpgsql
  set search_path = ''
as $$
declare
  source record;
begin
  -- Postgres gives a partition the row triggers of its table, and not those of statements.
  for source in
    select t.tgname, t.tgfoid::regproc as refuse from pg_catalog.pg_trigger as t
    where t.tgrelid = target and not t.tgisinternal and t.tgtype & 32 > 0
  loop
    execute format('create trigger %I before truncate on %s for each statement execute function %s()', source.tgname, partition, source.refuse);
    execute format('alter table %s enable always trigger %I', partition, source.tgname);
  end loop;
end
$$;

create function private.make_partitions(target regclass, at timestamptz default now()) returns int
  language plpgsql
  set search_path = ''
as $$
declare
  name text := (select c.relname from pg_catalog.pg_class as c where c.oid = target);
  moment_column text := (select a.attname from pg_catalog.pg_partitioned_table as p
    join pg_catalog.pg_attribute as a on a.attrelid = p.partrelid and a.attnum = p.partattrs[0] where p.partrelid = target);
  -- A generated column is computed again where the row goes.
  columns text := (select string_agg(quote_ident(a.attname), ', ' order by a.attnum) from pg_catalog.pg_attribute as a
    where a.attrelid = target and a.attnum > 0 and not a.attisdropped and a.attgenerated = '');
  other text := name || '_default';
  partition text;
  first_at timestamptz;
  end_at timestamptz;
  made int := 0;
begin
  if to_regclass('private.' || quote_ident(other)) is null then
    execute format('create table private.%I partition of %s default', other, target);
    execute format('alter table private.%I enable row level security', other);
    perform private.copy_truncate_triggers(target, format('private.%I', other)::regclass);
  end if;
  for ahead in 0 .. (select p.months_ahead from private.partitioned_tables as p where p.relation = target) loop
    first_at := (date_trunc('month', at at time zone 'UTC') + make_interval(months => ahead)) at time zone 'UTC';
    end_at := (date_trunc('month', at at time zone 'UTC') + make_interval(months => ahead + 1)) at time zone 'UTC';
    partition := name || to_char(first_at at time zone 'UTC', '_YYYY_MM');
    continue when to_regclass('private.' || quote_ident(partition)) is not null;
    execute format('create table private.%I (like %s including defaults including constraints including generated including comments)',
      partition, target);
    execute format('alter table private.%I enable row level security', partition);
    -- Rows that were stored before their month's partition existed are in the default partition. Attaching the new
    -- partition would fail while they are there.
    execute format('with early as (delete from private.%1$I where %2$I >= %3$L and %2$I < %4$L returning %5$s)
      insert into private.%6$I (%5$s) select * from early', other, moment_column, first_at, end_at, columns, partition);
    execute format('alter table %s attach partition private.%I for values from (%L) to (%L)', target, partition, first_at, end_at);
    perform private.copy_truncate_triggers(target, format('private.%I', partition)::regclass);
    made := made + 1;
  end loop;
  return made;
end
$$;
comment on function private.make_partitions(regclass, timestamptz) is
  'Makes the month partitions of a registered table, from the month of this moment ahead. Returns how many it made. It may run again.';

create function private.drop_partitions(target regclass, at timestamptz default now()) returns int
  language plpgsql
  set search_path = ''
as $$
declare
  name text := (select c.relname from pg_catalog.pg_class as c where c.oid = target);
  moment_column text := (select a.attname from pg_catalog.pg_partitioned_table as p
    join pg_catalog.pg_attribute as a on a.attrelid = p.partrelid and a.attnum = p.partattrs[0] where p.partrelid = target);
  oldest timestamptz := private.oldest_kept_month(target, at);
  partition record;
  dropped int := 0;
begin
  for partition in
    select c.oid::regclass as relation, c.relname from pg_catalog.pg_inherits as i join pg_catalog.pg_class as c on c.oid = i.inhrelid
    where i.inhparent = target and c.relname ~ ('^' || name || '_[0-9]{4}_[0-9]{2}$')
      and to_date(right(c.relname, 7), 'YYYY_MM') < (oldest at time zone 'UTC')::date
    order by c.relname
  loop
    execute format('drop table %s', partition.relation);
    dropped := dropped + 1;
  end loop;
  if oldest is not null then
    execute format('delete from private.%I where %I < %L', name || '_default', moment_column, oldest);
  end if;
  return dropped;
end
$$;
comment on function private.drop_partitions(regclass, timestamptz) is
  'Drops the partitions of a registered table that are older than its retention, and such rows of its default partition. Returns how many partitions.';

create function private.register_partitioned_table(target regclass, months_ahead int default 3, months_kept int default null) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  insert into private.partitioned_tables as p (relation, months_ahead, months_kept)
  values (target, register_partitioned_table.months_ahead, register_partitioned_table.months_kept)
  on conflict (relation) do update set (months_ahead, months_kept) = (excluded.months_ahead, excluded.months_kept);
  perform private.make_partitions(target);
end
$$;
comment on function private.register_partitioned_table(regclass, int, int) is
  'Has cron make and drop the months of a table that is partitioned by a range of moments, and makes the first ones now.';

-- A procedure, so that each table's partitions are committed by themselves: one that cannot be locked now does not
-- keep the others from their months. It sets no search_path, because then it could not commit.
create procedure private.keep_partitions(at timestamptz default now())
  language plpgsql
as $$
declare
  target regclass;
begin
  for target in select p.relation from private.partitioned_tables as p order by p.relation::text loop
    -- Making and dropping lock the table and then what it refers to, the tenants. Who deletes a tenant locks them the other
    -- way round. Postgres looks for a deadlock after a second, so whoever gives up within half of one is never in it. New
    -- readers do not wait long behind a drop either.
    perform set_config('lock_timeout', '500ms', true);
    begin
      perform private.make_partitions(target, at);
    exception when lock_not_available then
      raise warning 'The coming partitions of % were not made, because the table is in use. The next run tries again.', target;
    end;
    commit;
    perform set_config('lock_timeout', '500ms', true);
    begin
      perform private.drop_partitions(target, at);
    exception when lock_not_available then
      raise warning 'The old partitions of % are in use and were not dropped. The next run tries again.', target;
    end;
    commit;
  end loop;
end
$$;
comment on procedure private.keep_partitions(timestamptz) is 'Makes the coming months of every registered table, and drops the old ones. Cron calls it every night.';

select cron.schedule('partitions: make the coming months and drop old ones', '17 3 * * *', 'call private.keep_partitions()');

select private.register_table('private.partitioned_tables', unaudited => 'changed by migrations only');
