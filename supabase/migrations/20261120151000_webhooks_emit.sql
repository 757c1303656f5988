-- Webhooks: how something that happened becomes an event. `private.emit_event()` is all a domain needs.

-- Definer: it looks at the queue, which nobody is granted.
create function private.wake_dispatcher() returns void
  language plpgsql security definer
  set search_path = ''
as $$
begin
  -- One that is awake looks by itself, and one call a transaction is enough.
  if current_setting('tenantry.dispatcher_woken', true) = 'on'
    or exists (select from private.webhook_dispatchers as d where d.awake_until_at > clock_timestamp()) then
    return;
  end if;
  perform set_config('tenantry.dispatcher_woken', 'on', true);
  perform private.call_edge_function('/webhooks/dispatch', timeout_milliseconds => 150000);
end
$$;
comment on function private.wake_dispatcher() is
  'Has a dispatcher started once this transaction commits, unless one is awake. A call that gets lost is made up for by cron.';

create function private.webhook_payload(type text, moment timestamptz, data jsonb) returns text
  language sql stable
  set search_path = ''
as $$
  -- Put together by hand, so that it begins with what a person looks for.
  select format('{"type":%s,"timestamp":"%s","data":%s}', to_json(type),
    to_char(moment at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), coalesce(data, '{}'))
$$;
comment on function private.webhook_payload(text, timestamptz, jsonb) is 'The text of an event as it is stored, signed and sent (Standard Webhooks).';

-- Definer: whoever makes something happen holds no privilege to write events, and could otherwise forge them.
create function private.emit_event(
  tenant uuid, type text, data jsonb, ordering_key text default null, idempotency_key text default null,
  has_row_lock boolean default false
) returns uuid
  language plpgsql security definer
  set search_path = ''
  -- A session that plans this on a new, empty table would read all of it for every event from then on.
  set enable_seqscan = off
as $$
declare
  moment timestamptz := clock_timestamp();
  event_id uuid := private.uuid_v7();
  last_id uuid;
  event_version int;
  payload text;
begin
  -- What is put back where it was (the demo's nightly reset) did not happen.
  if current_setting('tenantry.is_restoring', true) = 'on'
    or not exists (select from public.tenants as t where t.id = emit_event.tenant and t.status <> 'archived') then
    return null;
  end if;
  select max(t.version) into event_version from public.webhook_event_types as t where t.type = emit_event.type;
  if event_version is null then
    perform private.raise_problem(422, 'unknown_event_type', format('There is no event type "%s" in the catalogue.', emit_event.type));
  end if;
  payload := private.webhook_payload(emit_event.type, moment, emit_event.data);
  if octet_length(payload) > 262144 then
    perform private.raise_problem(413, 'payload_too_large', format(
      'An event''s payload can have 256 KiB (262144 bytes), and this one of the type "%s" has %s. Send a reference to what is large.',
      emit_event.type, octet_length(payload)));
  end if;

  if emit_event.ordering_key is not null then
    -- Held until this transaction ends: the events of one key get their ids in the order in which they
    -- commit, whatever else runs at the same time, and whichever way the clock is moved. A change of the
    -- one row the key stands for needs no lock besides that row's: ten thousand of these fill the table
    -- of locks that all of the server shares.
    if not has_row_lock then
      perform pg_advisory_xact_lock(hashtextextended('webhook order ' || emit_event.tenant || ' ' || emit_event.ordering_key, 0));
    end if;
    select e.id into last_id
    from public.webhook_events as e
    where e.tenant_id = emit_event.tenant and e.ordering_key = emit_event.ordering_key
    order by e.id desc limit 1;
    event_id := private.uuid_v7();
    if last_id >= event_id then
      event_id := private.uuid_after(last_id);
    end if;
  end if;

  insert into public.webhook_events (tenant_id, id, type, version, payload, ordering_key, idempotency_key, created_at)
  values (emit_event.tenant, event_id, emit_event.type, event_version, payload, emit_event.ordering_key,
    emit_event.idempotency_key, moment)
  on conflict do nothing;
  if not found then
    return (select e.id from public.webhook_events as e
      where e.tenant_id = emit_event.tenant and e.idempotency_key = emit_event.idempotency_key);
  end if;
  insert into private.webhook_outbox (tenant_id, event_id, ordering_key)
  values (emit_event.tenant, event_id, emit_event.ordering_key);
  perform private.wake_dispatcher();
  return event_id;
end
$$;
comment on function private.emit_event(uuid, text, jsonb, text, text, boolean) is
  'Tells a tenant''s webhooks that something happened, if and only if this transaction commits. Events of one ordering key arrive in order (has_row_lock: the caller has changed the row the key stands for); an idempotency key is good once. Answers the event''s id; 413 above 256 KiB.';
