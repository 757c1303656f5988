-- Subscriptions: a plan that a tenant pays for each month, and what its payments do to the tenant.

create type public.subscription_status as enum (
  'pending',  -- nothing was paid yet
  'active',   -- paid
  'past_due', -- a charge failed and was not made good yet
  'cancelled' -- not charged again
);

create table public.subscriptions (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  ref_id text not null generated always as (private.ulid(id)) stored,
  order_id uuid not null,
  provider public.payment_provider not null,
  provider_subscription_id text,
  plan text not null references public.plans on update cascade on delete restrict,
  status public.subscription_status not null default 'pending',
  paid_until_at timestamptz,
  cancel_requested_at timestamptz,
  cancelled_at timestamptz,
  replaced_at timestamptz,
  next_cancel_at timestamptz,
  freezes_at timestamptz,
  froze_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (tenant_id, id),
  foreign key (tenant_id, order_id) references public.payment_orders on update cascade on delete cascade,
  constraint one_subscription_an_order unique (tenant_id, order_id),
  constraint provider_subscription_id_is_short check (length(provider_subscription_id) between 1 and 255)
);
comment on table public.subscriptions is
  'A plan that is paid for each month. Its status follows from the payments of its order. The newest one of a tenant moves the tenant''s plan and status.';
comment on column public.subscriptions.freezes_at is 'When the tenant is frozen unless somebody pays. Null if nothing is owed.';
comment on column public.subscriptions.froze_at is 'The frozen_at of the tenant, if this subscription froze it. Only then can a payment make it active again.';
comment on column public.subscriptions.cancel_requested_at is 'When somebody of the tenant cancelled it, or when it became one that can give nothing. The provider is then asked to.';
comment on column public.subscriptions.replaced_at is 'When a newer subscription took its place. The provider is then asked to cancel this one.';
comment on column public.subscriptions.next_cancel_at is 'When the provider is asked to cancel it. Null if it is not to be cancelled, or is.';
create unique index subscriptions_ref_id_idx on public.subscriptions (tenant_id, ref_id) where ref_id is not null;
-- A renewal names the subscription, and neither the tenant nor the order.
create unique index subscriptions_provider_subscription_id_idx on public.subscriptions (provider, provider_subscription_id)
  where provider_subscription_id is not null;
create index subscriptions_plan_idx on public.subscriptions (plan);
create index subscriptions_freezes_at_idx on public.subscriptions (freezes_at) where freezes_at is not null and froze_at is null;
create index subscriptions_next_cancel_at_idx on public.subscriptions (next_cancel_at) where next_cancel_at is not null;
create trigger subscriptions_touch before update on public.subscriptions for each row execute function private.tg_touch_updated_at();

alter table public.subscriptions enable row level security;
create policy "managers read their tenant's subscriptions" on public.subscriptions
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read_admin'))::uuid[]));
grant select on public.subscriptions to authenticated, service_role;

create function private.payment_grace() returns interval
  language sql immutable parallel safe
  set search_path = ''
as $$ select interval '7 days' $$;
comment on function private.payment_grace() is 'How long a tenant whose charge failed works on before it is frozen.';

create function private.is_frozen_for_payment(tenant public.tenants) returns boolean
  language sql stable
  set search_path = ''
as $$
  -- Not by the text of status_reason: an owner who cancels writes any text.
  select tenant.status = 'frozen' and exists (
    select from public.subscriptions as s where s.tenant_id = tenant.id and s.froze_at = tenant.frozen_at)
$$;
comment on function private.is_frozen_for_payment(public.tenants) is 'Whether what froze the tenant was a subscription that was not paid, or that ended.';

create function private.may_buy_plan(tenant public.tenants) returns boolean
  language sql stable
  set search_path = ''
as $$
  -- cron is the only one to write that reason on a tenant that has the plan of a trial, and an owner who writes it
  -- froze the own trial.
  select tenant.status in ('trial', 'active') or private.is_frozen_for_payment(tenant)
    or tenant.status = 'frozen' and private.is_trial_plan(tenant.plan) and tenant.status_reason = 'The trial ended.'
$$;
comment on function private.may_buy_plan(public.tenants) is
  'Whether a payment may change the tenant''s plan. Not in a tenant that somebody froze for another reason: money does not settle that.';

create function private.settle_subscription(order_row public.payment_orders, payment public.payments) returns void
  language plpgsql
  set search_path = ''
as $$
declare
  tenant public.tenants;
  is_first boolean := not exists (select from public.payments as p
    where p.tenant_id = order_row.tenant_id and p.order_id = order_row.id and p.settled_at is not null and p.id <> payment.id);
begin
  select * into tenant from public.tenants as t where t.id = order_row.tenant_id;
  if tenant.status = 'archived' then
    perform private.raise_problem(404, 'tenant_not_found', 'There is no such tenant, or it is archived.');
  elsif not private.may_buy_plan(tenant) then
    perform private.raise_problem(403, 'tenant_frozen', 'The tenant was frozen for another reason than a payment.');
  elsif exists (select from public.subscriptions as s where s.tenant_id = tenant.id and s.order_id > order_row.id
    and s.status <> 'pending' and s.replaced_at is null) then
    perform private.raise_problem(409, 'conflict', 'A newer subscription has taken the place of this one.');
  end if;
  update public.subscriptions as s set replaced_at = now(), freezes_at = null,
    next_cancel_at = case when s.cancelled_at is null and s.provider_subscription_id is not null then now() end
  where s.tenant_id = tenant.id and s.order_id < order_row.id and s.replaced_at is null;
  -- A later charge pays for the plan that the tenant has. The platform may have changed it since.
  if is_first then
    perform private.change_plan(tenant.id, order_row.bought ->> 'plan');
  end if;
  update public.tenants as t set status = 'active', status_reason = null
  where t.id = tenant.id and t.status = 'frozen' and private.is_frozen_for_payment(t);
  if order_row.provider = 'razorpay' then
    update public.tenant_billing as b set razorpay_subscription_id = order_row.provider_order_id
    where b.tenant_id = tenant.id and b.razorpay_subscription_id is distinct from order_row.provider_order_id;
  end if;
  perform private.record_billing_event(order_row, case when is_first then 'subscription.activated' else 'subscription.charged' end,
    payment.provider_payment_id, null, payment.amount_minor, payment.currency);
end
$$;
comment on function private.settle_subscription(public.payment_orders, public.payments) is
  'What a right payment of a subscription does: the first one gives the plan, and each one ends a freeze for not having paid. Refuses an archived tenant, one frozen for another reason, and a subscription that was replaced.';

create function private.gives_nothing_ever(order_row public.payment_orders) returns boolean
  language sql stable
  set search_path = ''
as $$
  select not k.is_for_tenant and exists (
    select from public.payments as p
    where p.tenant_id = order_row.tenant_id and p.order_id = order_row.id
      and p.status in ('refund_due', 'refunded') and p.settled_at is null and p.reason not in ('wrong_amount', 'wrong_currency', 'paid_twice'))
  from private.order_kinds as k where k.kind = order_row.kind
$$;
comment on function private.gives_nothing_ever(public.payment_orders) is
  'Whether the kind of an order without a tenant refused its payment, as that of a second order of one registration. Then nobody could cancel the subscription, so the provider is asked to.';

create function private.review_subscription(order_row public.payment_orders, subscription text, is_cancelled boolean) returns void
  language plpgsql
  set search_path = ''
as $$
declare
  before public.subscriptions;
  after public.subscriptions;
  failing timestamptz;
begin
  insert into public.subscriptions (tenant_id, order_id, provider, plan)
  values (order_row.tenant_id, order_row.id, order_row.provider, order_row.bought ->> 'plan')
  on conflict on constraint one_subscription_an_order do nothing;
  select * into strict before from public.subscriptions as s
  where s.tenant_id = order_row.tenant_id and s.order_id = order_row.id for no key update;
  -- All of it follows from the rows there are, and from nothing that depends on the order in which they came.
  select min(f.created_at) into failing from public.payments as f
  where f.tenant_id = order_row.tenant_id and f.order_id = order_row.id and f.status = 'failed'
    and not exists (select from public.payments as p where p.tenant_id = f.tenant_id and p.order_id = f.order_id
      and p.settled_at is not null and (p.period = f.period or p.period_ends_at > f.period_ends_at));
  after := before;
  after.provider_subscription_id := coalesce(before.provider_subscription_id, review_subscription.subscription);
  after.cancelled_at := coalesce(before.cancelled_at, case when is_cancelled then now() end);
  -- One that was replaced may begin later: its payment was on the way.
  if private.gives_nothing_ever(order_row) then
    after.cancel_requested_at := coalesce(before.cancel_requested_at, now());
  end if;
  after.next_cancel_at := case
    when after.cancelled_at is null and after.provider_subscription_id is not null and coalesce(before.replaced_at, after.cancel_requested_at) is not null
    then coalesce(before.next_cancel_at, now()) end;
  select max(p.period_ends_at) into after.paid_until_at from public.payments as p
  where p.tenant_id = order_row.tenant_id and p.order_id = order_row.id and p.settled_at is not null;
  after.status := case
    when after.cancelled_at is not null then 'cancelled'
    when not exists (select from public.payments as p
      where p.tenant_id = order_row.tenant_id and p.order_id = order_row.id and p.settled_at is not null) then 'pending'
    when failing is not null then 'past_due'
    else 'active' end;
  if before.replaced_at is null and exists (select from public.payments as p
      where p.tenant_id = order_row.tenant_id and p.order_id = order_row.id and p.settled_at is not null) then
    after.freezes_at := least(failing + private.payment_grace(), greatest(after.cancelled_at, case when after.cancelled_at is not null then after.paid_until_at end));
  end if;
  -- What froze the tenant is over when a payment made it active again.
  if exists (select from public.tenants as t where t.id = order_row.tenant_id and t.status = 'active') then
    after.froze_at := null;
  end if;
  update public.subscriptions as s set
    (provider_subscription_id, cancel_requested_at, cancelled_at, next_cancel_at, paid_until_at, status, freezes_at, froze_at) =
    (after.provider_subscription_id, after.cancel_requested_at, after.cancelled_at, after.next_cancel_at, after.paid_until_at, after.status, after.freezes_at, after.froze_at)
  where s.tenant_id = after.tenant_id and s.id = after.id and s is distinct from after;
  if after.status = 'past_due' and before.status <> 'past_due' then
    perform private.record_billing_event(order_row, 'subscription.failed', after.provider_subscription_id);
  elsif after.status = 'cancelled' and before.status <> 'cancelled' then
    perform private.record_billing_event(order_row, 'subscription.cancelled', after.provider_subscription_id);
  end if;
end
$$;
comment on function private.review_subscription(public.payment_orders, text, boolean) is
  'Works out the state of a subscription from the payments of its order. Called whenever one of them has changed.';

create function private.freeze_unpaid_tenants(batch int default 500) returns int
  language plpgsql
  set search_path = ''
as $$
declare
  due record;
  frozen_count int := 0;
begin
  for due in
    select s.tenant_id, s.id from public.subscriptions as s join public.tenants as t on t.id = s.tenant_id
    where s.freezes_at <= now() and s.froze_at is null and s.replaced_at is null and t.status = 'active'
    order by s.freezes_at limit batch
  loop
    -- The tenant first, as settling does. What was true when the batch was read may have been paid since.
    perform from public.tenants as t where t.id = due.tenant_id for no key update;
    with frozen as (
      update public.tenants as t set status = 'frozen', status_reason = 'Not paid.'
      where t.id = due.tenant_id and t.status = 'active' and exists (select from public.subscriptions as s
        where s.tenant_id = due.tenant_id and s.id = due.id and s.freezes_at <= now() and s.replaced_at is null)
      returning t.id, t.frozen_at
    )
    update public.subscriptions as s set froze_at = f.frozen_at from frozen as f where s.tenant_id = f.id and s.id = due.id;
    if found then
      frozen_count := frozen_count + 1;
    end if;
  end loop;
  return frozen_count;
end
$$;
comment on function private.freeze_unpaid_tenants(int) is
  'Freezes tenants whose subscription was past due for the grace, or ended. Those that wait longest come first. Returns how many.';

select private.register_order_kind('subscription', 'private.settle_subscription(public.payment_orders, public.payments)',
  'A plan, paid each month until it is cancelled.', is_recurring => true);

select cron.schedule('usage: freeze tenants that did not pay', '41 * * * *', 'select private.freeze_unpaid_tenants()');

select private.register_table('public.subscriptions', keeping => 'history', plain => '{provider_subscription_id,plan}',
  quiet => '{next_cancel_at}');
