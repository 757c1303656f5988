-- Webhooks: how a tenant's managers set up their endpoints. Secrets and the values of headers go into Vault and
-- come out for whoever signs; the functions below are the only way to write an endpoint.

insert into private.api_scopes (scope, permission, description) values
  ('webhooks:write', 'write', 'Poll an endpoint behind a firewall for messages, and acknowledge them.');

-- Whoever signs asks by endpoint alone, for those of many tenants at once.
create index webhook_endpoints_id_idx on public.webhook_endpoints (id);
create index webhook_endpoints_previous_secret_idx on public.webhook_endpoints (previous_secret_expires_at)
  where previous_secret_id is not null;

create function private.is_signing_secret(secret text) returns boolean
  language plpgsql immutable parallel safe
  set search_path = ''
as $$
declare
  written text := substr(secret, strpos(secret, '_') + 1);
  bytes bytea;
begin
  if length(secret) > 200
    or secret !~ '^(whsec|whsk)_([A-Za-z0-9+/]{4})+([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$' then
    return false;
  end if;
  bytes := decode(written, 'base64');
  -- Written again, because bits that stand for nothing are read by some receivers and refused by others.
  return replace(encode(bytes, 'base64'), e'\n', '') = written
    and case when secret like 'whsec\_%' then length(bytes) between 24 and 64 else length(bytes) = 64 end;
end
$$;
comment on function private.is_signing_secret(text) is
  'Whether a text is a secret of Standard Webhooks: whsec_ and 24 to 64 bytes, or whsk_ and an ed25519 seed with its public key.';

create function private.require_signing_secret(secret text) returns public.webhook_signature_scheme
  language plpgsql
  set search_path = ''
as $$
begin
  if private.is_signing_secret(require_signing_secret.secret) is not true then
    perform private.raise_problem(422, 'invalid_value', 'The signing secret cannot be used.',
      '[{"pointer": "/secret", "detail": "must be whsec_ and 24 to 64 bytes, or whsk_ and 64 bytes, in base64 with its padding"}]');
  end if;
  return case when require_signing_secret.secret like 'whsec\_%' then 'hmac' else 'ed25519' end;
end
$$;

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

create function private.header_name_problem(name text) returns text
  language sql immutable parallel safe
  set search_path = ''
as $$
  select case
    when name !~ '^[!#$%&''*+.^_`|~0-9A-Za-z-]{1,100}$' then
      'is not the name of a header: 1 to 100 letters, digits and !#$%&''*+-.^_`|~'
    when lower(name) = any ('{host,connection,keep-alive,transfer-encoding,te,trailer,upgrade,expect,accept-encoding}')
      or lower(name) ~ '^(content|proxy)-' then 'is a header that the delivery itself has to set'
    when lower(name) ~ '^(webhook|tenantry)-' then 'is kept for what says, and proves, where a message comes from'
  end
$$;
comment on function private.header_name_problem(text) is 'Why a header cannot be sent along with a webhook; null where it can.';

create function private.header_value_problem(value jsonb) returns text
  language sql immutable parallel safe
  set search_path = ''
as $$
  -- A line break would end the header and begin whatever else somebody wants to be sent.
  select 'must be 1 to 1024 visible characters of ASCII, with spaces only in between'
  where jsonb_typeof(value) is distinct from 'string' or length(value #>> '{}') > 1024
    or value #>> '{}' !~ '^[!-~]([ -~]*[!-~])?$'
$$;

create function private.header_problems(headers jsonb, static_header jsonb) returns jsonb
  language sql stable
  set search_path = ''
as $$
  -- Null takes a header away; its name must be good all the same.
  select coalesce(jsonb_agg(jsonb_build_object('pointer', pointer, 'detail', detail) order by pointer), '[]')
  from (
    select '/headers/' || private.pointer_token(h.name) as pointer, coalesce(
      private.header_name_problem(h.name),
      case when count(*) over (partition by lower(h.name)) > 1 then
          'is given twice: upper and lower case make no difference in the name of a header'
        when lower(h.name) = lower(header_problems.static_header ->> 'name') then
          'is the static header: it is not set among the others'
        when h.value <> 'null' then private.header_value_problem(h.value) end) as detail
    from jsonb_each(headers) as h (name, value)
    union all
    select '/static_header/name', private.header_name_problem(header_problems.static_header ->> 'name')
    union all
    select '/static_header/value', private.header_value_problem(header_problems.static_header -> 'value')
    where header_problems.static_header is not null
  ) as found
  where detail is not null
$$;

-- What is sent along, after a change. Values are write-only, so a change names what it sets and takes away.
create function private.merge_webhook_headers(
  current jsonb, current_static text, changes jsonb, out headers jsonb, out static_header text
)
  language plpgsql
  set search_path = ''
as $$
declare
  patch jsonb := nullif(changes -> 'headers', 'null');
  shared jsonb := nullif(changes -> 'static_header', 'null');
  problems jsonb;
begin
  -- A name that is null would pass every check below.
  if shared is not null and (jsonb_typeof(shared) <> 'object' or jsonb_typeof(shared -> 'name') is distinct from 'string') then
    perform private.raise_problem(422, 'invalid_value', 'The static header cannot be sent.',
      '[{"pointer": "/static_header", "detail": "must be an object with a name and a value"}]');
  elsif jsonb_typeof(coalesce(patch, '{}')) <> 'object' or (select count(*) from jsonb_object_keys(coalesce(patch, '{}'))) > 40 then
    perform private.raise_problem(422, 'invalid_value', 'The headers cannot be sent.',
      '[{"pointer": "/headers", "detail": "must be an object of at most 20 headers and their values"}]');
  end if;
  if changes ? 'static_header' then
    static_header := shared ->> 'name';
  else
    static_header := current_static;
    shared := case when current_static is not null then jsonb_build_object('name', current_static, 'value', current -> current_static) end;
  end if;
  problems := private.header_problems(coalesce(patch, '{}'), shared);
  if problems <> '[]' then
    perform private.raise_problem(422, 'invalid_value', 'Some headers cannot be sent.', problems);
  end if;

  select coalesce(jsonb_object_agg(h.name, h.value), '{}') into headers
  from (
    select * from jsonb_each(current) as c (name, value)
    where c.name is distinct from current_static and changes -> 'headers' is distinct from 'null'
      and lower(c.name) is distinct from lower(merge_webhook_headers.static_header)
      and not exists (select from jsonb_object_keys(patch) as p where lower(p) = lower(c.name))
    union all
    select * from jsonb_each(patch) as p (name, value) where p.value <> 'null'
    union all
    select shared ->> 'name', shared -> 'value' where shared is not null
  ) as h;
  if (select count(*) from jsonb_object_keys(headers)) > 20 then
    perform private.raise_problem(422, 'invalid_value', 'An endpoint has at most 20 headers.',
      '[{"pointer": "/headers", "detail": "must leave the endpoint with at most 20 headers"}]');
  end if;
end
$$;
comment on function private.merge_webhook_headers(jsonb, text, jsonb) is
  'An endpoint''s headers after {headers: {name: value, or null}, static_header: {name, value}}. 422 invalid_value names each that cannot be sent.';

create function private.store_webhook_headers(headers jsonb) returns uuid
  language sql
  set search_path = ''
as $$
  select case when headers <> '{}' then vault.create_secret(headers::text, null, 'header values of a webhook endpoint') end
$$;

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
  -- The lane first: whoever delivers takes it in this order as well.
  perform from private.webhook_lanes as l
  where l.tenant_id = lock_webhook_endpoint.tenant and l.endpoint_id = lock_webhook_endpoint.endpoint for no key update;
  select * into locked from public.webhook_endpoints as e
  where e.tenant_id = lock_webhook_endpoint.tenant and e.id = lock_webhook_endpoint.endpoint for no key update;
  if locked.id is null then
    perform private.raise_problem(404, 'not_found', 'This tenant has no webhook endpoint by this ref_id.');
  end if;
  return locked;
end
$$;
comment on function private.lock_webhook_endpoint(uuid, uuid) is 'An endpoint to change, with its lane, until the transaction ends. 404 not_found.';

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

-- Asks "inspect", which managers hold in a frozen tenant too: whatever is sent to the wrong place must stop there as well.
create function public.disable_webhook_endpoint(tenant_id uuid, endpoint_id uuid) returns public.webhook_endpoints
  language plpgsql security definer
  set search_path = ''
as $$
declare
  stored public.webhook_endpoints;
begin
  perform private.require_permission(disable_webhook_endpoint.tenant_id, 'inspect');
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
    -- Whoever has just expanded events for it waits for its lane, which is ours: we cannot wait for them as well.
    perform from public.webhook_endpoints as e where e.tenant_id = stored.tenant_id and e.id = stored.id for update nowait;
  exception when lock_not_available then
    return false;
  end;
  delete from public.webhook_deliveries as d
  where d.tenant_id = stored.tenant_id and (d.event_id, d.endpoint_id) in (
    select o.event_id, o.endpoint_id from public.webhook_deliveries as o
    where o.tenant_id = stored.tenant_id and o.endpoint_id = stored.id
    -- In the order in which they are completed, which takes no lane.
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

create function public.rotate_webhook_secret(tenant_id uuid, endpoint_id uuid, secret text, overlap_seconds int default 86400)
  returns public.webhook_endpoints
  language plpgsql security definer
  set search_path = ''
as $$
declare
  stored public.webhook_endpoints;
  new_scheme public.webhook_signature_scheme;
begin
  perform private.require_permission(rotate_webhook_secret.tenant_id, 'manage');
  new_scheme := private.require_signing_secret(rotate_webhook_secret.secret);
  if overlap_seconds is null or overlap_seconds not between 0 and 604800 then
    perform private.raise_problem(422, 'invalid_value', 'Two secrets may overlap for seven days at most.',
      '[{"pointer": "/overlap_seconds", "detail": "must be between 0 and 604800"}]');
  end if;
  stored := private.lock_webhook_endpoint(rotate_webhook_secret.tenant_id, rotate_webhook_secret.endpoint_id);
  -- Rotated again within the overlap, the oldest goes: a trigger drops from Vault what no endpoint names.
  update public.webhook_endpoints as e set
    scheme = new_scheme,
    secret_id = vault.create_secret(rotate_webhook_secret.secret, null, 'signing secret of a webhook endpoint'),
    previous_secret_id = case when overlap_seconds > 0 then e.secret_id end,
    previous_secret_expires_at = case when overlap_seconds > 0 then now() + make_interval(secs => overlap_seconds) end,
    revision = private.uuid_v7()
  where e.tenant_id = stored.tenant_id and e.id = stored.id
  returning * into stored;
  return stored;
end
$$;
comment on function public.rotate_webhook_secret(uuid, uuid, text, int) is
  'Gives an endpoint a new signing secret; the one before signs along for the overlap. The secret says which scheme signs.';

create function public.reveal_webhook_secret(tenant_id uuid, endpoint_id uuid) returns text
  language plpgsql security definer
  set search_path = ''
as $$
declare
  shown record;
begin
  perform private.require_permission(reveal_webhook_secret.tenant_id, 'manage');
  select e.ref_id, (select s.decrypted_secret from vault.decrypted_secrets as s where s.id = e.secret_id) as secret into shown
  from public.webhook_endpoints as e
  where e.tenant_id = reveal_webhook_secret.tenant_id and e.id = reveal_webhook_secret.endpoint_id;
  if shown.ref_id is null then
    perform private.raise_problem(404, 'not_found', 'This tenant has no webhook endpoint by this ref_id.');
  end if;
  perform private.record_audit(reveal_webhook_secret.tenant_id, 'webhook_secret.read', 'webhook_endpoints', shown.ref_id);
  return shown.secret;
end
$$;
comment on function public.reveal_webhook_secret(uuid, uuid) is
  'The secret that an endpoint''s messages are signed with, for whoever verifies them. That it was read is recorded.';

-- The two that follow are for the service's own connection and for cron; nobody is granted them.

create function private.read_webhook_secrets(endpoints uuid[])
  returns table (tenant_id uuid, endpoint_id uuid, revision uuid, secrets text[], headers jsonb, good_until_at timestamptz)
  language sql stable
  set search_path = ''
as $$
  -- Subqueries, not joins: joined, Postgres may choose to decrypt everything there is in Vault.
  select e.tenant_id, e.id, e.revision,
    array_remove(array[
      (select s.decrypted_secret from vault.decrypted_secrets as s where s.id = e.secret_id),
      (select s.decrypted_secret from vault.decrypted_secrets as s
        where s.id = e.previous_secret_id and e.previous_secret_expires_at > now())], null),
    coalesce((select s.decrypted_secret::jsonb from vault.decrypted_secrets as s where s.id = e.headers_secret_id), '{}'),
    case when e.previous_secret_expires_at > now() then e.previous_secret_expires_at end
  from public.webhook_endpoints as e
  where e.id = any (endpoints)
$$;
comment on function private.read_webhook_secrets(uuid[]) is
  'What signs an endpoint''s messages (the newest first, then one that still overlaps) and its headers with their values. Good for the revision, and no longer than good_until_at.';

create function private.sweep_webhook_secrets(batch int default 1000) returns int
  language plpgsql
  set search_path = ''
as $$
declare
  swept int;
begin
  with expired as (
    select e.tenant_id, e.id from public.webhook_endpoints as e
    where e.previous_secret_id is not null and e.previous_secret_expires_at <= now()
    order by e.previous_secret_expires_at limit batch
    for no key update skip locked
  )
  update public.webhook_endpoints as e
  set previous_secret_id = null, previous_secret_expires_at = null, revision = private.uuid_v7()
  from expired as x where e.tenant_id = x.tenant_id and e.id = x.id;
  get diagnostics swept = row_count;
  return swept;
end
$$;
comment on function private.sweep_webhook_secrets(int) is 'Drops signing secrets whose overlap is over. Answers how many.';

grant execute on function
  public.create_webhook_endpoint(uuid, text, text, public.webhook_endpoint_kind, text, text[], jsonb, jsonb, int),
  public.update_webhook_endpoint(uuid, uuid, jsonb), public.disable_webhook_endpoint(uuid, uuid),
  public.delete_webhook_endpoint(uuid, uuid), public.rotate_webhook_secret(uuid, uuid, text, int),
  public.reveal_webhook_secret(uuid, uuid)
  to authenticated;
-- A platform that learns of a leak closes it without waiting for the tenant.
grant execute on function public.disable_webhook_endpoint(uuid, uuid) to service_role;
