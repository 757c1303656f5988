-- Recording: a call of a tool is recorded after it was made. It costs something only if the platform has priced it.

-- The core, for functions of other domains, which ask for a permission of their own. Granted to nobody.
create function private.record_tool_call(
  tenant uuid, tool text, method text, status public.call_status, idempotency_key text, duration_ms bigint default null,
  agent text default null, skill text default null, activity_run_id uuid default null,
  input_sha256 text default null, output_sha256 text default null, error_code text default null
) returns public.tool_calls
  language plpgsql
  set search_path = ''
  set enable_seqscan = off
as $$
#variable_conflict use_column
declare
  made public.tool_calls;
  price public.model_prices;
  known private.tool_call_keys;
  spent bigint;
  hash uuid;
begin
  if record_tool_call.status is null then
    perform private.raise_problem(422, 'invalid_value', 'Say how the call ended.', '[{"pointer": "/status", "detail": "must be ok, error or refused"}]');
  end if;
  if record_tool_call.tool is null or length(record_tool_call.tool) > 100 or record_tool_call.tool !~ '^[a-z0-9][a-z0-9_.-]{0,99}$' then
    perform private.raise_problem(422, 'invalid_value', 'A tool is named by a word in lowercase.',
      '[{"pointer": "/tool", "detail": "must be a word of at most 100 lowercase letters, digits and _ . -"}]');
  end if;
  perform private.require_call_text('method', record_tool_call.method, 100, is_needed => true);
  perform private.require_call_text('agent', record_tool_call.agent, 100);
  perform private.require_call_text('skill', record_tool_call.skill, 100);
  perform private.require_call_number('duration_ms', record_tool_call.duration_ms, 2147483647, is_needed => false);
  perform private.require_call_hash('input_sha256', record_tool_call.input_sha256);
  perform private.require_call_hash('output_sha256', record_tool_call.output_sha256);
  perform private.require_error_code(record_tool_call.error_code);
  if record_tool_call.idempotency_key is null or length(record_tool_call.idempotency_key) not between 1 and 200 then
    perform private.require_idempotency_key(record_tool_call.idempotency_key);
  end if;
  made.tenant_id := record_tool_call.tenant;
  made.id := private.uuid_v7();
  made.created_at := clock_timestamp();
  made.input_hash := private.call_hash(record_tool_call.tenant, record_tool_call.input_sha256);
  made.output_hash := private.call_hash(record_tool_call.tenant, record_tool_call.output_sha256);
  hash := md5(row(record_tool_call.tool, record_tool_call.method, record_tool_call.status, record_tool_call.duration_ms, record_tool_call.agent,
    record_tool_call.skill, record_tool_call.activity_run_id, made.input_hash, made.output_hash, record_tool_call.error_code)::text)::uuid;
  -- Whoever comes second waits here for the first, and then finds its call.
  insert into private.tool_call_keys (tenant_id, idempotency_key, request_hash, call_id, called_at)
  values (made.tenant_id, record_tool_call.idempotency_key, hash, made.id, made.created_at) on conflict do nothing;
  if not found then
    select * into known from private.tool_call_keys as k
    where k.tenant_id = made.tenant_id and k.idempotency_key = record_tool_call.idempotency_key;
    if known.request_hash <> hash then
      perform private.refuse_other_request(record_tool_call.idempotency_key);
    end if;
    select * into made from public.tool_calls as c
    where c.tenant_id = made.tenant_id and c.created_at = known.called_at and c.id = known.call_id;
    return made;
  end if;

  price := private.find_model_price('tool', record_tool_call.tool, record_tool_call.method);
  select m.month_start into made.month_start from private.spend_month(made.tenant_id) as m;
  made.is_priced := price.id is not null;
  made.cost_micros := price.call_micros;
  if made.cost_micros > 0 then
    perform private.lock_spend(made.tenant_id, made.month_start);
    update public.tenant_spends as s set spent_micros = s.spent_micros + made.cost_micros
    where s.tenant_id = made.tenant_id and s.month_start = made.month_start
    returning s.spent_micros into spent;
  end if;
  perform private.count_spend(made.tenant_id, made.month_start, 'tool', record_tool_call.tool, record_tool_call.method, made.is_priced,
    0, 0, 0, coalesce(made.cost_micros, 0));
  -- Not bound by the plan's limit of usage events, as a call of a model.
  made.usage_event_id := (select u.id from private.ingest_usage_events(made.tenant_id, auth.uid(), array[null]::text[], array['tenantry'],
    array['tool_call'], array[jsonb_strip_nulls(jsonb_build_object('call', private.ulid(made.id), 'tool', record_tool_call.tool,
      'method', record_tool_call.method, 'status', record_tool_call.status, 'agent', record_tool_call.agent, 'skill', record_tool_call.skill))],
    array[null]::bigint[], array[null]::text[], array[made.cost_micros], array[null]::timestamptz[]) as u);
  insert into public.tool_calls as c (tenant_id, id, month_start, status, error_code, tool, method, agent, skill, activity_run_id, input_hash,
    output_hash, duration_ms, is_priced, cost_micros, model_price_id, usage_event_id, user_id, api_key_id, created_at)
  values (made.tenant_id, made.id, made.month_start, record_tool_call.status, record_tool_call.error_code, record_tool_call.tool,
    record_tool_call.method, record_tool_call.agent, record_tool_call.skill, record_tool_call.activity_run_id, made.input_hash, made.output_hash,
    record_tool_call.duration_ms, made.is_priced, made.cost_micros, price.id, made.usage_event_id, auth.uid(), private.caller_api_key(), made.created_at)
  returning c.* into made;
  if made.cost_micros > 0 then
    perform private.announce_spend(made.tenant_id, made.month_start, spent);
  end if;
  return made;
end
$$;
comment on function private.record_tool_call(uuid, text, text, public.call_status, text, bigint, text, text, uuid, text, text, text) is
  'Records a call of a tool, and counts its cost if it has a price. Asks no permission: for definer functions of other domains. 409 idempotency_conflict.';

-- A definer, as all that record calls.
create function public.record_tool_call(
  tenant_id uuid, tool text, method text, status public.call_status, idempotency_key text, duration_ms bigint default null,
  agent text default null, skill text default null, activity_run_id uuid default null,
  input_sha256 text default null, output_sha256 text default null, error_code text default null
) returns public.tool_calls
  language plpgsql security definer
  set search_path = ''
as $$
begin
  perform private.require_permission(record_tool_call.tenant_id, 'calls:write');
  return private.record_tool_call(tenant_id, tool, method, status, idempotency_key, duration_ms, agent, skill, activity_run_id,
    input_sha256, output_sha256, error_code);
end
$$;
comment on function public.record_tool_call(uuid, text, text, public.call_status, text, bigint, text, text, uuid, text, text, text) is
  'Records a call of a tool that was made. A repeated call has the first answer. 409 idempotency_conflict.';
grant execute on function public.record_tool_call(uuid, text, text, public.call_status, text, bigint, text, text, uuid, text, text, text) to authenticated, service_role;
