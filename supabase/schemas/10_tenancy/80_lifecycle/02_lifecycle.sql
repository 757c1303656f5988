-- The lifecycle as it is read: where a tenant stands, what comes by itself and when, and what the caller may change.

-- A definer, because the moves stand in private and the reason is granted to nobody.
create function public.read_tenant_lifecycle(
  tenant_id uuid, out ref_id text, out slug text, out status public.tenant_status, out reason text, out since timestamptz,
  out trial_ends_at timestamptz, out freezes_at timestamptz, out frozen_at timestamptz, out archives_at timestamptz,
  out archived_at timestamptz, out purgeable_at timestamptz, out moves public.tenant_status[]
)
  language plpgsql stable security definer
  set search_path = ''
as $$
declare
  tenant public.tenants;
  is_trusted boolean := private.is_trusted_caller();
begin
  perform private.require_permission(read_tenant_lifecycle.tenant_id, 'read_admin');
  select * into tenant from public.tenants as t where t.id = read_tenant_lifecycle.tenant_id;
  ref_id := tenant.ref_id;
  slug := tenant.slug;
  status := tenant.status;
  reason := tenant.status_reason;
  since := tenant.status_changed_at;
  trial_ends_at := tenant.trial_ends_at;
  freezes_at := case when tenant.status = 'trial' then tenant.trial_ends_at + private.trial_grace() end;
  frozen_at := tenant.frozen_at;
  archives_at := case when tenant.status = 'frozen' then tenant.frozen_at + private.frozen_window() end;
  archived_at := tenant.archived_at;
  purgeable_at := coalesce(tenant.purgeable_at, archives_at + private.export_window());
  -- What tg_move_tenant() would let the caller do. A trial becomes active by a plan and by nothing else.
  moves := array(
    select m.to_status from private.status_moves as m
    where m.from_status = tenant.status and tenant.kind = 'customer'
      and (is_trusted or m.who = 'own' and tenant.id = any (private.tenant_ids('own')))
      and not (m.to_status = 'active' and private.is_trial_plan(tenant.plan))
    order by m.to_status);
end
$$;
comment on function public.read_tenant_lifecycle(uuid) is
  'Where a tenant stands in its life, since when, what cron will do and when, and to which statuses the caller may move it. For managers and the service.';
grant execute on function public.read_tenant_lifecycle(uuid) to authenticated, service_role;
