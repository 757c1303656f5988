-- Plans: what the contacts of a bot can subscribe to, and what it costs.

create type public.bot_plan_type as enum (
  'monthly',
  'one' -- paid once, and never ends
);

create table public.bot_plans (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  ref_id text not null generated always as (private.ulid(id)) stored,
  bot_id uuid not null,
  plan_name text not null,
  amount_minor bigint not null,
  currency char(3) not null default 'KES',
  level int not null,
  plan_type public.bot_plan_type not null default 'monthly',
  is_active boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  created_by uuid,
  updated_by uuid,
  primary key (tenant_id, id),
  constraint bot_plans_bot_fkey foreign key (tenant_id, bot_id) references public.bot_tenants (tenant_id, id) on delete cascade,
  constraint bot_plan_name_is_its_own unique (tenant_id, bot_id, plan_name),
  constraint bot_plan_name_is_text check (length(btrim(plan_name)) >= 1 and private.is_plain_text(plan_name, 60)),
  -- M-Pesa moves whole shillings, at most 250,000 at once.
  constraint bot_plan_amount_is_whole_shillings check (amount_minor between 100 and 25000000 and amount_minor % 100 = 0),
  constraint bot_plan_currency_is_that_of_mpesa check (currency = 'KES'),
  constraint bot_plan_level_in_range check (level between 1 and 100)
);
create unique index bot_plans_ref_id_idx on public.bot_plans (tenant_id, ref_id) where ref_id is not null;
comment on table public.bot_plans is 'What the contacts of a bot can subscribe to. A change is for later payments: who has paid keeps what was bought.';
comment on column public.bot_plans.level is 'Opens the templates and the training data with this min_level, and those with less.';
create trigger bot_plans_touch before update on public.bot_plans for each row execute function private.tg_touch_updated_at();
create trigger bot_plans_stamp_editor before insert or update on public.bot_plans for each row execute function private.tg_stamp_editor();

alter table public.bot_plans enable row level security;
create policy "members read their bots' plans" on public.bot_plans
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read', '{bots:read}'))::uuid[]));
create policy "managers create their bots' plans" on public.bot_plans
  for insert to authenticated with check (tenant_id = any ((select private.tenant_ids('manage'))::uuid[]));
create policy "managers update their bots' plans" on public.bot_plans
  for update to authenticated
  using (tenant_id = any ((select private.tenant_ids('manage'))::uuid[]))
  with check (tenant_id = any ((select private.tenant_ids('manage'))::uuid[]));
create policy "managers delete their bots' plans" on public.bot_plans
  for delete to authenticated using (tenant_id = any ((select private.tenant_ids('manage'))::uuid[]));
grant select, delete on public.bot_plans to authenticated;
grant insert (tenant_id, bot_id, plan_name, amount_minor, currency, level, plan_type, is_active),
  update (plan_name, amount_minor, currency, level, plan_type, is_active) on public.bot_plans to authenticated;
grant select, insert, update, delete on public.bot_plans to service_role;

create trigger bot_plans_take_place after insert on public.bot_plans
  for each row execute function private.tg_count_places('bot_plans', '1', 'ask');
create trigger bot_plans_vacate after delete on public.bot_plans
  for each row execute function private.tg_count_places('bot_plans', '-1');
select private.register_limit('bot_plans', 'Plans of all bots, for sale or not.',
  '{"trial": 10, "starter": 10, "professional": 20, "business": 50, "enterprise": 1000}', 'creating a plan of a bot');

select private.register_table('public.bot_plans', plain => '{plan_name,currency}');
