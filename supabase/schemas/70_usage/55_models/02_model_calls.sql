-- Model calls: those that Tenantry makes for a tenant. Each is a started call, and holds credits for its cost as well.

create function private.credits_for(micros bigint) returns bigint
  language sql immutable parallel safe
  set search_path = ''
as $$ select ceil(micros / 10000.0)::bigint $$;
comment on function private.credits_for(bigint) is 'How many credits a call takes: one for each US cent that is begun.';

-- Definers, and for the service alone: the edge functions ask for what the caller may, and never show what is left.
create function private.begin_model_call(
  tenant uuid, provider text, model text, max_input_tokens bigint, max_output_tokens bigint, idempotency_key text, expires_in_seconds int,
  agent text, prompt_sha256 text
) returns uuid
  language plpgsql security definer
  set search_path = ''
as $$
declare
  began_at timestamptz;
  hold public.llm_call_holds;
  credits bigint;
begin
  -- Two with one key wait for each other here, so whatever the second one finds began before this moment.
  perform private.lock_spend(tenant, m.month_start) from private.spend_month(tenant) as m;
  began_at := clock_timestamp();
  hold := private.start_llm_call(tenant, provider, model, max_input_tokens, max_output_tokens, idempotency_key, expires_in_seconds, agent,
    prompt_sha256 => prompt_sha256);
  -- What the model answered the first time is kept nowhere here. To ask again would be paid again.
  if hold.created_at < began_at then
    perform private.refuse_other_request(idempotency_key);
  end if;
  credits := private.credits_for(hold.held_micros);
  if credits > 0 then
    perform public.reserve_credits(tenant, credits, 'model call ' || private.ulid(hold.id), expires_in_seconds, deliverable_type => agent);
  end if;
  return hold.id;
end
$$;
comment on function private.begin_model_call(uuid, text, text, bigint, bigint, text, int, text, text) is
  'Holds what a call of a model may cost at most, of the spend cap and of the credits, or refuses it. 402 spend_cap_reached, limit_reached or insufficient_credits, 409 idempotency_conflict if the key was used before. Asks no permission: the edge function has.';

create function private.end_model_call(
  tenant uuid, call uuid, status public.call_status, input_tokens bigint, output_tokens bigint, cached_tokens bigint default 0,
  cache_write_tokens bigint default 0, duration_ms bigint default null, response_sha256 text default null, error_code text default null,
  out cost_micros bigint, out credits bigint
)
  language plpgsql security definer
  set search_path = ''
as $$
#variable_conflict use_column
declare
  finished public.llm_calls;
  held public.credit_reservations;
begin
  finished := private.finish_llm_call(tenant, call, status, input_tokens, output_tokens, cached_tokens, cache_write_tokens, duration_ms,
    response_sha256, error_code);
  end_model_call.cost_micros := finished.cost_micros;
  end_model_call.credits := 0;
  -- What is over is entered first, so that a reservation is open here only if it still holds something.
  perform private.lock_credits(tenant);
  select r.* into held from public.credit_ledger as e
  join public.credit_reservations as r on r.tenant_id = e.tenant_id and r.id = e.reservation_id
  where e.tenant_id = end_model_call.tenant and e.idempotency_key = 'model call ' || private.ulid(end_model_call.call);
  if held.status = 'open' then
    end_model_call.credits := least(private.credits_for(finished.counted_micros), held.credits);
    begin
      perform public.consume_credits(tenant, held.id, end_model_call.credits, 'model call ' || private.ulid(end_model_call.call) || ' done');
    exception when sqlstate 'PT403' then
      -- The tenant was frozen meanwhile. Its credits are free again when the reservation expires.
      end_model_call.credits := 0;
    end;
  end if;
end
$$;
comment on function private.end_model_call(uuid, uuid, public.call_status, bigint, bigint, bigint, bigint, bigint, text, text) is
  'Records what a call took, and consumes the credits of its cost: no more than it held. The rest is free again. 404 call_not_found, 409 idempotency_conflict.';
grant execute on function private.begin_model_call(uuid, text, text, bigint, bigint, text, int, text, text),
  private.end_model_call(uuid, uuid, public.call_status, bigint, bigint, bigint, bigint, bigint, text, text) to service_role;
