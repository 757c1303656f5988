-- Finishing: what a call took is priced and recorded, counts towards the month, and is a usage event, all at once.

create function private.count_spend(
  tenant uuid, month date, kind public.call_kind, provider text, model text, is_priced boolean,
  input_tokens bigint, cached_tokens bigint, output_tokens bigint, counted bigint
) returns boolean
  language plpgsql
  set search_path = ''
as $$
declare
  is_first boolean;
begin
  insert into public.model_spends as s
    (tenant_id, month_start, kind, provider, model, call_count, unpriced_count, input_tokens, cached_tokens, output_tokens, spent_micros)
  values (count_spend.tenant, count_spend.month, count_spend.kind, count_spend.provider, count_spend.model, 1, (not count_spend.is_priced)::int,
    count_spend.input_tokens, count_spend.cached_tokens, count_spend.output_tokens, count_spend.counted)
  on conflict on constraint model_spends_pkey do update set
    call_count = s.call_count + 1, unpriced_count = s.unpriced_count + excluded.unpriced_count,
    input_tokens = s.input_tokens + excluded.input_tokens, cached_tokens = s.cached_tokens + excluded.cached_tokens,
    output_tokens = s.output_tokens + excluded.output_tokens, spent_micros = s.spent_micros + excluded.spent_micros
  returning s.unpriced_count = 1 and not count_spend.is_priced into is_first;
  return is_first;
end
$$;
comment on function private.count_spend(uuid, date, public.call_kind, text, text, boolean, bigint, bigint, bigint, bigint) is
  'Adds a call to what its model cost this month. Returns whether it is the month''s first call of the model that has no price.';

create function private.announce_spend(tenant uuid, month date, spent bigint) returns void
  language plpgsql
  set search_path = ''
as $$
declare
  cap bigint := (select b.monthly_spend_cap_usd_micros from public.tenant_billing as b where b.tenant_id = announce_spend.tenant);
begin
  -- A call that began last month says nothing about the present one.
  if cap > 0 and spent >= cap * 0.5 and announce_spend.month = (select m.month_start from private.spend_month(announce_spend.tenant) as m) then
    insert into private.tenant_counts (tenant_id, gate) values (announce_spend.tenant, 'monthly_spend_cap_usd_micros') on conflict do nothing;
    if private.announce_threshold(announce_spend.tenant, 'monthly_spend_cap_usd_micros', spent, cap) and spent >= cap * 0.8 then
      perform private.notify(announce_spend.tenant, case when spent >= cap then 'spend.reached' else 'spend.near' end, '{admins}',
        jsonb_build_object('spent', to_char(spent / 1000000.0, 'FM999999990.00'), 'cap', to_char(cap / 1000000.0, 'FM999999990.00')));
    end if;
  end if;
end
$$;
comment on function private.announce_spend(uuid, date, bigint) is 'Announces that 50, 80 or 100 % of the spend cap are spent, each once a month.';

-- The core, for functions of other domains, which ask for a permission of their own. Granted to nobody.
create function private.finish_llm_call(
  tenant uuid, call uuid, status public.call_status, input_tokens bigint, output_tokens bigint, cached_tokens bigint default 0,
  cache_write_tokens bigint default 0, duration_ms bigint default null, response_sha256 text default null, error_code text default null
) returns public.llm_calls
  language plpgsql
  set search_path = ''
  set enable_seqscan = off
as $$
#variable_conflict use_column
declare
  finished public.llm_calls;
  hold public.llm_call_holds;
  price public.model_prices;
  spent bigint;
  hash uuid;
  response_hash text;
begin
  if finish_llm_call.status is null then
    perform private.raise_problem(422, 'invalid_value', 'Say how the call ended.', '[{"pointer": "/status", "detail": "must be ok, error or refused"}]');
  end if;
  perform private.require_call_number('input_tokens', finish_llm_call.input_tokens, 100000000);
  perform private.require_call_number('output_tokens', finish_llm_call.output_tokens, 100000000);
  perform private.require_call_number('cached_tokens', finish_llm_call.cached_tokens, 100000000);
  perform private.require_call_number('cache_write_tokens', finish_llm_call.cache_write_tokens, 100000000);
  perform private.require_call_number('duration_ms', finish_llm_call.duration_ms, 2147483647, is_needed => false);
  perform private.require_call_hash('response_sha256', finish_llm_call.response_sha256);
  perform private.require_error_code(finish_llm_call.error_code);
  if finish_llm_call.cached_tokens + finish_llm_call.cache_write_tokens > finish_llm_call.input_tokens then
    perform private.raise_problem(422, 'invalid_value', 'The tokens of the prompt include those of the cache.',
      '[{"pointer": "/input_tokens", "detail": "must be at least cached_tokens and cache_write_tokens together"}]');
  end if;
  response_hash := private.call_hash(finish_llm_call.tenant, finish_llm_call.response_sha256);
  hash := md5(row(finish_llm_call.status, finish_llm_call.input_tokens, finish_llm_call.output_tokens, finish_llm_call.cached_tokens,
    finish_llm_call.cache_write_tokens, finish_llm_call.duration_ms, response_hash, finish_llm_call.error_code)::text)::uuid;
  select * into hold from public.llm_call_holds as h where h.tenant_id = finish_llm_call.tenant and h.id = finish_llm_call.call;
  if not found then
    perform private.raise_problem(404, 'call_not_found', 'This tenant has started no such call, or it ended 35 days ago.');
  end if;
  perform private.lock_spend(hold.tenant_id, hold.month_start);
  -- As it is now: somebody else may have completed it, and it may have expired.
  select * into hold from public.llm_call_holds as h where h.tenant_id = finish_llm_call.tenant and h.id = finish_llm_call.call;
  if hold.status = 'finished' then
    if hold.completion_hash <> hash then
      perform private.raise_problem(409, 'idempotency_conflict', 'This call was completed before, with other numbers. What was recorded stays.');
    end if;
    select * into finished from public.llm_calls as c
    where c.tenant_id = hold.tenant_id and c.created_at = hold.closed_at and c.id = hold.id;
    return finished;
  end if;

  -- The price that admitted it, also if there is a newer one by now.
  select * into price from public.model_prices as p where p.id = hold.model_price_id;
  finished.counted_micros := private.price_call(price, finish_llm_call.input_tokens, finish_llm_call.cached_tokens,
    finish_llm_call.cache_write_tokens, finish_llm_call.output_tokens);
  finished.created_at := clock_timestamp();
  -- The spend first and then usage, in every function of this folder, so that two calls lock them in one order.
  update public.llm_call_holds as h set status = 'finished', closed_at = finished.created_at, completion_hash = hash
  where h.tenant_id = hold.tenant_id and h.id = hold.id;
  update public.tenant_spends as s set spent_micros = s.spent_micros + finished.counted_micros,
    held_micros = s.held_micros - case when hold.status = 'open' then hold.held_micros else 0 end
  where s.tenant_id = hold.tenant_id and s.month_start = hold.month_start
  returning s.spent_micros into spent;
  if private.count_spend(hold.tenant_id, hold.month_start, 'llm', hold.provider, hold.model, hold.is_priced,
    finish_llm_call.input_tokens, finish_llm_call.cached_tokens, finish_llm_call.output_tokens, finished.counted_micros) then
    -- The platform sets prices, so the platform is told: once a month for each model, by whichever tenant.
    perform private.emit_event(private.platform_tenant_id(), 'model.unpriced',
      jsonb_build_object('provider', hold.provider, 'model', hold.model, 'month', to_char(hold.month_start, 'YYYY-MM')),
      idempotency_key => format('model.unpriced %s %s', to_char(hold.month_start, 'YYYY-MM'), md5(row(hold.provider, hold.model)::text)));
  end if;
  -- Not bound by the plan's limit of usage events: the call was made, and is never lost. The start has asked.
  finished.usage_event_id := (select u.id from private.ingest_usage_events(hold.tenant_id, hold.user_id, array[null]::text[], array['tenantry'],
    array['llm_call'], array[jsonb_strip_nulls(jsonb_build_object('call', private.ulid(hold.id), 'provider', hold.provider,
      'status', finish_llm_call.status, 'agent', hold.agent, 'skill', hold.skill, 'is_priced', hold.is_priced))],
    array[finish_llm_call.input_tokens + finish_llm_call.output_tokens], array[hold.model], array[finished.counted_micros],
    array[null]::timestamptz[]) as u);
  insert into public.llm_calls as c (tenant_id, id, month_start, status, error_code, provider, model, agent, skill, activity_run_id,
    prompt_hash, response_hash, input_tokens, cached_tokens, cache_write_tokens, output_tokens, duration_ms, is_priced, cost_micros,
    counted_micros, held_micros, is_late, model_price_id, price_input_micros, price_cached_input_micros, price_cache_write_micros,
    price_output_micros, price_call_micros, usage_event_id, user_id, api_key_id, started_at, created_at)
  values (hold.tenant_id, hold.id, hold.month_start, finish_llm_call.status, finish_llm_call.error_code, hold.provider, hold.model, hold.agent,
    hold.skill, hold.activity_run_id, hold.prompt_hash, response_hash, finish_llm_call.input_tokens, finish_llm_call.cached_tokens,
    finish_llm_call.cache_write_tokens, finish_llm_call.output_tokens, finish_llm_call.duration_ms, hold.is_priced,
    case when hold.is_priced then finished.counted_micros end, finished.counted_micros, hold.held_micros, hold.status = 'expired', price.id,
    price.input_micros, price.cached_input_micros, price.cache_write_micros, price.output_micros, price.call_micros,
    finished.usage_event_id, hold.user_id, hold.api_key_id, hold.created_at, finished.created_at)
  returning c.* into finished;
  perform private.announce_spend(hold.tenant_id, hold.month_start, spent);
  return finished;
end
$$;
comment on function private.finish_llm_call(uuid, uuid, public.call_status, bigint, bigint, bigint, bigint, bigint, text, text) is
  'Records what a started call took, counts its cost and frees what it held. Asks no permission: for definer functions of other domains. 404 call_not_found, 409 idempotency_conflict.';

-- A definer, as the start.
create function public.finish_llm_call(
  tenant_id uuid, call_id uuid, status public.call_status, input_tokens bigint, output_tokens bigint, cached_tokens bigint default 0,
  cache_write_tokens bigint default 0, duration_ms bigint default null, response_sha256 text default null, error_code text default null
) returns public.llm_calls
  language plpgsql security definer
  set search_path = ''
as $$
begin
  perform private.require_permission(finish_llm_call.tenant_id, 'calls:write');
  return private.finish_llm_call(tenant_id, call_id, status, input_tokens, output_tokens, cached_tokens, cache_write_tokens, duration_ms,
    response_sha256, error_code);
end
$$;
comment on function public.finish_llm_call(uuid, uuid, public.call_status, bigint, bigint, bigint, bigint, bigint, text, text) is
  'Records what a started call of a model took. The cost counts, and the rest of what it held is free again. A repeated call has the first answer. 404 call_not_found, 409 idempotency_conflict.';
grant execute on function public.finish_llm_call(uuid, uuid, public.call_status, bigint, bigint, bigint, bigint, bigint, text, text) to authenticated, service_role;
