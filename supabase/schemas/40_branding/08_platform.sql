-- The platform tenant is part of the system and not of its sample data. It has no public page.
insert into public.tenants (id, slug, name, status, kind, plan, tenant_type)
values (private.platform_tenant_id(), 'tenantry', 'Tenantry', 'active', 'platform', 'enterprise', 'platform')
on conflict (id) do nothing;

update public.tenant_brands set is_active = false where tenant_id = private.platform_tenant_id();
