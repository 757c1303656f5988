-- Endpoints over the plan: which are disabled after a change to a smaller plan, and when they are enabled again.

create function private.keep_webhook_endpoints(tenant uuid, places bigint) returns void
  language plpgsql volatile
  set search_path = ''
as $$
declare
  change record;
begin
  -- What somebody or a failure disabled stays as it is, and needs no place.
  for change in
    select k.id, k.is_kept from (
      select e.id, e.is_enabled, coalesce(row_number() over (order by e.created_at, e.id) <= keep_webhook_endpoints.places, true) as is_kept
      from public.webhook_endpoints as e
      where e.tenant_id = keep_webhook_endpoints.tenant and (e.is_enabled or e.disabled_reason = 'over_plan')) as k
    where k.is_enabled <> k.is_kept order by k.id
  loop
    perform private.lock_webhook_endpoint(keep_webhook_endpoints.tenant, change.id);
    update public.webhook_endpoints as e set is_enabled = change.is_kept,
      disabled_at = case when not change.is_kept then now() end,
      disabled_reason = case when not change.is_kept then 'over_plan'::public.webhook_disabled_reason end
    where e.tenant_id = keep_webhook_endpoints.tenant and e.id = change.id
      and (e.is_enabled or e.disabled_reason = 'over_plan');
  end loop;
end
$$;
comment on function private.keep_webhook_endpoints(uuid, bigint) is 'Leaves so many endpoints enabled, the oldest first. Null leaves all.';

-- A definer, because the count must see every endpoint.
create function private.tg_refuse_endpoint_beyond_plan() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  if not private.is_trusted_caller() then
    perform private.refuse_switching_on(new.tenant_id, 'webhook_endpoints', (select count(*) from public.webhook_endpoints as e
      where e.tenant_id = new.tenant_id and e.is_enabled));
  end if;
  return null;
end
$$;
create trigger webhook_endpoints_within_plan after update of is_enabled on public.webhook_endpoints
  for each row when (not old.is_enabled and new.is_enabled) execute function private.tg_refuse_endpoint_beyond_plan();

select private.register_switch('webhook_endpoints', 'keep_webhook_endpoints', feature => 'webhooks');
