-- Order kinds: what can be bought, and which function gives it to the buyer.

create table private.order_kinds (
  kind text primary key,
  description text not null,
  -- What is called for each payment that is right: settle(order public.payment_orders, payment public.payments).
  settle text not null,
  is_recurring boolean not null default false,
  is_for_tenant boolean not null default true,
  is_paid_to_tenant boolean not null default false,
  constraint kind_is_a_word check (kind ~ '^[a-z][a-z_]{1,39}$')
);
comment on table private.order_kinds is
  'The register of what can be bought. The file of each kind registers it. Payments are settled by the function that the kind names.';
comment on column private.order_kinds.is_recurring is 'Whether the provider charges again each month. Then each period is settled once.';
comment on column private.order_kinds.is_paid_to_tenant is
  'Whether the money goes to the tenant, from its own customers. Such an order is no bill of the tenant: any tenant may have it, and the platform hears nothing of it.';
comment on column private.order_kinds.is_for_tenant is
  'Whether a customer must exist already. An order of another kind belongs to the platform''s tenant: whoever pays has no tenant yet. Its function makes one, and gives the order to it.';

create function private.register_order_kind(
  kind text, settle regprocedure, description text, is_recurring boolean default false, is_for_tenant boolean default true,
  is_paid_to_tenant boolean default false
) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  -- A wrong function must fail in its migration, and not when somebody has paid.
  if (select oidvectortypes(p.proargtypes) from pg_catalog.pg_proc as p where p.oid = register_order_kind.settle)
    is distinct from 'public.payment_orders, public.payments' then
    raise exception 'register_order_kind: % must take an order and a payment.', register_order_kind.settle;
  end if;
  insert into private.order_kinds (kind, description, settle, is_recurring, is_for_tenant, is_paid_to_tenant)
  values (register_order_kind.kind, register_order_kind.description, register_order_kind.settle::oid::regproc::text,
    register_order_kind.is_recurring, register_order_kind.is_for_tenant, register_order_kind.is_paid_to_tenant)
  on conflict on constraint order_kinds_pkey do update set (description, settle, is_recurring, is_for_tenant, is_paid_to_tenant) =
    (excluded.description, excluded.settle, excluded.is_recurring, excluded.is_for_tenant, excluded.is_paid_to_tenant);
end
$$;
comment on function private.register_order_kind(text, regprocedure, text, boolean, boolean, boolean) is
  'Adds a kind of order. settle(order, payment) runs once for each order, or once for each period of a recurring kind, in the transaction that makes the payment paid. What it refuses with a problem (PT4xx) makes the payment refund_due.';

select private.register_table('private.order_kinds', plain => '{kind,description,settle}', unaudited => 'changed by migrations only');
