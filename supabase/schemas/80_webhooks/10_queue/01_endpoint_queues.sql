-- Endpoint queues: when each endpoint is served next, and the state of its circuit.

-- One row for each endpoint. The queues of a tenant are served in the order of next_at, and a served queue goes to the
-- back. So an endpoint with 100,000 due deliveries is served as often as an endpoint with one. Which tenant is served is
-- in the tenants' queues.
create table private.webhook_endpoint_queues (
  tenant_id uuid not null references public.tenants on delete cascade,
  endpoint_id uuid not null,
  next_at timestamptz not null default 'infinity',
  blocked_until_at timestamptz not null default '-infinity',
  -- Failed attempts since the last success. From the fifth on the circuit is open: only one probe at a time is sent.
  failure_count int not null default 0,
  -- How often in a row the circuit opened. Each time it stays open twice as long.
  opened_count int not null default 0,
  failing_since_at timestamptz,
  warned_percent int not null default 0,
  -- Null until its receiver has answered. Until then it may be slow, so it gets as few requests as a slow one.
  is_slow boolean,
  is_capped boolean not null default false,
  -- When the rate limit allows the next request (GCRA's theoretical arrival time).
  rate_free_at timestamptz not null default '-infinity',
  primary key (tenant_id, endpoint_id),
  foreign key (tenant_id, endpoint_id) references public.webhook_endpoints on delete cascade
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 200);
comment on table private.webhook_endpoint_queues is
  'An endpoint''s place in its tenant''s queue, and the state of its circuit. A transaction that locks several rows locks these first, in the order of endpoint_id.';
create index webhook_endpoint_queues_next_at_idx on private.webhook_endpoint_queues (tenant_id, next_at);

-- Definers, this one and the next: people who change an endpoint hold no privilege on queues or on Vault.
create function private.tg_keep_endpoint_queue() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  if tg_op = 'INSERT' then
    insert into private.webhook_endpoint_queues (tenant_id, endpoint_id) values (new.tenant_id, new.id);
    insert into private.webhook_tenant_queues (tenant_id) values (new.tenant_id) on conflict do nothing;
  elsif not new.is_enabled then
    update private.webhook_endpoint_queues as l set next_at = 'infinity'
    where l.tenant_id = new.tenant_id and l.endpoint_id = new.id;
  elsif not old.is_enabled or new.url <> old.url then
    -- A new start: earlier failures say nothing about the present.
    update private.webhook_endpoint_queues as l
    set next_at = now(), blocked_until_at = '-infinity', failure_count = 0, opened_count = 0, failing_since_at = null, warned_percent = 0,
      is_slow = null
    where l.tenant_id = new.tenant_id and l.endpoint_id = new.id;
    perform private.wake_tenant_queues(array[new.tenant_id]);
  end if;
  return null;
end
$$;
create trigger webhook_endpoints_keep_queue after insert or update of is_enabled, url on public.webhook_endpoints
  for each row execute function private.tg_keep_endpoint_queue();

create function private.tg_pause_endpoint_queues() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  -- Nothing is sent for an archived tenant. When it is restored, the waiting deliveries are sent.
  perform from private.webhook_endpoint_queues as l where l.tenant_id = new.id order by l.endpoint_id for no key update;
  update private.webhook_endpoint_queues as l
  set next_at = case when new.status = 'archived' then 'infinity' else greatest(now(), l.blocked_until_at) end
  where l.tenant_id = new.id;
  perform private.wake_tenant_queues(array[new.id]);
  return null;
end
$$;
create trigger tenants_pause_endpoint_queues after update of status on public.tenants
  for each row when ((old.status = 'archived') <> (new.status = 'archived'))
  execute function private.tg_pause_endpoint_queues();

create function private.wake_endpoint_queues(tenants uuid[], endpoints uuid[]) returns void
  language plpgsql
  set search_path = ''
  set enable_seqscan = off
  set enable_hashjoin = off
  set enable_mergejoin = off
  set plan_cache_mode = force_generic_plan
as $$
begin
  update private.webhook_endpoint_queues as l set next_at = greatest(now(), l.blocked_until_at)
  from unnest(tenants, endpoints) as reached (tenant_id, endpoint_id)
  join public.webhook_endpoints as p on p.tenant_id = reached.tenant_id and p.id = reached.endpoint_id
  where l.tenant_id = reached.tenant_id and l.endpoint_id = reached.endpoint_id
    and p.kind = 'push' and p.is_enabled and l.next_at > greatest(now(), l.blocked_until_at);
end
$$;
comment on function private.wake_endpoint_queues(uuid[], uuid[]) is
  'Makes the dispatcher serve these endpoints soon, because something of theirs is due. The caller must hold the queues from before it was due. Otherwise a claim that does not see it could set the queue to rest. It must wake the tenants'' queues at its end.';

select private.register_table('private.webhook_endpoint_queues', keeping => 'derived', is_locked_first => true, unaudited => 'a queue of endpoints');
