-- Usage hours: what each tenant used in each hour, so that nobody has to add up events.

create table public.usage_hours (
  tenant_id uuid not null references public.tenants on delete cascade,
  -- The beginning of the hour, in UTC.
  starts_at timestamptz not null,
  event_type text not null,
  -- Empty if the events named no model, because a key holds no null.
  model_used text not null default '',
  -- Totals have no upper limit, and a bigint does.
  event_count numeric not null,
  tokens_used numeric not null,
  cost_micros numeric not null,
  primary key (tenant_id, starts_at, event_type, model_used),
  constraint hour_is_whole check (starts_at = date_trunc('hour', starts_at, 'UTC')),
  constraint totals_not_negative check (event_count >= 0 and tokens_used >= 0 and cost_micros >= 0)
-- Room on each page, because the rows of this hour change with every batch.
) with (fillfactor = 50);
comment on table public.usage_hours is
  'How many usage events each tenant had in each hour, and their tokens and cost. The statement that stores events adds to it, so it always agrees with them.';

alter table public.usage_hours enable row level security;
create policy "members read their tenant's usage hours" on public.usage_hours
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read', '{usage:read}'))::uuid[]));
grant select on public.usage_hours to authenticated, service_role;

insert into private.api_scopes (scope, permission, description) values
  ('usage:read', 'read', 'Read usage totals.')
on conflict (scope) do update set (permission, description) = (excluded.permission, excluded.description);

select private.register_table('public.usage_hours', plain => '{event_type,model_used}',
  unaudited => 'it only adds up usage_events, which is a record itself');
