-- Made by "npm run generate" from supabase/schemas/30_events. Change it there.

-- 01_types.sql

-- Event types: the catalogue of what webhooks can report.

create table public.webhook_event_types (
  type text not null,
  version int not null default 1,
  description text not null,
  -- Operational events are about the webhooks themselves. An endpoint gets one only if it names the type.
  is_operational boolean not null default false,
  schema jsonb not null,
  example jsonb not null,
  created_at timestamptz not null default now(),
  primary key (type, version),
  constraint event_type_is_dotted check (type ~ '^[a-z][a-z_]{0,39}(\.[a-z][a-z_]{0,39}){1,3}$'),
  constraint version_counts_from_one check (version >= 1),
  constraint schema_is_of_an_object check (schema ->> 'type' = 'object'),
  constraint example_is_an_object check (jsonb_typeof(example) = 'object')
);
comment on table public.webhook_event_types is
  'The catalogue of event types. For each version it has the form of the event''s data (JSON Schema 2020-12) and an example.';

alter table public.webhook_event_types enable row level security;
create policy "everyone signed in reads the event types" on public.webhook_event_types
  for select to authenticated using (true);
grant select on public.webhook_event_types to authenticated, service_role;

create function private.event_schema(fields jsonb) returns jsonb
  language plpgsql immutable
  set search_path = ''
as $$
declare
  field record;
  described jsonb;
  properties jsonb := '{}';
  required jsonb := '[]';
begin
  for field in select rtrim(f.key, '?') as name, f.key like '%?' as is_optional, f.value, f.value #>> '{}' as kind from jsonb_each(fields) as f loop
    described := case
      when jsonb_typeof(field.value) = 'object' then private.event_schema(field.value)
      when field.kind like '%|%' then jsonb_build_object('type', 'string', 'enum', to_jsonb(string_to_array(field.kind, '|')
        || case when field.is_optional then array[null::text] else '{}' end))
      else case field.kind
        when 'text' then '{"type": "string"}'
        when 'text[]' then '{"type": "array", "items": {"type": "string"}}'
        when 'object' then '{"type": "object"}'
        when 'object[]' then '{"type": "array", "items": {"type": "object"}}'
        when 'flag' then '{"type": "boolean"}'
        when 'count' then '{"type": "integer", "minimum": 0}'
        when 'moment' then '{"type": "string", "format": "date-time"}'
        when 'ref_id' then '{"type": "string", "pattern": "^[0-7][0-9A-HJKMNP-TV-Z]{25}$"}'
        when 'message_id' then '{"type": "string", "pattern": "^msg_[0-7][0-9A-HJKMNP-TV-Z]{25}$"}'
        -- Not the formats "email" and "uri": they accept less than the tables do.
        when 'email' then '{"type": "string", "pattern": "^[^@\\s]+@[^@\\s]+$"}'
        when 'url' then '{"type": "string", "pattern": "^https?://"}'
      end::jsonb end;
    if described is null then
      raise exception 'The field "%" of an event has an unknown kind: %.', field.name, field.value;
    end if;
    if field.is_optional then
      described := jsonb_set(described, '{type}', jsonb_build_array(described -> 'type', 'null'));
    else
      required := required || to_jsonb(field.name);
    end if;
    properties := jsonb_set(properties, array[field.name], described);
  end loop;
  return jsonb_build_object('type', 'object', 'properties', properties, 'required', required, 'additionalProperties', true);
end
$$;
comment on function private.event_schema(jsonb) is
  'The JSON Schema of an event''s data, from {field: kind}. A kind is text, ref_id, moment, a|b|c, … or an object of fields. A field whose name ends in ? may be null or missing. Receivers must expect that fields are added.';

create function private.register_event_type(
  type text, description text, fields jsonb, example jsonb, is_operational boolean default false, version int default 1
) returns void
  language sql
  set search_path = ''
as $$
  insert into public.webhook_event_types as t (type, version, description, is_operational, schema, example)
  values (register_event_type.type, register_event_type.version, register_event_type.description, register_event_type.is_operational,
    '{"$schema": "https://json-schema.org/draft/2020-12/schema"}' || private.event_schema(fields), register_event_type.example)
  on conflict (type, version) do update
    set (description, is_operational, schema, example) = (excluded.description, excluded.is_operational, excluded.schema, excluded.example)
    where (t.description, t.is_operational, t.schema, t.example)
      is distinct from (excluded.description, excluded.is_operational, excluded.schema, excluded.example)
$$;
comment on function private.register_event_type(text, text, jsonb, jsonb, boolean, int) is
  'Adds an event type to the catalogue, or updates its row. The file of the noun that emits it calls this.';

create function private.event_moment(moment timestamptz) returns text
  language plpgsql stable parallel safe
  set search_path = ''
as $$
begin
  -- A date-time has four digits for the year. A moment outside this range, or infinity, becomes null.
  return case when moment >= '0001-01-01 00:00Z' and moment < '10000-01-01 00:00Z'
    then to_char(moment at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') end;
end
$$;
comment on function private.event_moment(timestamptz) is 'A moment as events show it: ISO 8601, UTC, milliseconds.';

select private.register_table('public.webhook_event_types', plain => '{type,description,schema,example}', unaudited => 'changed by migrations only');

insert into private.api_scopes (scope, permission, description) values
  ('event_types:read', 'read', 'Read the catalogue of event types.')
on conflict (scope) do update set (permission, description) = (excluded.permission, excluded.description);

-- 02_outbox.sql

-- The outbox: events that happened in tenants, and the queue from which they are delivered.

create table public.webhook_events (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  type text not null,
  version int not null,
  -- The exact text that is signed and sent, byte for byte.
  payload text not null,
  ordering_key text,
  idempotency_key text,
  is_test boolean not null default false,
  created_at timestamptz not null default now(),
  primary key (tenant_id, id),
  constraint event_payload_fits check (octet_length(payload) <= 262144),
  constraint ordering_key_is_short check (length(ordering_key) between 1 and 200),
  constraint idempotency_key_is_short check (length(idempotency_key) between 1 and 200)
);
comment on table public.webhook_events is
  'What happened in a tenant (receivers call it a message). It is written in the transaction that made it true, and never changed.';
create unique index webhook_events_idempotency_key_idx on public.webhook_events (tenant_id, idempotency_key)
  where idempotency_key is not null;

-- Finds the last event of a key. The id of the next event must follow its id.
create index webhook_events_ordering_key_idx on public.webhook_events (tenant_id, ordering_key, id)
  where ordering_key is not null;

-- Rows arrive in order of time, so a block-range index finds the old rows and costs almost nothing per row.
create index webhook_events_created_at_idx on public.webhook_events using brin (created_at) with (autosummarize = on);

create table private.webhook_outbox (
  tenant_id uuid not null,
  event_id uuid not null,
  ordering_key text,
  primary key (tenant_id, event_id),
  foreign key (tenant_id, event_id) references public.webhook_events on delete cascade
) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
comment on table private.webhook_outbox is 'The events that were not yet expanded into deliveries. It is nearly always empty.';
create index webhook_outbox_event_id_idx on private.webhook_outbox (event_id);
create index webhook_outbox_ordering_key_idx on private.webhook_outbox (tenant_id, ordering_key, event_id)
  where ordering_key is not null;
create trigger webhook_events_never_change before update on public.webhook_events for each row execute function private.tg_refuse_change();

alter table public.webhook_events enable row level security;
create policy "managers read their tenant's events" on public.webhook_events
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read_admin', '{deliveries:read}'))::uuid[]));
grant select on public.webhook_events to authenticated, service_role;

-- Not in SQL: Postgres would parse and plan it anew in each transaction, which takes longer than all that it does.
create function private.webhook_payload(type text, moment timestamptz, data jsonb) returns text
  language plpgsql stable
  set search_path = ''
as $$
begin
  -- Put together by hand, so that the payload begins with what a person looks for.
  return format('{"type":%s,"timestamp":"%s","data":%s}', to_json(type),
    to_char(moment at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), coalesce(data, '{}'));
end
$$;
comment on function private.webhook_payload(text, timestamptz, jsonb) is 'The text of an event as it is stored, signed and sent (Standard Webhooks).';

-- A definer, because callers hold no privilege to write events. With such a privilege they could forge events. Position n of
-- each array is event n: as many as happen at once cost little more than one.
create function private.emit_events(
  tenant uuid, types text[], data jsonb[], ordering_keys text[] default '{}', idempotency_keys text[] default '{}',
  has_row_lock boolean default false
) returns uuid[]
  language plpgsql security definer
  set search_path = ''
  -- A session that plans this while the table is new and empty would read all of it for every later event.
  set enable_seqscan = off
  -- A plan for just these arrays would seem cheaper each time, and planning takes longer than all the rest.
  set plan_cache_mode = force_generic_plan
as $$
declare
  moment timestamptz := clock_timestamp();
  versions int[];
  last_ids uuid[];
  ids uuid[];
  payloads text[];
  told int;
begin
  -- Rows that are restored to an earlier state (the demo's nightly reset) are not an event.
  if current_setting('tenantry.is_restoring', true) = 'on' then
    return null;
  end if;
  -- The lock is held until this transaction ends. So the events of one key get their ids in the order in which
  -- they commit, even with concurrent transactions or a clock that moves back. If the caller changed the one
  -- row that the key stands for, the lock on that row is enough. Ten thousand locks of this kind would fill
  -- the lock table that the whole server shares.
  if not has_row_lock and array_remove(ordering_keys, null) <> '{}' then
    -- Sorted, so that two batches lock their keys in one order.
    perform pg_advisory_xact_lock(hashtextextended('webhook order ' || tenant || ' ' || o.ordering_key, 0))
    from (select distinct k.ordering_key from unnest(ordering_keys) as k (ordering_key) where k.ordering_key is not null order by 1) as o;
  end if;
  select array_agg((select max(c.version) from public.webhook_event_types as c where c.type = i.type) order by i.n),
    array_agg((select e.id from public.webhook_events as e
      where e.tenant_id = t.id and e.ordering_key = i.ordering_key order by e.id desc limit 1) order by i.n)
  into versions, last_ids
  from public.tenants as t cross join unnest(types, ordering_keys) with ordinality as i (type, ordering_key, n)
  where t.id = tenant and t.status <> 'archived';
  if versions is null then
    return null;
  end if;
  for n in 1 .. cardinality(types) loop
    if versions[n] is null then
      perform private.raise_problem(422, 'unknown_event_type', format('There is no event type "%s" in the catalogue.', types[n]));
    end if;
    payloads[n] := private.webhook_payload(types[n], moment, data[n]);
    if octet_length(payloads[n]) > 262144 then
      perform private.raise_problem(413, 'payload_too_large', format(
        'The payload of an event can have 256 KiB (262144 bytes). This payload of the type "%s" has %s. Send a reference to large data.',
        types[n], octet_length(payloads[n])));
    end if;
    ids[n] := private.uuid_v7();
    if greatest(last_ids[n], ids[n - 1]) >= ids[n] then
      ids[n] := private.uuid_after(greatest(last_ids[n], ids[n - 1]));
    end if;
  end loop;

  with made as (
    insert into public.webhook_events (tenant_id, id, type, version, payload, ordering_key, idempotency_key, created_at)
    select tenant, i.id, i.type, i.version, i.payload, i.ordering_key, i.idempotency_key, moment
    from unnest(ids, types, versions, payloads, ordering_keys, idempotency_keys) as i (id, type, version, payload, ordering_key, idempotency_key)
    on conflict do nothing
    returning id, ordering_key
  )
  insert into private.webhook_outbox (tenant_id, event_id, ordering_key) select tenant, m.id, m.ordering_key from made as m;
  get diagnostics told = row_count;
  if told > 0 then
    perform private.wake_dispatcher('webhooks');
  end if;
  if told < cardinality(types) then
    return array(select coalesce(e.id, i.id)
      from unnest(ids, idempotency_keys) with ordinality as i (id, idempotency_key, n)
      left join public.webhook_events as e on e.tenant_id = tenant and e.idempotency_key = i.idempotency_key order by i.n);
  end if;
  return ids;
end
$$;
comment on function private.emit_events(uuid, text[], jsonb[], text[], text[], boolean) is
  'Reports to a tenant''s webhooks what happened at once, if and only if this transaction commits. Each event is as emit_event() has it; their ids are in this order. has_row_lock: the caller has changed the rows that the keys stand for. Returns their ids, or null if nothing is told.';

create function private.emit_event(
  tenant uuid, type text, data jsonb, ordering_key text default null, idempotency_key text default null,
  has_row_lock boolean default false
) returns uuid
  language plpgsql
  set search_path = ''
as $$
begin
  return (private.emit_events(tenant, array[type], array[data], array[ordering_key], array[idempotency_key], has_row_lock))[1];
end
$$;
comment on function private.emit_event(uuid, text, jsonb, text, text, boolean) is
  'Reports to a tenant''s webhooks that something happened, if and only if this transaction commits. Events of one ordering key arrive in order. has_row_lock: the caller has changed the row that the key stands for. An idempotency key counts once. Returns the event''s id. 413 above 256 KiB.';
create index webhook_events_type_idx on public.webhook_events (tenant_id, type, id);

select private.register_table('public.webhook_events', keeping => 'history', plain => '{type,ordering_key,idempotency_key}', personal => '{payload}',
  unaudited => 'append-only, and the changes it reports have their own rows in the log', person => 'payload', on_forget => 'delete');
select private.register_table('private.webhook_outbox', keeping => 'derived', plain => '{ordering_key}', unaudited => 'a queue of events');
