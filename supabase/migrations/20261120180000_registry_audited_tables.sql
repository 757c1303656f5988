-- Registry: which tables of the other domains leave a row in the audit log for each change. Their files
-- come after the log's and before this one; a test lists every table that is left out, and why.

select private.audit_table('public.tenant_brands');
select private.audit_table('public.tenant_domains');
select private.audit_table('public.campaigns');
select private.audit_table('public.participant_sessions');
