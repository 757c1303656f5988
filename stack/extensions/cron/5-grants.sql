-- pg_cron's own grants, then those that a hosted project adds for its `postgres`.
grant select on cron.job to public;
grant select, delete on cron.job_run_details to public;
grant select on sequence cron.jobid_seq, cron.runid_seq to public;
grant insert on cron._edits to public;
grant select (jobid) on cron._edits to public;
revoke all on function cron._schedule, cron._unschedule, cron._alter, cron._tg_2_apply from public;
revoke all on function cron.alter_job, cron.schedule_in_database from public;
do $$
begin
  if exists (select from pg_catalog.pg_roles where rolname = 'postgres') then
    grant usage on schema cron to postgres with grant option;
    grant execute on function cron.schedule(text, text), cron.schedule(text, text, text),
      cron.unschedule(bigint), cron.unschedule(text), cron.alter_job, cron.schedule_in_database,
      cron.job_cache_invalidate to postgres with grant option;
    grant select on cron.job to postgres with grant option;
    grant all on cron.job_run_details to postgres with grant option;
  end if;
end
$$;

select pg_catalog.pg_extension_config_dump('cron.job', '');
select pg_catalog.pg_extension_config_dump('cron.jobid_seq', '');
select pg_catalog.pg_extension_config_dump('cron.job_run_details', '');
select pg_catalog.pg_extension_config_dump('cron.runid_seq', '');
