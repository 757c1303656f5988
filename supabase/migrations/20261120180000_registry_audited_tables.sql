-- Registry: which tables leave a row in the audit log for each change, beyond those that come before it.
-- Their files come after the log's and before this one; a test lists every table that is left out, and why.

select private.audit_table('public.tenant_projects');
select private.audit_table('public.tenant_products');
select private.audit_table('public.tenant_brands');
-- A daily look at DNS that finds all well is no change.
select private.audit_table('public.tenant_domains',
  '{last_checked_at,last_check_result,next_check_at,first_missed_at,missed_check_count}');
select private.audit_table('public.campaigns');
select private.audit_table('public.participant_sessions');
select private.audit_table('public.api_keys', '{last_used_at}');
select private.audit_table('public.tenant_idp_config', '{check_started_at,last_checked_at,revision}');
select private.audit_table('public.webhook_endpoints', '{revision}');
