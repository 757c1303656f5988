-- Grants: what only the platform does. Allocations, top-ups and adjustments.

create function private.add_credits(
  tenant uuid, type public.credit_entry_type, kind public.credit_lot_kind, credits bigint, expires_at timestamptz,
  key text, hash uuid, actor text, note text default null, topup_order_id text default null, reservation uuid default null
) returns public.credit_ledger
  language plpgsql
  set search_path = ''
as $$
#variable_conflict use_variable
declare
  entry public.credit_ledger;
  balance public.credit_balances;
begin
  -- JSON has no larger number that every reader understands.
  if (select b.credits_available + add_credits.credits > 9007199254740991 from public.credit_balances as b where b.tenant_id = tenant) then
    perform private.raise_problem(422, 'invalid_value', 'A tenant cannot have more than 9007199254740991 credits.',
      '[{"pointer": "/credits", "detail": "is more than the balance can hold"}]');
  end if;
  update public.credit_balances as b set credits_available = b.credits_available + add_credits.credits, version = b.version + 1,
    credits_topup = b.credits_topup + case when kind = 'topup' then add_credits.credits else 0 end,
    next_due_at = least(b.next_due_at, add_credits.expires_at), entered_at = greatest(clock_timestamp(), b.entered_at)
  where b.tenant_id = tenant
  returning * into balance;
  insert into public.credit_lots (tenant_id, kind, credits, credits_left, version, expires_at)
  values (tenant, kind, add_credits.credits, add_credits.credits, balance.version, add_credits.expires_at);
  update public.credit_periods as p set
    allocated = p.allocated + case when add_credits.type = 'allocated' then add_credits.credits else 0 end,
    topped_up = p.topped_up + case when add_credits.type = 'topup' then add_credits.credits else 0 end,
    refunded = p.refunded + case when add_credits.type = 'refunded' then add_credits.credits else 0 end,
    adjusted = p.adjusted + case when add_credits.type = 'adjusted' then add_credits.credits else 0 end
  where p.tenant_id = tenant and p.period_start = balance.period_start;
  insert into public.credit_ledger as e (tenant_id, version, type, credits, balance_after, reserved_after, reservation_id,
    topup_order_id, expires_at, actor, note, idempotency_key, request_hash, created_at)
  values (tenant, balance.version, add_credits.type, add_credits.credits, balance.credits_available, balance.credits_reserved, reservation,
    topup_order_id, add_credits.expires_at, actor, note, key, hash, balance.entered_at)
  returning e.* into entry;
  return entry;
end
$$;
comment on function private.add_credits(uuid, public.credit_entry_type, public.credit_lot_kind, bigint, timestamptz, text, uuid, text, text, text, uuid) is
  'Adds a lot, and its entry. The caller holds the lock on the balance and has looked up the key.';

create function private.require_tenant_with_credits(tenant uuid) returns void
  language plpgsql stable
  set search_path = ''
as $$
begin
  -- A frozen tenant may be refunded, and what it bought is its own.
  if not exists (select from public.tenants as t where t.id = tenant and t.status <> 'archived') then
    perform private.raise_problem(404, 'tenant_not_found', 'There is no such tenant, or it is archived.');
  end if;
end
$$;

create function private.require_credit_note(actor text, note text) returns void
  language plpgsql immutable
  set search_path = ''
as $$
begin
  if coalesce(btrim(actor), '') = '' or not private.is_plain_text(actor, 200) then
    perform private.raise_problem(422, 'invalid_value', 'Say who does this.', '[{"pointer": "/actor", "detail": "must be text of 1 to 200 characters"}]');
  elsif coalesce(btrim(note), '') = '' or not private.is_plain_text(note, 1000) then
    perform private.raise_problem(422, 'invalid_value', 'Say why this is done.', '[{"pointer": "/note", "detail": "must be text of 1 to 1000 characters"}]');
  end if;
end
$$;

create function private.add_missing_allocation(tenant uuid) returns bigint
  language plpgsql
  set search_path = ''
as $$
declare
  balance public.credit_balances;
  missing bigint;
begin
  perform private.lock_credits(tenant);
  select * into balance from public.credit_balances as b where b.tenant_id = tenant;
  missing := greatest(private.credits_of_plan(tenant) - balance.credits_monthly, 0);
  if missing > 0 then
    perform private.add_credits(tenant, 'allocated', 'allocation', missing, balance.next_reset_at, null, null, 'system');
    update public.credit_balances as b set credits_monthly = b.credits_monthly + missing where b.tenant_id = tenant;
  end if;
  return missing;
end
$$;
comment on function private.add_missing_allocation(uuid) is
  'Brings this month''s allocation up to what the tenant''s plan brings, and never down. Returns how many were added.';

create function private.tg_allocate_credits() returns trigger
  language plpgsql security definer
  set search_path = ''
  set enable_seqscan = off
as $$
begin
  -- A tenant that never used credits gets them when it first does.
  if exists (select from public.credit_balances as b where b.tenant_id = new.id) then
    perform private.add_missing_allocation(new.id);
  end if;
  return null;
end
$$;
create trigger tenants_allocate_credits after update of plan, status on public.tenants
  for each row when (new.status <> 'archived' and (old.plan <> new.plan or old.status <> new.status))
  execute function private.tg_allocate_credits();

-- Definers, the rest of them, because even the service writes no row of credits itself. Granted only to the service.
create function private.allocate_credits(tenant_id uuid) returns bigint
  language plpgsql security definer
  set search_path = ''
  set enable_seqscan = off
as $$
begin
  perform private.require_tenant_with_credits(allocate_credits.tenant_id);
  return private.add_missing_allocation(allocate_credits.tenant_id);
end
$$;
comment on function private.allocate_credits(uuid) is
  'Allocates what this month''s allocation lacks of what the plan brings. For the service. Returns how many were added: 0 for a second call.';

create function private.top_up_credits(
  tenant_id uuid, credits bigint, order_ref text, expires_at timestamptz default null, actor text default 'system'
) returns public.credit_ledger
  language plpgsql security definer
  set search_path = ''
  set enable_seqscan = off
as $$
#variable_conflict use_column
declare
  entry public.credit_ledger;
  key text := 'topup ' || order_ref;
  hash uuid := md5(row('topup', top_up_credits.credits, top_up_credits.expires_at)::text)::uuid;
  ends_at timestamptz;
begin
  perform private.require_tenant_with_credits(top_up_credits.tenant_id);
  perform private.require_credits(top_up_credits.credits);
  if order_ref is null or length(order_ref) not between 1 and 190 or not private.is_plain_text(order_ref, 190) then
    perform private.raise_problem(422, 'invalid_value', 'Name the order that paid for this.',
      '[{"pointer": "/order_ref", "detail": "must be text of 1 to 190 characters"}]');
  end if;
  perform private.lock_credits(top_up_credits.tenant_id);
  entry := private.find_credit_entry(top_up_credits.tenant_id, key, hash);
  if entry.version is not null then
    return entry;
  end if;
  ends_at := case when top_up_credits.expires_at is null
    then (select b.next_reset_at from public.credit_balances as b where b.tenant_id = top_up_credits.tenant_id)
    else nullif(top_up_credits.expires_at, 'infinity') end;
  if ends_at <= clock_timestamp() then
    perform private.raise_problem(422, 'invalid_value', 'Credits must expire in the future.', '[{"pointer": "/expires_at", "detail": "must be in the future"}]');
  end if;
  entry := private.add_credits(top_up_credits.tenant_id, 'topup', 'topup', top_up_credits.credits, ends_at, key, hash,
    top_up_credits.actor, topup_order_id => order_ref);
  perform private.emit_event(top_up_credits.tenant_id, 'credits.topped_up', jsonb_build_object('credits', jsonb_build_object(
    'added', top_up_credits.credits, 'available', entry.balance_after, 'order_ref', order_ref, 'expires_at', private.event_moment(ends_at))),
    'credits', has_row_lock => true);
  return entry;
end
$$;
comment on function private.top_up_credits(uuid, bigint, text, timestamptz, text) is
  'Adds credits that an order paid for. One order adds once: a second call returns the first entry. They expire with the month, at expires_at, or never (infinity). For the service. 409 idempotency_conflict.';

create function private.adjust_credits(
  tenant_id uuid, credits bigint, idempotency_key text, actor text, note text, expires_at timestamptz default null
) returns public.credit_ledger
  language plpgsql security definer
  set search_path = ''
  set enable_seqscan = off
as $$
#variable_conflict use_column
declare
  entry public.credit_ledger;
  hash uuid := md5(row('adjusted', adjust_credits.credits, adjust_credits.actor, adjust_credits.note, adjust_credits.expires_at)::text)::uuid;
  free bigint;
  of_topups bigint;
  balance public.credit_balances;
begin
  perform private.require_tenant_with_credits(adjust_credits.tenant_id);
  if adjust_credits.credits is null or adjust_credits.credits = 0 or adjust_credits.credits not between -1000000000 and 1000000000 then
    perform private.raise_problem(422, 'invalid_value', 'An adjustment adds or takes up to 1000000000 credits.',
      '[{"pointer": "/credits", "detail": "must be a whole number from -1000000000 to 1000000000, and not 0"}]');
  end if;
  perform private.require_idempotency_key(adjust_credits.idempotency_key);
  perform private.require_credit_note(adjust_credits.actor, adjust_credits.note);
  free := private.lock_credits(adjust_credits.tenant_id);
  entry := private.find_credit_entry(adjust_credits.tenant_id, adjust_credits.idempotency_key, hash);
  if entry.version is not null then
    return entry;
  end if;
  if adjust_credits.expires_at <= clock_timestamp() then
    perform private.raise_problem(422, 'invalid_value', 'Credits must expire in the future.', '[{"pointer": "/expires_at", "detail": "must be in the future"}]');
  end if;
  if adjust_credits.credits > 0 then
    return private.add_credits(adjust_credits.tenant_id, 'adjusted', 'adjustment', adjust_credits.credits, nullif(adjust_credits.expires_at, 'infinity'),
      adjust_credits.idempotency_key, hash, adjust_credits.actor, adjust_credits.note);
  end if;
  -- What is reserved stays with the work that reserved it.
  if free < -adjust_credits.credits then
    perform private.refuse_credits(free, -adjust_credits.credits);
  end if;
  of_topups := private.burn_credits(adjust_credits.tenant_id, -adjust_credits.credits);
  update public.credit_balances as b set credits_available = b.credits_available + adjust_credits.credits,
    credits_topup = b.credits_topup - of_topups, version = b.version + 1, entered_at = greatest(clock_timestamp(), b.entered_at)
  where b.tenant_id = adjust_credits.tenant_id
  returning * into balance;
  update public.credit_periods as p set adjusted = p.adjusted + adjust_credits.credits
  where p.tenant_id = adjust_credits.tenant_id and p.period_start = balance.period_start;
  insert into public.credit_ledger as e (tenant_id, version, type, credits, balance_after, reserved_after, actor, note, idempotency_key, request_hash, created_at)
  values (adjust_credits.tenant_id, balance.version, 'adjusted', adjust_credits.credits, balance.credits_available, balance.credits_reserved,
    adjust_credits.actor, adjust_credits.note, adjust_credits.idempotency_key, hash, balance.entered_at)
  returning e.* into entry;
  return entry;
end
$$;
comment on function private.adjust_credits(uuid, bigint, text, text, text, timestamptz) is
  'Corrects a balance by hand, up or down, never below what is reserved. Needs who does it and why. For the service. 402 insufficient_credits, 409 idempotency_conflict.';
grant execute on function private.allocate_credits(uuid), private.top_up_credits(uuid, bigint, text, timestamptz, text),
  private.refund_credits(uuid, uuid, bigint, text, text, text, timestamptz),
  private.adjust_credits(uuid, bigint, text, text, text, timestamptz) to service_role;
