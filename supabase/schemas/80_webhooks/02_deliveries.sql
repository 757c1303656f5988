-- Deliveries: one row for each event and each endpoint that receives it.

create type public.webhook_delivery_status as enum ('pending', 'delivered', 'dead');

create table public.webhook_deliveries (
  tenant_id uuid not null,
  event_id uuid not null,
  endpoint_id uuid not null,
  status public.webhook_delivery_status not null default 'pending',
  attempt_count int not null default 0,
  ordering_key text,
  ended_at timestamptz,
  primary key (tenant_id, event_id, endpoint_id),
  foreign key (tenant_id, event_id) references public.webhook_events on delete cascade,
  foreign key (tenant_id, endpoint_id) references public.webhook_endpoints on delete cascade,
  constraint what_ended_has_a_time check ((status = 'pending') = (ended_at is null))
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);
comment on table public.webhook_deliveries is 'One event on its way to one endpoint: pending, delivered, or dead after the last attempt. While it is pending, its item in private.queue_items says when it is due.';
create index webhook_deliveries_endpoint_id_idx on public.webhook_deliveries (tenant_id, endpoint_id, event_id);
create index webhook_deliveries_ended_at_idx on public.webhook_deliveries (status, ended_at) where ended_at is not null;

alter table public.webhook_deliveries enable row level security;
create policy "managers read their tenant's deliveries" on public.webhook_deliveries
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read_admin', '{deliveries:read}'))::uuid[]));
grant select on public.webhook_deliveries to authenticated, service_role;

-- Rows that are searched for and rare. Most messages are delivered at once, and those are not in this index. It begins
-- with the endpoint, as no index of other rows does. So the planner has no choice.
create index webhook_deliveries_dead_idx on public.webhook_deliveries (endpoint_id, event_id) where status = 'dead';

select private.register_table('public.webhook_deliveries', keeping => 'history', plain => '{ordering_key}',
  unaudited => 'only the queue changes it, and webhook_attempts has each result');

insert into private.api_scopes (scope, permission, description) values
  ('deliveries:read', 'read_admin', 'Read messages, deliveries and attempts, and the statistics of endpoints.')
on conflict (scope) do update set (permission, description) = (excluded.permission, excluded.description);
