-- pg_cron's C functions know their caller. A definer function would see only its owner. An invoker function would
-- need rights on cron.job that a hosted project does not give. So the functions insert into this view. The first
-- trigger runs as the caller and records who that is. The second runs as the owner and does the work.
create view cron._edits as
  select null::text as action, null::bigint as jobid, null::text as jobname, null::text as schedule,
    null::text as command, null::text as database, null::text as username, null::boolean as active,
    null::name as caller
  where false;

create function cron._tg_1_name_caller() returns trigger
  language plpgsql security invoker set search_path = ''
as $$
begin
  new.caller := current_user;
  return new;
end
$$;

create function cron._check_schedule(schedule text) returns void
  language plpgsql immutable set search_path = ''
as $$
begin
  if cron._parse_schedule(schedule) is null then
    raise exception using errcode = '22023', message = 'invalid schedule: ' || schedule,
      hint = 'Use cron format (e.g. 5 4 * * *), or interval format ''[1-59] seconds''';
  end if;
end
$$;

-- The role a job will run as: the caller, or the role that a superuser names.
create function cron._check_runner(caller name, named text, refusal text) returns name
  language plpgsql stable set search_path = ''
as $$
declare
  role pg_catalog.pg_roles;
begin
  if named is null then
    return caller;
  end if;
  if not (select rolsuper from pg_catalog.pg_roles where rolname = caller) then
    raise exception using errcode = 'XX000', message = refusal;
  end if;
  select * into role from pg_catalog.pg_roles where rolname = named;
  if role.rolname is null then
    raise exception using errcode = 'XX000', message = pg_catalog.format('role "%s" does not exist', named);
  end if;
  if not role.rolcanlogin then
    raise exception using errcode = 'XX000', message = pg_catalog.format('role "%s" can not log in', named),
      detail = 'Jobs may only be run by roles that have the LOGIN attribute.';
  end if;
  return role.rolname;
end
$$;

create function cron._check_database(runner name, database text) returns void
  language plpgsql stable set search_path = ''
as $$
begin
  if not exists (select from pg_catalog.pg_database where datname = database) then
    raise exception using errcode = '3D000', message = pg_catalog.format('database "%s" does not exist', database);
  end if;
  if not pg_catalog.has_database_privilege(runner, database, 'connect') then
    raise exception using errcode = 'XX000',
      message = pg_catalog.format('User %s does not have CONNECT privilege on %s', runner, database);
  end if;
end
$$;

create function cron._schedule(edit cron._edits) returns bigint
  language plpgsql set search_path = ''
as $$
declare
  target_database text := coalesce(edit.database, pg_catalog.current_database());
  runner name;
  new_id bigint;
begin
  perform cron._check_schedule(edit.schedule);
  runner := cron._check_runner(edit.caller, edit.username, 'must be superuser to create a job for another role');
  perform cron._check_database(runner, target_database);
  insert into cron.job as j (schedule, command, nodeport, database, username, active, jobname)
  values (edit.schedule, edit.command, pg_catalog.current_setting('port')::int, target_database, runner,
    coalesce(edit.active, true), edit.jobname)
  on conflict on constraint jobname_username_uniq do update
    set schedule = excluded.schedule, command = excluded.command, database = excluded.database
  returning j.jobid into new_id;
  return new_id;
end
$$;

create function cron._unschedule(edit cron._edits) returns bigint
  language plpgsql set search_path = ''
as $$
declare
  doomed cron.job;
begin
  if edit.jobid is null then
    select * into doomed from cron.job j where j.jobname = edit.jobname and j.username = edit.caller;
  else
    select * into doomed from cron.job j where j.jobid = edit.jobid;
  end if;
  if doomed.jobid is null then
    raise exception using errcode = 'XX000', message = 'could not find valid entry for job '
      || coalesce(edit.jobid::text, pg_catalog.quote_literal(edit.jobname));
  end if;
  if doomed.username <> edit.caller
    and not pg_catalog.has_table_privilege(edit.caller, 'cron.job', 'delete') then
    raise exception using errcode = '42501', message = 'permission denied for table job';
  end if;
  delete from cron.job j where j.jobid = doomed.jobid;
  return doomed.jobid;
end
$$;

create function cron._alter(edit cron._edits) returns bigint
  language plpgsql set search_path = ''
as $$
declare
  runner name := cron._check_runner(edit.caller, edit.username, 'must be superuser to alter username');
begin
  if edit.database is not null then
    perform cron._check_database(runner, edit.database);
  end if;
  if edit.schedule is not null then
    perform cron._check_schedule(edit.schedule);
  end if;
  if coalesce(edit.schedule, edit.command, edit.database, edit.username, edit.active::text) is null then
    raise exception using errcode = 'XX000', message = 'no updates specified',
      hint = 'You must specify at least one job attribute to change when calling alter_job';
  end if;
  update cron.job j set
    schedule = coalesce(edit.schedule, j.schedule),
    command = coalesce(edit.command, j.command),
    database = coalesce(edit.database, j.database),
    username = coalesce(edit.username, j.username),
    active = coalesce(edit.active, j.active)
  where j.jobid = edit.jobid
    and (j.username = edit.caller or (select rolsuper from pg_catalog.pg_roles where rolname = edit.caller));
  if not found then
    raise exception using errcode = 'XX000',
      message = pg_catalog.format('Job %s does not exist or you don''t own it', edit.jobid);
  end if;
  return edit.jobid;
end
$$;

-- A definer, and the only place that writes cron.job. The view can be written directly, so this refuses what the
-- public functions refuse.
create function cron._tg_2_apply() returns trigger
  language plpgsql security definer set search_path = ''
as $$
declare
  guarded text := case
    when new.action = 'alter' then 'cron.alter_job(bigint,text,text,text,text,boolean)'
    when new.database is not null or new.username is not null or new.active is not null
      then 'cron.schedule_in_database(text,text,text,text,text,boolean)' end;
begin
  if not pg_catalog.has_function_privilege(new.caller, guarded, 'execute') then
    raise exception using errcode = '42501', message = 'permission denied for view _edits';
  end if;
  new.jobid := case new.action
    when 'schedule' then cron._schedule(new)
    when 'unschedule' then cron._unschedule(new)
    when 'alter' then cron._alter(new) end;
  return new;
end
$$;

-- Triggers fire in the order of their names.
create trigger tg_1_name_caller instead of insert on cron._edits
  for each row execute function cron._tg_1_name_caller();
create trigger tg_2_apply instead of insert on cron._edits
  for each row execute function cron._tg_2_apply();
