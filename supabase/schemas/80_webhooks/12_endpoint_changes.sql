create function private.require_event_types(types text[]) returns text[]
  language plpgsql
  set search_path = ''
as $$
declare
  unknown text[];
  problems jsonb;
begin
  if types is null then
    return null;
  end if;
  if cardinality(types) not between 1 and 200 then
    perform private.raise_problem(422, 'invalid_value', 'An endpoint names 1 to 200 event types, or wants all of them by naming none.',
      '[{"pointer": "/event_types", "detail": "must name 1 to 200 event types; null wants all"}]');
  end if;
  select array_agg(g.type order by g.n), jsonb_agg(jsonb_build_object('pointer', '/event_types/' || g.n - 1,
    'detail', 'is not in the catalogue of event types') order by g.n) into unknown, problems
  from unnest(types) with ordinality as g (type, n)
  where not exists (select from public.webhook_event_types as t where t.type = g.type);
  if unknown is not null then
    perform private.raise_problem(422, 'unknown_event_type', format(
      'There is no such event type in the catalogue: %s.', left(array_to_string(unknown, ', ', 'null'), 500)), problems);
  end if;
  return array(select distinct type from unnest(types) as type order by type);
end
$$;
comment on function private.require_event_types(text[]) is
  'Event types without duplicates. 422 unknown_event_type names the place of each that is not in the catalogue.';

create function private.require_push(endpoint public.webhook_endpoints) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  if endpoint.kind = 'poll' and (endpoint.header_names <> '{}' or endpoint.rate_limit_per_second is not null) then
    perform private.raise_problem(422, 'invalid_value', 'A polling endpoint is sent nothing: it has no headers and no rate limit.',
      jsonb_build_array(jsonb_build_object('detail', 'is for push endpoints',
        'pointer', case when endpoint.header_names <> '{}' then '/headers' else '/rate_limit_per_second' end)));
  end if;
end
$$;

create function private.lock_webhook_endpoint(tenant uuid, endpoint uuid) returns public.webhook_endpoints
  language plpgsql
  set search_path = ''
as $$
declare
  locked public.webhook_endpoints;
begin
  -- The queue first: whoever delivers takes it in this order as well.
  perform from private.webhook_endpoint_queues as l
  where l.tenant_id = lock_webhook_endpoint.tenant and l.endpoint_id = lock_webhook_endpoint.endpoint for no key update;
  select * into locked from public.webhook_endpoints as e
  where e.tenant_id = lock_webhook_endpoint.tenant and e.id = lock_webhook_endpoint.endpoint for no key update;
  if locked.id is null then
    perform private.raise_problem(404, 'not_found', 'This tenant has no webhook endpoint by this ref_id.');
  end if;
  return locked;
end
$$;
comment on function private.lock_webhook_endpoint(uuid, uuid) is 'An endpoint to change, with its queue, until the transaction ends. 404 not_found.';

-- Definer, and so for the next: members hold no privilege to write an endpoint, nor to reach Vault.
create function public.create_webhook_endpoint(
  tenant_id uuid, secret text, url text default null, kind public.webhook_endpoint_kind default 'push',
  description text default '', event_types text[] default null, headers jsonb default '{}', static_header jsonb default null,
  rate_limit_per_second int default null
) returns public.webhook_endpoints
  language plpgsql security definer
  set search_path = ''
as $$
declare
  most int;
  sent record;
  created public.webhook_endpoints;
begin
  perform private.require_permission(create_webhook_endpoint.tenant_id, 'manage');
  created.tenant_id := create_webhook_endpoint.tenant_id;
  created.scheme := private.require_signing_secret(create_webhook_endpoint.secret);
  created.event_types := private.require_event_types(create_webhook_endpoint.event_types);
  sent := private.merge_webhook_headers('{}', null,
    jsonb_build_object('headers', create_webhook_endpoint.headers, 'static_header', create_webhook_endpoint.static_header));
  -- One tenant's calls queue here, so that twenty at once cannot each find room below the limit.
  select coalesce((p.limits ->> 'webhook_endpoints')::int, 50) into most
  from public.tenants as t join public.plans as p on p.plan = t.plan
  where t.id = create_webhook_endpoint.tenant_id
  for no key update of t;
  if (select count(*) from public.webhook_endpoints as e where e.tenant_id = create_webhook_endpoint.tenant_id) >= most then
    perform private.raise_problem(403, 'too_many_endpoints',
      format('Your plan has room for %s webhook endpoints. Delete one before you create another.', most));
  end if;
  insert into public.webhook_endpoints (tenant_id, kind, url, description, event_types, scheme, secret_id, headers_secret_id,
    header_names, static_header, rate_limit_per_second)
  values (created.tenant_id, create_webhook_endpoint.kind, create_webhook_endpoint.url, create_webhook_endpoint.description,
    created.event_types, created.scheme,
    vault.create_secret(create_webhook_endpoint.secret, null, 'signing secret of a webhook endpoint'),
    private.store_webhook_headers(sent.headers), array(select n from jsonb_object_keys(sent.headers) as n order by n),
    sent.static_header, create_webhook_endpoint.rate_limit_per_second)
  returning * into created;
  perform private.require_push(created);
  return created;
end
$$;
comment on function public.create_webhook_endpoint(uuid, text, text, public.webhook_endpoint_kind, text, text[], jsonb, jsonb, int) is
  'Creates an endpoint and puts its signing secret and the values of its headers in Vault. 403 too_many_endpoints; 422 unknown_event_type.';

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
begin
  perform private.require_permission(update_webhook_endpoint.tenant_id, 'manage');
  if jsonb_typeof(changes) is distinct from 'object' then
    perform private.raise_problem(422, 'invalid_value', 'The changes are an object: the fields that change, with their new values.');
  end if;
  select jsonb_agg(jsonb_build_object('pointer', '/' || private.pointer_token(key), 'detail', 'is not a known field')) into problems
  from jsonb_object_keys(changes) as key
  where key <> all ('{url,description,event_types,headers,static_header,rate_limit_per_second,disabled}');
  if problems is not null then
    perform private.raise_problem(422, 'invalid_value', 'An endpoint has no such field that can be changed.', problems);
  end if;
  stored := private.lock_webhook_endpoint(update_webhook_endpoint.tenant_id, update_webhook_endpoint.endpoint_id);
  changed := jsonb_populate_record(stored, changes - '{headers,static_header,disabled}'::text[]);
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
  'Changes the fields that are named: url, description, event_types, headers (merged; null removes), static_header, rate_limit_per_second, disabled.';

-- Asks "read_admin", which managers hold in a frozen tenant too: whatever is sent to the wrong place must stop there as well.
create function public.disable_webhook_endpoint(tenant_id uuid, endpoint_id uuid) returns public.webhook_endpoints
  language plpgsql security definer
  set search_path = ''
as $$
declare
  stored public.webhook_endpoints;
begin
  perform private.require_permission(disable_webhook_endpoint.tenant_id, 'read_admin');
  stored := private.lock_webhook_endpoint(disable_webhook_endpoint.tenant_id, disable_webhook_endpoint.endpoint_id);
  -- Disabled already: why, and since when, stays.
  if stored.is_enabled then
    update public.webhook_endpoints as e set is_enabled = false, disabled_at = now(), disabled_reason = 'by_hand'
    where e.tenant_id = stored.tenant_id and e.id = stored.id
    returning * into stored;
  end if;
  return stored;
end
$$;
comment on function public.disable_webhook_endpoint(uuid, uuid) is
  'Sends nothing more to an endpoint until it is enabled; also in a frozen tenant. Harmless to repeat.';

-- In steps. First it is disabled, so that whoever expands events does not wait for what is being deleted, and
-- fail when it is gone. Then in batches: one statement over a million deliveries would be cut off.
create function public.delete_webhook_endpoint(tenant_id uuid, endpoint_id uuid) returns boolean
  language plpgsql security definer
  set search_path = ''
as $$
declare
  stored public.webhook_endpoints;
  deleted int;
begin
  perform private.require_permission(delete_webhook_endpoint.tenant_id, 'manage');
  stored := private.lock_webhook_endpoint(delete_webhook_endpoint.tenant_id, delete_webhook_endpoint.endpoint_id);
  if stored.is_enabled then
    update public.webhook_endpoints as e set is_enabled = false, disabled_at = now(), disabled_reason = 'by_hand'
    where e.tenant_id = stored.tenant_id and e.id = stored.id;
    return false;
  end if;
  begin
    -- Whoever has just expanded events for it waits for its queue, which is ours: we cannot wait for them as well.
    perform from public.webhook_endpoints as e where e.tenant_id = stored.tenant_id and e.id = stored.id for update nowait;
  exception when lock_not_available then
    return false;
  end;
  delete from public.webhook_deliveries as d
  where d.tenant_id = stored.tenant_id and (d.event_id, d.endpoint_id) in (
    select o.event_id, o.endpoint_id from public.webhook_deliveries as o
    where o.tenant_id = stored.tenant_id and o.endpoint_id = stored.id
    -- In the order in which they are completed, which takes no queue.
    order by o.event_id limit 10000 for update);
  get diagnostics deleted = row_count;
  if deleted < 10000 then
    delete from public.webhook_endpoints as e where e.tenant_id = stored.tenant_id and e.id = stored.id;
  end if;
  return deleted < 10000;
end
$$;
comment on function public.delete_webhook_endpoint(uuid, uuid) is
  'A step in deleting an endpoint with its secrets and deliveries: disables it, then deletes 10,000 deliveries a call, then itself. True when it is gone; until then call again.';
grant execute on function
  public.create_webhook_endpoint(uuid, text, text, public.webhook_endpoint_kind, text, text[], jsonb, jsonb, int),
  public.update_webhook_endpoint(uuid, uuid, jsonb), public.disable_webhook_endpoint(uuid, uuid),
  public.delete_webhook_endpoint(uuid, uuid) to authenticated;

-- A platform that learns of a leak closes it without waiting for the tenant.
grant execute on function public.disable_webhook_endpoint(uuid, uuid) to service_role;
