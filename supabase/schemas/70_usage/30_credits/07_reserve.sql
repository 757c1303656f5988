-- Reserving credits: held at once, in the caller's transaction, or refused.

create function private.require_credits(credits bigint, least_credits bigint default 1) returns void
  language plpgsql immutable
  set search_path = ''
as $$
begin
  if credits is null or credits not between least_credits and 1000000000 then
    perform private.raise_problem(422, 'invalid_value', format('Credits are a whole number from %s to 1000000000.', least_credits),
      jsonb_build_array(jsonb_build_object('pointer', '/credits', 'detail', format('must be a whole number from %s to 1000000000', least_credits))));
  end if;
end
$$;

create function private.require_idempotency_key(key text) returns void
  language plpgsql immutable
  set search_path = ''
as $$
begin
  if key is null or length(key) not between 1 and 200 then
    perform private.raise_problem(422, 'invalid_value', 'Give each operation a key of its own, and use it again only to repeat the operation.',
      '[{"pointer": "/idempotency_key", "detail": "must have 1 to 200 characters"}]');
  end if;
end
$$;

-- In plpgsql, which keeps its plans. An SQL function would be planned anew for each entry, which took a millisecond.
create function private.credit_actor() returns text
  language plpgsql stable
  set search_path = ''
as $$
declare
  person uuid := auth.uid();
  key uuid;
begin
  if person is not null then
    return 'member:' || private.ulid(person);
  end if;
  key := private.caller_api_key();
  if key is not null then
    return 'api_key:' || private.ulid(key);
  end if;
  -- Not one expression with the above: preparing private.ulid() costs more than all the rest, also where it is not called.
  return 'system';
end
$$;
comment on function private.credit_actor() is 'Who changes credits, as the ledger names them.';

create function private.refuse_credits(free bigint, needed bigint) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  perform private.raise_problem(402, 'insufficient_credits', format('This needs %s credits, and %s are left.', needed, free),
    members => jsonb_build_object('needed', needed, 'left', free));
end
$$;

create function private.refuse_other_request(key text) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  perform private.raise_problem(409, 'idempotency_conflict', format('The key "%s" was used before for another operation. Give this one a key of its own.', key));
end
$$;

-- Whoever holds the lock on the balance sees every entry that was made before, so a key is looked up once, and two
-- calls with one key cannot both find it unused.
create function private.find_credit_entry(tenant uuid, key text, hash uuid) returns public.credit_ledger
  language plpgsql
  set search_path = ''
as $$
declare
  found_entry public.credit_ledger;
begin
  select * into found_entry from public.credit_ledger as e where e.tenant_id = tenant and e.idempotency_key = key;
  if found_entry.request_hash <> hash then
    perform private.refuse_other_request(key);
  end if;
  return found_entry;
end
$$;
comment on function private.find_credit_entry(uuid, text, uuid) is
  'The entry that an operation with this key made before. Null if there is none. 409 idempotency_conflict if it was another operation.';

-- A definer, as all that change credits: they are changed only by functions, so that each change has its entry.
-- Without sequential scans, here and in the others: a session that plans them while the tables are new and empty would
-- read all of them for every later call.
create function public.reserve_credits(
  tenant_id uuid, credits bigint, idempotency_key text, expires_in_seconds int default 900,
  activity_run_id uuid default null, deliverable_type text default null
) returns public.credit_ledger
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
  after record;
  actor text := private.credit_actor();
  held_id uuid := private.uuid_v7();
  ends_at timestamptz;
begin
  perform private.require_permission(reserve_credits.tenant_id, 'credits:write');
  if reserve_credits.credits is null or reserve_credits.credits not between 1 and 1000000000 then
    perform private.require_credits(reserve_credits.credits);
  end if;
  if reserve_credits.idempotency_key is null or length(reserve_credits.idempotency_key) not between 1 and 200 then
    perform private.require_idempotency_key(reserve_credits.idempotency_key);
  end if;
  if expires_in_seconds is null or expires_in_seconds not between 1 and 86400 then
    perform private.raise_problem(422, 'invalid_value', 'A reservation is held for 1 to 86400 seconds.',
      '[{"pointer": "/expires_in_seconds", "detail": "must be a whole number from 1 to 86400"}]');
  end if;
  if deliverable_type is not null and not private.is_plain_text(deliverable_type, 100) then
    perform private.raise_problem(422, 'invalid_value', 'A type of deliverable is text of at most 100 characters.',
      '[{"pointer": "/deliverable_type", "detail": "must be text of at most 100 characters"}]');
  end if;
  hash := md5(row('reserved', reserve_credits.credits, expires_in_seconds, reserve_credits.activity_run_id, reserve_credits.deliverable_type)::text)::uuid;
  ends_at := clock_timestamp() + make_interval(secs => expires_in_seconds);
  -- Before the lock, for which others wait. A refusal takes it back.
  insert into public.credit_reservations as r (tenant_id, id, credits, activity_run_id, deliverable_type, expires_at)
  values (reserve_credits.tenant_id, held_id, reserve_credits.credits, reserve_credits.activity_run_id, reserve_credits.deliverable_type, ends_at);
  -- As private.lock_credits(), without a call.
  select b.next_due_at, b.credits_available - b.credits_reserved into due_at, free
  from public.credit_balances as b where b.tenant_id = reserve_credits.tenant_id for no key update;
  if due_at is null or due_at <= clock_timestamp() then
    -- If the lock took long, settling would find this reservation over that never began.
    delete from public.credit_reservations as r where r.tenant_id = reserve_credits.tenant_id and r.id = held_id;
    free := private.lock_credits(reserve_credits.tenant_id);
    ends_at := clock_timestamp() + make_interval(secs => expires_in_seconds);
    insert into public.credit_reservations as r (tenant_id, id, credits, activity_run_id, deliverable_type, expires_at)
    values (reserve_credits.tenant_id, held_id, reserve_credits.credits, reserve_credits.activity_run_id, reserve_credits.deliverable_type, ends_at);
  end if;
  -- Statements of their own are cheaper than one with all of it, because Postgres keeps the rows of a "with" in between.
  update public.credit_balances as b set credits_reserved = b.credits_reserved + reserve_credits.credits, version = b.version + 1,
    next_due_at = least(b.next_due_at, ends_at), entered_at = greatest(clock_timestamp(), b.entered_at)
  where b.tenant_id = reserve_credits.tenant_id and free >= reserve_credits.credits
    and not exists (select from public.credit_ledger as e
      where e.tenant_id = reserve_credits.tenant_id and e.idempotency_key = reserve_credits.idempotency_key)
  returning b.version, b.credits_available, b.credits_reserved, b.entered_at into after;
  if found then
    insert into public.credit_ledger as e (tenant_id, version, type, credits, credits_held, balance_after, reserved_after, reservation_id,
      activity_run_id, deliverable_type, expires_at, actor, idempotency_key, request_hash, created_at)
    values (reserve_credits.tenant_id, after.version, 'reserved', 0, reserve_credits.credits, after.credits_available, after.credits_reserved, held_id,
      reserve_credits.activity_run_id, reserve_credits.deliverable_type, ends_at, actor, reserve_credits.idempotency_key, hash, after.entered_at)
    returning e.* into entry;
    return entry;
  end if;
  entry := private.find_credit_entry(reserve_credits.tenant_id, reserve_credits.idempotency_key, hash);
  if entry.version is null then
    perform private.refuse_credits(free, reserve_credits.credits);
  end if;
  delete from public.credit_reservations as r where r.tenant_id = reserve_credits.tenant_id and r.id = held_id;
  return entry;
end
$$;
comment on function public.reserve_credits(uuid, bigint, text, int, uuid, text) is
  'Holds credits for work that begins now, until it is consumed, released, or expires. Returns the entry of the ledger, also to a call that is repeated with its key. 402 insufficient_credits, 409 idempotency_conflict.';
grant execute on function public.reserve_credits(uuid, bigint, text, int, uuid, text) to authenticated, service_role;
