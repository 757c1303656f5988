-- Billing: who is invoiced for a tenant, and how.

create table public.tenant_billing (
  tenant_id uuid primary key references public.tenants on delete cascade,
  legal_name text,
  pan_number text,
  has_gst boolean not null default false,
  gst_number text,
  billing_name text,
  billing_address text,
  billing_city text,
  billing_postal_code text,
  billing_state text,
  billing_country text,
  razorpay_customer_id text unique,
  razorpay_subscription_id text unique,
  monthly_spend_cap_usd_micros bigint,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint billing_is_text check (private.is_plain_text(legal_name, 255) and private.is_plain_text(billing_name, 255)
    and private.is_plain_text(billing_address, 1000) and private.is_plain_text(billing_city, 255)
    and private.is_plain_text(billing_postal_code, 32) and private.is_plain_text(billing_state, 255)
    and private.is_plain_text(billing_country, 255) and private.is_plain_text(pan_number, 64) and private.is_plain_text(gst_number, 64)),
  constraint razorpay_ids_are_text check (private.is_plain_text(razorpay_customer_id, 255) and private.is_plain_text(razorpay_subscription_id, 255)),
  constraint gst_number_when_registered check (not has_gst or gst_number is not null),
  constraint spend_cap_not_negative check (monthly_spend_cap_usd_micros >= 0)
);
comment on table public.tenant_billing is 'Who is invoiced and how (1:1 with tenants). Money is in millionths of a US dollar.';
create trigger tenant_billing_touch before update on public.tenant_billing for each row execute function private.tg_touch_updated_at();

create function private.tg_start_billing() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  insert into public.tenant_billing (tenant_id) values (new.id) on conflict do nothing;
  return null;
end
$$;
create trigger tenants_start_billing after insert on public.tenants for each row execute function private.tg_start_billing();

alter table public.tenant_billing enable row level security;
create policy "managers read their tenant's billing" on public.tenant_billing
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read_admin'))::uuid[]));
create policy "owners update their tenant's billing" on public.tenant_billing
  for update to authenticated
  using (tenant_id = any ((select private.tenant_ids('own'))::uuid[]))
  with check (tenant_id = any ((select private.tenant_ids('own'))::uuid[]));
grant select, update (legal_name, pan_number, has_gst, gst_number, billing_name, billing_address, billing_city,
  billing_postal_code, billing_state, billing_country, monthly_spend_cap_usd_micros) on public.tenant_billing to authenticated;
grant select, insert, update, delete on public.tenant_billing to service_role;
create function private.tg_bill_customers_only() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  if exists (select from public.tenants as t where t.id = new.tenant_id and t.kind <> 'customer') then
    perform private.raise_problem(409, 'not_billable', 'Only a customer is billed. A demo tenant and the platform never are.');
  end if;
  return new;
end
$$;
create trigger tenant_billing_customers_only
  before insert or update of razorpay_customer_id, razorpay_subscription_id on public.tenant_billing
  for each row when (new.razorpay_customer_id is not null or new.razorpay_subscription_id is not null)
  execute function private.tg_bill_customers_only();

select private.register_table('public.tenant_billing', plain => '{razorpay_customer_id,razorpay_subscription_id}',
  personal => '{legal_name,pan_number,has_gst,gst_number,billing_name,billing_address,billing_city,billing_postal_code,billing_state,billing_country}',
  on_forget => 'keep', kept_because => 'The person to whom the tenant''s invoices are addressed. The law requires that invoices are kept.');
