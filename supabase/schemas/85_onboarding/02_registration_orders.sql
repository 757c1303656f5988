-- Registration orders: what a stranger pays for. An order of the payments domain, with what was filled in when it was made.

create table private.registration_orders (
  tenant_id uuid not null references public.tenants on delete cascade,
  order_id uuid not null,
  -- Its session may be gone when the provider says that it was paid.
  token_hash bytea not null,
  invitation_hash bytea not null,
  user_id uuid references public.user_profiles on delete set null,
  filled_in jsonb,
  invitation_token text,
  created_at timestamptz not null default now(),
  primary key (tenant_id, order_id),
  foreign key (tenant_id, order_id) references public.payment_orders on update cascade on delete cascade,
  constraint filled_in_is_a_small_object check (jsonb_typeof(filled_in) = 'object' and private.json_fits(filled_in, 32768)),
  -- Nobody is to be mailed a link that accepts nothing.
  constraint invitation_token_is_the_hashed_one check (sha256(convert_to(invitation_token, 'UTF8')) = invitation_hash)
);
comment on table private.registration_orders is
  'The orders of registrations. They belong to the platform''s tenant, because whoever pays has none yet. One that is paid belongs to the tenant that it made. For the service alone.';
comment on column private.registration_orders.filled_in is 'The steps as they were when it was ordered. Null once they became a tenant, or 90 days later.';
comment on column private.registration_orders.invitation_token is
  'What is mailed to the owner, if no confirmed account is known when it is paid. Before that it accepts nothing. Null from then on.';
create index registration_orders_token_hash_idx on private.registration_orders (token_hash);
create index registration_orders_user_id_idx on private.registration_orders (user_id);
create index registration_orders_created_at_idx on private.registration_orders (created_at) where filled_in is not null;

-- A definer: neither table is granted to anybody.
create function private.order_registration(token_hash bytea, provider public.payment_provider, invitation_token text) returns public.payment_orders
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
  insert into private.registration_orders (tenant_id, order_id, token_hash, invitation_hash, user_id, filled_in, invitation_token)
  values (made.tenant_id, made.id, session.token_hash, session.invitation_hash, session.user_id, filled_in,
    order_registration.invitation_token)
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
comment on function private.order_registration(bytea, public.payment_provider, text) is
  'Orders the plan that a registration has chosen, to be paid each month. The same steps at the same provider are the same order, as long as it can be paid. 409 step_not_reached; 410 registration_ended; 429 too_many_orders.';

-- A definer as well.
create function private.read_registration_outcome(token_hash bytea,
    out status text, out tenant_ref text, out tenant_slug text, out is_invited boolean)
  language plpgsql stable security definer
  set search_path = ''
as $$
begin
  select o.status::text, t.ref_id, t.slug, exists (select from public.tenant_invitations as i
      where i.tenant_id = r.tenant_id and i.token_hash = r.invitation_hash
        and i.accepted_at is null and i.revoked_at is null and i.expires_at > now())
  into status, tenant_ref, tenant_slug, is_invited
  from private.registration_orders as r
  join public.payment_orders as o on o.tenant_id = r.tenant_id and o.id = r.order_id
  left join public.tenants as t on t.id = r.tenant_id and t.kind <> 'platform' and t.status <> 'archived'
  where r.token_hash = read_registration_outcome.token_hash
  -- The one that became a tenant, else the newest.
  order by r.tenant_id = private.platform_tenant_id(), o.id desc limit 1;
  if not found then
    perform private.find_registration(read_registration_outcome.token_hash);
    status := 'not_ordered';
    is_invited := false;
  end if;
end
$$;
comment on function private.read_registration_outcome(bytea) is
  'What became of a registration''s order, and the tenant that it made. 410 registration_ended.';
grant execute on function private.order_registration(bytea, public.payment_provider, text), private.read_registration_outcome(bytea) to service_role;

create function private.forget_unpaid_registrations(batch int default 5000) returns int
  language sql volatile
  set search_path = ''
as $$
  with old as materialized (
    select r.tenant_id, r.order_id from private.registration_orders as r
    where r.filled_in is not null and r.created_at <= now() - interval '90 days'
    order by r.created_at limit batch
  ), forgotten as (
    update private.registration_orders as r set filled_in = null, invitation_token = null from old as o
    where r.tenant_id = o.tenant_id and r.order_id = o.order_id returning 1
  )
  select count(*)::int from forgotten
$$;
comment on function private.forget_unpaid_registrations(int) is
  'Removes what people filled in for orders that nobody paid in 90 days. Money that comes later is refund_due. Returns how many.';
select cron.schedule('onboarding: forget registrations that nobody paid', '53 3 * * *', 'select private.forget_unpaid_registrations()');

select private.register_table('private.registration_orders', keeping => 'history', personal => '{filled_in}', secret => '{token_hash,invitation_hash,invitation_token}',
  on_forget => 'keep', kept_because => 'Becomes a tenant when it is paid. It is removed after 90 days.',
  unaudited => 'payment_orders has a row in the log');
