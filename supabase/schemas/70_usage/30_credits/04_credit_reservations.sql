-- Credit reservations: what is held for work that is not finished.

create type public.credit_reservation_status as enum ('open', 'consumed', 'released', 'expired');

create table public.credit_reservations (
  -- No foreign key, here and in the ledger: it would take as long as storing the row. A trigger goes with the tenant.
  tenant_id uuid not null,
  id uuid not null default private.uuid_v7(),
  credits bigint not null,
  status public.credit_reservation_status not null default 'open',
  credits_consumed bigint not null default 0,
  credits_refunded bigint not null default 0,
  activity_run_id uuid,
  deliverable_type text,
  expires_at timestamptz not null,
  created_at timestamptz not null default clock_timestamp(),
  closed_at timestamptz,
  primary key (tenant_id, id),
  constraint reservation_ends_once check ((status = 'open') = (closed_at is null)),
  constraint refunded_within_consumed check (credits_refunded between 0 and credits_consumed)
);
comment on table public.credit_reservations is
  'Credits that are held for work in progress. Each ends once: consumed, released, or expired. One that is open after expires_at holds nothing any more.';
create index credit_reservations_open_idx on public.credit_reservations (tenant_id, expires_at) where status = 'open';

alter table public.credit_reservations enable row level security;
create policy "members read their tenant's credit reservations" on public.credit_reservations
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read', '{credits:read}'))::uuid[]));
grant select on public.credit_reservations to authenticated, service_role;

select private.register_table('public.credit_reservations', keeping => 'derived', plain => '{deliverable_type}',
  unaudited => 'each change has an entry in credit_ledger');
