-- Logging: how a member, a server or the platform logs usage events.

-- A definer, because events are written only by this function, so that no event is stored without its key.
create function public.log_usage_event(
  tenant_id uuid, event_type text, event_data jsonb default '{}', tokens_used bigint default null,
  model_used text default null, cost_micros bigint default null, source text default 'api',
  event_id text default null, occurred_at timestamptz default null
) returns uuid
  language plpgsql security definer
  set search_path = ''
as $$
declare
  stored record;
begin
  perform private.require_permission(log_usage_event.tenant_id, 'usage:write');
  -- Before it is copied into an array. Copying some megabytes costs more than everything else here.
  if pg_column_size(event_data) > 262144 then
    perform private.raise_problem(422, 'invalid_value', 'The data of an event is too large: at most 32768 bytes.');
  end if;
  select * into stored from private.ingest_usage_events(
    log_usage_event.tenant_id, (select auth.uid()), array[event_id], array[coalesce(source, 'api')], array[event_type],
    array[coalesce(event_data, '{}')], array[tokens_used], array[model_used], array[cost_micros], array[occurred_at], is_bound => true);
  if stored.outcome = 'conflict' then
    perform private.raise_problem(409, 'event_conflict', format('The event id "%s" was used before for another event.', event_id),
      '[{"pointer": "/event_id", "detail": "was used before for another event"}]');
  elsif stored.outcome = 'too_old' then
    perform private.raise_problem(422, 'event_too_old', 'The event is too old to be logged now.',
      '[{"pointer": "/occurred_at", "detail": "lies too far in the past"}]');
  elsif stored.outcome = 'in_future' then
    perform private.raise_problem(422, 'event_in_future', 'The event has not happened yet.',
      '[{"pointer": "/occurred_at", "detail": "lies in the future"}]');
  elsif stored.outcome = 'limit' then
    perform private.refuse_beyond(tenant_id, 'usage_events', 9223372036854775807);
  end if;
  return stored.id;
end
$$;
comment on function public.log_usage_event(uuid, text, jsonb, bigint, text, bigint, text, text, timestamptz) is
  'Logs one usage event for a tenant in which the caller may write. Returns its id, or null if the same event was logged before. 409 event_conflict.';

create function public.log_usage_events(
  tenant_id uuid, event_ids text[], sources text[], types text[], data jsonb[],
  tokens bigint[], models text[], costs bigint[], moments timestamptz[]
) returns table (n int, id uuid, outcome text)
  language plpgsql security definer
  set search_path = ''
as $$
begin
  perform private.require_permission(log_usage_events.tenant_id, 'usage:write');
  if greatest(cardinality(event_ids), cardinality(sources), cardinality(types), cardinality(data), cardinality(tokens),
      cardinality(models), cardinality(costs), cardinality(moments)) > 1000 then
    perform private.raise_problem(422, 'invalid_value', 'At most 1000 events can be logged in one call.');
  end if;
  return query select * from private.ingest_usage_events(log_usage_events.tenant_id, (select auth.uid()),
    event_ids, sources, types, data, tokens, models, costs, moments, is_bound => true);
end
$$;
comment on function public.log_usage_events(uuid, text[], text[], text[], jsonb[], bigint[], text[], bigint[], timestamptz[]) is
  'Logs a batch of usage events, given as parallel arrays. Returns accepted, duplicate, conflict, too_old, in_future or limit for each. The usage function calls this.';
grant execute on function
  public.log_usage_event(uuid, text, jsonb, bigint, text, bigint, text, text, timestamptz),
  public.log_usage_events(uuid, text[], text[], text[], jsonb[], bigint[], text[], bigint[], timestamptz[])
  to authenticated, service_role;

insert into private.api_scopes (scope, permission, description) values
  ('usage:write', 'write', 'Log usage events.')
on conflict (scope) do update set (permission, description) = (excluded.permission, excluded.description);
