-- Orders: what somebody wants to pay for at a provider, and the payments that came for it.

create type public.payment_provider as enum (
  'razorpay', 'stripe',
  'mpesa' -- only of what a tenant's own customers pay to the tenant
);

create type public.payment_order_status as enum (
  'created',    -- waits for a payment
  'failed',     -- a payment was tried and failed, or the provider closed the order; another may still come
  'paid',       -- a payment was right, and what was bought is given
  'refund_due', -- money came that nothing can be given for; somebody has to send it back
  'refunded'    -- all of that was sent back
);

create type public.payment_status as enum ('failed', 'paid', 'refund_due', 'refunded');

create table public.payment_orders (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  ref_id text not null generated always as (private.ulid(id)) stored,
  provider public.payment_provider not null,
  provider_order_id text,
  kind text not null references private.order_kinds on update cascade on delete restrict,
  amount_minor bigint not null,
  currency char(3) not null,
  bought jsonb not null,
  status public.payment_order_status not null default 'created',
  pay_url text,
  idempotency_key text,
  paid_at timestamptz,
  next_ask_at timestamptz default now() + interval '15 minutes',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (tenant_id, id),
  constraint order_costs_something check (amount_minor between 1 and 100000000000),
  constraint order_currency_is_a_code check (currency ~ '^[A-Z]{3}$'),
  constraint bought_is_a_small_object check (jsonb_typeof(bought) = 'object' and private.json_fits(bought, 16384)),
  constraint provider_order_id_is_short check (length(provider_order_id) between 1 and 255),
  constraint pay_url_is_https check (length(pay_url) <= 2048 and pay_url ~ '^https?://'),
  constraint order_key_is_short check (length(idempotency_key) between 1 and 255),
  constraint paid_has_a_moment check (status <> 'paid' or paid_at is not null)
);
comment on table public.payment_orders is
  'What a tenant wants to pay for. An order of a kind without a tenant belongs to the platform''s tenant, until its payment makes one. The status follows from the order''s payments.';
comment on column public.payment_orders.bought is 'What is bought, in the words of its kind: {"plan": "business"}.';
comment on column public.payment_orders.next_ask_at is 'When the provider is asked whether the order was paid. Null when nothing is to be asked.';
create unique index payment_orders_ref_id_idx on public.payment_orders (tenant_id, ref_id) where ref_id is not null;
-- A webhook names the order and not the tenant.
create unique index payment_orders_provider_order_id_idx on public.payment_orders (provider, provider_order_id)
  where provider_order_id is not null;
create unique index payment_orders_idempotency_key_idx on public.payment_orders (tenant_id, idempotency_key)
  where idempotency_key is not null;
create index payment_orders_id_idx on public.payment_orders (id);
create index payment_orders_kind_idx on public.payment_orders (kind);
create index payment_orders_next_ask_at_idx on public.payment_orders (next_ask_at) where next_ask_at is not null;
create trigger payment_orders_touch before update on public.payment_orders
  for each row execute function private.tg_touch_updated_at();

create table public.payments (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  order_id uuid not null,
  provider public.payment_provider not null,
  provider_payment_id text not null,
  -- Which period of a recurring order it is for. An order that is paid once has one.
  period text not null default '1',
  period_ends_at timestamptz,
  amount_minor bigint not null,
  currency char(3) not null,
  status public.payment_status not null,
  reason text,
  settled_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (tenant_id, id),
  -- An order that makes a tenant moves to it, and its payments go along.
  foreign key (tenant_id, order_id) references public.payment_orders on update cascade on delete cascade,
  constraint one_row_a_payment unique (tenant_id, provider, provider_payment_id),
  constraint provider_payment_id_is_short check (length(provider_payment_id) between 1 and 255),
  constraint period_is_short check (length(period) between 1 and 255),
  constraint payment_not_negative check (amount_minor >= 0),
  constraint payment_reason_is_text check (private.is_plain_text(reason, 200)),
  constraint paid_is_settled check (status <> 'paid' or settled_at is not null),
  constraint refund_due_has_a_reason check (status <> 'refund_due' or reason is not null and settled_at is null)
);
comment on table public.payments is
  'Each payment of an order, also those that failed. settled_at says that this one gave what was bought. A payment only moves forward: failed, then paid or refund_due, then refunded.';
-- The last word on giving twice.
create unique index payments_settled_once_idx on public.payments (tenant_id, order_id, period) where settled_at is not null;
create index payments_order_id_idx on public.payments (tenant_id, order_id);
create index payments_provider_payment_id_idx on public.payments (provider, provider_payment_id);
create trigger payments_touch before update on public.payments for each row execute function private.tg_touch_updated_at();

alter table public.payment_orders enable row level security;
alter table public.payments enable row level security;
create policy "managers read their tenant's payment orders" on public.payment_orders
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read_admin'))::uuid[]));
create policy "managers read their tenant's payments" on public.payments
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read_admin'))::uuid[]));
-- Nobody writes here but the functions below: a row that somebody else made would be something that nobody paid for.
grant select on public.payment_orders, public.payments to authenticated, service_role;

create function private.make_payment_order(
  tenant uuid, provider public.payment_provider, kind text, amount_minor bigint, currency text, bought jsonb,
  idempotency_key text default null
) returns public.payment_orders
  language plpgsql
  set search_path = ''
as $$
#variable_conflict use_column
declare
  wanted private.order_kinds;
  made public.payment_orders;
begin
  select * into strict wanted from private.order_kinds as k where k.kind = make_payment_order.kind;
  if not wanted.is_for_tenant and tenant <> private.platform_tenant_id() then
    raise exception 'An order of the kind % belongs to the platform until it is settled.', make_payment_order.kind;
  elsif wanted.is_for_tenant and not wanted.is_paid_to_tenant and exists (select from public.tenants as t where t.id = tenant and t.kind <> 'customer') then
    perform private.raise_problem(409, 'not_billable', 'Only a customer is billed. A demo tenant and the platform never are.');
  end if;
  insert into public.payment_orders (tenant_id, provider, kind, amount_minor, currency, bought, idempotency_key)
  values (tenant, make_payment_order.provider, make_payment_order.kind, make_payment_order.amount_minor,
    make_payment_order.currency, make_payment_order.bought, make_payment_order.idempotency_key)
  -- Two requests with one key: the second waits here, and then finds the row of the first.
  on conflict (tenant_id, idempotency_key) where idempotency_key is not null do nothing
  returning * into made;
  if made.id is null then
    select * into strict made from public.payment_orders as o
    where o.tenant_id = tenant and o.idempotency_key = make_payment_order.idempotency_key;
    if (made.provider, made.kind, made.bought) is distinct from
      (make_payment_order.provider, make_payment_order.kind, make_payment_order.bought) then
      perform private.raise_problem(409, 'conflict', 'The Idempotency-Key was used before for another order. Give this order a key of its own.');
    end if;
  end if;
  return made;
end
$$;
comment on function private.make_payment_order(uuid, public.payment_provider, text, bigint, text, jsonb, text) is
  'Notes an order before the provider hears of it. The function of a kind calls it, after asking for a permission and for the price. A second call with the same key answers the first order, at its first price. 409 not_billable; 409 conflict.';

-- A definer: not even the service may write orders directly.
create function private.attach_payment_order(tenant uuid, order_id uuid, provider_order_id text, pay_url text)
  returns public.payment_orders
  language plpgsql security definer
  set search_path = ''
as $$
declare
  attached public.payment_orders;
begin
  -- Of two requests at once the first wins. What the second made at the provider is shown to nobody.
  update public.payment_orders as o set provider_order_id = attach_payment_order.provider_order_id, pay_url = attach_payment_order.pay_url
  where o.tenant_id = tenant and o.id = attach_payment_order.order_id and o.provider_order_id is null;
  select * into attached from public.payment_orders as o where o.tenant_id = tenant and o.id = attach_payment_order.order_id;
  if not found then
    perform private.raise_problem(404, 'not_found', 'There is no such order.');
  end if;
  return attached;
end
$$;
comment on function private.attach_payment_order(uuid, uuid, text, text) is 'Notes how the provider calls an order, and where it is paid. For the service.';

select private.register_table('public.payment_orders', keeping => 'history',
  plain => '{provider_order_id,kind,currency,bought,pay_url,idempotency_key}', quiet => '{next_ask_at}');
select private.register_table('public.payments', keeping => 'history',
  plain => '{provider_payment_id,period,currency,reason}');
