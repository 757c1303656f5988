-- Attempts: each try to deliver a message, and its result.

create type public.webhook_attempt_outcome as enum ('succeeded', 'failed');

create table public.webhook_attempts (
  tenant_id uuid not null,
  id uuid not null default private.uuid_v7(),
  event_id uuid not null,
  endpoint_id uuid not null,
  attempt_number int not null,
  outcome public.webhook_attempt_outcome not null,
  response_status int,
  response_body text,
  duration_ms int not null,
  error_code text,
  error_detail text,
  created_at timestamptz not null default now(),
  primary key (tenant_id, id),
  foreign key (tenant_id, event_id, endpoint_id) references public.webhook_deliveries on delete cascade,
  constraint response_body_is_an_excerpt check (length(response_body) <= 16384),
  constraint failure_has_a_reason check ((outcome = 'failed') = (error_code is not null))
);
comment on table public.webhook_attempts is
  'Each try to deliver: the receiver''s answer and its time in milliseconds, or why there was no answer. Append-only.';
create index webhook_attempts_delivery_idx on public.webhook_attempts (tenant_id, event_id, endpoint_id);
create index webhook_attempts_endpoint_id_idx on public.webhook_attempts (tenant_id, endpoint_id, id);
create trigger webhook_attempts_never_change before update on public.webhook_attempts for each row execute function private.tg_refuse_change();

alter table public.webhook_attempts enable row level security;
create policy "managers read their tenant's attempts" on public.webhook_attempts
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read_admin', '{deliveries:read}'))::uuid[]));
grant select on public.webhook_attempts to authenticated, service_role;
create index webhook_attempts_failed_idx on public.webhook_attempts (tenant_id, id) where outcome = 'failed';
create index webhook_attempts_failed_of_endpoint_idx on public.webhook_attempts (tenant_id, endpoint_id, id) where outcome = 'failed';

select private.register_table('public.webhook_attempts', keeping => 'history', plain => '{error_code,error_detail}', personal => '{response_body}',
  unaudited => 'append-only, so it is a record itself', person => 'response_body', on_forget => 'delete');
