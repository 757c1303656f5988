-- Places: whether a tenant's plan has room for one more of what it limits, and the triggers that count.

create function private.refuse_beyond(tenant uuid, gate text, used bigint) returns void
  language plpgsql
  set search_path = ''
as $$
declare
  tenant_plan text;
  most bigint;
  larger text[];
begin
  select p.plan, (p.limits ->> refuse_beyond.gate)::bigint into tenant_plan, most
  from public.tenants as t join public.plans as p on p.plan = t.plan where t.id = refuse_beyond.tenant;
  if most is null or used <= most then
    if used >= most * 0.5 then
      perform private.note_threshold(tenant, gate, used);
    end if;
    return;
  end if;
  -- The cheapest first. A price of 0 is agreed on request.
  larger := array(select p.plan from public.plans as p
    where p.trial_days is null and (p.limits ->> refuse_beyond.gate)::bigint > most
    order by p.price_minor = 0, p.price_minor, p.plan);
  perform private.raise_problem(402, 'limit_reached', format('The plan "%s" allows %s of "%s", and no more are left.', tenant_plan, most, refuse_beyond.gate)
      || coalesce(format(' The plan "%s" allows more.', larger[1]), ''),
    members => jsonb_build_object('limit', refuse_beyond.gate, 'most', most, 'plan', tenant_plan, 'plans', larger));
end
$$;
comment on function private.refuse_beyond(uuid, text, bigint) is 'Refuses with 402 limit_reached if so many are more than the tenant''s plan allows. Announces thresholds that they reach.';

-- A definer, as the next one: people may read neither the counts nor the register.
create function private.require_place(tenant uuid, gate text) returns void
  language plpgsql security definer
  set search_path = ''
as $$
declare
  counted bigint;
  counted_at timestamptz;
  is_settled boolean;
begin
  -- Whoever wants the same place waits here until this transaction ends. A lock alone writes nothing.
  select c.used, c.period_at into counted, counted_at from private.tenant_counts as c
  where c.tenant_id = require_place.tenant and c.gate = require_place.gate for no key update;
  -- A transaction that keeps one snapshot must fail where somebody was faster, so it has to write.
  if found and current_setting('transaction_isolation') = 'read committed' then
    -- A statement of its own, which sees what was committed while this waited. Where less than half is used and
    -- nothing is noted, there is nothing to announce and nothing to add.
    select private.is_same_period(counted_at, case when g.is_monthly then date_trunc('month', now(), t.time_zone) else '-infinity' end)
      and coalesce((counted + 1) * 2 < (p.limits ->> g.gate)::bigint, true)
      and not exists (select from private.tenant_count_changes as n where n.tenant_id = require_place.tenant and n.gate = require_place.gate)
    into is_settled
    from public.tenants as t join public.plans as p on p.plan = t.plan join private.gates as g on g.gate = require_place.gate
    where t.id = require_place.tenant;
    if is_settled then
      return;
    end if;
  end if;
  perform private.refuse_beyond(tenant, gate, 1 + private.count_places(tenant, gate, 0));
end
$$;
comment on function private.require_place(uuid, text) is
  'Refuses with 402 limit_reached unless the tenant''s plan has room for one more. For functions that make one. The caller must hold a permission.';

create function private.change_places(tenant uuid, gate text, change int, asks boolean) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  -- The platform may bring over a tenant that has more than its plan allows.
  if asks and not private.is_trusted_caller() then
    perform private.refuse_beyond(tenant, gate, private.count_places(tenant, gate, change));
    return;
  end if;
  -- A tenant that is being deleted needs no count. What is put back into a demo was not made this month.
  if change < 0 and not exists (select from public.tenants as t where t.id = change_places.tenant)
    or current_setting('tenantry.is_restoring', true) = 'on' and private.limit_period(tenant, gate) > '-infinity' then
    return;
  end if;
  perform private.note_places(tenant, gate, change);
end
$$;
comment on function private.change_places(uuid, text, int, boolean) is
  'Counts places that a trigger saw taken or given back, and refuses those that the plan does not have.';

-- Arguments: the limit, 1 or -1, and "ask" if nothing asked before. After the row, because a statement that inserts
-- many rows runs all triggers before a row first, and each would find the same place free. Of a table that is filled by
-- thousands, after the statement, with its rows as "changed": each row would write the count again, and read all that
-- the rows before it wrote.
create function private.tg_count_places() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
declare
  asks constant boolean := tg_argv[2] is not distinct from 'ask';
begin
  if tg_level = 'STATEMENT' then
    perform private.change_places(c.tenant_id, tg_argv[0], tg_argv[1]::int * c.count::int, asks)
    from (select n.tenant_id, count(*) from changed as n group by n.tenant_id order by n.tenant_id) as c;
  else
    perform private.change_places(case tg_op when 'DELETE' then old.tenant_id else new.tenant_id end, tg_argv[0], tg_argv[1]::int, asks);
  end if;
  return null;
end
$$;
comment on function private.tg_count_places() is 'Keeps the count of a limit, and refuses rows that the plan has no place for.';
