-- Settling: how a paid registration becomes a tenant, in the transaction that makes the payment paid.

create function private.slug_of_name(name text) returns text
  language sql immutable
  set search_path = ''
as $$
  -- Letters with marks lose them. A name in another script has no letters left, and is called by what it is.
  select coalesce(nullif(btrim(left(btrim(regexp_replace(regexp_replace(lower(normalize(left(slug_of_name.name, 200), NFKD) collate "C"),
    '[\u0300-\u036f]', '', 'g'), '[^a-z0-9]+', '-', 'g'), '-'), 34), '-'), ''), 'practice')
$$;
comment on function private.slug_of_name(text) is 'What the slug of a tenant with this name begins with: at most 34 letters, digits and hyphens.';

create function private.make_registered_tenant(name text, plan text, country text, state text, creator uuid) returns public.tenants
  language plpgsql
  set search_path = ''
as $$
declare
  base text := private.slug_of_name(make_registered_tenant.name);
  candidate text;
  made public.tenants;
begin
  for attempt in 1 .. 200 loop
    -- After twenty, others are likely to come at the same moment: then something that nobody else takes.
    candidate := case when attempt = 1 and length(base) >= 3 then base
      when attempt <= 20 then base || '-' || greatest(attempt, 2)
      else base || '-' || left(replace(gen_random_uuid()::text, '-', ''), 5) end;
    continue when private.is_reserved_slug(candidate)
      or exists (select from public.tenant_slugs as s where s.slug = candidate and coalesce(s.retired_at, now()) > now() - interval '90 days')
      or exists (select from private.kept_slugs as k where k.slug = candidate and k.free_at > now());
    begin
      -- Closed from the first moment: its contract waits as soon as there is one.
      insert into public.tenants (slug, name, status, plan, country, state, time_zone, created_by, contract_pending_at)
      values (candidate, make_registered_tenant.name, 'active', make_registered_tenant.plan, make_registered_tenant.country,
        make_registered_tenant.state, case make_registered_tenant.country when 'IN' then 'Asia/Kolkata' else 'UTC' end,
        make_registered_tenant.creator, now())
      returning * into made;
      return made;
    exception
      -- Somebody took it since.
      when unique_violation or sqlstate 'PT409' then null;
    end;
  end loop;
  raise exception 'No slug was free for a new tenant.';
end
$$;
comment on function private.make_registered_tenant(text, text, text, text, uuid) is
  'Makes an active tenant. If its slug is taken, it gets -2, -3 and so on.';

create function private.own_registered_tenant(tenant public.tenants, registration private.registration_orders) returns void
  language plpgsql
  set search_path = ''
as $$
declare
  contact jsonb := registration.filled_in -> 'contact';
  owner uuid;
  invitation public.tenant_invitations;
begin
  -- An account counts once Auth has confirmed its address.
  select u.id into owner from auth.users as u join public.user_profiles as p on p.user_id = u.id
  where u.id = registration.user_id and u.email_confirmed_at is not null;
  if owner is null then
    insert into public.tenant_invitations (tenant_id, email, role, token_hash, expires_at)
    values (tenant.id, contact ->> 'email', 'owner', registration.invitation_hash, now() + interval '720 hours')
    returning * into invitation;
    -- Nobody is a member yet whom a notification would reach.
    perform private.mail_address(tenant.id, invitation.email, 'registration_welcome', jsonb_build_object(
      'name', contact ->> 'first_name', 'invitation_token', registration.invitation_token,
      'expires_on', to_char(invitation.expires_at at time zone tenant.time_zone, 'YYYY-MM-DD')), 'welcome ' || tenant.ref_id, is_critical => true);
    return;
  end if;
  insert into public.tenant_members (tenant_id, user_id, role) values (tenant.id, owner, 'owner');
  update public.user_profiles as p set
    title = coalesce(p.title, contact ->> 'title'), first_name = coalesce(p.first_name, contact ->> 'first_name'),
    last_name = coalesce(p.last_name, contact ->> 'last_name'), phone = coalesce(p.phone, contact ->> 'phone')
  where p.user_id = owner;
end
$$;
comment on function private.own_registered_tenant(public.tenants, private.registration_orders) is
  'Makes the account that registered the owner. If no confirmed account is known, the address is mailed an invitation to be the owner.';

create function private.bill_registered_tenant(tenant public.tenants, order_row public.payment_orders, filled_in jsonb, payment public.payments)
  returns void
  language plpgsql
  set search_path = ''
as $$
declare
  company jsonb := filled_in -> 'company';
  location jsonb := filled_in -> 'location';
  billing jsonb := filled_in -> 'billing';
begin
  update public.tenant_billing as b set
    (legal_name, pan_number, has_gst, gst_number) =
    (company ->> 'legal_name', company ->> 'pan_number', (location ->> 'has_gst')::boolean, location ->> 'gst_number'),
    (billing_name, billing_address, billing_city, billing_postal_code, billing_state, billing_country) =
    (billing ->> 'name', billing ->> 'address', billing ->> 'city', billing ->> 'postal_code', billing ->> 'state', billing ->> 'country')
  where b.tenant_id = tenant.id;
  -- From here on it is a subscription like any other: the next charge renews it, and one that fails makes it past due.
  update public.payment_orders as o set tenant_id = tenant.id, kind = 'subscription'
  where o.tenant_id = order_row.tenant_id and o.id = order_row.id
  returning * into strict order_row;
  payment.tenant_id := tenant.id;
  perform private.settle_subscription(order_row, payment);
end
$$;
comment on function private.bill_registered_tenant(public.tenants, public.payment_orders, jsonb, public.payments) is
  'Notes who is billed, gives the order to the tenant, and activates it as the subscription of the tenant.';

create function private.settle_registration(order_row public.payment_orders, payment public.payments) returns void
  language plpgsql
  set search_path = ''
as $$
declare
  registration private.registration_orders;
  tenant public.tenants;
  data jsonb;
begin
  select * into registration from private.registration_orders as r
  where r.tenant_id = order_row.tenant_id and r.order_id = order_row.id;
  -- All orders of one registration wait for each other: only one of them becomes a tenant.
  perform pg_advisory_xact_lock(hashtextextended('registration ' || encode(registration.token_hash, 'hex'), 0));
  -- Before anything else of it: who orders once more locks the session first.
  perform from private.registration_sessions as s where s.token_hash = registration.token_hash for update;
  if exists (select from private.registration_orders as r
    where r.token_hash = registration.token_hash and r.tenant_id <> order_row.tenant_id) then
    perform private.raise_problem(409, 'already_registered', 'Another order of this registration was paid before.');
  elsif registration.filled_in is null then
    perform private.raise_problem(410, 'registration_ended', 'The registration was forgotten before it was paid.');
  end if;
  tenant := private.make_registered_tenant(registration.filled_in #>> '{company,brand_name}', order_row.bought ->> 'plan',
    registration.filled_in #>> '{contact,country}', registration.filled_in #>> '{location,state}', registration.user_id);
  perform private.bill_registered_tenant(tenant, order_row, registration.filled_in, payment);
  perform private.own_registered_tenant(tenant, registration);
  perform private.make_contract(tenant.id);
  insert into public.onboarding_runs (tenant_id) values (tenant.id);
  update private.registration_orders as r set filled_in = null, invitation_token = null where r.token_hash = registration.token_hash;
  delete from private.registration_sessions as s where s.token_hash = registration.token_hash;

  data := jsonb_build_object('tenant', jsonb_build_object('ref_id', tenant.ref_id, 'slug', tenant.slug), 'plan', tenant.plan);
  perform private.emit_event(t.id, e.type, data, 'tenant ' || tenant.ref_id, e.type || ' ' || tenant.ref_id)
  from (values (tenant.id), (private.platform_tenant_id())) as t (id), (values ('tenant.created'), ('tenant.paid')) as e (type);
  perform private.notify(tenant.id, 'registration.welcome', '{owners}', jsonb_build_object('tenant', tenant.name), 'tenant', tenant.ref_id,
    'welcome ' || tenant.ref_id);
end
$$;
comment on function private.settle_registration(public.payment_orders, public.payments) is
  'What a right payment of a registration does, once: an active tenant with its plan, billing, brand name, owner, a contract to accept and a pending onboarding run. A second order of the same registration is refused.';

select private.register_order_kind('registration', 'private.settle_registration(public.payment_orders, public.payments)',
  'A new tenant and its plan, paid each month. Once it is paid, the order is a subscription of that tenant.',
  is_recurring => true, is_for_tenant => false);

select private.register_event_type(t.type, t.description,
  '{"tenant": {"ref_id": "ref_id", "slug": "text"}, "plan": "text"}',
  '{"tenant": {"ref_id": "01JD3N8Q4ZB6T2V9XK5M7R0C1E", "slug": "our-studio"}, "plan": "professional"}')
from (values
  ('tenant.created', 'A registration became a tenant. The platform is told as well.'),
  ('tenant.paid', 'The first month of a registered tenant was paid. The platform is told as well.')
) as t (type, description);

select private.register_notification_type('registration.welcome', 'account', 'A registration was paid and became a tenant.',
  '{"en": "Welcome to {{tenant}}. Your first month is paid.",
    "de": "Willkommen bei {{tenant}}. Dein erster Monat ist bezahlt.",
    "fr": "Bienvenue chez {{tenant}}. Votre premier mois est payé."}', '{"tenant": "Our Studio"}');

select private.register_email_template('registration_welcome', t.locale, 'Welcome of a registration', t.subject, t.body_html,
  '[{"key": "tenant", "description": "The name of the tenant.", "required": true},
    {"key": "name", "description": "The first name of who registered.", "required": true},
    {"key": "link", "description": "Where the owner takes the tenant over.", "required": true},
    {"key": "expires_on", "description": "The last day of the link.", "required": true}]', 'onboarding')
from (values
  ('en', 'Welcome to {{tenant}}',
    '<p>Hello {{name}},</p><p>your payment has arrived, and {{tenant}} is yours.</p><p><a href="{{link}}">Open {{tenant}}</a></p><p>The link works until {{expires_on}}. Sign in or sign up with the address that got this mail.</p>'),
  ('de', 'Willkommen bei {{tenant}}',
    '<p>Hallo {{name}},</p><p>deine Zahlung ist da, und {{tenant}} gehört dir.</p><p><a href="{{link}}">{{tenant}} öffnen</a></p><p>Der Link gilt bis {{expires_on}}. Melde dich mit der Adresse an, an die diese Mail ging.</p>'),
  ('fr', 'Bienvenue chez {{tenant}}',
    '<p>Bonjour {{name}},</p><p>votre paiement est arrivé, et {{tenant}} est à vous.</p><p><a href="{{link}}">Ouvrir {{tenant}}</a></p><p>Le lien est valable jusqu’au {{expires_on}}. Connectez-vous avec l’adresse qui a reçu ce message.</p>')
) as t (locale, subject, body_html);
