-- Changes of endpoints: updating, disabling and deleting them.

create function private.lock_webhook_endpoint(tenant uuid, endpoint uuid) returns public.webhook_endpoints
  language plpgsql
  set search_path = ''
as $$
declare
  locked public.webhook_endpoints;
begin
  -- The lane first. A delivery locks in this order as well.
  perform private.lock_lanes('webhooks', array[lock_webhook_endpoint.tenant], array[lock_webhook_endpoint.endpoint]);
  select * into locked from public.webhook_endpoints as e
  where e.tenant_id = lock_webhook_endpoint.tenant and e.id = lock_webhook_endpoint.endpoint for no key update;
  if locked.id is null then
    perform private.raise_problem(404, 'not_found', 'This tenant has no webhook endpoint with this ref_id.');
  end if;
  return locked;
end
$$;
comment on function private.lock_webhook_endpoint(uuid, uuid) is 'An endpoint that is going to be changed. It and its lane are locked until the transaction ends. 404 not_found.';

-- A definer, because members may not write an endpoint or reach Vault.
create function public.update_webhook_endpoint(tenant_id uuid, endpoint_id uuid, changes jsonb)
  returns public.webhook_endpoints
  language plpgsql security definer
  set search_path = ''
as $$
declare
  stored public.webhook_endpoints;
  changed public.webhook_endpoints;
  is_disabled boolean;
  headers jsonb;
  sent record;
  problems jsonb;
  too_large text := private.json_problem(changes, 1000, 131072);
begin
  perform private.require_permission(update_webhook_endpoint.tenant_id, 'endpoints:write');
  if jsonb_typeof(changes) is distinct from 'object' then
    perform private.raise_problem(422, 'invalid_value', 'The changes must be an object of the fields that change, with their new values.');
  end if;
  if too_large is null and (select count(*) from jsonb_object_keys(changes)) > 20 then
    too_large := 'must have at most 20 fields';
  end if;
  if too_large is not null then
    perform private.raise_problem(422, 'invalid_value', 'The changes cannot be made.',
      jsonb_build_array(jsonb_build_object('pointer', '', 'detail', too_large)));
  end if;
  problems := private.endpoint_change_problems(changes);
  if problems is not null then
    perform private.raise_problem(422, 'invalid_value', 'Some of these fields do not exist, or do not have a value that fits.', problems);
  end if;
  stored := private.lock_webhook_endpoint(update_webhook_endpoint.tenant_id, update_webhook_endpoint.endpoint_id);
  changed := jsonb_populate_record(stored, changes - '{headers,static_header,disabled}'::text[]);
  if changes ? 'url' then
    perform private.require_headers_again(stored, changed.url, changes);
  end if;
  changed.description := coalesce(changed.description, '');
  if changes ? 'event_types' then
    changed.event_types := private.require_event_types(changed.event_types);
  end if;

  is_disabled := coalesce((changes ->> 'disabled')::boolean, not stored.is_enabled);
  if is_disabled = stored.is_enabled then
    changed.is_enabled := not is_disabled;
    changed.disabled_at := case when is_disabled then now() end;
    changed.disabled_reason := case when is_disabled then 'by_hand'::public.webhook_disabled_reason end;
  end if;

  if changes ?| '{headers,static_header}' then
    headers := coalesce(
      (select s.decrypted_secret::jsonb from vault.decrypted_secrets as s where s.id = stored.headers_secret_id), '{}');
    sent := private.merge_webhook_headers(headers, stored.static_header, changes);
    changed.static_header := sent.static_header;
    if sent.headers <> headers then
      changed.headers_secret_id := private.store_webhook_headers(sent.headers);
      changed.header_names := array(select n from jsonb_object_keys(sent.headers) as n order by n);
    end if;
  end if;
  if (changed.url, changed.headers_secret_id) is distinct from (stored.url, stored.headers_secret_id) then
    changed.revision := private.uuid_v7();
  end if;
  perform private.require_push(changed);

  update public.webhook_endpoints as e
  set (url, description, event_types, headers_secret_id, header_names, static_header, rate_limit_per_second, is_enabled,
      disabled_at, disabled_reason, revision)
    = (changed.url, changed.description, changed.event_types, changed.headers_secret_id, changed.header_names,
      changed.static_header, changed.rate_limit_per_second, changed.is_enabled, changed.disabled_at, changed.disabled_reason,
      changed.revision)
  where e.tenant_id = stored.tenant_id and e.id = stored.id
  returning * into stored;
  return stored;
end
$$;
comment on function public.update_webhook_endpoint(uuid, uuid, jsonb) is
  'Changes the given fields: url, description, event_types, headers (merged, null removes), static_header, rate_limit_per_second, disabled. 422 header_values_required names the headers that a URL of another server needs again.';

-- It requires "read_admin", which managers hold in a frozen tenant too, because messages to a wrong place must be
-- stopped there as well.
create function public.disable_webhook_endpoint(tenant_id uuid, endpoint_id uuid) returns public.webhook_endpoints
  language plpgsql security definer
  set search_path = ''
as $$
declare
  stored public.webhook_endpoints;
begin
  perform private.require_permission(disable_webhook_endpoint.tenant_id, 'read_admin');
  stored := private.lock_webhook_endpoint(disable_webhook_endpoint.tenant_id, disable_webhook_endpoint.endpoint_id);
  -- If it is already disabled, the reason and the moment stay.
  if stored.is_enabled then
    update public.webhook_endpoints as e set is_enabled = false, disabled_at = now(), disabled_reason = 'by_hand'
    where e.tenant_id = stored.tenant_id and e.id = stored.id
    returning * into stored;
  end if;
  return stored;
end
$$;
comment on function public.disable_webhook_endpoint(uuid, uuid) is
  'Sends nothing more to an endpoint until it is enabled, also in a frozen tenant. It may run again.';

-- Deletes in steps. First the endpoint is disabled. Otherwise a worker that expands events would wait for the
-- deletion, and fail when the endpoint is deleted. Then deliveries are deleted in batches, because one statement
-- over a million deliveries would be cut off.
create function private.delete_endpoint_step(stored public.webhook_endpoints, reason public.webhook_disabled_reason) returns boolean
  language plpgsql
  set search_path = ''
as $$
declare
  deleted int;
begin
  if stored.is_enabled then
    update public.webhook_endpoints as e set is_enabled = false, disabled_at = now(), disabled_reason = reason
    where e.tenant_id = stored.tenant_id and e.id = stored.id;
    return false;
  end if;
  begin
    -- A worker that has just expanded events for this endpoint waits for the lane locked here. Waiting for that
    -- worker would be a deadlock.
    perform from public.webhook_endpoints as e where e.tenant_id = stored.tenant_id and e.id = stored.id for update nowait;
  exception when lock_not_available then
    return false;
  end;
  -- Items before deliveries, as everybody locks them, and in the order in which they are completed: a completion may
  -- hold no lane. Those of the first 10,000 deliveries are among the first 10,000 items. An array and not a join: on old
  -- statistics the planner may join by a nested loop over all of them.
  delete from private.queue_items as i
  where i.tenant_id = stored.tenant_id and i.queue = 'webhooks' and i.lane_id = stored.id and i.item_id = any (array(
    select o.item_id from private.queue_items as o
    where o.tenant_id = stored.tenant_id and o.queue = 'webhooks' and o.lane_id = stored.id
    order by o.item_id limit 10000 for update));
  delete from public.webhook_deliveries as d
  where d.tenant_id = stored.tenant_id and d.endpoint_id = stored.id and d.event_id = any (array(
    select o.event_id from public.webhook_deliveries as o
    where o.tenant_id = stored.tenant_id and o.endpoint_id = stored.id
    order by o.event_id limit 10000 for update));
  get diagnostics deleted = row_count;
  if deleted < 10000 then
    delete from public.webhook_endpoints as e where e.tenant_id = stored.tenant_id and e.id = stored.id;
  end if;
  return deleted < 10000;
end
$$;
comment on function private.delete_endpoint_step(public.webhook_endpoints, public.webhook_disabled_reason) is
  'One step of deleting an endpoint that is locked, with its lane: disables it for this reason, then deletes 10,000 deliveries in each call, then the endpoint. Returns true when it is deleted.';

create function public.delete_webhook_endpoint(tenant_id uuid, endpoint_id uuid) returns boolean
  language plpgsql security definer
  set search_path = ''
as $$
begin
  perform private.require_permission(delete_webhook_endpoint.tenant_id, 'endpoints:write');
  return private.delete_endpoint_step(
    private.lock_webhook_endpoint(delete_webhook_endpoint.tenant_id, delete_webhook_endpoint.endpoint_id), 'by_hand');
end
$$;
comment on function public.delete_webhook_endpoint(uuid, uuid) is
  'One step of deleting an endpoint with its secrets and deliveries: disables it, then deletes 10,000 deliveries in each call, then the endpoint. Returns true when it is deleted. Until then, call it again.';
grant execute on function
  public.update_webhook_endpoint(uuid, uuid, jsonb), public.disable_webhook_endpoint(uuid, uuid),
  public.delete_webhook_endpoint(uuid, uuid) to authenticated;

-- If the platform learns of a leak, it can stop the endpoint without waiting for the tenant.
grant execute on function public.disable_webhook_endpoint(uuid, uuid) to service_role;
