-- Schedules: every job pg_cron runs, in one place. Each is bounded and harmless to repeat.

select cron.schedule('assessments: remove expired participant sessions', '* * * * *',
  'select private.sweep_expired_participant_sessions()');
select cron.schedule('registry: remove expired invitations', '*/5 * * * *',
  'select private.sweep_expired_invitations()');
select cron.schedule('branding: re-check verified domains', '*/5 * * * *',
  'select private.request_domain_checks()');
select cron.schedule('usage: make the coming months'' partitions', '17 3 * * *',
  'select private.ensure_usage_partitions()');
select cron.schedule('usage: forget old event ids', '*/10 * * * *',
  'select private.sweep_usage_event_keys()');
select cron.schedule('registry: freeze tenants whose trial ended', '23 * * * *',
  'select private.freeze_ended_trials()');
select cron.schedule('registry: archive tenants frozen for 30 days', '29 * * * *',
  'select private.archive_frozen_tenants()');
select cron.schedule('registry: continue purges', '* * * * *',
  'select private.continue_purges()');
select cron.schedule('registry: free the slugs of tenants long gone', '43 3 * * *',
  'delete from private.kept_slugs where free_at <= now()');
select cron.schedule('registry: reset the demo tenants', '7 2 * * *',
  'select private.reset_demo_tenants()');
select cron.schedule('webhooks: wake a dispatcher when something is due', '5 seconds',
  'select private.wake_idle_dispatcher()');
select cron.schedule('webhooks: remove what is past its time', '*/10 * * * *',
  'select private.sweep_webhooks()');
select cron.schedule('webhooks: drop signing secrets that were rotated out', '*/5 * * * *',
  'select private.sweep_webhook_secrets()');
-- A job that runs every few seconds would otherwise fill this table.
select cron.schedule('cron: forget old runs', '51 * * * *',
  $$delete from cron.job_run_details where end_time < now() - interval '3 days'$$);
