-- Top-up orders: a payment order whose payment adds credits.

create view public.credit_topup_orders with (security_invoker = true) as
select o.tenant_id, o.id, o.ref_id, o.provider, o.provider_order_id, o.bought ->> 'bundle' as bundle,
  (o.bought ->> 'credits')::bigint as credits, o.amount_minor, o.currency, o.status, o.paid_at, e.expires_at, o.created_at
from public.payment_orders as o
left join public.credit_ledger as e on e.tenant_id = o.tenant_id and e.idempotency_key = 'topup ' || o.ref_id
where o.kind = 'topup';
comment on view public.credit_topup_orders is
  'The orders of credits, with when the credits expire that each one brought. Their rows are in payment_orders and credit_ledger.';
grant select on public.credit_topup_orders to authenticated, service_role;

create function private.settle_topup(order_row public.payment_orders, payment public.payments) returns void
  language sql volatile
  set search_path = ''
as $$
  select from private.top_up_credits(order_row.tenant_id, (order_row.bought ->> 'credits')::bigint, order_row.ref_id)
$$;
comment on function private.settle_topup(public.payment_orders, public.payments) is
  'What a right payment of a top-up does: it adds the credits that were ordered, until the end of the month. Refuses an archived tenant.';

select private.register_order_kind('topup', 'private.settle_topup(public.payment_orders, public.payments)',
  'Credits, paid once.');

-- A definer, because nobody may write an order directly. It asks for manage: a tenant that is frozen could not use the
-- credits before they expire.
create function private.order_topup(
  tenant uuid, provider public.payment_provider, bundle text, idempotency_key text default null
) returns public.payment_orders
  language plpgsql security definer
  set search_path = ''
as $$
declare
  wanted public.topup_bundles;
begin
  perform private.require_permission(order_topup.tenant, 'manage');
  select * into wanted from public.topup_bundles as b where b.bundle = order_topup.bundle and b.is_offered;
  if not found then
    perform private.raise_problem(422, 'invalid_value', format('The bundles that can be ordered are: %s.',
      (select string_agg(b.bundle, ', ' order by b.credits) from public.topup_bundles as b where b.is_offered)),
      '[{"pointer": "/bundle", "detail": "must be a bundle that can be ordered"}]');
  end if;
  perform private.take_order_turn(order_topup.tenant);
  return private.make_payment_order(order_topup.tenant, order_topup.provider, 'topup', wanted.price_minor, wanted.currency,
    jsonb_build_object('bundle', wanted.bundle, 'credits', wanted.credits), order_topup.idempotency_key);
end
$$;
comment on function private.order_topup(uuid, public.payment_provider, text, text) is
  'Orders a bundle of credits, for an owner or an admin. The provider does not know of it yet. A second call with the same key answers the first order, with the credits and the price of then. 409 not_billable, conflict; 422 for a bundle that is not offered; 429 too_many_orders.';
grant execute on function private.order_topup(uuid, public.payment_provider, text, text) to authenticated;
