-- Credit balances: what each tenant has, and how much of it is reserved. Every operation locks this row first.

create table public.credit_balances (
  tenant_id uuid primary key references public.tenants on delete cascade,
  credits_monthly bigint not null default 0,
  credits_available bigint not null default 0,
  credits_reserved bigint not null default 0,
  credits_consumed bigint not null default 0,
  credits_topup bigint not null default 0,
  period_start date not null default '-infinity',
  period_end date not null default '-infinity',
  next_reset_at timestamptz not null default '-infinity',
  next_due_at timestamptz not null default '-infinity',
  version bigint not null default 0,
  entered_at timestamptz not null default '-infinity',
  constraint reserved_not_negative check (credits_reserved >= 0),
  -- Two and no more: Postgres reads the text of each for every statement, which costs as much as the update itself.
  constraint reserved_within_available check (credits_available >= credits_reserved)
-- Room on each page, because a row changes with every operation.
) with (fillfactor = 30);
comment on table public.credit_balances is
  'What each tenant has in credits (1:1 with tenants, from its first use of credits on). The functions of this folder change it together with the ledger.';
comment on column public.credit_balances.credits_available is 'What the tenant has, with what is reserved.';
comment on column public.credit_balances.credits_consumed is 'What was consumed in this period.';
comment on column public.credit_balances.credits_topup is 'What is left of top-ups. They are consumed first.';
comment on column public.credit_balances.next_due_at is
  'Before this moment nothing ends: no reservation, no lot, no month. From then on settle_credits() comes first.';
comment on column public.credit_balances.version is 'The version of the newest entry in the ledger.';
comment on column public.credit_balances.entered_at is 'When the newest entry was made. The next one is not older, even if the clock moves back.';
create index credit_balances_next_due_at_idx on public.credit_balances (next_due_at);

alter table public.credit_balances enable row level security;
create policy "members read their tenant's credit balance" on public.credit_balances
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read', '{credits:read}'))::uuid[]));
grant select on public.credit_balances to authenticated, service_role;

create table public.credit_periods (
  tenant_id uuid not null references public.credit_balances on delete cascade,
  period_start date not null,
  period_end date not null,
  first_version bigint not null,
  opening bigint not null,
  allocated bigint not null default 0,
  topped_up bigint not null default 0,
  consumed bigint not null default 0,
  refunded bigint not null default 0,
  adjusted bigint not null default 0,
  expired bigint not null default 0,
  closing bigint,
  primary key (tenant_id, period_start),
  constraint period_ends_after_it_starts check (period_end >= period_start),
  constraint statement_adds_up check (closing = opening + allocated + topped_up - consumed + refunded + adjusted - expired)
);
comment on table public.credit_periods is
  'A statement for each month of a tenant. Of the present month, consumed and closing stand in credit_balances until it ends.';
comment on column public.credit_periods.first_version is 'The first entry of the ledger that belongs to this month.';

alter table public.credit_periods enable row level security;
create policy "members read their tenant's credit statements" on public.credit_periods
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read', '{credits:read}'))::uuid[]));
grant select on public.credit_periods to authenticated, service_role;

insert into private.api_scopes (scope, permission, description) values
  ('credits:read', 'read', 'Read the balance of credits, its ledger and its statements.'),
  ('credits:write', 'write', 'Reserve, consume and release credits.')
on conflict (scope) do update set (permission, description) = (excluded.permission, excluded.description);

select private.register_table('public.credit_balances', keeping => 'derived', unaudited => 'each change has an entry in credit_ledger');
select private.register_table('public.credit_periods', keeping => 'derived', unaudited => 'adds up credit_ledger');
