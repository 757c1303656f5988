-- Starting: before a model is called, what the call may cost at most is held of the month's cap, or the call is refused.

create function private.refuse_spend(needed bigint, resets_at timestamptz) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  -- Whoever may start calls need not know the cap, nor what was spent. Managers read both.
  perform private.raise_problem(402, 'spend_cap_reached',
    'This call could cost more than is left of the tenant''s spend cap for this month. An owner can raise the cap. Or ask for fewer tokens or a cheaper model, or wait for the calls that run, or for the next month.',
    members => jsonb_build_object('needed_micros', needed, 'resets_at', private.event_moment(resets_at)));
end
$$;

-- The core, for functions of other domains, which ask for a permission of their own. Granted to nobody.
create function private.start_llm_call(
  tenant uuid, provider text, model text, max_input_tokens bigint, max_output_tokens bigint, idempotency_key text,
  expires_in_seconds int default 900, agent text default null, skill text default null,
  activity_run_id uuid default null, prompt_sha256 text default null
) returns public.llm_call_holds
  language plpgsql
  set search_path = ''
  set enable_seqscan = off
as $$
#variable_conflict use_column
declare
  hold public.llm_call_holds;
  known public.llm_call_holds;
  spend public.tenant_spends;
  price public.model_prices;
  month_resets_at timestamptz;
  cap bigint;
  most_events bigint;
  used_events bigint;
begin
  if start_llm_call.provider is null or length(start_llm_call.provider) > 100 or start_llm_call.provider !~ '^[a-z0-9][a-z0-9_.-]{0,99}$' then
    perform private.raise_problem(422, 'invalid_value', 'A provider is a word in lowercase.',
      '[{"pointer": "/provider", "detail": "must be a word of at most 100 lowercase letters, digits and _ . -"}]');
  end if;
  perform private.require_call_text('model', start_llm_call.model, 255, is_needed => true);
  perform private.require_call_text('agent', start_llm_call.agent, 100);
  perform private.require_call_text('skill', start_llm_call.skill, 100);
  perform private.require_call_number('max_input_tokens', start_llm_call.max_input_tokens, 100000000);
  perform private.require_call_number('max_output_tokens', start_llm_call.max_output_tokens, 100000000);
  perform private.require_call_hash('prompt_sha256', start_llm_call.prompt_sha256);
  if start_llm_call.idempotency_key is null or length(start_llm_call.idempotency_key) not between 1 and 200 then
    perform private.require_idempotency_key(start_llm_call.idempotency_key);
  end if;
  if expires_in_seconds is null or expires_in_seconds not between 1 and 86400 then
    perform private.raise_problem(422, 'invalid_value', 'A call is held for 1 to 86400 seconds.',
      '[{"pointer": "/expires_in_seconds", "detail": "must be a whole number from 1 to 86400"}]');
  end if;
  hold.tenant_id := start_llm_call.tenant;
  hold.id := private.uuid_v7();
  hold.prompt_hash := private.call_hash(start_llm_call.tenant, start_llm_call.prompt_sha256);
  -- Over the keyed hash: the SHA-256 of the prompt itself must not be stored, in no form.
  hold.request_hash := md5(row(start_llm_call.provider, start_llm_call.model, start_llm_call.max_input_tokens, start_llm_call.max_output_tokens,
    expires_in_seconds, start_llm_call.agent, start_llm_call.skill, start_llm_call.activity_run_id, hold.prompt_hash)::text)::uuid;
  price := private.find_model_price('llm', start_llm_call.provider, start_llm_call.model);
  if price.id is null then
    raise exception 'model_prices has no fallback price.';
  end if;
  hold.model_price_id := price.id;
  hold.is_priced := price.provider <> '*';
  -- The dearest that it can become: all of the prompt at the highest of its three prices.
  price.input_micros := greatest(price.input_micros, price.cached_input_micros, price.cache_write_micros);
  hold.held_micros := private.price_call(price, start_llm_call.max_input_tokens, 0, 0, start_llm_call.max_output_tokens);
  select m.month_start, m.resets_at into hold.month_start, month_resets_at from private.spend_month(start_llm_call.tenant) as m;

  spend := private.lock_spend(start_llm_call.tenant, hold.month_start);
  -- Two calls with one key wait for each other at the lock, so the second one finds the first.
  select * into known from public.llm_call_holds as h
  where h.tenant_id = start_llm_call.tenant and h.idempotency_key = start_llm_call.idempotency_key;
  if found then
    if known.request_hash <> hold.request_hash then
      perform private.refuse_other_request(start_llm_call.idempotency_key);
    end if;
    return known;
  end if;
  select b.monthly_spend_cap_usd_micros, (p.limits ->> 'usage_events')::bigint,
    case when private.is_same_period(c.period_at, private.limit_period(t.id, 'usage_events')) then c.used else 0 end
  into cap, most_events, used_events
  from public.tenants as t join public.plans as p on p.plan = t.plan
  left join public.tenant_billing as b on b.tenant_id = t.id
  left join private.tenant_counts as c on c.tenant_id = t.id and c.gate = 'usage_events'
  where t.id = start_llm_call.tenant;
  -- What costs nothing needs nothing of the cap.
  if hold.held_micros > 0 and hold.held_micros > cap - spend.spent_micros - spend.held_micros then
    perform private.refuse_spend(hold.held_micros, month_resets_at);
  end if;
  -- Asked here and never at the end: a call that was made is always recorded.
  if used_events >= most_events then
    perform private.refuse_beyond(start_llm_call.tenant, 'usage_events', 9223372036854775807);
  end if;
  hold.created_at := clock_timestamp();
  hold.expires_at := hold.created_at + make_interval(secs => expires_in_seconds);
  insert into public.llm_call_holds as h (tenant_id, id, month_start, provider, model, agent, skill, activity_run_id, prompt_hash,
    max_input_tokens, max_output_tokens, model_price_id, is_priced, held_micros, idempotency_key, request_hash, user_id, api_key_id,
    expires_at, created_at)
  values (hold.tenant_id, hold.id, hold.month_start, start_llm_call.provider, start_llm_call.model, start_llm_call.agent, start_llm_call.skill,
    start_llm_call.activity_run_id, hold.prompt_hash, start_llm_call.max_input_tokens, start_llm_call.max_output_tokens,
    hold.model_price_id, hold.is_priced, hold.held_micros, start_llm_call.idempotency_key, hold.request_hash,
    auth.uid(), private.caller_api_key(), hold.expires_at, hold.created_at)
  returning h.* into hold;
  update public.tenant_spends as s set held_micros = s.held_micros + hold.held_micros, next_due_at = least(s.next_due_at, hold.expires_at)
  where s.tenant_id = hold.tenant_id and s.month_start = hold.month_start;
  return hold;
end
$$;
comment on function private.start_llm_call(uuid, text, text, bigint, bigint, text, int, text, text, uuid, text) is
  'Holds what a call of a model may cost at most, before it is made. Asks no permission: for definer functions of other domains. 402 spend_cap_reached or limit_reached, 409 idempotency_conflict.';

-- A definer, as all that change a spend: it is changed only together with its calls.
create function public.start_llm_call(
  tenant_id uuid, provider text, model text, max_input_tokens bigint, max_output_tokens bigint, idempotency_key text,
  expires_in_seconds int default 900, agent text default null, skill text default null,
  activity_run_id uuid default null, prompt_sha256 text default null
) returns public.llm_call_holds
  language plpgsql security definer
  set search_path = ''
as $$
begin
  perform private.require_permission(start_llm_call.tenant_id, 'calls:write');
  return private.start_llm_call(tenant_id, provider, model, max_input_tokens, max_output_tokens, idempotency_key,
    expires_in_seconds, agent, skill, activity_run_id, prompt_sha256);
end
$$;
comment on function public.start_llm_call(uuid, text, text, bigint, bigint, text, int, text, text, uuid, text) is
  'Asks whether a call of a model may be made, and holds what it may cost at most of the month''s spend cap until it is completed. 402 spend_cap_reached or limit_reached, 409 idempotency_conflict.';
grant execute on function public.start_llm_call(uuid, text, text, bigint, bigint, text, int, text, text, uuid, text) to authenticated, service_role;
