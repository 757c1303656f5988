-- Notifications: two for the admins of each customer, one of them read. A reset would clear those of a demo.

-- Seeds restore, and what is restored tells nobody: so the rows are told here on purpose.
select set_config('tenantry.is_restoring', 'off', true);
select private.notify(t.id, n.type, '{admins}', n.data, idempotency_key => 'seed ' || n.type)
from public.tenants as t
cross join (values
  ('limit.near', '{"limit": "campaigns", "percent": 80, "most": 5}'::jsonb),
  ('credits.low', '{"available": 96, "resets_on": "2026-12-01"}'::jsonb)
) as n (type, data)
where t.kind = 'customer';
update public.notifications set read_at = now() where idempotency_key = 'seed limit.near';
-- The mailbox of a new stack is empty: these are shown, and not mailed.
delete from private.notification_jobs;
