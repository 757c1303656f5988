-- Plans: the price list, with the features and limits of each plan.

create table public.plans (
  plan text primary key,
  name text not null,
  price_minor int not null,
  currency char(3) not null default 'CHF',
  trial_days int,
  features text[] not null default '{}',
  limits jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint plan_name_is_a_word check (plan ~ '^[a-z][a-z0-9_]{1,39}$'),
  constraint price_not_negative check (price_minor >= 0)
);
comment on table public.plans is 'What a plan costs a month (in minor units of its currency), which features it has, and its limits. register_feature() and register_limit() write the last two.';

insert into public.plans (plan, name, price_minor, trial_days) values
  ('trial', 'Trial', 0, 14),
  ('starter', 'Starter', 4900, null),
  ('professional', 'Professional', 14900, null),
  ('business', 'Business', 34900, null),
  ('enterprise', 'Enterprise', 0, null)
on conflict (plan) do update set (name, price_minor, trial_days) = (excluded.name, excluded.price_minor, excluded.trial_days);
create trigger plans_touch before update on public.plans for each row execute function private.tg_touch_updated_at();

create function private.is_trial_plan(plan text) returns boolean
  language plpgsql stable
  set search_path = ''
as $$
begin
  return exists (select from public.plans as p where p.plan = is_trial_plan.plan and p.trial_days is not null);
end
$$;
comment on function private.is_trial_plan(text) is 'Whether a plan is only for a time. Nobody can choose it.';

alter table public.plans enable row level security;

-- The price list belongs to no tenant.
create policy "everyone signed in reads the plans" on public.plans
  for select to authenticated using (true);
grant select on public.plans to authenticated, service_role;

select private.register_table('public.plans', plain => '{plan,name,currency,features,limits}', unaudited => 'changed by migrations only');

-- Features of domains that are still to come. A domain registers its own gates in its own files.
select private.register_feature('marketing', 'Campaigns on the channels where a business advertises.');
select private.register_feature('knowledge', 'Answers from documents of the tenant''s own.');
