-- Jobs: cron removes its own old runs.

-- A job that runs every few seconds would otherwise fill this table.
select cron.schedule('cron: forget old runs', '51 * * * *',
  $$delete from cron.job_run_details where end_time < now() - interval '3 days'$$);
