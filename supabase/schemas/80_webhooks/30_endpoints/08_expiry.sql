-- Expiry: deleting endpoints that were made for a time.

create function private.sweep_expired_endpoints(batch int default 20) returns int
  language plpgsql
  set search_path = ''
as $$
declare
  due_tenants uuid[];
  due uuid[];
  stored public.webhook_endpoints;
  swept int := 0;
begin
  select array_agg(x.tenant_id), array_agg(x.id) into due_tenants, due from (
    select e.tenant_id, e.id from public.webhook_endpoints as e
    where e.expires_at <= now() order by e.expires_at limit batch) as x;
  -- The lanes first, as everybody who changes an endpoint.
  perform private.lock_lanes('webhooks', due_tenants, due);
  for stored in
    select e.* from public.webhook_endpoints as e
    join unnest(due_tenants, due) as x (tenant_id, id) on x.tenant_id = e.tenant_id and x.id = e.id
    order by e.tenant_id, e.id for no key update of e
  loop
    if private.delete_endpoint_step(stored, 'expired') then
      swept := swept + 1;
    end if;
  end loop;
  return swept;
end
$$;
comment on function private.sweep_expired_endpoints(int) is
  'Does the next step of deleting endpoints whose time is over. Returns how many are deleted.';

select cron.schedule('webhooks: delete endpoints whose time is over', '* * * * *', 'select private.sweep_expired_endpoints()');
