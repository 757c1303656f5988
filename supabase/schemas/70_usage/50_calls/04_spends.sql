-- Spends: what a tenant's calls cost in each month, and what calls that are not finished hold of it.

create table public.tenant_spends (
  tenant_id uuid not null references public.tenants on delete cascade,
  month_start date not null,
  spent_micros bigint not null default 0,
  held_micros bigint not null default 0,
  next_due_at timestamptz not null default 'infinity',
  primary key (tenant_id, month_start),
  constraint spent_not_negative check (spent_micros >= 0),
  constraint held_not_negative check (held_micros >= 0)
-- Room on each page, because a row changes with every call.
) with (fillfactor = 50);
comment on table public.tenant_spends is
  'What the calls of a tenant cost in a month of its time zone, in millionths of a US dollar, and what open calls hold. Every change locks the row. It stays when the calls are dropped.';
comment on column public.tenant_spends.held_micros is 'What is held for started calls, with those that expired after next_due_at. read_spend() leaves them out.';
comment on column public.tenant_spends.next_due_at is 'Before this moment no started call expires.';
create index tenant_spends_next_due_at_idx on public.tenant_spends (next_due_at) where next_due_at < 'infinity';

create table public.model_spends (
  tenant_id uuid not null references public.tenants on delete cascade,
  month_start date not null,
  kind public.call_kind not null,
  provider text not null,
  model text not null,
  call_count bigint not null default 0,
  unpriced_count bigint not null default 0,
  input_tokens bigint not null default 0,
  cached_tokens bigint not null default 0,
  output_tokens bigint not null default 0,
  spent_micros bigint not null default 0,
  primary key (tenant_id, month_start, kind, provider, model),
  constraint counts_not_negative check (call_count >= 0 and unpriced_count between 0 and call_count
    and input_tokens >= 0 and cached_tokens >= 0 and output_tokens >= 0 and spent_micros >= 0)
) with (fillfactor = 50);
comment on table public.model_spends is
  'What each model and tool cost a tenant in a month. The rows of a month add up to its row in tenant_spends, and stay when the calls are dropped.';
comment on column public.model_spends.provider is 'Of a tool its name, and in model its method.';

-- What it costs is billing, and only managers read that.
alter table public.tenant_spends enable row level security;
create policy "managers read their tenant's spend" on public.tenant_spends
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read_admin', '{spend:read}'))::uuid[]));
grant select on public.tenant_spends to authenticated, service_role;
alter table public.model_spends enable row level security;
create policy "managers read what each model cost their tenant" on public.model_spends
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read_admin', '{spend:read}'))::uuid[]));
grant select on public.model_spends to authenticated, service_role;

insert into private.api_scopes (scope, permission, description) values
  ('spend:read', 'read_admin', 'Read what model calls cost this month, and the cap.'),
  ('calls:read', 'read', 'Read calls of models and tools, and their prices.'),
  ('calls:write', 'write', 'Start and complete calls of models, and record calls of tools.')
on conflict (scope) do update set (permission, description) = (excluded.permission, excluded.description);

create function private.spend_month(tenant uuid, out month_start date, out starts_at timestamptz, out resets_at timestamptz)
  language plpgsql stable
  set search_path = ''
as $$
declare
  zone text := (select t.time_zone from public.tenants as t where t.id = spend_month.tenant);
begin
  month_start := date_trunc('month', now() at time zone zone)::date;
  starts_at := month_start::timestamp at time zone zone;
  resets_at := (month_start + interval '1 month') at time zone zone;
end
$$;
comment on function private.spend_month(uuid) is 'The present month of a tenant, in its time zone, and when the next one begins.';

select private.register_table('public.tenant_spends', keeping => 'derived', unaudited => 'adds up calls, which are records themselves');
select private.register_table('public.model_spends', keeping => 'derived', plain => '{provider,model}', unaudited => 'adds up calls, which are records themselves');
