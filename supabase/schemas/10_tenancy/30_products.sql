-- Products: what the platform offers, and which tenant was granted what.

create table public.products (
  product text primary key,
  name text not null,
  description text not null default '',
  supports_projects boolean not null default false,
  features text[] not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint product_is_a_word check (product ~ '^[a-z][a-z0-9_-]{1,39}$'),
  constraint product_name_is_text check (length(btrim(name)) >= 1 and private.is_plain_text(name, 200)),
  constraint product_description_is_text check (private.is_plain_text(description, 2000)),
  constraint product_features_are_few check (cardinality(features) <= 100),
  constraint product_features_are_words check (array_to_string(features, ' ', '?') ~ '^([a-z][a-z0-9_]{1,39}( |$))*$')
);
comment on table public.products is
  'Every product of the platform: its name, its features, and whether it divides work into projects.';

insert into public.products (product, name, description, supports_projects, features) values
  ('assessments', 'Assessments', 'Assessments, with their reports and follow-ups.', false, '{assessments,followups}'),
  ('marketing', 'Marketing', 'Campaigns on the channels where a business advertises.', true, '{content_calendar,ad_campaigns}'),
  ('bots', 'WhatsApp bots', 'Conversations with customers over WhatsApp.', true, '{whatsapp,bots}')
on conflict (product) do update set (name, description, supports_projects, features) =
  (excluded.name, excluded.description, excluded.supports_projects, excluded.features);

create table public.tenant_products (
  tenant_id uuid not null references public.tenants on delete cascade,
  product text not null references public.products on update cascade on delete restrict,
  enabled boolean not null default true,
  config jsonb not null default '{}',
  expires_at timestamptz,
  settled_end_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (tenant_id, product),
  constraint product_config_is_an_object check (jsonb_typeof(config) = 'object' and private.json_fits(config, 16384))
);
comment on table public.tenant_products is
  'Which product a tenant may use, until when, and with which settings. Only the platform grants a product. Only the end date ends it.';
create index tenant_products_product_idx on public.tenant_products (product);
comment on column public.tenant_products.settled_end_at is 'The expires_at after which the tenant''s plan was settled. Cron looks for ends that were not.';
create index tenant_products_expires_at_idx on public.tenant_products (expires_at) where settled_end_at is distinct from expires_at;
create trigger products_touch before update on public.products for each row execute function private.tg_touch_updated_at();
create trigger tenant_products_touch before update of enabled, config, expires_at on public.tenant_products for each row execute function private.tg_touch_updated_at();

alter table public.products enable row level security;
alter table public.tenant_products enable row level security;

-- The catalogue belongs to no tenant.
create policy "everyone signed in reads the products" on public.products
  for select to authenticated using (true);
create policy "members read their tenant's products" on public.tenant_products
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read', '{entitlements:read}'))::uuid[]));
grant select on public.products, public.tenant_products to authenticated;
grant select, insert, update, delete on public.products, public.tenant_products to service_role;

select private.register_table('public.products', plain => '{product,name,description,features}', unaudited => 'changed by migrations only');
select private.register_table('public.tenant_products', quiet => '{settled_end_at}', plain => '{product,config}');
