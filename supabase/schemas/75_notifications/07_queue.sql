-- The queue of messages: jobs become its items when they are due, and a provider of a tenant is a lane.

-- What has no item yet and is due. A view, because quiet hours put off when a job is due.
create view private.due_notification_jobs as
  select j.tenant_id, j.id, j.channel, j.due_at from private.notification_jobs as j
  where j.queued_at is null and j.status = 'pending' and j.due_at <= now();

select private.register_queue('notifications', '/notifications/dispatch', '{5 s,1 min,5 min,30 min,2 h,6 h}', 'private.due_notification_jobs');

-- A definer, because whoever causes a notification holds no privilege on queues.
create function private.tg_wake_notifications() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  if exists (select from added as a where a.due_at <= now()) then
    perform private.wake_dispatcher('notifications');
  end if;
  return null;
end
$$;
create trigger notification_jobs_wake_dispatcher after insert on private.notification_jobs
  referencing new table as added for each statement execute function private.tg_wake_notifications();

create function private.tenants_with_due_jobs(max_tenants int) returns uuid[]
  language plpgsql volatile
  set search_path = ''
  set enable_seqscan = off
as $$
declare
  oldest timestamptz := (select j.due_at from private.due_notification_jobs as j order by j.due_at limit 1);
  moment timestamptz;
  start uuid;
  next uuid;
  found uuid[] := '{}';
begin
  if oldest is null then
    return found;
  end if;
  -- Each search starts behind another tenant, so that everybody has a turn even if more of them wait. The moment is chosen
  -- before the search: in its condition it would be chosen again for each row, and one of the first would nearly always win.
  moment := oldest + random() * (now() - oldest);
  start := (select j.tenant_id from private.due_notification_jobs as j where j.due_at >= moment order by j.due_at limit 1);
  next := coalesce(start, (select j.tenant_id from private.due_notification_jobs as j order by j.due_at limit 1));
  -- One search in the index for each tenant, however many jobs it has.
  loop
    found := found || next;
    exit when cardinality(found) = max_tenants;
    select j.tenant_id into next from private.due_notification_jobs as j where j.tenant_id > next order by j.tenant_id limit 1;
    if next is null then
      select j.tenant_id into next from private.due_notification_jobs as j order by j.tenant_id limit 1;
    end if;
    exit when next is null or next = any (found);
  end loop;
  return found;
end
$$;
comment on function private.tenants_with_due_jobs(int) is 'Tenants with jobs that are due and have no item yet, at most so many.';

create function private.notification_lane(tenant uuid, channel public.notification_channel) returns uuid
  language sql stable
  set search_path = ''
as $$
  -- Made of both ids, because tenants share the platform's provider, and no two of them a lane.
  select md5(tenant::text || coalesce((
    select p.id from public.notification_providers as p
    where p.tenant_id in (notification_lane.tenant, private.platform_tenant_id()) and p.channel = notification_lane.channel
      and p.is_active and p.verified_at is not null
    order by p.tenant_id = notification_lane.tenant desc limit 1), private.platform_tenant_id())::text)::uuid
$$;
comment on function private.notification_lane(uuid, public.notification_channel) is 'The lane of a tenant''s messages: by whom they are sent now.';

create function private.expand_notification_jobs(batch int) returns int
  language plpgsql
  set search_path = ''
  set enable_seqscan = off
as $$
declare
  turn uuid[] := private.tenants_with_due_jobs(50);
  turn_channels public.notification_channel[];
  turn_lanes uuid[];
  tenants uuid[];
  jobs uuid[];
  lanes uuid[];
begin
  if turn = '{}' then
    return 0;
  end if;
  select array_agg(d.tenant_id), array_agg(d.channel), array_agg(private.notification_lane(d.tenant_id, d.channel))
  into turn, turn_channels, turn_lanes
  from (
    select distinct o.tenant_id, o.channel from unnest(turn) as t (tenant_id)
    cross join lateral (
      select w.tenant_id, w.channel from private.notification_jobs as w
      where w.tenant_id = t.tenant_id and w.queued_at is null and w.status = 'pending' and w.due_at <= now()
      order by w.due_at limit greatest(batch / cardinality(turn), 1)) as o) as d;
  if turn is null then
    return 0;
  end if;
  -- A lane outlives its provider: what waits in it goes out by whoever takes the provider's place. Only what is missing is
  -- inserted: finding out by the conflict would wait for whoever changes the lane.
  insert into private.queue_lanes (tenant_id, queue, lane_id)
  select distinct w.tenant_id, 'notifications', w.lane_id from unnest(turn, turn_lanes) as w (tenant_id, lane_id)
  where not exists (select from private.queue_lanes as l
    where l.tenant_id = w.tenant_id and l.queue = 'notifications' and l.lane_id = w.lane_id)
  order by 1, 3
  on conflict do nothing;
  insert into private.queue_tenants (tenant_id, queue)
  select distinct w.tenant_id, 'notifications' from unnest(turn) as w (tenant_id)
  where not exists (select from private.queue_tenants as q where q.tenant_id = w.tenant_id and q.queue = 'notifications')
  order by 1
  on conflict do nothing;
  -- Before the jobs. Taking jobs may lock some that another dispatcher has just taken, and whoever completes those locks
  -- their lanes first.
  perform private.lock_lanes('notifications', turn, turn_lanes);
  with taken as (
    update private.notification_jobs as j set queued_at = now()
    from (
      select o.tenant_id, o.id, t.lane_id from unnest(turn, turn_channels, turn_lanes) as t (tenant_id, channel, lane_id)
      cross join lateral (
        select w.tenant_id, w.id from private.notification_jobs as w
        where w.tenant_id = t.tenant_id and w.channel = t.channel and w.queued_at is null and w.status = 'pending' and w.due_at <= now()
        order by w.due_at limit greatest(batch / cardinality(turn), 1) for update skip locked) as o) as d
    where j.tenant_id = d.tenant_id and j.id = d.id
    returning j.tenant_id, j.id, d.lane_id
  )
  select array_agg(k.tenant_id), array_agg(k.id), array_agg(k.lane_id) into tenants, jobs, lanes from taken as k;
  if tenants is null then
    return 0;
  end if;
  perform private.enqueue_items('notifications', tenants, lanes, jobs, array_fill(null::text, array[cardinality(jobs)]));
  return cardinality(jobs);
end
$$;
comment on function private.expand_notification_jobs(int) is
  'Puts jobs that are due into the queue: of up to 50 tenants in turn, those of each that have waited longest first. Returns how many.';

create function private.claim_notification_jobs(batch int, lease_seconds int default 60, slow_batch int default null)
  returns table (tenant_id uuid, lane_id uuid, item_id uuid, lease_id uuid, attempt_number int, ordering_key text, is_slow boolean, job jsonb)
  language plpgsql
  set search_path = ''
  set enable_seqscan = off
as $$
#variable_conflict use_column
declare
  leased jsonb;
  tenants uuid[];
  jobs uuid[];
begin
  select jsonb_agg(c), array_agg(c.tenant_id), array_agg(c.item_id) into leased, tenants, jobs
  from private.claim_items('notifications', batch, lease_seconds, slow_batch) as c;
  if tenants is null then
    return;
  end if;
  -- A statement of its own, so that it sees the jobs of all items that were claimed.
  return query
  select c.tenant_id, c.lane_id, c.item_id, c.lease_id, c.attempt_number, c.ordering_key, c.is_slow, to_jsonb(j)
  from jsonb_to_recordset(leased)
    as c (tenant_id uuid, lane_id uuid, item_id uuid, lease_id uuid, attempt_number int, ordering_key text, is_slow boolean)
  -- Of a job that was forgotten meanwhile only the item is left. It ends without a message.
  left join private.read_notification_jobs(tenants, jobs) as j on j.tenant_id = c.tenant_id and j.job_id = c.item_id;
end
$$;
comment on function private.claim_notification_jobs(int, int, int) is
  'Leases due jobs (claim_items), each with what it needs to be sent. job is null if there is nothing to send any more.';

create function private.complete_notification_jobs(given jsonb, dispatcher int default null) returns int
  language plpgsql
  set search_path = ''
  set enable_seqscan = off
as $$
declare
  -- Every transaction that locks items without their lane uses this order.
  results private.queue_result[] := array(
    select r from jsonb_populate_recordset(null::private.queue_result, given) as r order by r.lane_id, r.item_id, r.lease_id);
  done record;
begin
  select * into done from private.complete_items('notifications', results, dispatcher);
  perform private.record_notification_attempts((
    select jsonb_agg(a.attempt || jsonb_build_object('tenant_id', r.tenant_id, 'job_id', r.item_id, 'attempt', r.attempt_number,
      'duration_ms', r.duration_ms, 'status', case
        -- Its lease was lost meanwhile, so somebody else settles it. The attempt was made. One to a telephone is made once.
        when r.ordinality <> all (done.settled) then case when (a.attempt ->> 'has_begun')::boolean then a.attempt ->> 'status' end
        when r.ordinality = any (done.died) then 'failed'
        else a.attempt ->> 'status' end))
    from unnest(results) with ordinality as r
    join jsonb_array_elements(given) as a (attempt) on (a.attempt ->> 'item_id')::uuid = r.item_id and (a.attempt ->> 'lease_id')::uuid = r.lease_id));
  perform private.wake_tenants_after('notifications', results, done.tenants);
  return cardinality(done.settled);
end
$$;
comment on function private.complete_notification_jobs(jsonb, int) is
  'Takes the results of leased jobs, [private.queue_result and an attempt for record_notification_attempts() in one object]. Settles those whose lease is still held, and logs every attempt. Returns how many were settled.';
