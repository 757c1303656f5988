-- Top-up bundles: which credits can be bought, and at what price.

create table public.topup_bundles (
  bundle text primary key,
  name text not null,
  credits bigint not null,
  price_minor bigint not null,
  currency char(3) not null default 'CHF',
  is_offered boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint bundle_name_is_a_word check (bundle ~ '^[a-z][a-z0-9_]{1,39}$'),
  constraint bundle_title_is_text check (private.is_plain_text(name, 100)),
  constraint bundle_credits_in_range check (credits between 1 and 1000000000),
  constraint bundle_costs_something check (price_minor between 1 and 100000000000),
  constraint bundle_currency_is_a_code check (currency ~ '^[A-Z]{3}$')
);
comment on table public.topup_bundles is
  'The price list of credits. A bundle that is no longer offered stays, because orders name it.';
comment on column public.topup_bundles.price_minor is 'In minor units of the currency.';

insert into public.topup_bundles (bundle, name, credits, price_minor) values
  ('credits_500', '500 credits', 500, 1900),
  ('credits_2000', '2,000 credits', 2000, 5900),
  ('credits_10000', '10,000 credits', 10000, 24900)
on conflict (bundle) do update set (name, credits, price_minor) = (excluded.name, excluded.credits, excluded.price_minor);
create trigger topup_bundles_touch before update on public.topup_bundles
  for each row execute function private.tg_touch_updated_at();

alter table public.topup_bundles enable row level security;
-- The price list belongs to no tenant.
create policy "everyone signed in reads the bundles" on public.topup_bundles
  for select to authenticated using (true);
grant select on public.topup_bundles to authenticated, service_role;

select private.register_table('public.topup_bundles', plain => '{bundle,name,currency}', unaudited => 'changed by migrations only');
