-- Made by "npm run generate" from supabase/schemas/83_operator. Change it there.

-- 01_tenants.sql

-- Tenants as an operator sees them: each look at one is in its own audit log.

-- A definer, because only definers record. For the service, which private.enter_operator() gives to operators alone.
create function private.look_at_tenant(tenant uuid) returns void
  language plpgsql security definer
  set search_path = ''
as $$
declare
  who text := (private.audit_context(look_at_tenant.tenant)).actor_id;
begin
  -- A page that is open asks again and again. A row for each time would bury the others, and say no more.
  if exists (
    select from public.audit_log as a
    where a.tenant_id = look_at_tenant.tenant and a.action = 'operator.viewed' and a.actor_id = who and a.created_at > now() - interval '10 minutes') then
    return;
  end if;
  perform private.record_audit(look_at_tenant.tenant, 'operator.viewed', 'tenants',
    (select t.ref_id from public.tenants as t where t.id = look_at_tenant.tenant));
end
$$;
comment on function private.look_at_tenant(uuid) is
  'Records in a tenant''s audit log that the caller looked at it: one row in ten minutes for each person.';
select private.register_audit_action('operator.viewed', 'r');

-- A definer, because the moves and the reason are granted to nobody. It also tells of an archived tenant, which is nobody's any more.
create function private.read_tenant_life(tenant uuid) returns private.tenant_lifecycle
  language plpgsql stable security definer
  set search_path = ''
as $$
begin
  return (select private.lifecycle_of(t) from public.tenants as t where t.id = read_tenant_life.tenant);
end
$$;
comment on function private.read_tenant_life(uuid) is 'The lifecycle of any tenant. For the service.';

-- A definer, because the counts of limits are granted to nobody.
create function private.read_tenant_limits(tenant uuid) returns table (limit_name text, most bigint, used bigint, resets_at timestamptz)
  language plpgsql stable security definer
  set search_path = ''
as $$
begin
  return query
    select g.gate, l.most, l.used, l.resets_at from private.gates as g
    cross join lateral private.find_limit(read_tenant_limits.tenant, g.gate) as l
    where g.kind = 'limit' order by g.gate;
end
$$;
comment on function private.read_tenant_limits(uuid) is 'What a tenant has of each limit of its plan. For the service.';

-- A definer, because the finders are granted to nobody. What needs doing, and not to which things: their names are the tenant's.
create function private.find_tenant_findings(tenant uuid) returns table (code text, severity text, description text)
  language plpgsql stable security definer
  set search_path = ''
as $$
begin
  return query select o.code, o.severity, o.description from private.find_overview(find_tenant_findings.tenant,
    array(select distinct p.permission from private.role_permissions as p)) as o;
end
$$;
comment on function private.find_tenant_findings(uuid) is 'What needs doing in any tenant. For the service.';

grant execute on function private.look_at_tenant(uuid), private.read_tenant_life(uuid), private.read_tenant_limits(uuid),
  private.find_tenant_findings(uuid) to service_role;

-- 02_queues.sql

-- Queues as an operator sees them: how each stands, and the tenants that wait most.

-- A definer, because the queues are granted to nobody.
create function private.read_queues() returns table (
    queue text, unexpanded_count bigint, waiting_count bigint, due_count bigint, under_way_count bigint, oldest_due_at timestamptz,
    failing_receiver_count bigint, dispatcher_count bigint, succeeded_count bigint, failed_count bigint, dead_count bigint)
  language plpgsql stable security definer
  set search_path = ''
as $$
#variable_conflict use_column
declare
  known private.queues;
begin
  for known in select * from private.queues as q order by q.queue loop
    queue := known.queue;
    unexpanded_count := 0;
    if known.outbox is not null then
      execute format('select count(*) from %s', known.outbox) into unexpanded_count;
    end if;
    select count(*) filter (where i.lease_id is null or i.next_at <= now()), count(*) filter (where i.next_at <= now()),
      count(*) filter (where i.lease_id is not null and i.next_at > now())
    into waiting_count, due_count, under_way_count
    from private.queue_items as i where i.queue = known.queue;
    -- Only of what could be sent now. What goes to a receiver that fails waits for the receiver.
    oldest_due_at := (
      select min(i.next_at) from private.queue_lanes as l
      cross join lateral (
        select i.next_at from private.queue_items as i
        where i.tenant_id = l.tenant_id and i.queue = l.queue and i.lane_id = l.lane_id order by i.next_at limit 1) as i
      where l.queue = known.queue and l.next_at <= now() and i.next_at <= now());
    failing_receiver_count := (select count(*) from private.queue_lanes as l where l.queue = known.queue and l.failure_count >= 5);
    select count(*) filter (where d.slot <= 4 and d.run_id is not null and d.seen_at > now() - interval '5 seconds'),
      sum(d.succeeded_count), sum(d.failed_count), sum(d.dead_count)
    into dispatcher_count, succeeded_count, failed_count, dead_count
    from private.queue_dispatchers as d where d.queue = known.queue;
    return next;
  end loop;
end
$$;
comment on function private.read_queues() is
  'How each queue stands over all tenants: what waits, is due and is under way, and what was sent, failed and given up since the beginning. For the service.';

-- A definer, because the queues are granted to nobody.
create function private.find_longest_queues(most int default 20)
  returns table (queue text, ref_id text, slug text, name text, waiting_count bigint, due_count bigint, oldest_due_at timestamptz, failing_receiver_count bigint)
  language plpgsql stable security definer
  set search_path = ''
as $$
#variable_conflict use_column
begin
  return query
    select c.queue, t.ref_id, t.slug, t.name, c.waiting, c.due, c.oldest, (
      select count(*) from private.queue_lanes as l where l.tenant_id = c.tenant_id and l.queue = c.queue and l.failure_count >= 5)
    from (
      select i.queue, i.tenant_id, count(*) as waiting, count(*) filter (where i.next_at <= now()) as due,
        min(i.next_at) filter (where i.next_at <= now()) as oldest,
        row_number() over (partition by i.queue
          order by count(*) filter (where i.next_at <= now()) desc, count(*) desc, i.tenant_id) as place
      from private.queue_items as i where i.lease_id is null or i.next_at <= now()
      group by i.queue, i.tenant_id) as c
    join public.tenants as t on t.id = c.tenant_id
    where c.place <= find_longest_queues.most order by c.queue, c.place;
end
$$;
comment on function private.find_longest_queues(int) is
  'Of each queue the tenants with the most that is due, and then with the most that waits. For the service.';

-- A definer, because the queues are granted to nobody.
create function private.read_tenant_queues(tenant uuid)
  returns table (queue text, waiting_count bigint, due_count bigint, oldest_due_at timestamptz, receiver_count bigint, failing_receiver_count bigint)
  language plpgsql stable security definer
  set search_path = ''
as $$
#variable_conflict use_column
begin
  return query
    select q.queue, i.waiting, i.due, i.oldest, l.receivers, l.failing
    from private.queues as q
    cross join lateral (
      select count(*) as waiting, count(*) filter (where i.next_at <= now()) as due, min(i.next_at) filter (where i.next_at <= now()) as oldest
      from private.queue_items as i
      where i.tenant_id = read_tenant_queues.tenant and i.queue = q.queue and (i.lease_id is null or i.next_at <= now())) as i
    cross join lateral (
      select count(*) as receivers, count(*) filter (where l.failure_count >= 5) as failing
      from private.queue_lanes as l where l.tenant_id = read_tenant_queues.tenant and l.queue = q.queue) as l
    order by q.queue;
end
$$;
comment on function private.read_tenant_queues(uuid) is 'How one tenant''s part of each queue stands. For the service.';

grant execute on function private.read_queues(), private.find_longest_queues(int), private.read_tenant_queues(uuid) to service_role;
