-- Made by "npm run generate" from supabase/schemas/90_onboarding. Change it there.

-- 01_registration_sessions.sql

-- Registration sessions: what a stranger has filled in, before there is a tenant.

create table private.registration_sessions (
  id uuid primary key default private.uuid_v7(),
  ref_id text not null generated always as (private.ulid(id)) stored,
  -- The browser has the token in a cookie. Whoever reads this table cannot go on with a registration.
  token_hash bytea not null constraint registration_sessions_token_hash_idx unique,
  invitation_hash bytea not null,
  user_id uuid references public.user_profiles on delete set null,
  current_step smallint not null default 1,
  contact_data jsonb not null,
  company_data jsonb,
  location_data jsonb,
  billing_data jsonb,
  plan_selected text,
  order_count int not null default 0,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  expires_at timestamptz not null default now() + interval '24 hours',
  constraint step_is_one_of_four check (current_step between 1 and 4),
  constraint hashes_are_sha256 check (length(token_hash) = 32 and length(invitation_hash) = 32),
  constraint steps_are_small_objects check (
    jsonb_typeof(contact_data) = 'object' and private.json_fits(contact_data, 8192)
    and (company_data is null or jsonb_typeof(company_data) = 'object' and private.json_fits(company_data, 8192))
    and (location_data is null or jsonb_typeof(location_data) = 'object' and private.json_fits(location_data, 8192))
    and (billing_data is null or jsonb_typeof(billing_data) = 'object' and private.json_fits(billing_data, 8192))),
  constraint a_reached_step_has_its_data check (
    (current_step < 2 or company_data is not null) and (current_step < 3 or location_data is not null)
    and (current_step < 4 or billing_data is not null and plan_selected is not null)),
  constraint plan_is_for_registering check (plan_selected in ('starter', 'professional'))
);
comment on table private.registration_sessions is
  'What somebody without a tenant has filled in. For the service alone. It ends after 24 hours, or four days after its last order.';
comment on column private.registration_sessions.current_step is 'The last completed step: 1 contact, 2 company, 3 location, 4 billing and plan.';
comment on column private.registration_sessions.invitation_hash is
  'The hash of a token that only the browser can work out. It becomes the invitation of the owner, if no account is known.';
comment on column private.registration_sessions.user_id is 'Who was signed in, by a verified token, when a step was sent.';
create unique index registration_sessions_ref_id_idx on private.registration_sessions (ref_id) where ref_id is not null;
create index registration_sessions_user_id_idx on private.registration_sessions (user_id);
create index registration_sessions_expires_at_idx on private.registration_sessions (expires_at);
create trigger registration_sessions_touch before update on private.registration_sessions
  for each row execute function private.tg_touch_updated_at();

create function private.take_registration_turn() returns void
  language plpgsql
  set search_path = ''
as $$
declare
  headers jsonb := nullif(current_setting('request.headers', true), '')::jsonb;
  -- Addresses share 4096 counters, so that nobody can fill the table with addresses.
  counter text := translate(left(md5(coalesce(headers ->> 'x-forwarded-for', '')), 3), '0123456789', 'ghijklmnop');
begin
  if not private.take_turn(private.platform_tenant_id(), 'registration_from_' || counter, 120, 'hour')
    or not private.take_turn(private.platform_tenant_id(), 'registration', 5000, 'hour') then
    perform private.raise_problem(429, 'too_many_registrations', 'Too many registrations were begun from here in this hour. Try again later.');
  end if;
end
$$;
comment on function private.take_registration_turn() is
  'Counts a registration that begins, by the address that the request came from. 429 too_many_registrations.';

-- Definers, this one and the next two: the table is granted to nobody.
create function private.find_registration(token_hash bytea) returns private.registration_sessions
  language plpgsql stable security definer
  set search_path = ''
as $$
declare
  found_row private.registration_sessions;
begin
  select * into found_row from private.registration_sessions as s
  where s.token_hash = find_registration.token_hash and s.expires_at > now();
  -- The same answer for one that ended, one that became a tenant, and one that never was.
  if not found then
    perform private.raise_problem(410, 'registration_ended', 'This registration has ended. Begin again.');
  end if;
  return found_row;
end
$$;
comment on function private.find_registration(bytea) is 'The registration of a browser''s token. 410 registration_ended.';

create function private.begin_registration(token_hash bytea, invitation_hash bytea, contact jsonb, user_id uuid default null)
  returns private.registration_sessions
  language plpgsql security definer
  set search_path = ''
as $$
declare
  begun private.registration_sessions;
begin
  perform private.take_registration_turn();
  insert into private.registration_sessions (token_hash, invitation_hash, contact_data, user_id)
  values (begin_registration.token_hash, begin_registration.invitation_hash, begin_registration.contact,
    -- A token may be older than the end of its account.
    (select p.user_id from public.user_profiles as p where p.user_id = begin_registration.user_id))
  returning * into begun;
  return begun;
end
$$;
comment on function private.begin_registration(bytea, bytea, jsonb, uuid) is
  'Begins a registration with its first step. For the service. 429 too_many_registrations.';

create function private.save_registration_step(token_hash bytea, step int, data jsonb, plan text default null, user_id uuid default null)
  returns private.registration_sessions
  language plpgsql security definer
  set search_path = ''
as $$
declare
  before private.registration_sessions;
  after private.registration_sessions;
begin
  -- Two tabs of one browser: the second waits, and sees what the first has reached.
  perform from private.registration_sessions as s where s.token_hash = save_registration_step.token_hash for no key update;
  before := private.find_registration(save_registration_step.token_hash);
  if step > before.current_step + 1 then
    perform private.raise_problem(409, 'step_not_reached', format('Send step %s first.', before.current_step + 1),
      members => jsonb_build_object('current_step', before.current_step));
  end if;
  after := before;
  case step
    when 1 then after.contact_data := data;
    when 2 then after.company_data := data;
    when 3 then after.location_data := data;
    when 4 then after.billing_data := data;
      after.plan_selected := save_registration_step.plan;
  end case;
  -- What comes after a changed step was checked against what it said before, so it is sent again.
  after.current_step := case when (after.contact_data, after.company_data, after.location_data) is distinct from
    (before.contact_data, before.company_data, before.location_data) then step else greatest(step, before.current_step) end;
  update private.registration_sessions as s set
    (current_step, contact_data, company_data, location_data, billing_data, plan_selected) =
    (after.current_step, after.contact_data, after.company_data, after.location_data, after.billing_data, after.plan_selected),
    user_id = coalesce((select p.user_id from public.user_profiles as p where p.user_id = save_registration_step.user_id), s.user_id)
  where s.id = before.id
  returning * into after;
  return after;
end
$$;
comment on function private.save_registration_step(bytea, int, jsonb, text, uuid) is
  'Notes a step, the first time or again. A step that changes has the later ones sent again. 409 step_not_reached; 410 registration_ended.';
grant execute on function private.find_registration(bytea), private.begin_registration(bytea, bytea, jsonb, uuid),
  private.save_registration_step(bytea, int, jsonb, text, uuid) to service_role;

create function private.sweep_expired_registrations(batch int default 5000) returns int
  language sql volatile
  set search_path = ''
as $$
  with expired as materialized (
    select s.id from private.registration_sessions as s
    where s.expires_at <= now() order by s.expires_at limit batch for update skip locked
  ), swept as (
    delete from private.registration_sessions as s using expired as e where s.id = e.id returning 1
  )
  select count(*)::int from swept
$$;
comment on function private.sweep_expired_registrations(int) is
  'Removes registrations that have ended, the oldest first, at most one batch. Returns how many.';
select cron.schedule('onboarding: remove registrations that have ended', '*/5 * * * *', 'select private.sweep_expired_registrations()');

select private.register_table('private.registration_sessions', plain => '{plan_selected}',
  personal => '{contact_data,company_data,location_data,billing_data}', secret => '{token_hash,invitation_hash}',
  on_forget => 'keep', kept_because => 'Belongs to no tenant yet. It is removed within a day, or within four days of its last order.',
  unaudited => 'a stranger has no tenant, and so no log');

-- 02_registration_orders.sql

-- Registration orders: what a stranger pays for. An order of the payments domain, with what was filled in when it was made.

create table private.registration_orders (
  tenant_id uuid not null references public.tenants on delete cascade,
  order_id uuid not null,
  -- Its session may be gone when the provider says that it was paid.
  token_hash bytea not null,
  invitation_hash bytea not null,
  user_id uuid references public.user_profiles on delete set null,
  filled_in jsonb,
  made_tenant_id uuid references public.tenants on delete set null,
  created_at timestamptz not null default now(),
  primary key (tenant_id, order_id),
  foreign key (tenant_id, order_id) references public.payment_orders on delete cascade,
  constraint filled_in_is_a_small_object check (jsonb_typeof(filled_in) = 'object' and private.json_fits(filled_in, 32768))
);
comment on table private.registration_orders is
  'The orders of registrations. They belong to the platform''s tenant, because whoever pays has none yet. For the service alone.';
comment on column private.registration_orders.filled_in is 'The steps as they were when it was ordered. Null once they became a tenant, or 90 days later.';
create index registration_orders_token_hash_idx on private.registration_orders (token_hash);
create index registration_orders_user_id_idx on private.registration_orders (user_id);
create index registration_orders_made_tenant_id_idx on private.registration_orders (made_tenant_id);
create index registration_orders_created_at_idx on private.registration_orders (created_at) where filled_in is not null;

-- A definer: neither table is granted to anybody.
create function private.order_registration(token_hash bytea, provider public.payment_provider) returns public.payment_orders
  language plpgsql security definer
  set search_path = ''
as $$
declare
  session private.registration_sessions;
  wanted public.plans;
  filled_in jsonb;
  closed_count int;
  made public.payment_orders;
begin
  -- Two tabs that order at once: the second finds the order of the first.
  perform from private.registration_sessions as s where s.token_hash = order_registration.token_hash for no key update;
  session := private.find_registration(order_registration.token_hash);
  if session.current_step < 4 then
    perform private.raise_problem(409, 'step_not_reached', format('Send step %s first.', session.current_step + 1),
      members => jsonb_build_object('current_step', session.current_step));
  end if;
  select * into strict wanted from public.plans as p where p.plan = session.plan_selected;
  filled_in := jsonb_build_object('contact', session.contact_data, 'company', session.company_data,
    'location', session.location_data, 'billing', session.billing_data);
  -- One that the provider has closed cannot be paid any more, so the next one has another key.
  select count(*) into closed_count
  from private.registration_orders as r join public.payment_orders as o on o.tenant_id = r.tenant_id and o.id = r.order_id
  where r.token_hash = session.token_hash and o.status = 'failed' and o.next_ask_at is null;
  made := private.make_payment_order(private.platform_tenant_id(), order_registration.provider, 'registration',
    wanted.price_minor, wanted.currency, jsonb_build_object('plan', wanted.plan, 'registration', session.ref_id),
    'registration ' || encode(sha256(session.token_hash
      || convert_to(concat_ws(' ', order_registration.provider, wanted.plan, closed_count, filled_in), 'UTF8')), 'hex'));
  insert into private.registration_orders (tenant_id, order_id, token_hash, invitation_hash, user_id, filled_in)
  values (made.tenant_id, made.id, session.token_hash, session.invitation_hash, session.user_id, filled_in)
  on conflict on constraint registration_orders_pkey do update set user_id = coalesce(excluded.user_id, registration_orders.user_id);
  if made.provider_order_id is null and session.order_count >= 10 then
    perform private.raise_problem(429, 'too_many_orders', 'This registration was ordered ten times. Wait an hour.');
  end if;
  update private.registration_sessions as s set
    order_count = s.order_count + case when made.provider_order_id is null then 1 else 0 end,
    -- Nobody should pay and then find the registration gone.
    expires_at = greatest(s.expires_at, now() + interval '4 days')
  where s.id = session.id;
  return made;
end
$$;
comment on function private.order_registration(bytea, public.payment_provider) is
  'Orders the first month of the plan that a registration has chosen. The same steps at the same provider are the same order, as long as it can be paid. 409 step_not_reached; 410 registration_ended; 429 too_many_orders.';

-- A definer as well.
create function private.read_registration_outcome(token_hash bytea,
    out status text, out tenant_ref text, out tenant_slug text, out is_invited boolean)
  language plpgsql stable security definer
  set search_path = ''
as $$
begin
  select o.status::text, t.ref_id, t.slug, exists (select from public.tenant_invitations as i
      where i.tenant_id = r.made_tenant_id and i.token_hash = r.invitation_hash
        and i.accepted_at is null and i.revoked_at is null and i.expires_at > now())
  into status, tenant_ref, tenant_slug, is_invited
  from private.registration_orders as r
  join public.payment_orders as o on o.tenant_id = r.tenant_id and o.id = r.order_id
  left join public.tenants as t on t.id = r.made_tenant_id and t.status <> 'archived'
  where r.token_hash = read_registration_outcome.token_hash
  -- The one that became a tenant, else the newest.
  order by r.made_tenant_id is null, o.id desc limit 1;
  if not found then
    perform private.find_registration(read_registration_outcome.token_hash);
    status := 'not_ordered';
    is_invited := false;
  end if;
end
$$;
comment on function private.read_registration_outcome(bytea) is
  'What became of a registration''s order, and the tenant that it made. 410 registration_ended.';
grant execute on function private.order_registration(bytea, public.payment_provider), private.read_registration_outcome(bytea) to service_role;

create function private.forget_unpaid_registrations(batch int default 5000) returns int
  language sql volatile
  set search_path = ''
as $$
  with old as materialized (
    select r.tenant_id, r.order_id from private.registration_orders as r
    where r.filled_in is not null and r.created_at <= now() - interval '90 days'
    order by r.created_at limit batch
  ), forgotten as (
    update private.registration_orders as r set filled_in = null from old as o
    where r.tenant_id = o.tenant_id and r.order_id = o.order_id returning 1
  )
  select count(*)::int from forgotten
$$;
comment on function private.forget_unpaid_registrations(int) is
  'Removes what people filled in for orders that nobody paid in 90 days. Money that comes later is refund_due. Returns how many.';
select cron.schedule('onboarding: forget registrations that nobody paid', '53 3 * * *', 'select private.forget_unpaid_registrations()');

select private.register_table('private.registration_orders', keeping => 'history', personal => '{filled_in}', secret => '{token_hash,invitation_hash}',
  on_forget => 'keep', kept_because => 'Becomes a tenant when it is paid. It is removed after 90 days.',
  unaudited => 'payment_orders has a row in the log');

-- 06_settling.sql

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
      insert into public.tenants (slug, name, status, plan, country, state, time_zone, created_by)
      values (candidate, make_registered_tenant.name, 'active', make_registered_tenant.plan, make_registered_tenant.country,
        make_registered_tenant.state, case make_registered_tenant.country when 'IN' then 'Asia/Kolkata' else 'UTC' end,
        make_registered_tenant.creator)
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
begin
  -- An account counts once Auth has confirmed its address.
  select u.id into owner from auth.users as u join public.user_profiles as p on p.user_id = u.id
  where u.id = registration.user_id and u.email_confirmed_at is not null;
  if owner is null then
    insert into public.tenant_invitations (tenant_id, email, role, token_hash, expires_at)
    values (tenant.id, contact ->> 'email', 'owner', registration.invitation_hash, now() + interval '720 hours');
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
  'Makes the account that registered the owner, or invites the address as owner if no confirmed account is known.';

create function private.bill_registered_tenant(tenant public.tenants, order_row public.payment_orders, filled_in jsonb, payment public.payments)
  returns void
  language plpgsql
  set search_path = ''
as $$
declare
  company jsonb := filled_in -> 'company';
  location jsonb := filled_in -> 'location';
  billing jsonb := filled_in -> 'billing';
  own_order public.payment_orders;
  paid_until timestamptz := now() + interval '1 month';
begin
  update public.tenant_billing as b set
    (legal_name, pan_number, has_gst, gst_number) =
    (company ->> 'legal_name', company ->> 'pan_number', (location ->> 'has_gst')::boolean, location ->> 'gst_number'),
    (billing_name, billing_address, billing_city, billing_postal_code, billing_state, billing_country) =
    (billing ->> 'name', billing ->> 'address', billing ->> 'city', billing ->> 'postal_code', billing ->> 'state', billing ->> 'country')
  where b.tenant_id = tenant.id;
  -- What was paid is the platform's order. The tenant gets one of its own, with a month that is not charged again: its
  -- managers see what they paid, and the tenant is frozen after the month unless they order the plan.
  insert into public.payment_orders (tenant_id, provider, kind, amount_minor, currency, bought, status, paid_at, next_ask_at)
  values (tenant.id, order_row.provider, 'subscription', order_row.amount_minor, order_row.currency, order_row.bought, 'paid', now(), null)
  returning * into own_order;
  insert into public.subscriptions (tenant_id, order_id, provider, plan, status, paid_until_at, cancelled_at, freezes_at)
  values (tenant.id, own_order.id, order_row.provider, tenant.plan, 'cancelled', paid_until, now(), paid_until + private.payment_grace());
  perform private.record_billing_event(own_order, 'subscription.activated', payment.provider_payment_id, null,
    payment.amount_minor, payment.currency);
end
$$;
comment on function private.bill_registered_tenant(public.tenants, public.payment_orders, jsonb, public.payments) is
  'Notes who is billed, and that the first month is paid.';

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
  if exists (select from private.registration_orders as r
    where r.token_hash = registration.token_hash and r.made_tenant_id is not null) then
    perform private.raise_problem(409, 'already_registered', 'Another order of this registration was paid before.');
  elsif registration.filled_in is null then
    perform private.raise_problem(410, 'registration_ended', 'The registration was forgotten before it was paid.');
  end if;
  tenant := private.make_registered_tenant(registration.filled_in #>> '{company,brand_name}', order_row.bought ->> 'plan',
    registration.filled_in #>> '{contact,country}', registration.filled_in #>> '{location,state}', registration.user_id);
  perform private.bill_registered_tenant(tenant, order_row, registration.filled_in, payment);
  perform private.own_registered_tenant(tenant, registration);
  update private.registration_orders as r set made_tenant_id = tenant.id, filled_in = null
  where r.tenant_id = registration.tenant_id and r.order_id = registration.order_id;
  delete from private.registration_sessions as s where s.token_hash = registration.token_hash;

  data := jsonb_build_object('tenant', jsonb_build_object('ref_id', tenant.ref_id, 'slug', tenant.slug), 'plan', tenant.plan);
  perform private.emit_event(t.id, e.type, data, 'tenant ' || tenant.ref_id, e.type || ' ' || tenant.ref_id)
  from (values (tenant.id), (private.platform_tenant_id())) as t (id), (values ('tenant.created'), ('tenant.paid')) as e (type);
  perform private.notify(tenant.id, 'registration.welcome', '{owners}', jsonb_build_object('tenant', tenant.name), 'tenant', tenant.ref_id,
    'welcome ' || tenant.ref_id);
end
$$;
comment on function private.settle_registration(public.payment_orders, public.payments) is
  'What a right payment of a registration does, once: an active tenant with its plan, billing, brand name and owner. A second order of the same registration is refused.';

select private.register_order_kind('registration', 'private.settle_registration(public.payment_orders, public.payments)',
  'The first month of a new tenant, paid once.', is_for_tenant => false);

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
