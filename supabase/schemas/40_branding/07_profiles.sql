-- Profiles: a tenant and its brand in one row, as requirement document 002 describes it.

create view public.tenant_profiles with (security_invoker = true) as
  select
    t.id,
    (select m.user_id from public.tenant_members as m
      where m.tenant_id = t.id and m.role = 'owner' and m.status = 'active'
      order by m.created_at, m.user_id limit 1) as user_id,
    t.slug,
    b.display_name,
    t.tenant_type,
    private.brand_config(b.brand) as brand_config,
    b.email_config,
    b.enabled_assessments,
    t.plan as subscription_tier,
    b.is_active and t.status <> 'archived' as is_active,
    (select d.host from public.tenant_domains as d
      where d.tenant_id = t.id and d.is_primary and d.switched_off_at is null) as custom_domain,
    t.created_at,
    greatest(t.updated_at, b.updated_at) as updated_at
  from public.tenants as t
  join public.tenant_brands as b on b.tenant_id = t.id;
comment on view public.tenant_profiles is
  'A tenant and its brand in one row, as requirement document 002 names it. Members read it. Managers update the brand through it.';

create function private.tg_update_tenant_profile() returns trigger
  language plpgsql
  set search_path = ''
as $$
declare
  fixed text;
begin
  -- Without an error the caller would believe that the change was made.
  select key into fixed
  from jsonb_each(to_jsonb(new)) as n
  where key not in ('display_name', 'brand_config', 'email_config', 'enabled_assessments', 'is_active')
    and value is distinct from to_jsonb(old) -> key
  limit 1;
  if fixed is not null then
    perform private.raise_problem(422, 'read_only_column', format('The column "%s" cannot be changed through tenant_profiles.', fixed),
      jsonb_build_array(jsonb_build_object('pointer', '/' || fixed, 'detail', 'is read-only here')));
  end if;
  perform private.require_permission(old.id, 'manage');
  update public.tenant_brands set
    display_name = new.display_name,
    brand = case when new.brand_config is distinct from old.brand_config then new.brand_config else brand end,
    email_config = new.email_config,
    enabled_assessments = new.enabled_assessments,
    is_active = case when new.is_active is distinct from old.is_active then new.is_active else is_active end
  where tenant_id = old.id;
  -- The caller gets what was stored, and not the spelling that was sent.
  select * into new from public.tenant_profiles where id = old.id;
  return new;
end
$$;
create trigger tenant_profiles_update instead of update on public.tenant_profiles
  for each row execute function private.tg_update_tenant_profile();
grant select, update on public.tenant_profiles to authenticated, service_role;
