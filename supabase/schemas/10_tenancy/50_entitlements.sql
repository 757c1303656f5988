-- Entitlements: may a tenant use a product or a feature now?

create function private.plans_with(feature text) returns text[]
  language sql stable
  set search_path = ''
as $$
  -- A plan with a price of 0 is not the cheapest. It is a trial, or its price is agreed on request.
  select array(select p.plan from public.plans as p
    where plans_with.feature = any (p.features) and p.trial_days is null
    order by p.price_minor = 0, p.price_minor, p.plan)
$$;
comment on function private.plans_with(text) is 'The plans with a feature that a tenant can choose, the cheapest first.';

-- Every question about entitlements is answered here. A tenant gets a feature by its plan, or by a product
-- that was granted. It gets a product only by a grant.
create function private.find_entitlement(tenant uuid, product text, feature text,
    out allowed boolean, out reason text, out plan_that_has_it text, out expires_at timestamptz)
  language plpgsql stable
  set search_path = ''
as $$
declare
  t public.tenants;
  has_trial boolean;
  is_in_plan boolean;
  granted record;
begin
  allowed := false;
  select * into t from public.tenants where id = find_entitlement.tenant;
  has_trial := t.status = 'trial';
  reason := case
    when t.id is null or t.status = 'archived' then 'tenant_not_found'
    when t.status = 'frozen' then 'tenant_frozen'
    when has_trial and t.trial_ends_at <= now() then 'trial_ended' end;
  if reason is not null then
    return;
  end if;

  if find_entitlement.product is not null then
    select p.features, g.tenant_id is not null as is_granted, g.enabled, g.expires_at into granted
    from public.products as p
    left join public.tenant_products as g on g.product = p.product and g.tenant_id = t.id
    where p.product = find_entitlement.product;
    reason := case
      when granted is null then 'unknown_product'
      when not granted.is_granted then 'product_not_granted'
      when not granted.enabled then 'product_disabled'
      when granted.expires_at <= now() then 'product_expired' end;
    expires_at := granted.expires_at;
    if reason is not null then
      return;
    end if;
  end if;

  if find_entitlement.feature is not null then
    is_in_plan := coalesce((select find_entitlement.feature = any (p.features) from public.plans as p where p.plan = t.plan), false);
    if not is_in_plan and find_entitlement.product is null then
      -- The product that keeps the feature longest counts. A grant without an end keeps it for ever.
      select g.expires_at into granted
      from public.tenant_products as g join public.products as p on p.product = g.product
      where g.tenant_id = t.id and g.enabled and (g.expires_at is null or g.expires_at > now())
        and find_entitlement.feature = any (p.features)
      order by g.expires_at desc nulls first limit 1;
      is_in_plan := found;
      expires_at := granted.expires_at;
    elsif not is_in_plan then
      is_in_plan := find_entitlement.feature = any (granted.features);
    end if;
    if not is_in_plan then
      expires_at := null;
      plan_that_has_it := (private.plans_with(find_entitlement.feature))[1];
      reason := case when plan_that_has_it is not null
        or exists (select from public.products as p where find_entitlement.feature = any (p.features))
        or exists (select from public.plans as p where find_entitlement.feature = any (p.features))
        then 'feature_not_in_plan' else 'unknown_feature' end;
      return;
    end if;
  end if;

  allowed := true;
  -- least() ignores nulls. If nothing ends, the result stays null.
  expires_at := least(expires_at, case when has_trial then t.trial_ends_at end);
end
$$;
comment on function private.find_entitlement(uuid, text, text) is
  'May this tenant use this product, this feature, or this feature of this product, now? If not, why?';

-- A definer, because the answer is about the tenant and must not depend on what the caller may read.
create function private.has_project_support(tenant uuid) returns boolean
  language sql stable security definer
  set search_path = ''
as $$
  select exists (
    select from public.tenant_products as g
    join public.products as p on p.product = g.product and p.supports_projects
    cross join lateral private.find_entitlement(g.tenant_id, g.product, null) as e
    where g.tenant_id = has_project_support.tenant and e.allowed)
$$;
comment on function private.has_project_support(uuid) is 'Whether a tenant may now use a product that supports projects.';

-- A definer for the same reason. The calling function must check the caller's permission before.
create function private.require_entitlement(tenant uuid, product text default null, feature text default null)
  returns void
  language plpgsql stable security definer
  set search_path = ''
as $$
declare
  found_reason text;
  found_plan text;
  named jsonb;
begin
  select e.reason, e.plan_that_has_it into found_reason, found_plan
  from private.find_entitlement(require_entitlement.tenant, require_entitlement.product, require_entitlement.feature) as e;
  if found_reason is null then
    return;
  end if;
  named := jsonb_strip_nulls(jsonb_build_object('product', require_entitlement.product, 'feature', require_entitlement.feature));
  case found_reason
    when 'tenant_not_found' then
      perform private.raise_problem(404, 'tenant_not_found', 'There is no such tenant, or you are not one of its members.');
    when 'tenant_frozen' then
      perform private.raise_problem(403, 'tenant_frozen', 'This tenant is frozen and can only be read. Settle its subscription to change things again.');
    when 'trial_ended' then
      perform private.raise_problem(403, 'trial_ended', 'The trial of this tenant has ended, so it can only be read. Choose a plan to change things again.');
    when 'feature_not_in_plan', 'unknown_feature' then
      perform private.raise_problem(402, 'feature_not_in_plan', format('This tenant''s plan does not have the feature "%s".', require_entitlement.feature)
        || coalesce(format(' The plan "%s" has it.', found_plan), ''),
        members => named || jsonb_build_object('plans', private.plans_with(require_entitlement.feature)));
    when 'product_expired' then
      perform private.raise_problem(402, 'product_not_granted', format('The time in which this tenant could use the product "%s" is over.', require_entitlement.product), members => named);
    when 'product_not_granted', 'product_disabled', 'unknown_product' then
      perform private.raise_problem(402, 'product_not_granted', format('This tenant may not use the product "%s".', require_entitlement.product), members => named);
    else null;
  end case;
end
$$;
comment on function private.require_entitlement(uuid, text, text) is
  'Refuses unless the tenant may use it now: 402 feature_not_in_plan, 402 product_not_granted, or the problem of the tenant''s status.';

-- What gates ask. A definer, because the answer is about the tenant and not about what the caller may read.
create function private.has_feature(tenant uuid, feature text) returns boolean
  language plpgsql stable security definer
  set search_path = ''
as $$
begin
  return (select e.allowed from private.find_entitlement(has_feature.tenant, null, has_feature.feature) as e);
end
$$;
comment on function private.has_feature(uuid, text) is 'Whether a tenant has a feature now, by its plan or by a product that was granted.';

create function private.require_feature(tenant uuid, feature text) returns void
  language plpgsql stable
  set search_path = ''
as $$
begin
  perform private.require_entitlement(tenant, null, feature);
end
$$;
comment on function private.require_feature(uuid, text) is
  'Refuses with 402 feature_not_in_plan, the feature and the plans that have it, unless the tenant has it now. The calling function must check the caller''s permission before.';

-- For tables that people write directly. The argument is the feature.
create function private.tg_require_feature() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  if not private.is_trusted_caller() then
    perform private.require_feature(new.tenant_id, tg_argv[0]);
  end if;
  return null;
end
$$;
comment on function private.tg_require_feature() is 'Refuses a change with 402 feature_not_in_plan unless the tenant has the feature that the change needs.';

create function private.require_project_support(tenant uuid) returns void
  language plpgsql stable security definer
  set search_path = ''
as $$
begin
  if not private.has_project_support(require_project_support.tenant) then
    perform private.raise_problem(402, 'product_not_granted', format(
      'Projects need a product that supports them, and this tenant can use none of those now. Products that support projects: %s.',
      (select string_agg(p.product, ', ' order by p.product) from public.products as p where p.supports_projects)));
  end if;
end
$$;
comment on function private.require_project_support(uuid) is 'Refuses with 402 product_not_granted unless the tenant may use a product that supports projects.';

-- A definer, because the answer is the same for every member of the tenant.
create function public.check_entitlement(tenant_id uuid, product text default null, feature text default null)
  returns jsonb
  language plpgsql stable security definer
  set search_path = ''
as $$
begin
  perform private.require_permission(check_entitlement.tenant_id, 'entitlements:read');
  perform private.refuse_other_product(private.caller_product(), check_entitlement.product);
  if check_entitlement.product is null and check_entitlement.feature is null then
    perform private.raise_problem(422, 'invalid_value', 'Give a product, a feature, or both.');
  end if;
  return (select to_jsonb(e)
    from private.find_entitlement(check_entitlement.tenant_id, check_entitlement.product, check_entitlement.feature) as e);
end
$$;
comment on function public.check_entitlement(uuid, text, text) is
  'May a tenant use a product, a feature, or a feature of a product now? {allowed, reason, plan_that_has_it, expires_at}.';
grant execute on function public.check_entitlement(uuid, text, text), private.has_project_support(uuid),
  private.require_entitlement(uuid, text, text), private.require_project_support(uuid) to authenticated, service_role;

-- A definer, because the answer is the same for every member of the tenant.
create function public.check_gate(tenant_id uuid, gate text) returns jsonb
  language plpgsql stable security definer
  set search_path = ''
as $$
declare
  kind private.gate_kind := (select g.kind from private.gates as g where g.gate = check_gate.gate);
  state record;
  places record;
begin
  perform private.require_permission(check_gate.tenant_id, 'entitlements:read');
  if kind is distinct from 'limit' then
    -- Also for a feature that only a product has.
    select e.allowed, e.reason, e.expires_at into state
    from private.find_entitlement(check_gate.tenant_id, null, check_gate.gate) as e;
    return jsonb_build_object('gate', check_gate.gate, 'kind', 'feature', 'allowed', state.allowed, 'reason', state.reason,
      'plans', private.plans_with(check_gate.gate), 'expires_at', state.expires_at);
  end if;
  -- Without a feature and a product, the answer is about the tenant's status alone.
  select e.allowed, e.reason into state from private.find_entitlement(check_gate.tenant_id, null, null) as e;
  select * into places from private.find_limit(check_gate.tenant_id, check_gate.gate);
  return jsonb_build_object('gate', check_gate.gate, 'kind', 'limit',
    'allowed', state.allowed and coalesce(places.left_over > 0, true),
    'reason', coalesce(state.reason, case when places.left_over = 0 then 'limit_reached' end),
    'most', places.most, 'used', places.used, 'left', places.left_over, 'resets_at', places.resets_at);
end
$$;
comment on function public.check_gate(uuid, text) is
  'May a tenant do this now, and how much of it is left? A feature: {gate, kind, allowed, reason, plans, expires_at}. A limit: {gate, kind, allowed, reason, most, used, left, resets_at}.';
grant execute on function public.check_gate(uuid, text) to authenticated, service_role;
