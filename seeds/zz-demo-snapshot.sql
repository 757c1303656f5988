-- Last of all: the demo tenants as they now are, which is what every night puts back.

select private.snapshot_demo_tenant(id) from public.tenants where kind = 'demo' order by id;
