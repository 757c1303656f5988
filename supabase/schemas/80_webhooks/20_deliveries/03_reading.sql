-- Reading: the metrics of the whole queue.

create function private.read_webhook_metrics() returns jsonb
  language sql stable
  set search_path = ''
as $$
  select jsonb_build_object(
    'outbox', (select count(*) from private.webhook_outbox),
    'pending', (select count(*) from private.queue_items as i where i.queue = 'webhooks'),
    'due', (select count(*) from private.queue_items as i where i.queue = 'webhooks' and i.next_at <= now()),
    'leased', (select count(*) from private.queue_items as i where i.queue = 'webhooks' and i.lease_id is not null and i.next_at > now()),
    -- Only of deliveries that could be sent now. The deliveries of a blocked lane wait for their receiver.
    'oldest_due_seconds', coalesce((
      select extract(epoch from now() - min(i.next_at))
      from private.queue_lanes as l
      cross join lateral (
        select i.next_at from private.queue_items as i
        where i.tenant_id = l.tenant_id and i.queue = l.queue and i.lane_id = l.lane_id order by i.next_at limit 1) as i
      where l.queue = 'webhooks' and l.next_at <= now() and i.next_at <= now()), 0),
    'open_circuits', (select count(*) from private.queue_lanes as l where l.queue = 'webhooks' and l.failure_count >= 5),
    'disabled_endpoints', (select count(*) from public.webhook_endpoints as p where not p.is_enabled),
    'dispatchers', (select count(*) from private.queue_dispatchers as w where w.queue = 'webhooks' and w.slot <= 4 and w.run_id is not null and w.seen_at > now() - interval '5 seconds'),
    'succeeded', sum(w.succeeded_count), 'failed', sum(w.failed_count), 'dead', sum(w.dead_count), 'stale', sum(w.stale_count),
    'duration_ms_sum', sum(w.duration_ms_sum),
    'duration_buckets', (select array_agg(b.count order by b.n) from (
      select u.n, sum(u.count) as count from private.queue_dispatchers as x,
        unnest(x.duration_bucket_counts) with ordinality as u (count, n) where x.queue = 'webhooks' group by u.n) as b))
  from private.queue_dispatchers as w where w.queue = 'webhooks'
$$;
comment on function private.read_webhook_metrics() is 'The state of the queue over all tenants, and totals since the beginning. Only for the operator.';
