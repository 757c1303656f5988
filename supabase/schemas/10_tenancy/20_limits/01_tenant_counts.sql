-- Limits: how much of what its plan limits a tenant has. Counted in one row for each limit, so that asking costs the
-- same with a million rows, and two who want the last place wait for each other.

create table private.tenant_counts (
  tenant_id uuid not null references public.tenants on delete cascade,
  gate text not null,
  period_at timestamptz not null default '-infinity',
  used bigint not null default 0,
  -- The highest threshold that was announced, of which number, and in which month.
  announced_percent int not null default 0,
  announced_most bigint,
  announced_at timestamptz not null default '-infinity',
  primary key (tenant_id, gate),
  constraint count_is_of_a_gate check (gate ~ '^[a-z][a-z0-9_]{1,39}$'),
  constraint count_not_negative check (used >= 0)
);
comment on table private.tenant_counts is
  'How much of a limit a tenant uses: what there is, or what was made since period_at for a monthly limit. Triggers of the counted tables keep it, with tenant_count_changes.';

-- In plpgsql, as all that is asked when something is made: plpgsql keeps its plans for the session.
create function private.limit_period(tenant uuid, gate text) returns timestamptz
  language plpgsql stable
  set search_path = ''
as $$
begin
  if exists (select from private.gates as g where g.gate = limit_period.gate and g.is_monthly) then
    return date_trunc('month', now(), (select t.time_zone from public.tenants as t where t.id = tenant));
  end if;
  return '-infinity';
end
$$;
comment on function private.limit_period(uuid, text) is 'Since when a limit counts for a tenant: the start of the present month in its time zone, or ever.';

create function private.is_same_period(period_at timestamptz, other_at timestamptz) returns boolean
  language sql stable parallel safe
as $$
  -- It sets no search_path, and is no more immutable than a moment minus some days is, so that Postgres inlines it.
  -- One month starts at moments up to 26 hours apart. A tenant that moves to another zone must not start again.
  select period_at >= other_at - interval '3 days'
$$;
comment on function private.is_same_period(timestamptz, timestamptz) is 'Whether a count that began at the first moment still counts in a period that began at the second one.';

create table private.tenant_count_changes (
  tenant_id uuid not null references public.tenants on delete cascade,
  gate text not null,
  xact xid8 not null default pg_current_xact_id(),
  period_at timestamptz not null,
  change bigint not null,
  primary key (tenant_id, gate, xact),
  constraint change_is_of_a_gate check (gate ~ '^[a-z][a-z0-9_]{1,39}$')
);
comment on table private.tenant_count_changes is
  'What transactions that asked for nothing added to a count, or took off it. One row for each, so that they lock nothing of each other''s. Whoever asks next adds them to the count.';

create function private.note_places(tenant uuid, gate text, change int) returns void
  language plpgsql volatile
  set search_path = ''
as $$
begin
  insert into private.tenant_count_changes as c (tenant_id, gate, period_at, change)
  values (note_places.tenant, note_places.gate, private.limit_period(note_places.tenant, note_places.gate), note_places.change)
  on conflict on constraint tenant_count_changes_pkey do update set change = c.change + excluded.change;
end
$$;

create function private.count_places(tenant uuid, gate text, change int) returns bigint
  language plpgsql volatile
  set search_path = ''
as $$
declare
  period timestamptz := private.limit_period(tenant, gate);
  noted bigint;
  counted bigint;
begin
  insert into private.tenant_counts as c (tenant_id, gate, period_at, used)
  values (count_places.tenant, count_places.gate, period, greatest(count_places.change, 0))
  on conflict on constraint tenant_counts_pkey do update set
    period_at = case when private.is_same_period(c.period_at, period) then c.period_at else period end,
    used = greatest(count_places.change + case when private.is_same_period(c.period_at, period) then c.used else 0 end, 0)
  returning c.period_at, used into period, counted;
  -- A statement of its own, which sees what was committed while this waited for the row.
  if not exists (select from private.tenant_count_changes as n
    where n.tenant_id = count_places.tenant and n.gate = count_places.gate) then
    return counted;
  end if;
  with gone as (
    delete from private.tenant_count_changes as n
    where n.tenant_id = count_places.tenant and n.gate = count_places.gate
    returning n.change, n.period_at
  )
  select sum(g.change) filter (where private.is_same_period(g.period_at, period)) into noted from gone as g;
  if noted <> 0 then
    update private.tenant_counts as c set used = greatest(c.used + noted, 0)
    where c.tenant_id = count_places.tenant and c.gate = count_places.gate
    returning used into counted;
  end if;
  return counted;
end
$$;
comment on function private.count_places(uuid, text, int) is
  'Counts places that were taken, and returns how many are used. The row stays locked until the transaction ends.';

create function private.find_limit(tenant uuid, gate text, out most bigint, out used bigint, out left_over bigint, out resets_at timestamptz)
  language sql stable
  set search_path = ''
as $$
  select l.most, n.used, greatest(l.most - n.used, 0), n.resets_at
  from public.tenants as t
  join public.plans as p on p.plan = t.plan
  join private.gates as g on g.gate = find_limit.gate and g.kind = 'limit'
  left join private.tenant_counts as c on c.tenant_id = t.id and c.gate = g.gate
  cross join lateral (select (p.limits ->> g.gate)::bigint as most, private.limit_period(t.id, g.gate) as period_at) as l
  cross join lateral (select
    greatest(case when private.is_same_period(c.period_at, l.period_at) then c.used else 0 end + coalesce((
      select sum(o.change) from private.tenant_count_changes as o
      where o.tenant_id = t.id and o.gate = g.gate and private.is_same_period(o.period_at, l.period_at)), 0), 0)::bigint as used,
    case when g.is_monthly then date_add(l.period_at, interval '1 month', t.time_zone) end as resets_at) as n
  where t.id = find_limit.tenant
$$;
comment on function private.find_limit(uuid, text) is
  'How many a tenant''s plan allows of what a limit counts, how many it has, how many are left, and when a monthly count starts again.';

create function private.announce_threshold(tenant uuid, gate text, used bigint, most bigint) returns boolean
  language plpgsql volatile
  set search_path = ''
as $$
declare
  reached int := case when used >= most then 100 when used >= most * 0.8 then 80 when used >= most * 0.5 then 50 end;
  month_at timestamptz;
begin
  if reached is null then
    return false;
  end if;
  month_at := date_trunc('month', now(), (select t.time_zone from public.tenants as t where t.id = announce_threshold.tenant));
  -- A trigger of this row emits the event. Whoever has counted holds its lock, so nobody else announces the same.
  -- Moving to another time zone does not announce a month again.
  update private.tenant_counts as c set announced_percent = reached, announced_most = announce_threshold.most,
    announced_at = case when private.is_same_period(c.announced_at, month_at) then c.announced_at else month_at end
  where c.tenant_id = announce_threshold.tenant and c.gate = announce_threshold.gate
    and not (private.is_same_period(c.announced_at, month_at) and c.announced_most = announce_threshold.most and c.announced_percent >= reached);
  return found;
end
$$;
comment on function private.announce_threshold(uuid, text, bigint, bigint) is
  'Announces that 50, 80 or 100 % of a number are used: each once a month, and again if the number changes. Returns whether it announced something. The tenant has a row in tenant_counts for it.';

create function private.note_threshold(tenant uuid, gate text, used bigint) returns boolean
  language plpgsql volatile
  set search_path = ''
as $$
begin
  return private.announce_threshold(tenant, gate, used, (select (p.limits ->> note_threshold.gate)::bigint
    from public.tenants as t join public.plans as p on p.plan = t.plan where t.id = note_threshold.tenant));
end
$$;
comment on function private.note_threshold(uuid, text, bigint) is
  'Announces that 50, 80 or 100 % of a limit of the plan are used. The caller has counted in the same transaction.';

create function private.settle_tenant_counts(batch int default 500) returns int
  language sql volatile
  set search_path = ''
as $$
  -- Sorted, so that two runs lock the counts in one order.
  select count(private.note_threshold(n.tenant_id, n.gate, private.count_places(n.tenant_id, n.gate, 0)))::int from (
    select distinct c.tenant_id, c.gate from private.tenant_count_changes as c order by 1, 2 limit batch) as n
$$;
comment on function private.settle_tenant_counts(int) is
  'Adds to the counts what was only noted, for at most one batch of tenants and limits. Returns for how many.';

select cron.schedule('registry: settle counts of limits', '*/5 * * * *', 'select private.settle_tenant_counts()');

select private.register_table('private.tenant_count_changes', keeping => 'derived', plain => '{gate}', unaudited => 'counts rows that are in the log themselves');
select private.register_table('private.tenant_counts', keeping => 'derived', plain => '{gate}', unaudited => 'counts rows that are in the log themselves');
