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
  held bigint := 0;
  asked bigint;
  moment timestamptz;
  ends_at timestamptz;
  hashes uuid[];
  outcomes text[] := '{}';
  is_known boolean;
  known jsonb;
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
  free := private.lock_credits(reserve_credits_batch.tenant_id);
  moment := clock_timestamp();
  known := (select jsonb_object_agg(e.idempotency_key, e.request_hash) from public.credit_ledger as e
    where e.tenant_id = reserve_credits_batch.tenant_id and e.idempotency_key = any (idempotency_keys));
  for i in 1..count_of loop
    is_known := known ? idempotency_keys[i];
    asked := credits[i];
    if is_known then
      outcomes[i] := case when (known ->> idempotency_keys[i])::uuid = hashes[i] then 'repeated' else 'conflict' end;
    elsif asked <= free - held then
      held := held + asked;
      outcomes[i] := 'reserved';
    else
      outcomes[i] := 'insufficient';
    end if;
  end loop;
  ends_at := moment + make_interval(secs => expires_in_seconds);
  return query
  with asked as materialized (
    select a.n::int as n, a.credits, a.key, a.hash, a.outcome,
      case when a.outcome = 'reserved' then private.uuid_v7_at((extract(epoch from moment) * 1000000)::bigint + a.n) end as id,
      count(*) filter (where a.outcome = 'reserved') over w as nth, sum(a.credits) filter (where a.outcome = 'reserved') over w as total
    from unnest(credits, idempotency_keys, hashes, outcomes) with ordinality as a (credits, key, hash, outcome, n)
    window w as (order by a.n)
  ), before as materialized (
    select b.version, b.credits_available, b.credits_reserved, greatest(moment, b.entered_at) as entered_at
    from public.credit_balances as b where b.tenant_id = reserve_credits_batch.tenant_id
  ), reserved as (
    insert into public.credit_reservations (tenant_id, id, credits, expires_at, created_at)
    select reserve_credits_batch.tenant_id, a.id, a.credits, ends_at, moment from asked as a where a.id is not null order by a.n
  ), entered as (
    insert into public.credit_ledger (tenant_id, version, type, credits, credits_held, balance_after, reserved_after, reservation_id,
      expires_at, actor, idempotency_key, request_hash, created_at)
    select reserve_credits_batch.tenant_id, b.version + a.nth, 'reserved', 0, a.credits, b.credits_available, b.credits_reserved + a.total,
      a.id, ends_at, (select private.credit_actor()), a.key, a.hash, b.entered_at
    from asked as a, before as b where a.id is not null order by a.n
  ), changed as (
    update public.credit_balances as b set credits_reserved = b.credits_reserved + held, entered_at = o.entered_at,
      version = b.version + (select count(*) from asked as a where a.id is not null), next_due_at = least(b.next_due_at, ends_at)
    from before as o
    where b.tenant_id = reserve_credits_batch.tenant_id and held > 0
  )
  select a.n, a.outcome, case when a.id is not null then b.version + a.nth else e.version end,
    coalesce(a.id, e.reservation_id), case when a.id is not null then ends_at else e.expires_at end
  from asked as a cross join before as b
  left join public.credit_ledger as e
    on a.outcome = 'repeated' and e.tenant_id = reserve_credits_batch.tenant_id and e.idempotency_key = a.key
  order by a.n;
end
$$;
comment on function public.reserve_credits_batch(uuid, bigint[], text[], int) is
  'Holds credits for up to 100 pieces of work, in their order. Each is reserved, repeated (its key made the same reservation before), conflict (its key was another operation) or insufficient.';
grant execute on function public.reserve_credits_batch(uuid, bigint[], text[], int) to authenticated, service_role;
