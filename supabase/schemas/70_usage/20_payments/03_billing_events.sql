-- Billing events: what happened to a tenant's payments and subscriptions, one row each, never changed.

create table public.billing_events (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  ref_id text not null generated always as (private.ulid(id)) stored,
  event_type text not null,
  provider public.payment_provider not null,
  provider_entity_id text,
  amount_minor bigint,
  currency char(3),
  plan text,
  payload jsonb not null default '{}',
  created_at timestamptz not null default now(),
  primary key (tenant_id, id),
  constraint billing_event_type_is_dotted check (event_type ~ '^(payment|subscription)\.[a-z_]{1,40}$'),
  constraint entity_id_is_short check (length(provider_entity_id) between 1 and 255),
  constraint amount_has_a_currency check ((amount_minor is null) = (currency is null)),
  constraint billing_payload_is_small check (jsonb_typeof(payload) = 'object' and private.json_fits(payload, 4096))
);
comment on table public.billing_events is
  'What happened to a tenant''s payments and subscriptions, append-only. The payload holds ids and reasons, and nothing about the person who paid.';
comment on column public.billing_events.provider_entity_id is 'The payment or the subscription at the provider.';
create unique index billing_events_ref_id_idx on public.billing_events (tenant_id, ref_id) where ref_id is not null;
create trigger billing_events_never_change before update on public.billing_events
  for each row execute function private.tg_refuse_change();

alter table public.billing_events enable row level security;
create policy "managers read their tenant's billing events" on public.billing_events
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read_admin'))::uuid[]));
grant select on public.billing_events to authenticated, service_role;

-- A definer, as every function that emits.
create function private.tg_emit_billing_events() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
declare
  tenant public.tenants;
  data jsonb;
  is_bill boolean := not coalesce((select k.is_paid_to_tenant from private.order_kinds as k where k.kind = new.payload ->> 'kind'), false);
begin
  if new.event_type not in ('payment.paid', 'payment.failed', 'payment.refund_due', 'payment.refunded',
    'subscription.activated', 'subscription.charged', 'subscription.failed', 'subscription.cancelled') then
    raise exception 'There is no billing event %.', new.event_type;
  end if;
  select * into tenant from public.tenants as t where t.id = new.tenant_id;
  data := jsonb_build_object(
    'tenant', jsonb_build_object('ref_id', tenant.ref_id, 'slug', tenant.slug),
    'order', jsonb_build_object('ref_id', new.payload ->> 'order', 'kind', new.payload ->> 'kind'),
    'provider', new.provider, 'provider_entity_id', new.provider_entity_id,
    'amount_minor', new.amount_minor, 'currency', new.currency, 'plan', new.plan, 'reason', new.payload ->> 'reason');
  perform private.emit_event(new.tenant_id, new.event_type, data, 'order ' || (new.payload ->> 'order'), has_row_lock => true);
  -- What a tenant's own customers pay to it is nothing that its managers can pay, and the platform has none of it.
  if not is_bill then
    return null;
  end if;
  -- Those who can pay are told what needs them. What went well, they did themselves. The platform pays for nothing: its
  -- orders are those of strangers.
  if new.event_type in ('payment.failed', 'subscription.failed', 'subscription.cancelled') and tenant.kind <> 'platform' then
    perform private.notify(new.tenant_id, new.event_type, '{admins}', jsonb_build_object('provider', initcap(new.provider::text)),
      'order', new.payload ->> 'order', new.event_type || ' ' || coalesce(new.provider_entity_id, new.id::text));
  end if;
  -- The platform took the money, so the platform is told to send it back.
  if new.event_type = 'payment.refund_due' and new.tenant_id <> private.platform_tenant_id() then
    perform private.emit_event(private.platform_tenant_id(), 'payment.refund_due', data);
  end if;
  return null;
end
$$;
create trigger billing_events_emit after insert on public.billing_events
  for each row execute function private.tg_emit_billing_events();

select private.register_event_type(t.type, t.description,
  '{"tenant": {"ref_id": "ref_id", "slug": "text"}, "order": {"ref_id": "ref_id", "kind": "text"}, "provider": "razorpay|stripe|mpesa",
    "provider_entity_id?": "text", "amount_minor?": "count", "currency?": "text", "plan?": "text", "reason?": "text"}',
  jsonb_build_object('tenant', '{"ref_id": "01JD3N8Q4ZB6T2V9XK5M7R0C1E", "slug": "our-studio"}'::jsonb,
    'order', '{"ref_id": "01JD3N8Q4ZB6T2V9XK5M7R0C1F", "kind": "subscription"}'::jsonb, 'provider', 'stripe',
    'provider_entity_id', 'in_1example', 'amount_minor', 14900, 'currency', 'CHF', 'plan', 'professional', 'reason', t.reason))
from (values
  ('payment.paid', 'A payment was right, and what it bought was given.', null),
  ('payment.failed', 'A payment of an order failed.', 'card_declined'),
  ('payment.refund_due', 'Money came that nothing can be given for: a second payment, or a wrong amount or currency.', 'wrong_amount'),
  ('payment.refunded', 'A payment was sent back.', null),
  ('subscription.activated', 'The first payment of a subscription was settled.', null),
  ('subscription.charged', 'A later payment of a subscription was settled.', null),
  ('subscription.failed', 'A subscription could not be charged and is past due.', 'card_declined'),
  ('subscription.cancelled', 'A subscription was cancelled and is not charged again.', null)
) as t (type, description, reason);

select private.register_notification_type('payment.failed', 'billing', 'A payment failed.',
  '{"en": "A payment at {{provider}} failed. Try again, or pay in another way.",
    "de": "Eine Zahlung bei {{provider}} ist fehlgeschlagen. Versuche es noch einmal, oder zahle anders.",
    "fr": "Un paiement chez {{provider}} a échoué. Réessayez, ou payez autrement."}', '{"provider": "Stripe"}', is_critical => true);
select private.register_notification_type('subscription.failed', 'billing', 'A subscription could not be charged.',
  '{"en": "{{provider}} could not charge your subscription. Pay within a week, or your account is frozen.",
    "de": "{{provider}} konnte dein Abonnement nicht belasten. Zahle innerhalb einer Woche, sonst wird dein Konto eingefroren.",
    "fr": "{{provider}} n’a pas pu débiter votre abonnement. Payez sous une semaine, sinon votre compte sera gelé."}', '{"provider": "Stripe"}', is_critical => true);
select private.register_notification_type('subscription.cancelled', 'billing', 'A subscription was cancelled.',
  '{"en": "Your subscription at {{provider}} was cancelled. It works until the end of the month that is paid.",
    "de": "Dein Abonnement bei {{provider}} wurde gekündigt. Es läuft bis zum Ende des bezahlten Monats.",
    "fr": "Votre abonnement chez {{provider}} a été résilié. Il reste actif jusqu’à la fin du mois payé."}', '{"provider": "Stripe"}');

create function private.record_billing_event(
  order_row public.payment_orders, event_type text, entity text, reason text default null,
  amount_minor bigint default null, currency text default null
) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  insert into public.billing_events (tenant_id, event_type, provider, provider_entity_id, amount_minor, currency, plan, payload)
  values (order_row.tenant_id, record_billing_event.event_type, order_row.provider, record_billing_event.entity,
    record_billing_event.amount_minor, record_billing_event.currency, order_row.bought ->> 'plan',
    jsonb_strip_nulls(jsonb_build_object('order', order_row.ref_id, 'kind', order_row.kind,
      'provider_order_id', order_row.provider_order_id, 'reason', record_billing_event.reason)));
end
$$;
comment on function private.record_billing_event(public.payment_orders, text, text, text, bigint, text) is
  'Adds a row to billing_events. A trigger tells webhooks.';

select private.register_table('public.billing_events', keeping => 'history',
  plain => '{event_type,provider_entity_id,currency,plan,payload}', unaudited => 'append-only, a log itself');
