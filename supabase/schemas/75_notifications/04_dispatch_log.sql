-- The dispatch log: one row for each attempt to send a message. It names no address.

create type public.dispatch_status as enum ('sent', 'failed', 'partial', 'skipped_dev_filter');

create table public.notification_dispatch_log (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  ref_id text not null generated always as (private.ulid(id)) stored,
  notification_job_id uuid not null,
  channel text not null,
  type text not null,
  recipients_count int not null default 1,
  provider text,
  status public.dispatch_status not null,
  provider_response jsonb,
  error text,
  duration_ms int,
  attempt int not null default 1,
  created_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, created_at, id),
  constraint dispatch_channel_is_known check (channel in ('email', 'sms', 'whatsapp', 'web')),
  constraint dispatch_response_is_small check (private.json_fits(provider_response, 1024)),
  constraint dispatch_error_is_short check (length(error) <= 1000)
) partition by range (created_at);
comment on table public.notification_dispatch_log is
  'Every attempt to send a message: by whom, what they answered, and how long it took. Append-only, and without addresses.';
create index notification_dispatch_tenant_idx on public.notification_dispatch_log (tenant_id, id desc);
create index notification_dispatch_job_idx on public.notification_dispatch_log (tenant_id, notification_job_id);

-- Before its months are made, so that they get the same triggers.
select private.keep_append_only('public.notification_dispatch_log');
select private.register_partitioned_table('public.notification_dispatch_log', months_ahead => 3, months_kept => 12);

alter table public.notification_dispatch_log enable row level security;
create policy "managers read their tenant's dispatch log" on public.notification_dispatch_log
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read_admin'))::uuid[]));
grant select on public.notification_dispatch_log to authenticated, service_role;

select private.register_table('public.notification_dispatch_log', keeping => 'derived',
  plain => '{channel,type,provider,provider_response,error}', unaudited => 'append-only, so it is a record itself');
