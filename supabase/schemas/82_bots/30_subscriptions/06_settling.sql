-- Settling: a payment of a contact gives the subscription, in the transaction of the inbox that makes it paid.

create function private.settle_bot_subscription(order_row public.payment_orders, payment public.payments) returns void
  language plpgsql
  set search_path = ''
as $$
declare
  bought public.contact_subscriptions;
  begins timestamptz := clock_timestamp();
begin
  select * into bought from public.contact_subscriptions as s
  where s.tenant_id = order_row.tenant_id and s.order_id = order_row.id for no key update;
  if bought.contact_id is null then
    perform private.raise_problem(409, 'contact_gone', 'Whoever paid was forgotten, or the bot was deleted.');
  end if;
  if bought.plan_type = 'one' and exists (select from public.contact_subscriptions as s
    where s.tenant_id = bought.tenant_id and s.bot_id = bought.bot_id and s.contact_id = bought.contact_id and s.plan_id = bought.plan_id
      and s.status = 'subscribed' and s.id <> bought.id) then
    perform private.raise_problem(409, 'already_subscribed', 'This contact has the plan for ever already.');
  end if;
  if bought.plan_type = 'monthly' then
    -- Who renews early loses no day.
    select greatest(begins, max(s.expires_at)) into begins from public.contact_subscriptions as s
    where s.tenant_id = bought.tenant_id and s.bot_id = bought.bot_id and s.contact_id = bought.contact_id and s.plan_id = bought.plan_id
      and s.status = 'subscribed';
  end if;
  update public.contact_subscriptions as s set status = 'subscribed', reason = null, starts_at = begins,
    expires_at = case when s.plan_type = 'monthly' then begins + interval '1 month' end
  where s.tenant_id = bought.tenant_id and s.id = bought.id;
end
$$;
comment on function private.settle_bot_subscription(public.payment_orders, public.payments) is
  'Gives a contact what was paid for. A month begins when the one before ends. 409 contact_gone, already_subscribed: the money is to be sent back.';
select private.register_order_kind('bot_subscription', 'private.settle_bot_subscription(public.payment_orders, public.payments)',
  'A plan of a bot, bought by one of its contacts.', is_paid_to_tenant => true);

create function private.tg_fail_bot_subscription() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  update public.contact_subscriptions as s set status = 'failed', reason = coalesce((
    select left(regexp_replace(p.reason, '[^a-z0-9_]+', '_', 'g'), 40) from public.payments as p
    where p.tenant_id = new.tenant_id and p.order_id = new.id and p.reason is not null order by p.id desc limit 1), new.status::text)
  where s.tenant_id = new.tenant_id and s.order_id = new.id and s.status = 'pending';
  return null;
end
$$;
-- The payment has its row before the order changes, so its reason is there.
create trigger payment_orders_fail_bot_subscription after update of status on public.payment_orders
  for each row when (new.kind = 'bot_subscription' and new.status in ('failed', 'refund_due', 'refunded') and old.status <> new.status)
  execute function private.tg_fail_bot_subscription();
