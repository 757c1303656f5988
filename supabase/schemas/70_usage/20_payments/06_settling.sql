-- Settling: what an event of the inbox does to payments, orders and subscriptions. Everything only moves forward.

create function private.find_payment_order(provider public.payment_provider, fact jsonb) returns public.payment_orders
  language plpgsql stable
  set search_path = ''
as $$
declare
  found_row public.payment_orders;
begin
  -- Always of the same provider: another one may use the same ids. One index after the other, because a condition with
  -- "or" would read all orders.
  select o.* into found_row from public.payment_orders as o
  where o.provider = find_payment_order.provider and o.provider_order_id = fact ->> 'order_id';
  if found_row.id is null then
    select o.* into found_row from public.payment_orders as o
    where o.id = private.ulid_to_uuid(fact ->> 'order_ref') and o.provider = find_payment_order.provider;
  end if;
  if found_row.id is null then
    select o.* into found_row from public.subscriptions as s
    join public.payment_orders as o on o.tenant_id = s.tenant_id and o.id = s.order_id
    where s.provider = find_payment_order.provider and s.provider_subscription_id = fact ->> 'subscription_id';
  end if;
  if found_row.id is null then
    select o.* into found_row from public.payments as p
    join public.payment_orders as o on o.tenant_id = p.tenant_id and o.id = p.order_id
    where p.provider = find_payment_order.provider and p.provider_payment_id = fact ->> 'payment_id'
    order by p.id limit 1;
  end if;
  return found_row;
end
$$;
comment on function private.find_payment_order(public.payment_provider, jsonb) is
  'The order that a fact is about: by the provider''s id, by our own that the provider gives back, by its subscription, or by a payment.';

create function private.settle_payment(order_row public.payment_orders, payment public.payments) returns text
  language plpgsql
  set search_path = ''
as $$
declare
  settle text;
begin
  if payment.currency <> order_row.currency then
    return 'wrong_currency';
  elsif payment.amount_minor <> order_row.amount_minor then
    return 'wrong_amount';
  elsif exists (select from public.payments as p where p.tenant_id = payment.tenant_id and p.order_id = payment.order_id
    and p.period = payment.period and p.settled_at is not null) then
    return 'paid_twice';
  end if;
  select k.settle into strict settle from private.order_kinds as k where k.kind = order_row.kind;
  begin
    execute format('select %s($1, $2)', settle) using order_row, payment;
  exception when others then
    -- What the kind refuses will be refused again tomorrow. Whatever else went wrong may go well next time.
    if sqlstate not like 'PT4%' then
      raise;
    end if;
    return left(sqlerrm, 200);
  end;
  return null;
end
$$;
comment on function private.settle_payment(public.payment_orders, public.payments) is
  'Gives what a payment bought, and returns null. Or returns why nothing can be given for it, which makes it refund_due.';

create function private.apply_payment_fact(order_row public.payment_orders, fact jsonb) returns boolean
  language plpgsql
  set search_path = ''
as $$
declare
  what text := fact ->> 'what';
  payment public.payments;
  before public.payments;
  reason text;
begin
  select * into before from public.payments as p
  where p.tenant_id = order_row.tenant_id and p.provider = order_row.provider and p.provider_payment_id = fact ->> 'payment_id';
  payment := before;
  payment.tenant_id := order_row.tenant_id;
  payment.id := coalesce(before.id, private.uuid_v7());
  payment.order_id := order_row.id;
  payment.provider := order_row.provider;
  payment.provider_payment_id := fact ->> 'payment_id';
  payment.period := coalesce(before.period, fact ->> 'period', '1');
  payment.period_ends_at := coalesce((fact ->> 'period_ends_at')::timestamptz, before.period_ends_at);
  payment.created_at := coalesce(before.created_at, now());
  payment.updated_at := now();
  if what = 'failed' and before.id is null then
    payment.status := 'failed';
    payment.reason := left(fact ->> 'reason', 200);
    payment.amount_minor := coalesce((fact ->> 'amount_minor')::bigint, order_row.amount_minor);
    payment.currency := coalesce(fact ->> 'currency', order_row.currency);
  elsif what = 'refunded' and before.status is distinct from 'refunded'
    -- A part that is sent back leaves the rest paid.
    and (fact ->> 'amount_minor')::bigint >= coalesce(nullif(before.amount_minor, 0), order_row.amount_minor) then
    payment.status := 'refunded';
    payment.amount_minor := coalesce(before.amount_minor, (fact ->> 'amount_minor')::bigint);
    payment.currency := coalesce(before.currency, fact ->> 'currency');
  -- A refund that arrived before its payment must not change what the payment gave.
  elsif what = 'captured' and before.settled_at is null and coalesce(before.status, 'failed') in ('failed', 'refunded')
    and not coalesce(before.status = 'refunded' and before.reason is not null, false) then
    payment.amount_minor := (fact ->> 'amount_minor')::bigint;
    payment.currency := fact ->> 'currency';
    reason := private.settle_payment(order_row, payment);
    -- The kind may have given the order to a tenant that it made.
    select * into order_row from public.payment_orders as o where o.id = order_row.id;
    payment.tenant_id := order_row.tenant_id;
    payment.status := case when before.status = 'refunded' then 'refunded' when reason is null then 'paid' else 'refund_due' end;
    payment.settled_at := case when reason is null then now() end;
    payment.reason := reason;
  else
    return false;
  end if;
  insert into public.payments select payment.*
  on conflict on constraint one_row_a_payment do update set
    (period_ends_at, amount_minor, currency, status, reason, settled_at) =
    (excluded.period_ends_at, excluded.amount_minor, excluded.currency, excluded.status, excluded.reason, excluded.settled_at);
  perform private.record_billing_event(order_row, 'payment.' || payment.status, payment.provider_payment_id, payment.reason,
    payment.amount_minor, payment.currency)
  where payment.status is distinct from before.status;
  return true;
end
$$;
comment on function private.apply_payment_fact(public.payment_orders, jsonb) is
  'Moves one payment forward: failed, then paid or refund_due, then refunded. Returns whether anything changed. The order''s row must be locked.';

create function private.review_payment_order(order_row public.payment_orders, is_closed boolean) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  -- A definition by all payments at once: whichever came first, the same rows give the same status.
  update public.payment_orders as o set
    status = n.status,
    paid_at = coalesce(o.paid_at, n.settled_at),
    next_ask_at = case when n.status in ('created', 'failed') and not (review_payment_order.is_closed) then o.next_ask_at end
  from (select
      case
        when bool_or(p.status = 'refund_due') then 'refund_due'
        when bool_or(p.status = 'paid') then 'paid'
        when bool_or(p.status = 'refunded') then 'refunded'
        when bool_or(p.status = 'failed') or review_payment_order.is_closed then 'failed'
        else order_row.status end::public.payment_order_status as status,
      min(p.settled_at) as settled_at
    from public.payments as p where p.tenant_id = order_row.tenant_id and p.order_id = order_row.id) as n
  where o.tenant_id = order_row.tenant_id and o.id = order_row.id;
end
$$;

create function private.settle_payment_event(provider public.payment_provider, event_id text) returns text
  language plpgsql security definer
  set search_path = ''
as $$
declare
  event private.payment_events;
  order_row public.payment_orders;
  order_id uuid;
  what text;
  is_new boolean := false;
  result text;
begin
  select * into event from private.payment_events as e
  where e.provider = settle_payment_event.provider and e.event_id = settle_payment_event.event_id for update;
  if not found or event.settled_at is not null then
    return coalesce(event.outcome, 'ignored');
  end if;
  what := event.fact ->> 'what';
  while event.fact is not null loop
    order_row := private.find_payment_order(event.provider, event.fact);
    order_id := order_row.id;
    exit when order_id is null;
    -- The tenant first, then the order: whoever changes a tenant's plan or status locks in this order. All payments of
    -- one tenant are settled one after the other.
    perform from public.tenants as t where t.id = order_row.tenant_id for no key update;
    select * into order_row from public.payment_orders as o
    where o.tenant_id = order_row.tenant_id and o.id = order_row.id for no key update;
    -- While this waited, the order may have moved to the tenant that its payment made.
    exit when found;
  end loop;
  if event.fact is null then
    result := 'ignored';
  elsif order_id is null then
    result := 'unknown_order';
  else
    if what in ('captured', 'failed', 'refunded') then
      is_new := private.apply_payment_fact(order_row, event.fact);
      select * into order_row from public.payment_orders as o where o.id = order_id;
    end if;
    perform private.review_payment_order(order_row, coalesce(what = 'closed', false));
    if (select k.is_recurring from private.order_kinds as k where k.kind = order_row.kind) then
      perform private.review_subscription(order_row, event.fact ->> 'subscription_id', coalesce(what = 'cancelled', false));
    end if;
    result := case when is_new or what in ('closed', 'cancelled') then 'applied' else 'nothing_new' end;
  end if;
  update private.payment_events as e set settled_at = clock_timestamp(), outcome = result
  where e.provider = event.provider and e.event_id = event.event_id;
  return result;
end
$$;
comment on function private.settle_payment_event(public.payment_provider, text) is
  'Does what an event says, once, in one transaction: it moves the payment, the order and the subscription forward and gives what was bought. Returns the outcome. No moment in an event decides anything: the state that is reached does.';
