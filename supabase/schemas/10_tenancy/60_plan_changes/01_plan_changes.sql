-- Plan changes: how a tenant comes to another plan, and how a trial becomes longer. Only the platform does either.

-- A definer, because the operator, a payment and cron all come here, and none of them may do part of it.
create function private.change_plan(tenant_id uuid, plan text) returns public.tenants
  language plpgsql security definer
  set search_path = ''
as $$
declare
  changed public.tenants;
begin
  -- Whoever takes a place under the old plan has it before the plan changes, or asks the new one.
  select * into changed from public.tenants as t where t.id = change_plan.tenant_id for no key update;
  if changed.id is null or changed.status = 'archived' then
    perform private.raise_problem(404, 'tenant_not_found', 'There is no such tenant, or it is archived.');
  end if;
  if not exists (select from public.plans as p where p.plan = change_plan.plan and p.trial_days is null) then
    perform private.raise_problem(422, 'invalid_value', format('The plans that a tenant can choose are: %s.',
      (select string_agg(p.plan, ', ' order by p.price_minor = 0, p.price_minor) from public.plans as p where p.trial_days is null)),
      '[{"pointer": "/plan", "detail": "must be a plan that a tenant can choose"}]');
  end if;
  update public.tenants as t set
    plan = change_plan.plan,
    -- A tenant whose trial was the only thing that froze it has a plan now. One that did not pay must be settled first.
    status = case when t.status = 'trial' or t.status = 'frozen' and private.is_trial_plan(t.plan) then 'active' else t.status end,
    status_reason = case when t.status in ('trial', 'frozen') and private.is_trial_plan(t.plan) then null else t.status_reason end
  where t.id = changed.id and t.plan <> change_plan.plan
  returning * into changed;
  if not found then
    select * into changed from public.tenants as t where t.id = change_plan.tenant_id;
  end if;
  return changed;
end
$$;
comment on function private.change_plan(uuid, text) is
  'Gives a tenant another plan. A tenant in trial, or frozen because its trial ended, becomes active. A second call with the same plan changes nothing. For the service. 404 tenant_not_found; 422 for a plan that nobody can choose.';

create function private.extend_trial(tenant_id uuid, ends_at timestamptz) returns public.tenants
  language plpgsql security definer
  set search_path = ''
as $$
declare
  extended public.tenants;
begin
  select * into extended from public.tenants as t where t.id = extend_trial.tenant_id for no key update;
  if extended.id is null or extended.status = 'archived' then
    perform private.raise_problem(404, 'tenant_not_found', 'There is no such tenant, or it is archived.');
  elsif extended.status <> 'trial' then
    perform private.raise_problem(409, 'not_in_trial', format('Only a trial can be extended. This tenant is %s.', extended.status));
  elsif extend_trial.ends_at is null or extend_trial.ends_at <= now() or extend_trial.ends_at > now() + interval '90 days' then
    perform private.raise_problem(422, 'invalid_value', 'A trial can be extended to a moment in the next 90 days.',
      '[{"pointer": "/ends_at", "detail": "must be in the next 90 days"}]');
  end if;
  update public.tenants as t set trial_ends_at = extend_trial.ends_at where t.id = extended.id returning * into extended;
  return extended;
end
$$;
comment on function private.extend_trial(uuid, timestamptz) is
  'Sets when a trial ends, also in the week after it ended. For the service. 404 tenant_not_found; 409 not_in_trial; 422 for a moment that is not in the next 90 days.';
grant execute on function private.change_plan(uuid, text), private.extend_trial(uuid, timestamptz) to service_role;
