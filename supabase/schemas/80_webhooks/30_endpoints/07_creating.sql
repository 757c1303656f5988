-- Creating endpoints, once for each idempotency key.

create function private.find_endpoint_of_key(wanted public.webhook_endpoints, headers jsonb) returns text
  language plpgsql
  set search_path = ''
as $$
declare
  stored public.webhook_endpoints;
begin
  if wanted.idempotency_key is null then
    return null;
  end if;
  if wanted.idempotency_key !~ '^[!-~]{1,255}$' then
    perform private.raise_problem(422, 'invalid_value', 'The idempotency key must have 1 to 255 ASCII characters, without spaces.');
  end if;
  -- Of two requests at once the second waits here, and then finds what the first made, also if that took the last place.
  perform pg_advisory_xact_lock(hashtextextended('webhook_endpoints.idempotency_key ' || wanted.tenant_id || ' ' || wanted.idempotency_key, 0));
  select * into stored from public.webhook_endpoints as e
  where e.tenant_id = wanted.tenant_id and e.idempotency_key = wanted.idempotency_key;
  if stored.id is not null
    and ((stored.kind, stored.url, stored.description, stored.event_types, stored.scheme, stored.static_header, stored.rate_limit_per_second)
      is distinct from (wanted.kind, wanted.url, wanted.description, wanted.event_types, wanted.scheme, wanted.static_header, wanted.rate_limit_per_second)
    or stored.expires_at - stored.created_at is distinct from wanted.expires_at - now()
    or headers is distinct from coalesce(
      (select s.decrypted_secret::jsonb from vault.decrypted_secrets as s where s.id = stored.headers_secret_id), '{}')) then
    perform private.raise_problem(409, 'conflict',
      'The Idempotency-Key was used before for another endpoint, or its endpoint was changed since. Give this one a key of its own.');
  end if;
  return stored.ref_id;
end
$$;
comment on function private.find_endpoint_of_key(public.webhook_endpoints, jsonb) is
  'The endpoint that was made with this idempotency key, if it is still as it is wanted here; null if there is none. The key is locked until the transaction ends. 409 conflict.';

-- A definer, because members may not write an endpoint or reach Vault.
create function public.create_webhook_endpoint(
  tenant_id uuid, secret text, url text default null, kind public.webhook_endpoint_kind default 'push',
  description text default '', event_types text[] default null, headers jsonb default '{}', static_header jsonb default null,
  rate_limit_per_second int default null, idempotency_key text default null, ttl_seconds int default null
) returns table (ref_id text, is_new boolean)
  language plpgsql security definer
  set search_path = ''
  rows 1
as $$
declare
  sent record;
  created public.webhook_endpoints;
begin
  perform private.require_permission(create_webhook_endpoint.tenant_id, 'endpoints:write');
  perform private.require_feature(create_webhook_endpoint.tenant_id, 'webhooks');
  created.tenant_id := create_webhook_endpoint.tenant_id;
  created.kind := create_webhook_endpoint.kind;
  created.url := create_webhook_endpoint.url;
  created.description := create_webhook_endpoint.description;
  created.rate_limit_per_second := create_webhook_endpoint.rate_limit_per_second;
  created.idempotency_key := create_webhook_endpoint.idempotency_key;
  if ttl_seconds not between 60 and 2592000 then
    perform private.raise_problem(422, 'invalid_value', 'An endpoint lives for 60 to 2592000 seconds, or until it is deleted.',
      '[{"pointer": "/ttl_seconds", "detail": "must be from 60 to 2592000"}]');
  end if;
  created.expires_at := now() + make_interval(secs => ttl_seconds);
  created.scheme := private.require_signing_secret(create_webhook_endpoint.secret);
  created.event_types := private.require_event_types(create_webhook_endpoint.event_types);
  perform private.require_small_headers(create_webhook_endpoint.headers);
  perform private.require_small_headers(create_webhook_endpoint.static_header);
  sent := private.merge_webhook_headers('{}', null,
    jsonb_build_object('headers', create_webhook_endpoint.headers, 'static_header', create_webhook_endpoint.static_header));
  created.static_header := sent.static_header;
  ref_id := private.find_endpoint_of_key(created, sent.headers);
  is_new := ref_id is null;
  if not is_new then
    return next;
    return;
  end if;
  perform private.require_place(create_webhook_endpoint.tenant_id, 'webhook_endpoints');
  insert into public.webhook_endpoints as e (tenant_id, kind, url, description, event_types, scheme, secret_id, headers_secret_id,
    header_names, static_header, rate_limit_per_second, idempotency_key, expires_at)
  values (created.tenant_id, created.kind, created.url, created.description, created.event_types, created.scheme,
    vault.create_secret(create_webhook_endpoint.secret, null, 'signing secret of a webhook endpoint'),
    private.store_webhook_headers(sent.headers), array(select n from jsonb_object_keys(sent.headers) as n order by n),
    created.static_header, created.rate_limit_per_second, created.idempotency_key, created.expires_at)
  returning e.* into created;
  perform private.require_push(created);
  ref_id := created.ref_id;
  return next;
end
$$;
comment on function public.create_webhook_endpoint(uuid, text, text, public.webhook_endpoint_kind, text, text[], jsonb, jsonb, int, text, int) is
  'Creates an endpoint, for ttl_seconds or for good, and puts its signing secret and the values of its headers in Vault. The same idempotency_key makes no second one: is_new is then false, and the secret is the first one. 402 feature_not_in_plan, limit_reached; 409 conflict; 422 unknown_event_type.';
grant execute on function
  public.create_webhook_endpoint(uuid, text, text, public.webhook_endpoint_kind, text, text[], jsonb, jsonb, int, text, int)
  to authenticated;
