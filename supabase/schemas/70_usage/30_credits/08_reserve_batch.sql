-- Reserving in batches: up to 100 reservations in one statement, which costs a hot tenant one lock instead of 100.

create function public.reserve_credits_batch(
  tenant_id uuid, credits bigint[], idempotency_keys text[], expires_in_seconds int default 900
) returns table (n int, outcome text, version bigint, reservation_id uuid, expires_at timestamptz)
  language plpgsql security definer
  set search_path = ''
  set enable_seqscan = off
as $$
#variable_conflict use_column
declare
  count_of int := cardinality(credits);
  free bigint;
  due_at timestamptz;
  held bigint := 0;
  reserved_count int := 0;
  started_at timestamptz := clock_timestamp();
  ends_at timestamptz;
  actor text;
  hashes uuid[];
  ids uuid[];
  outcomes text[] := '{}';
  totals bigint[] := '{}';
  places int[] := '{}';
  is_known boolean;
  known jsonb;
  before record;
  i int;
begin
  perform private.require_permission(reserve_credits_batch.tenant_id, 'credits:write');
  if count_of is null or count_of not between 1 and 100 or count_of <> coalesce(cardinality(idempotency_keys), 0) then
    perform private.raise_problem(422, 'invalid_value', 'A batch has 1 to 100 reservations, each with a key.');
  end if;
  if expires_in_seconds is null or expires_in_seconds not between 1 and 86400 then
    perform private.raise_problem(422, 'invalid_value', 'A reservation is held for 1 to 86400 seconds.',
      '[{"pointer": "/expires_in_seconds", "detail": "must be a whole number from 1 to 86400"}]');
  end if;
  for i in 1..count_of loop
    if credits[i] is null or credits[i] not between 1 and 1000000000 then
      perform private.require_credits(credits[i]);
    end if;
    if idempotency_keys[i] is null or length(idempotency_keys[i]) not between 1 and 200 then
      perform private.require_idempotency_key(idempotency_keys[i]);
    end if;
  end loop;
  if (select count(distinct k) from unnest(idempotency_keys) as k) < count_of then
    perform private.raise_problem(422, 'invalid_value', 'A batch holds a key twice.', '[{"pointer": "/reservations", "detail": "must have different keys"}]');
  end if;
  -- The same as of a single reservation, so that one may be repeated as the other.
  hashes := array(select md5(row('reserved', c.credits, expires_in_seconds, null::uuid, null::text)::text)::uuid
    from unnest(credits) with ordinality as c (credits, n) order by c.n);
  actor := private.credit_actor();
  ids := array(select private.uuid_v7_at((extract(epoch from started_at) * 1000000)::bigint + g.n) from generate_series(1, count_of) as g (n) order by g.n);
  ends_at := started_at + make_interval(secs => expires_in_seconds);
  -- Before the lock, for which others wait. What turns out not to be reserved is taken back.
  insert into public.credit_reservations (tenant_id, id, credits, expires_at, created_at)
  select reserve_credits_batch.tenant_id, c.id, c.credits, ends_at, started_at from unnest(credits, ids) as c (credits, id);
  select b.next_due_at, b.credits_available - b.credits_reserved into due_at, free
  from public.credit_balances as b where b.tenant_id = reserve_credits_batch.tenant_id for no key update;
  if due_at is null or due_at <= clock_timestamp() then
    -- If the lock took long, settling would find reservations over that never began.
    delete from public.credit_reservations as r where r.tenant_id = reserve_credits_batch.tenant_id and r.id = any (ids);
    free := private.lock_credits(reserve_credits_batch.tenant_id);
    started_at := clock_timestamp();
    ends_at := started_at + make_interval(secs => expires_in_seconds);
    insert into public.credit_reservations (tenant_id, id, credits, expires_at, created_at)
    select reserve_credits_batch.tenant_id, c.id, c.credits, ends_at, started_at from unnest(credits, ids) as c (credits, id);
  end if;
  known := (select jsonb_object_agg(e.idempotency_key, e.request_hash) from public.credit_ledger as e
    where e.tenant_id = reserve_credits_batch.tenant_id and e.idempotency_key = any (idempotency_keys));
  for i in 1..count_of loop
    is_known := known ? idempotency_keys[i];
    if is_known then
      outcomes[i] := case when (known ->> idempotency_keys[i])::uuid = hashes[i] then 'repeated' else 'conflict' end;
    elsif credits[i] <= free - held then
      held := held + credits[i];
      reserved_count := reserved_count + 1;
      outcomes[i] := 'reserved';
    else
      outcomes[i] := 'insufficient';
    end if;
    totals[i] := held;
    places[i] := reserved_count;
  end loop;
  select b.version, b.credits_available, b.credits_reserved, greatest(clock_timestamp(), b.entered_at) as entered_at into before
  from public.credit_balances as b where b.tenant_id = reserve_credits_batch.tenant_id;
  insert into public.credit_ledger (tenant_id, version, type, credits, credits_held, balance_after, reserved_after, reservation_id,
    expires_at, actor, idempotency_key, request_hash, created_at)
  select reserve_credits_batch.tenant_id, before.version + a.place, 'reserved', 0, a.credits, before.credits_available,
    before.credits_reserved + a.total, a.id, ends_at, actor, a.key, a.hash, before.entered_at
  from unnest(credits, idempotency_keys, hashes, outcomes, ids, totals, places) as a (credits, key, hash, outcome, id, total, place)
  where a.outcome = 'reserved';
  if reserved_count > 0 then
    update public.credit_balances as b set credits_reserved = b.credits_reserved + held, entered_at = before.entered_at,
      version = b.version + reserved_count, next_due_at = least(b.next_due_at, ends_at)
    where b.tenant_id = reserve_credits_batch.tenant_id;
  end if;
  if reserved_count = count_of then
    return query
    select a.place, a.outcome, before.version + a.place, a.id, ends_at
    from unnest(outcomes, ids, places) as a (outcome, id, place) order by a.place;
    return;
  end if;
  delete from public.credit_reservations as r
  using unnest(outcomes, ids) as a (outcome, id)
  where r.tenant_id = reserve_credits_batch.tenant_id and r.id = a.id and a.outcome <> 'reserved';
  return query
  select a.n::int, a.outcome, case when a.outcome = 'reserved' then before.version + a.place else e.version end,
    case when a.outcome = 'reserved' then a.id else e.reservation_id end, case when a.outcome = 'reserved' then ends_at else e.expires_at end
  from unnest(outcomes, ids, places, idempotency_keys) with ordinality as a (outcome, id, place, key, n)
  left join public.credit_ledger as e
    on a.outcome = 'repeated' and e.tenant_id = reserve_credits_batch.tenant_id and e.idempotency_key = a.key
  order by a.n;
end
$$;
comment on function public.reserve_credits_batch(uuid, bigint[], text[], int) is
  'Holds credits for up to 100 pieces of work, in their order. Each is reserved, repeated (its key made the same reservation before), conflict (its key was another operation) or insufficient.';
grant execute on function public.reserve_credits_batch(uuid, bigint[], text[], int) to authenticated, service_role;
