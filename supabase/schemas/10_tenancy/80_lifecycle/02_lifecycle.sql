-- The lifecycle as it is read: where a tenant stands, what comes by itself and when, and what the caller may change.

create type private.tenant_lifecycle as (
  ref_id text, slug text, status public.tenant_status, reason text, since timestamptz, trial_ends_at timestamptz, freezes_at timestamptz,
  frozen_at timestamptz, archives_at timestamptz, archived_at timestamptz, purgeable_at timestamptz, moves public.tenant_status[]
);

create function private.lifecycle_of(tenant public.tenants) returns private.tenant_lifecycle
  language plpgsql stable
  set search_path = ''
as $$
declare
  is_trusted boolean := private.is_trusted_caller();
  life private.tenant_lifecycle;
begin
  life.ref_id := tenant.ref_id;
  life.slug := tenant.slug;
  life.status := tenant.status;
  life.reason := tenant.status_reason;
  life.since := tenant.status_changed_at;
  life.trial_ends_at := tenant.trial_ends_at;
  life.freezes_at := case when tenant.status = 'trial' then tenant.trial_ends_at + private.trial_grace() end;
  life.frozen_at := tenant.frozen_at;
  life.archives_at := case when tenant.status = 'frozen' then tenant.frozen_at + private.frozen_window() end;
  life.archived_at := tenant.archived_at;
  life.purgeable_at := coalesce(tenant.purgeable_at, life.archives_at + private.export_window());
  -- What tg_move_tenant() would let the caller do. A trial becomes active by a plan and by nothing else.
  life.moves := array(
    select m.to_status from private.status_moves as m
    where m.from_status = tenant.status and tenant.kind = 'customer'
      and (is_trusted or m.who = 'own' and tenant.id = any (private.tenant_ids('own')))
      and not (m.to_status = 'active' and private.is_trial_plan(tenant.plan))
    order by m.to_status);
  return life;
end
$$;
comment on function private.lifecycle_of(public.tenants) is
  'Where a tenant stands in its life, and to which statuses the caller may move it. Checks nobody''s permission.';

-- A definer, because the moves stand in private and the reason is granted to nobody.
create function public.read_tenant_lifecycle(
  tenant_id uuid, out ref_id text, out slug text, out status public.tenant_status, out reason text, out since timestamptz,
  out trial_ends_at timestamptz, out freezes_at timestamptz, out frozen_at timestamptz, out archives_at timestamptz,
  out archived_at timestamptz, out purgeable_at timestamptz, out moves public.tenant_status[]
)
  language plpgsql stable security definer
  set search_path = ''
as $$
begin
  perform private.require_permission(read_tenant_lifecycle.tenant_id, 'read_admin');
  select l.* into ref_id, slug, status, reason, since, trial_ends_at, freezes_at, frozen_at, archives_at, archived_at, purgeable_at, moves
  from public.tenants as t cross join lateral private.lifecycle_of(t) as l where t.id = read_tenant_lifecycle.tenant_id;
end
$$;
comment on function public.read_tenant_lifecycle(uuid) is
  'Where a tenant stands in its life, since when, what cron will do and when, and to which statuses the caller may move it. For managers and the service.';
grant execute on function public.read_tenant_lifecycle(uuid) to authenticated, service_role;
