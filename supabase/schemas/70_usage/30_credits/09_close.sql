-- Closing reservations: what the work took is consumed and the rest released, or all of it is released; and refunds of what was consumed.

create function private.require_open_reservation(tenant uuid, reservation uuid) returns bigint
  language plpgsql stable
  set search_path = ''
as $$
declare
  held bigint;
  found_status public.credit_reservation_status;
begin
  select r.credits, r.status into held, found_status from public.credit_reservations as r
  where r.tenant_id = tenant and r.id = reservation;
  if held is null then
    perform private.raise_problem(404, 'reservation_not_found', 'This tenant has no such reservation of credits.');
  elsif found_status <> 'open' then
    perform private.raise_problem(409, 'reservation_closed', format('This reservation is %s. It ends only once.', found_status),
      members => jsonb_build_object('reservation_status', found_status));
  end if;
  return held;
end
$$;
comment on function private.require_open_reservation(uuid, uuid) is
  'How many credits an open reservation holds. 404 reservation_not_found, 409 reservation_closed. The caller holds the lock on the balance.';

create function public.consume_credits(tenant_id uuid, reservation_id uuid, credits bigint, idempotency_key text)
  returns public.credit_ledger
  language plpgsql security definer
  set search_path = ''
  set enable_seqscan = off
as $$
#variable_conflict use_column
declare
  entry public.credit_ledger;
  hash uuid;
  free bigint;
  due_at timestamptz;
  of_topups bigint := 0;
  held record;
  after record;
  actor text := private.credit_actor();
begin
  perform private.require_permission(consume_credits.tenant_id, 'credits:write');
  -- None may be right: the work took nothing.
  if consume_credits.credits is null or consume_credits.credits not between 0 and 1000000000 then
    perform private.require_credits(consume_credits.credits, 0);
  end if;
  if consume_credits.idempotency_key is null or length(consume_credits.idempotency_key) not between 1 and 200 then
    perform private.require_idempotency_key(consume_credits.idempotency_key);
  end if;
  hash := md5(row('consumed', consume_credits.reservation_id, consume_credits.credits)::text)::uuid;
  -- As private.lock_credits(), without a call.
  select b.next_due_at, b.credits_available - b.credits_reserved into due_at, free
  from public.credit_balances as b where b.tenant_id = consume_credits.tenant_id for no key update;
  if due_at is null or due_at <= clock_timestamp() then
    free := private.lock_credits(consume_credits.tenant_id);
  end if;
  -- More than was reserved comes from what nobody has reserved. If that is too little, the reservation stays open. Not
  -- by its status: Postgres could then read the index of all that are open.
  update public.credit_reservations as r set status = 'consumed', credits_consumed = consume_credits.credits, closed_at = clock_timestamp()
  where r.tenant_id = consume_credits.tenant_id and r.id = consume_credits.reservation_id and r.closed_at is null
    and consume_credits.credits <= r.credits + free
    and not exists (select from public.credit_ledger as e
      where e.tenant_id = consume_credits.tenant_id and e.idempotency_key = consume_credits.idempotency_key)
  returning r.credits, r.activity_run_id, r.deliverable_type into held;
  if not found then
    entry := private.find_credit_entry(consume_credits.tenant_id, consume_credits.idempotency_key, hash);
    if entry.version is null then
      perform private.refuse_credits(free + private.require_open_reservation(consume_credits.tenant_id, consume_credits.reservation_id),
        consume_credits.credits);
    end if;
    return entry;
  end if;
  if consume_credits.credits > 0 then
    -- Nearly always the first lot has enough. Only otherwise it takes a loop, while others wait for the lock.
    update public.credit_lots as l set credits_left = l.credits_left - consume_credits.credits
    where l.tenant_id = consume_credits.tenant_id and l.credits_left > consume_credits.credits and l.id = (
      select f.id from public.credit_lots as f where f.tenant_id = consume_credits.tenant_id and f.closed_at is null
      order by f.kind <> 'topup', f.expires_at, f.id limit 1)
    returning case when l.kind = 'topup' then consume_credits.credits else 0 end into of_topups;
    if not found then
      of_topups := private.burn_credits(consume_credits.tenant_id, consume_credits.credits);
    end if;
  end if;
  update public.credit_balances as b set credits_available = b.credits_available - consume_credits.credits,
    credits_reserved = b.credits_reserved - held.credits, credits_consumed = b.credits_consumed + consume_credits.credits,
    credits_topup = b.credits_topup - of_topups, version = b.version + 1, entered_at = greatest(clock_timestamp(), b.entered_at)
  where b.tenant_id = consume_credits.tenant_id
  returning b.version, b.credits_available, b.credits_reserved, b.entered_at into after;
  insert into public.credit_ledger as e (tenant_id, version, type, credits, credits_held, balance_after, reserved_after, reservation_id,
    activity_run_id, deliverable_type, actor, idempotency_key, request_hash, created_at)
  values (consume_credits.tenant_id, after.version, 'consumed', -consume_credits.credits, -held.credits, after.credits_available,
    after.credits_reserved, consume_credits.reservation_id, held.activity_run_id, held.deliverable_type, actor,
    consume_credits.idempotency_key, hash, after.entered_at)
  returning e.* into entry;
  return entry;
end
$$;
comment on function public.consume_credits(uuid, uuid, bigint, text) is
  'Ends a reservation with what its work took, from 0. The rest is free again; more than was reserved is taken from what is free. Returns the entry of the ledger. 402 insufficient_credits, 404 reservation_not_found, 409 reservation_closed, idempotency_conflict.';

create function public.release_credits(tenant_id uuid, reservation_id uuid, idempotency_key text) returns public.credit_ledger
  language plpgsql security definer
  set search_path = ''
  set enable_seqscan = off
as $$
#variable_conflict use_column
declare
  entry public.credit_ledger;
  hash uuid := md5(row('released', release_credits.reservation_id)::text)::uuid;
  held bigint;
begin
  perform private.require_permission(release_credits.tenant_id, 'credits:write');
  perform private.require_idempotency_key(release_credits.idempotency_key);
  perform private.lock_credits(release_credits.tenant_id);
  entry := private.find_credit_entry(release_credits.tenant_id, release_credits.idempotency_key, hash);
  if entry.version is not null then
    return entry;
  end if;
  held := private.require_open_reservation(release_credits.tenant_id, release_credits.reservation_id);
  with closed as (
    update public.credit_reservations as r set status = 'released', closed_at = clock_timestamp()
    where r.tenant_id = release_credits.tenant_id and r.id = release_credits.reservation_id
    returning r.activity_run_id, r.deliverable_type
  ), changed as (
    update public.credit_balances as b set credits_reserved = b.credits_reserved - held, version = b.version + 1,
      entered_at = greatest(clock_timestamp(), b.entered_at)
    where b.tenant_id = release_credits.tenant_id
    returning b.version, b.credits_available, b.credits_reserved, b.entered_at
  )
  insert into public.credit_ledger as e (tenant_id, version, type, credits, credits_held, balance_after, reserved_after, reservation_id,
    activity_run_id, deliverable_type, actor, idempotency_key, request_hash, created_at)
  select release_credits.tenant_id, c.version, 'released', 0, -held, c.credits_available, c.credits_reserved, release_credits.reservation_id,
    r.activity_run_id, r.deliverable_type, private.credit_actor(), release_credits.idempotency_key, hash, c.entered_at
  from changed as c, closed as r
  returning e.* into entry;
  return entry;
end
$$;
comment on function public.release_credits(uuid, uuid, text) is
  'Ends a reservation that was not used. Returns the entry of the ledger. 404 reservation_not_found, 409 reservation_closed, idempotency_conflict.';
grant execute on function public.consume_credits(uuid, uuid, bigint, text), public.release_credits(uuid, uuid, text)
  to authenticated, service_role;

create function private.refund_credits(
  tenant_id uuid, reservation_id uuid, credits bigint, idempotency_key text, actor text, note text, expires_at timestamptz default null
) returns public.credit_ledger
  language plpgsql security definer
  set search_path = ''
  set enable_seqscan = off
as $$
#variable_conflict use_column
declare
  entry public.credit_ledger;
  hash uuid := md5(row('refunded', refund_credits.reservation_id, refund_credits.credits, refund_credits.actor, refund_credits.note,
    refund_credits.expires_at)::text)::uuid;
  refundable bigint;
begin
  perform private.require_tenant_with_credits(refund_credits.tenant_id);
  perform private.require_credits(refund_credits.credits);
  perform private.require_idempotency_key(refund_credits.idempotency_key);
  perform private.require_credit_note(refund_credits.actor, refund_credits.note);
  perform private.lock_credits(refund_credits.tenant_id);
  entry := private.find_credit_entry(refund_credits.tenant_id, refund_credits.idempotency_key, hash);
  if entry.version is not null then
    return entry;
  end if;
  if refund_credits.expires_at <= clock_timestamp() then
    perform private.raise_problem(422, 'invalid_value', 'Credits must expire in the future.', '[{"pointer": "/expires_at", "detail": "must be in the future"}]');
  end if;
  select r.credits_consumed - r.credits_refunded into refundable from public.credit_reservations as r
  where r.tenant_id = refund_credits.tenant_id and r.id = refund_credits.reservation_id;
  if refundable is null then
    perform private.raise_problem(404, 'reservation_not_found', 'This tenant has no such reservation of credits.');
  elsif refundable < refund_credits.credits then
    perform private.raise_problem(409, 'refund_too_large', format('Of this reservation %s credits can be refunded.', refundable),
      members => jsonb_build_object('refundable', refundable));
  end if;
  update public.credit_reservations as r set credits_refunded = r.credits_refunded + refund_credits.credits
  where r.tenant_id = refund_credits.tenant_id and r.id = refund_credits.reservation_id;
  return private.add_credits(refund_credits.tenant_id, 'refunded', 'refund', refund_credits.credits, nullif(refund_credits.expires_at, 'infinity'),
    refund_credits.idempotency_key, hash, refund_credits.actor, refund_credits.note, reservation => refund_credits.reservation_id);
end
$$;
comment on function private.refund_credits(uuid, uuid, bigint, text, text, text, timestamptz) is
  'Gives back what a reservation consumed, or a part of it, as credits that last until expires_at, or for ever. For the service. 404 reservation_not_found, 409 refund_too_large, idempotency_conflict.';
