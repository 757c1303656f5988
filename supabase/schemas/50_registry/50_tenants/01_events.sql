-- Events about a tenant itself: its slug and status, its members and its products.

create function private.tg_emit_tenant_events() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
declare
  data jsonb := jsonb_build_object('tenant', jsonb_build_object('ref_id', new.ref_id, 'slug', new.slug));
begin
  if new.slug <> old.slug then
    perform private.emit_event(new.id, 'tenant.renamed', data || jsonb_build_object('old_slug', old.slug), 'tenant', has_row_lock => true);
  end if;
  if new.plan <> old.plan then
    perform private.emit_event(new.id, 'tenant.plan_changed',
      data || jsonb_build_object('old_plan', old.plan, 'new_plan', new.plan), 'tenant', has_row_lock => true);
  end if;
  if new.status = 'trial' and new.trial_ends_at <> old.trial_ends_at then
    perform private.emit_event(new.id, 'tenant.trial_extended',
      data || jsonb_build_object('trial_ends_at', private.event_moment(new.trial_ends_at)), 'tenant', has_row_lock => true);
  end if;
  -- Archiving emits no event. The endpoints of an archived tenant are paused, so the event would arrive only after
  -- the tenant is restored.
  if new.status <> old.status then
    perform private.emit_event(new.id, 'tenant.status_changed',
      data || jsonb_build_object('old_status', old.status, 'new_status', new.status), 'tenant', has_row_lock => true);
  end if;
  return null;
end
$$;
create trigger tenants_write_event after update on public.tenants
  for each row when (old.slug <> new.slug or old.status <> new.status or old.plan <> new.plan or old.trial_ends_at <> new.trial_ends_at)
  execute function private.tg_emit_tenant_events();

create function private.tg_emit_plan_excess_events() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  perform private.emit_event(new.tenant_id, case when new.switched_off_at is null then 'tenant.plan_exceeded' else 'tenant.plan_enforced' end,
    jsonb_build_object('tenant', (select jsonb_build_object('ref_id', t.ref_id, 'slug', t.slug) from public.tenants as t where t.id = new.tenant_id),
      'gate', new.gate, 'in_use', new.in_use, 'most', new.most, 'switches_off_at', private.event_moment(new.switches_off_at)),
    'tenant', has_row_lock => true);
  perform private.notify(new.tenant_id, case when new.switched_off_at is null then 'plan.exceeded' else 'plan.enforced' end, '{admins}',
    jsonb_build_object('gate', new.gate, 'in_use', new.in_use, 'most', coalesce(new.most, 0),
      'switches_off_on', to_char(new.switches_off_at at time zone 'utc', 'YYYY-MM-DD')));
  return null;
end
$$;
create trigger plan_excesses_write_event after insert on public.plan_excesses
  for each row execute function private.tg_emit_plan_excess_events();
create trigger plan_excesses_write_change_event after update of switched_off_at on public.plan_excesses
  for each row when (old.switched_off_at is null and new.switched_off_at is not null) execute function private.tg_emit_plan_excess_events();

create function private.tg_emit_member_events() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
declare
  member public.tenant_members := case tg_op when 'DELETE' then old else new end;
  was_active boolean := tg_op <> 'INSERT' and old.status = 'active';
  is_active boolean := tg_op <> 'DELETE' and new.status = 'active';
  ordering_key text := 'member ' || private.ulid(member.user_id);
  person jsonb;
begin
  -- A person whose account was deleted has no profile any more.
  select jsonb_build_object('ref_id', private.ulid(member.user_id), 'email', p.email, 'name', p.name, 'role', member.role) into person
  from (select) as one left join public.user_profiles as p on p.user_id = member.user_id;
  if is_active and not was_active then
    perform private.emit_event(member.tenant_id, 'member.joined', jsonb_build_object('member', person), ordering_key, has_row_lock => true);
  elsif was_active and not is_active then
    perform private.emit_event(member.tenant_id, 'member.removed', jsonb_build_object('member', person - 'name',
      'reason', case tg_op when 'DELETE' then 'removed' else 'deactivated' end), ordering_key, has_row_lock => true);
  elsif is_active and new.role <> old.role then
    perform private.emit_event(member.tenant_id, 'member.role_changed',
      jsonb_build_object('member', person - 'name', 'old_role', old.role), ordering_key, has_row_lock => true);
  end if;
  return null;
end
$$;
create trigger tenant_members_write_event after insert or delete on public.tenant_members
  for each row execute function private.tg_emit_member_events();
create trigger tenant_members_write_change_event after update on public.tenant_members
  for each row when (old.status <> new.status or old.role <> new.role) execute function private.tg_emit_member_events();

create function private.tg_emit_product_events() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
declare
  product public.tenant_products := case tg_op when 'DELETE' then old else new end;
  was_usable boolean := tg_op <> 'INSERT' and old.enabled and (old.expires_at is null or old.expires_at > now());
  is_usable boolean := tg_op <> 'DELETE' and new.enabled and (new.expires_at is null or new.expires_at > now());
begin
  if is_usable and (not was_usable or new.expires_at is distinct from old.expires_at) then
    perform private.emit_event(product.tenant_id, 'product.granted',
      jsonb_build_object('product', product.product, 'expires_at', private.event_moment(product.expires_at)),
      'product ' || product.product, has_row_lock => true);
  elsif was_usable and not is_usable then
    perform private.emit_event(product.tenant_id, 'product.revoked', jsonb_build_object('product', product.product),
      'product ' || product.product, has_row_lock => true);
  end if;
  return null;
end
$$;
create trigger tenant_products_write_event after insert or update or delete on public.tenant_products
  for each row execute function private.tg_emit_product_events();

create function private.tg_emit_threshold_events() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
declare
  -- One step may pass several thresholds. Each has an event of its own.
  passed int := case when new.announced_at = old.announced_at and new.announced_most = old.announced_most then old.announced_percent else 0 end;
begin
  perform private.emit_event(new.tenant_id, 'limit.threshold_reached', jsonb_build_object(
    'limit', new.gate, 'percent', p.percent, 'most', new.announced_most, 'month_starts_at', private.event_moment(new.announced_at)),
    'limit ' || new.gate,
    format('limit %s of %s at %s since %s', new.gate, new.announced_most, p.percent, extract(epoch from new.announced_at)::bigint),
    has_row_lock => true)
  from unnest('{50,80,100}'::int[]) as p (percent)
  where p.percent > passed and p.percent <= new.announced_percent order by p.percent;
  -- Half of it is nothing that a person has to do something about.
  perform private.notify(new.tenant_id, case new.announced_percent when 100 then 'limit.reached' else 'limit.near' end, '{admins}',
    jsonb_build_object('limit', new.gate, 'percent', new.announced_percent, 'most', new.announced_most),
    idempotency_key => format('limit %s of %s at %s since %s', new.gate, new.announced_most, new.announced_percent, extract(epoch from new.announced_at)::bigint))
  where new.announced_percent >= 80 and new.announced_percent > passed
    -- Other numbers than those of plans have words of their own.
    and exists (select from private.gates as g where g.gate = new.gate);
  return null;
end
$$;
create trigger tenant_counts_write_event after update of announced_percent on private.tenant_counts
  for each row execute function private.tg_emit_threshold_events();

select private.register_event_type('tenant.renamed', 'The tenant has another slug. The old slug leads to the tenant for 90 days.',
    '{"tenant": {"ref_id": "ref_id", "slug": "text"}, "old_slug": "text"}',
    '{"tenant": {"ref_id": "01JD3N8Q4ZB6T2V9XK5M7R0C1E", "slug": "leadingwithmeaning"}, "old_slug": "mark-ellery-coaching"}');

select private.register_event_type('tenant.status_changed', 'The status of the tenant was changed. There is no event when it is archived, but there is one when it is restored.',
    '{"tenant": {"ref_id": "ref_id", "slug": "text"}, "old_status": "demo|trial|active|frozen|archived", "new_status": "demo|trial|active|frozen|archived"}',
    '{"tenant": {"ref_id": "01JD3N8Q4ZB6T2V9XK5M7R0C1E", "slug": "leadingwithmeaning"}, "old_status": "trial", "new_status": "active"}');

select private.register_event_type('tenant.plan_changed', 'The tenant has another plan.',
    '{"tenant": {"ref_id": "ref_id", "slug": "text"}, "old_plan": "text", "new_plan": "text"}',
    '{"tenant": {"ref_id": "01JD3N8Q4ZB6T2V9XK5M7R0C1E", "slug": "leadingwithmeaning"}, "old_plan": "starter", "new_plan": "business"}');

select private.register_event_type('tenant.plan_exceeded', 'The tenant has more than its plan allows. It works until switches_off_at.',
    '{"tenant": {"ref_id": "ref_id", "slug": "text"}, "gate": "text", "in_use": "count", "most": "count", "switches_off_at": "moment"}',
    '{"tenant": {"ref_id": "01JD3N8Q4ZB6T2V9XK5M7R0C1E", "slug": "leadingwithmeaning"}, "gate": "api_keys", "in_use": 5, "most": 2,
      "switches_off_at": "2026-12-22T09:30:00.000Z"}');

select private.register_event_type('tenant.plan_enforced', 'What the tenant has beyond its plan was switched off, the newest first. Nothing was deleted.',
    '{"tenant": {"ref_id": "ref_id", "slug": "text"}, "gate": "text", "in_use": "count", "most": "count", "switches_off_at": "moment"}',
    '{"tenant": {"ref_id": "01JD3N8Q4ZB6T2V9XK5M7R0C1E", "slug": "leadingwithmeaning"}, "gate": "api_keys", "in_use": 5, "most": 2,
      "switches_off_at": "2026-12-22T09:30:00.000Z"}');

select private.register_event_type('tenant.trial_extended', 'The trial of the tenant ends at another moment than before.',
    '{"tenant": {"ref_id": "ref_id", "slug": "text"}, "trial_ends_at": "moment"}',
    '{"tenant": {"ref_id": "01JD3N8Q4ZB6T2V9XK5M7R0C1E", "slug": "leadingwithmeaning"}, "trial_ends_at": "2026-12-20T09:30:00.000Z"}');

select private.register_event_type('limit.threshold_reached', 'So much of a limit of the plan is used: 50, 80 or 100 percent.',
    '{"limit": "text", "percent": "count", "most": "count", "month_starts_at": "moment"}',
    '{"limit": "usage_events", "percent": 80, "most": 10000, "month_starts_at": "2026-11-01T00:00:00.000Z"}');

select private.register_event_type('member.joined', 'Somebody joined the tenant, for the first time or again.',
    '{"member": {"ref_id": "ref_id", "email?": "email", "name?": "text", "role": "owner|admin|member|reviewer"}}',
    '{"member": {"ref_id": "5NXV80000080084000000000G2", "email": "iris@example.com", "name": "Iris Okonjo", "role": "reviewer"}}');

select private.register_event_type('member.role_changed', 'A member of the tenant has another role.',
    '{"member": {"ref_id": "ref_id", "email?": "email", "role": "owner|admin|member|reviewer"}, "old_role": "owner|admin|member|reviewer"}',
    '{"member": {"ref_id": "5NXV80000080084000000000G2", "email": "iris@example.com", "role": "admin"}, "old_role": "reviewer"}');

select private.register_event_type('member.removed', 'Somebody no longer belongs to the tenant. The membership was deactivated or removed, or the person left.',
    '{"member": {"ref_id": "ref_id", "email?": "email", "role": "owner|admin|member|reviewer"}, "reason": "deactivated|removed"}',
    '{"member": {"ref_id": "5NXV80000080084000000000G2", "email": "iris@example.com", "role": "reviewer"}, "reason": "removed"}');

select private.register_event_type('product.granted', 'The tenant may use a product, or may use it until another moment than before. There is no event when that moment comes.',
    '{"product": "text", "expires_at?": "moment"}',
    '{"product": "marketing", "expires_at": "2027-11-20T00:00:00.000Z"}');

select private.register_event_type('product.revoked', 'The tenant may no longer use a product.',
    '{"product": "text"}',
    '{"product": "marketing"}');
