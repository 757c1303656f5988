-- The public functions of pg_cron. Their comments are pg_cron's own.

create function cron.schedule(schedule text, command text) returns bigint
  language sql strict set search_path = ''
as $$ insert into cron._edits (action, schedule, command) values ('schedule', $1, $2) returning jobid $$;
comment on function cron.schedule(text, text) is 'schedule a pg_cron job';

create function cron._refuse_null(argument text, value text) returns text
  language plpgsql immutable set search_path = ''
as $$
begin
  if value is null then
    raise exception using errcode = 'XX000', message = argument || ' can not be NULL';
  end if;
  return value;
end
$$;

create function cron.schedule(job_name text, schedule text, command text) returns bigint
  language sql set search_path = ''
as $$
  insert into cron._edits (action, jobname, schedule, command)
  values ('schedule', cron._refuse_null('job_name', $1), cron._refuse_null('schedule', $2),
    cron._refuse_null('command', $3))
  returning jobid
$$;
comment on function cron.schedule(text, text, text) is 'schedule a pg_cron job';

create function cron.schedule_in_database(
  job_name text, schedule text, command text, database text,
  username text default null, active boolean default true
) returns bigint
  language sql set search_path = ''
as $$
  insert into cron._edits (action, jobname, schedule, command, database, username, active)
  values ('schedule', cron._refuse_null('job_name', $1), cron._refuse_null('schedule', $2),
    cron._refuse_null('command', $3), $4, $5, $6)
  returning jobid
$$;
comment on function cron.schedule_in_database(text, text, text, text, text, boolean) is 'schedule a pg_cron job';

create function cron.alter_job(
  job_id bigint, schedule text default null, command text default null, database text default null,
  username text default null, active boolean default null
) returns void
  language sql set search_path = ''
as $$
  insert into cron._edits (action, jobid, schedule, command, database, username, active)
  values ('alter', cron._refuse_null('job_id', $1::text)::bigint, $2, $3, $4, $5, $6)
$$;
comment on function cron.alter_job(bigint, text, text, text, text, boolean)
  is 'Alter the job identified by job_id. Any option left as NULL will not be modified.';

create function cron.unschedule(job_id bigint) returns bool
  language sql strict set search_path = ''
as $$ insert into cron._edits (action, jobid) values ('unschedule', $1) returning true $$;
comment on function cron.unschedule(bigint) is 'unschedule a pg_cron job';

create function cron.unschedule(job_name text) returns bool
  language sql strict set search_path = ''
as $$ insert into cron._edits (action, jobname) values ('unschedule', $1) returning true $$;
comment on function cron.unschedule(text) is 'unschedule a pg_cron job';

create function cron.job_cache_invalidate() returns trigger
  language plpgsql set search_path = ''
as $$
begin
  perform pg_catalog.pg_notify('pg_cron_job', '');
  return null;
end
$$;
comment on function cron.job_cache_invalidate() is 'invalidate job cache';
create trigger cron_job_cache_invalidate after insert or update or delete or truncate on cron.job
  for statement execute function cron.job_cache_invalidate();
