-- Settling: what ended by itself is entered before anything else happens. So it holds when it is read, and cron only
-- does it for tenants who do nothing.

create function private.credits_of_plan(tenant uuid) returns bigint
  language sql stable
  set search_path = ''
as $$
  -- A tenant that may not change anything gets nothing, until it may again.
  select coalesce((select c.credits_monthly from public.tenants as t join private.plan_credits as c on c.plan = t.plan
    where t.id = tenant and private.is_writable(t.status, t.trial_ends_at)), 0)
$$;
comment on function private.credits_of_plan(uuid) is 'How many credits a month the tenant''s plan brings now.';

-- Each step enters what it does and moves these on. One update of the balance at the end, so that events are about
-- what came of it all.
create function private.expire_credits(balance public.credit_balances, moment timestamptz) returns public.credit_balances
  language plpgsql
  set search_path = ''
as $$
declare
  lot record;
  taken bigint;
  ended record;
begin
  with overdue as (
    select r.id, r.credits, row_number() over w as n, sum(r.credits) over w as total
    from public.credit_reservations as r
    where r.tenant_id = balance.tenant_id and r.status = 'open' and r.expires_at <= moment
    window w as (order by r.expires_at, r.id)
  ), closed as (
    update public.credit_reservations as r set status = 'expired', closed_at = moment
    from overdue as o where r.tenant_id = balance.tenant_id and r.id = o.id
    returning o.n, o.total, r.id, r.credits, r.activity_run_id, r.deliverable_type
  ), entered as (
    insert into public.credit_ledger (tenant_id, version, type, credits, credits_held, balance_after, reserved_after,
      reservation_id, activity_run_id, deliverable_type, actor, created_at)
    select balance.tenant_id, balance.version + c.n, 'expired', 0, -c.credits, balance.credits_available,
      balance.credits_reserved - c.total, c.id, c.activity_run_id, c.deliverable_type, 'system', moment
    from closed as c
  )
  select count(*) as entries, coalesce(sum(c.credits), 0)::bigint as credits into ended from closed as c;
  balance.version := balance.version + ended.entries;
  balance.credits_reserved := balance.credits_reserved - ended.credits;

  for lot in
    select l.id, l.kind, l.credits_left from public.credit_lots as l
    where l.tenant_id = balance.tenant_id and l.closed_at is null and l.expires_at <= moment
    order by l.kind <> 'topup', l.expires_at, l.id
  loop
    -- What is reserved was there when it was reserved. It stays until the reservation ends.
    taken := least(lot.credits_left, balance.credits_available - balance.credits_reserved);
    exit when taken = 0;
    update public.credit_lots as l set credits_left = l.credits_left - taken,
      closed_at = case when l.credits_left = taken then moment end
    where l.tenant_id = balance.tenant_id and l.id = lot.id;
    balance.version := balance.version + 1;
    balance.credits_available := balance.credits_available - taken;
    if lot.kind = 'topup' then
      balance.credits_topup := balance.credits_topup - taken;
    end if;
    insert into public.credit_ledger (tenant_id, version, type, credits, balance_after, reserved_after, actor, created_at)
    values (balance.tenant_id, balance.version, 'expired', -taken, balance.credits_available, balance.credits_reserved, 'system', moment);
    update public.credit_periods as p set expired = p.expired + taken
    where p.tenant_id = balance.tenant_id and p.period_start = balance.period_start;
  end loop;
  return balance;
end
$$;
comment on function private.expire_credits(public.credit_balances, timestamptz) is
  'Enters the reservations and the lots that are over at this moment. Returns the balance as it is then, for settle_credits() to store.';

create function private.begin_credit_period(balance public.credit_balances, moment timestamptz) returns public.credit_balances
  language plpgsql
  set search_path = ''
as $$
begin
  update public.credit_periods as p set consumed = balance.credits_consumed, closing = balance.credits_available
  where p.tenant_id = balance.tenant_id and p.closing is null;
  balance.credits_consumed := 0;
  balance.credits_monthly := private.credits_of_plan(balance.tenant_id);
  insert into public.credit_periods (tenant_id, period_start, period_end, first_version, opening, allocated)
  values (balance.tenant_id, balance.period_start, balance.period_end, balance.version + 1, balance.credits_available, balance.credits_monthly);
  if balance.credits_monthly > 0 then
    balance.version := balance.version + 1;
    balance.credits_available := balance.credits_available + balance.credits_monthly;
    insert into public.credit_lots (tenant_id, kind, credits, credits_left, version, expires_at)
    values (balance.tenant_id, 'allocation', balance.credits_monthly, balance.credits_monthly, balance.version, balance.next_reset_at);
    insert into public.credit_ledger (tenant_id, version, type, credits, balance_after, reserved_after, expires_at, actor, created_at)
    values (balance.tenant_id, balance.version, 'allocated', balance.credits_monthly, balance.credits_available,
      balance.credits_reserved, balance.next_reset_at, 'system', moment);
  end if;
  return balance;
end
$$;
comment on function private.begin_credit_period(public.credit_balances, timestamptz) is
  'Closes the statement of the month before, and allocates the credits of the new one. Returns the balance as it is then.';

create function private.settle_credits(tenant uuid) returns void
  language plpgsql
  set search_path = ''
as $$
declare
  balance public.credit_balances;
  moment timestamptz;
  zone text;
  month_start date;
  month_end_at timestamptz;
  is_new_month boolean := false;
begin
  insert into public.credit_balances (tenant_id) values (tenant) on conflict do nothing;
  select * into balance from public.credit_balances as b where b.tenant_id = tenant for no key update;
  moment := greatest(clock_timestamp(), balance.entered_at);
  if balance.next_due_at > moment then
    return;
  end if;
  if balance.next_reset_at <= moment then
    zone := (select t.time_zone from public.tenants as t where t.id = tenant);
    month_start := date_trunc('month', moment at time zone zone)::date;
    month_end_at := (month_start + interval '1 month') at time zone zone;
    is_new_month := month_start > balance.period_start;
    if not is_new_month then
      -- The tenant moved to a zone in which this month is not over yet. A month never begins twice.
      update public.credit_lots as l set expires_at = month_end_at
      where l.tenant_id = tenant and l.closed_at is null and l.expires_at = balance.next_reset_at;
    end if;
    balance.next_reset_at := month_end_at;
  end if;
  balance := private.expire_credits(balance, moment);
  if is_new_month then
    balance.period_start := month_start;
    balance.period_end := (month_start + interval '1 month')::date - 1;
    balance := private.begin_credit_period(balance, moment);
  end if;
  update public.credit_balances as b set
    credits_monthly = balance.credits_monthly, credits_available = balance.credits_available,
    credits_reserved = balance.credits_reserved, credits_consumed = balance.credits_consumed, credits_topup = balance.credits_topup,
    period_start = balance.period_start, period_end = balance.period_end, next_reset_at = balance.next_reset_at,
    version = balance.version, entered_at = moment,
    next_due_at = least(balance.next_reset_at,
      (select min(r.expires_at) from public.credit_reservations as r where r.tenant_id = tenant and r.status = 'open'),
      (select min(l.expires_at) from public.credit_lots as l where l.tenant_id = tenant and l.closed_at is null))
  where b.tenant_id = tenant;
end
$$;
comment on function private.settle_credits(uuid) is
  'Enters what is over: reservations, lots, the month. Makes the balance of a tenant that has none. Locks the balance.';

create function private.lock_credits(tenant uuid) returns bigint
  language plpgsql
  set search_path = ''
as $$
declare
  due_at timestamptz;
  free bigint;
begin
  select b.next_due_at, b.credits_available - b.credits_reserved into due_at, free
  from public.credit_balances as b where b.tenant_id = tenant for no key update;
  if due_at is null or due_at <= clock_timestamp() then
    perform private.settle_credits(tenant);
    free := (select b.credits_available - b.credits_reserved from public.credit_balances as b where b.tenant_id = tenant);
  end if;
  return free;
end
$$;
comment on function private.lock_credits(uuid) is
  'Locks a tenant''s balance, settles what is over, and returns how many credits can be reserved. Whatever looks up a key or changes credits calls this first.';

create function private.settle_due_credits(batch int default 500) returns int
  language plpgsql
  set search_path = ''
  set enable_seqscan = off
as $$
declare
  due uuid;
  settled int := 0;
begin
  -- Only rows that nobody holds: who holds one settles it.
  for due in
    select b.tenant_id from public.credit_balances as b
    where b.next_due_at <= clock_timestamp()
      and not exists (select from public.tenants as t where t.id = b.tenant_id and t.status = 'archived')
    order by b.next_due_at limit batch
    for no key update of b skip locked
  loop
    begin
      perform private.settle_credits(due);
      settled := settled + 1;
    exception when others then
      -- One tenant must not keep the others from being settled.
      raise warning 'The credits of tenant % could not be settled: %', due, sqlerrm;
    end;
  end loop;
  return settled;
end
$$;
comment on function private.settle_due_credits(int) is
  'Settles the credits of at most one batch of tenants for whom something is over. Returns for how many.';

select cron.schedule('usage: settle credits', '* * * * *', 'select private.settle_due_credits()');
