-- Runs last: it stores the demo tenants as they are now. Every night restores this state.

select private.snapshot_demo_tenant(id) from public.tenants where kind = 'demo' order by id;
