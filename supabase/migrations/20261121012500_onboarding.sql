-- Made by "npm run generate" from supabase/schemas/85_onboarding. Change it there.

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
  'The hash of a token that the browser can work out. It becomes the invitation of the owner, if no account is known.';
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
begin
  if not private.take_turn(private.platform_tenant_id(), private.turn_from_here('registration'), 120, 'hour')
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

create function private.require_small_step(data jsonb) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  -- The constraint of the table says the same, but Postgres writes the whole row as text into the error of a constraint.
  if not private.json_fits(data, 8192) then
    perform private.raise_problem(422, 'invalid_value', 'A step may be 8 KiB long.');
  end if;
end
$$;

create function private.begin_registration(token_hash bytea, invitation_hash bytea, contact jsonb, user_id uuid default null)
  returns private.registration_sessions
  language plpgsql security definer
  set search_path = ''
as $$
declare
  begun private.registration_sessions;
begin
  perform private.require_small_step(begin_registration.contact);
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
  perform private.require_small_step(data);
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

-- 03_contract_templates.sql

-- Contract templates: the words of the contract, by version.

create table private.contract_templates (
  version text primary key,
  body text not null,
  created_at timestamptz not null default now(),
  constraint template_version_is_a_number check (version ~ '^v[0-9]{1,4}(\.[0-9]{1,4}){0,2}$'),
  constraint template_is_short check (length(body) between 1 and 100000)
);
comment on table private.contract_templates is
  'Every version of the contract that was ever published. It never changes: contracts refer to it. The one that was published last is used for new tenants.';
create trigger contract_templates_never_change before update or delete on private.contract_templates
  for each row execute function private.tg_refuse_change();

create function private.contract_placeholders() returns text[]
  language sql immutable
  set search_path = ''
as $$ select '{legal_name,brand_name,address,country,state,pan_number,gst_number,plan,price,made_on,reference}'::text[] $$;
comment on function private.contract_placeholders() is 'What a template may leave open.';

-- A definer: the table is granted to nobody.
create function private.publish_contract_template(version text, body text) returns timestamptz
  language plpgsql security definer
  set search_path = ''
as $$
declare
  known text[] := private.contract_placeholders();
  named text[];
  before private.contract_templates;
  published timestamptz;
begin
  if length(publish_contract_template.body) > 100000 then
    perform private.raise_problem(422, 'invalid_value', 'A template has at most 100,000 characters.');
  end if;
  -- Braces that are no placeholder would stand in the contract as they are.
  named := array(select distinct m[1] from regexp_matches(publish_contract_template.body, '\{\{([^{}]*)\}\}', 'g') as m order by 1);
  if not named <@ known or regexp_replace(publish_contract_template.body, '\{\{[^{}]*\}\}', '', 'g') ~ '[{}]' then
    perform private.raise_problem(422, 'invalid_value', format('The placeholders of a contract are: %s.', array_to_string(known, ', ')),
      '[{"pointer": "/markdown", "detail": "has a placeholder that is none, or a brace that stands alone"}]');
  elsif not named @> '{legal_name,reference}' then
    perform private.raise_problem(422, 'invalid_value', 'A contract names the company and its own reference.',
      '[{"pointer": "/markdown", "detail": "must have {{legal_name}} and {{reference}}"}]');
  end if;
  select * into before from private.contract_templates as t where t.version = publish_contract_template.version;
  if found and before.body = publish_contract_template.body then
    return before.created_at;
  elsif found then
    perform private.raise_problem(409, 'conflict', 'This version was published with other words. Give these words a version of their own.');
  end if;
  insert into private.contract_templates (version, body) values (publish_contract_template.version, publish_contract_template.body)
  returning created_at into published;
  return published;
end
$$;
comment on function private.publish_contract_template(text, text) is
  'Publishes the words of the contracts that are made from now on. Nobody is asked to accept anew. 409 conflict for a version with other words; 422 for a placeholder that is none.';
grant execute on function private.publish_contract_template(text, text) to service_role;

-- The file contracts/master-contract.md, without its front matter.
select private.publish_contract_template('v1.0', $contract$# Service agreement

Between the platform and **{{legal_name}}**, which does business as {{brand_name}}, {{address}}, {{country}}.
PAN {{pan_number}}, GSTIN {{gst_number}}.

## 1. What is agreed

The platform gives {{brand_name}} the use of its service in the plan {{plan}}, for {{price}} a month.

## 2. Data

- The data of {{brand_name}} belongs to {{brand_name}}. It can be taken along at any time, also after the end.
- Each party keeps secret what it learns of the other.
- The platform keeps a log of every change, which {{brand_name}} can verify.

## 3. Payment

A month is paid in advance. A month that is not paid within seven days closes the service to changes. Nothing is deleted
by that.

## 4. The end

Either party ends this agreement by cancelling the subscription. What is paid is used to its end.

## 5. Acceptance

This agreement holds from the moment at which an owner or an administrator of {{brand_name}} accepts it in the
application. Reference {{reference}}, made on {{made_on}}.
$contract$);

select private.register_table('private.contract_templates', plain => '{version,body}', unaudited => 'published by the platform, and never changed');

-- 04_contracts.sql

-- Contracts: what a tenant accepts before it is open to its people.

create type public.contract_status as enum (
  'pending_acceptance', -- the tenant is closed to its people and API keys
  'accepted',
  'superseded'          -- another one took its place
);

create table public.contracts (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  ref_id text not null generated always as (private.ulid(id)) stored,
  template_version text not null references private.contract_templates on update restrict on delete restrict,
  -- What stands for the placeholders. The tenant may change its address later, and this contract stays as it was.
  details jsonb not null,
  status public.contract_status not null default 'pending_acceptance',
  pdf_s3_key text,
  pdf_sha256 text,
  generated_at timestamptz,
  next_render_at timestamptz default now(),
  accepted_at timestamptz,
  accepted_by uuid,
  accepted_ip inet,
  accepted_user_agent text,
  reminded_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (tenant_id, id),
  constraint details_are_a_small_object check (jsonb_typeof(details) = 'object' and private.json_fits(details, 16384)),
  constraint pdf_has_all_three check ((pdf_sha256 is null) = (pdf_s3_key is null) and (pdf_sha256 is null) = (generated_at is null)),
  constraint pdf_hash_is_hex check (pdf_sha256 ~ '^[0-9a-f]{64}$'),
  constraint pdf_key_is_short check (length(pdf_s3_key) <= 500),
  constraint user_agent_is_short check (length(accepted_user_agent) <= 1000),
  constraint accepted_is_signed check (
    (accepted_at is null) = (accepted_by is null) and (status <> 'accepted' or accepted_at is not null and pdf_sha256 is not null))
);
comment on table public.contracts is
  'What a tenant was asked to accept, by whom it was accepted and from where. One is live; the others were superseded and stay.';
comment on column public.contracts.pdf_s3_key is 'Where its PDF is in the bucket "contracts" of Supabase Storage.';
comment on column public.contracts.pdf_sha256 is 'The hash of the PDF. Whoever accepts says it, so that they accept what they have read.';
create unique index contracts_ref_id_idx on public.contracts (tenant_id, ref_id) where ref_id is not null;
create unique index contracts_live_idx on public.contracts (tenant_id) where status <> 'superseded';
create index contracts_template_version_idx on public.contracts (template_version);
create index contracts_next_render_at_idx on public.contracts (next_render_at) where pdf_sha256 is null and status = 'pending_acceptance';
create index contracts_waiting_idx on public.contracts (created_at) where status = 'pending_acceptance' and reminded_at is null;
create trigger contracts_touch before update on public.contracts for each row execute function private.tg_touch_updated_at();

alter table public.contracts enable row level security;
create policy "managers read their tenant's contracts" on public.contracts
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('contract'))::uuid[]));
grant select on public.contracts to authenticated, service_role;

create function private.wake_contract_rendering() returns text
  language plpgsql
  set search_path = ''
as $$
declare
  request bigint;
begin
  if not exists (select from public.contracts as c
    where c.pdf_sha256 is null and c.status = 'pending_acceptance' and c.next_render_at <= now()) then
    return 'Nothing is due.';
  end if;
  request := private.call_edge_function('/onboarding/contracts/render', timeout_milliseconds => 60000);
  return coalesce('Asked with request ' || request || '.',
    'Nothing was asked: Vault does not have the secret tenantry_functions_url or tenantry_service_key.');
end
$$;
comment on function private.wake_contract_rendering() is
  'If a contract has no PDF yet, wakes the edge function that makes it. Returns what it did.';

create function private.make_contract(tenant uuid) returns public.contracts
  language plpgsql
  set search_path = ''
as $$
declare
  template text := (select t.version from private.contract_templates as t order by t.created_at desc, t.version desc limit 1);
  made public.contracts;
  new_id uuid := private.uuid_v7();
begin
  update public.contracts as c set status = 'superseded' where c.tenant_id = make_contract.tenant and c.status <> 'superseded';
  insert into public.contracts (tenant_id, id, template_version, details)
  select t.id, new_id, template, jsonb_build_object(
    'legal_name', coalesce(b.legal_name, t.name), 'brand_name', t.name,
    'address', concat_ws(', ', b.billing_address, nullif(concat_ws(' ', b.billing_postal_code, b.billing_city), ''), b.billing_state),
    'country', coalesce(b.billing_country, t.country, '-'), 'state', coalesce(t.state, '-'),
    'pan_number', coalesce(b.pan_number, '-'), 'gst_number', coalesce(b.gst_number, '-'),
    'plan', p.name, 'price', p.currency || ' ' || to_char(p.price_minor / 100.0, 'FM999999990.00'),
    'made_on', to_char(now() at time zone t.time_zone, 'YYYY-MM-DD'), 'reference', private.ulid(new_id))
  from public.tenants as t join public.plans as p on p.plan = t.plan left join public.tenant_billing as b on b.tenant_id = t.id
  where t.id = make_contract.tenant
  returning * into strict made;
  update public.tenants as t set contract_pending_at = now() where t.id = make_contract.tenant and t.contract_pending_at is null;
  perform private.wake_contract_rendering();
  return made;
end
$$;
comment on function private.make_contract(uuid) is
  'Asks a tenant to accept the newest contract, in place of the one it may have. Until then the tenant is closed to its people and API keys.';

-- A definer, as those below: nobody may write a contract directly.
create function private.require_contract(tenant uuid) returns public.contracts
  language plpgsql security definer
  set search_path = ''
as $$
begin
  perform from public.tenants as t where t.id = require_contract.tenant and t.status <> 'archived' for no key update;
  if not found then
    perform private.raise_problem(404, 'tenant_not_found', 'There is no such tenant, or it is archived.');
  elsif exists (select from public.tenants as t where t.id = require_contract.tenant and t.kind <> 'customer') then
    perform private.raise_problem(409, 'not_billable', 'Only a customer has a contract.');
  end if;
  return private.make_contract(require_contract.tenant);
end
$$;
comment on function private.require_contract(uuid) is
  'Has a tenant accept the newest contract anew. For the platform alone. 404 tenant_not_found; 409 not_billable.';

create function private.claim_contracts_to_render(batch int default 5)
  returns table (tenant_id uuid, id uuid, ref_id text, tenant_ref text, template_version text, body text, details jsonb, created_at timestamptz)
  language sql volatile security definer
  set search_path = ''
as $$
  with due as materialized (
    select c.tenant_id, c.id from public.contracts as c
    where c.pdf_sha256 is null and c.status = 'pending_acceptance' and c.next_render_at <= now()
    order by c.next_render_at limit batch for no key update skip locked
  ), claimed as (
    -- One that fails is tried again later and later, and keeps no other waiting.
    update public.contracts as c set next_render_at = now() + least(greatest(now() - c.created_at, interval '1 minute'), interval '1 hour')
    from due as d where c.tenant_id = d.tenant_id and c.id = d.id
    returning c.tenant_id, c.id, c.ref_id, c.template_version, c.details, c.created_at
  )
  select c.tenant_id, c.id, c.ref_id, t.ref_id, c.template_version, m.body, c.details, c.created_at
  from claimed as c join public.tenants as t on t.id = c.tenant_id
  join private.contract_templates as m on m.version = c.template_version
$$;
comment on function private.claim_contracts_to_render(int) is 'Contracts without a PDF, with all that it is made of. Two callers never get the same one.';

create function private.attach_contract_pdf(tenant uuid, contract uuid, key text, sha256 text) returns boolean
  language plpgsql security definer
  set search_path = ''
as $$
begin
  -- Once: somebody may have read it since.
  update public.contracts as c set pdf_s3_key = attach_contract_pdf.key, pdf_sha256 = attach_contract_pdf.sha256, generated_at = now()
  where c.tenant_id = tenant and c.id = contract and c.pdf_sha256 is null;
  if found then
    perform private.notify(tenant, 'contract.ready', '{admins}', '{}', 'contract', private.ulid(contract), 'contract ' || private.ulid(contract));
  end if;
  return found;
end
$$;
comment on function private.attach_contract_pdf(uuid, uuid, text, text) is
  'Notes where the PDF of a contract is, once, and tells the managers. Returns false if it had one.';

create function private.remind_of_contracts(batch int default 500) returns int
  language plpgsql
  set search_path = ''
as $$
declare
  waiting record;
  reminded int := 0;
begin
  for waiting in
    update public.contracts as c set reminded_at = now()
    from (select w.tenant_id, w.id from public.contracts as w
      where w.status = 'pending_acceptance' and w.reminded_at is null and w.created_at <= now() - interval '3 days'
      order by w.created_at limit batch for no key update skip locked) as due
    where c.tenant_id = due.tenant_id and c.id = due.id
    returning c.tenant_id, c.ref_id
  loop
    perform private.notify(waiting.tenant_id, 'contract.waiting', '{admins}', '{}', 'contract', waiting.ref_id, 'reminder ' || waiting.ref_id);
    reminded := reminded + 1;
  end loop;
  return reminded;
end
$$;
comment on function private.remind_of_contracts(int) is 'Reminds the managers of contracts that have waited for three days, once. Returns how many contracts.';

grant execute on function private.require_contract(uuid), private.claim_contracts_to_render(int),
  private.attach_contract_pdf(uuid, uuid, text, text) to service_role;

select cron.schedule('onboarding: make the PDF of contracts', '* * * * *', 'select private.wake_contract_rendering()');

create function private.keeps_contract_file(tenant uuid, name text) returns boolean
  language sql stable
  set search_path = ''
as $$
  select exists (select from public.contracts as c where c.tenant_id = keeps_contract_file.tenant and c.pdf_s3_key = keeps_contract_file.name)
$$;
comment on function private.keeps_contract_file(uuid, text) is 'Whether a contract of the tenant has this file.';
select private.register_bucket('contracts', keeps => 'keeps_contract_file');
select cron.schedule('onboarding: remind of contracts', '29 * * * *', 'select private.remind_of_contracts()');

select private.register_notification_type('contract.ready', 'account', 'A contract waits for acceptance.',
  '{"en": "Your contract is ready. Read and accept it to begin.",
    "de": "Dein Vertrag ist bereit. Lies und bestätige ihn, um zu beginnen.",
    "fr": "Votre contrat est prêt. Lisez-le et acceptez-le pour commencer."}', '{}', is_critical => true);
select private.register_notification_type('contract.waiting', 'account', 'A contract has waited for three days.',
  '{"en": "Your contract still waits for you. Until it is accepted, your account is closed.",
    "de": "Dein Vertrag wartet noch auf dich. Bis er bestätigt ist, bleibt dein Konto geschlossen.",
    "fr": "Votre contrat vous attend encore. Tant qu’il n’est pas accepté, votre compte reste fermé."}', '{}', is_critical => true);

select private.register_table('public.contracts', keeping => 'history', plain => '{template_version,pdf_s3_key,pdf_sha256}',
  personal => '{details,accepted_ip,accepted_user_agent}', quiet => '{next_render_at,reminded_at}',
  on_forget => 'keep', kept_because => 'Proves who accepted the contract, and from where. The law requires that contracts are kept.');

-- 05_acceptance.sql

-- Acceptance: how a contract is accepted, and what proves it.

-- A definer, because nobody may write a contract directly.
create function private.accept_contract(tenant uuid, sha256 text) returns public.contracts
  language plpgsql security definer
  set search_path = ''
as $$
declare
  contract public.contracts;
  context private.audit_context;
begin
  perform private.require_permission(accept_contract.tenant, 'contract');
  -- The tenant first, as everything that changes its state. Of two who accept at once the second finds it accepted.
  perform from public.tenants as t where t.id = accept_contract.tenant for no key update;
  select * into contract from public.contracts as c
  where c.tenant_id = accept_contract.tenant and c.status <> 'superseded' for no key update;
  if contract.id is null then
    perform private.raise_problem(404, 'not_found', 'This tenant has no contract to accept.');
  elsif contract.pdf_sha256 is null then
    perform private.raise_problem(409, 'contract_not_ready', 'The PDF of the contract is not made yet. Ask again in a moment.');
  elsif contract.pdf_sha256 <> accept_contract.sha256 then
    perform private.raise_problem(409, 'contract_changed', 'This is not the contract that waits now. Read it again.');
  elsif contract.status = 'accepted' then
    return contract;
  elsif (select auth.uid()) is null then
    perform private.raise_problem(403, 'forbidden', 'A person accepts a contract.');
  end if;
  context := private.audit_context(accept_contract.tenant);
  update public.contracts as c set status = 'accepted', accepted_at = now(), accepted_by = (select auth.uid()),
    accepted_ip = context.source_ip, accepted_user_agent = left(context.user_agent, 1000)
  where c.tenant_id = contract.tenant_id and c.id = contract.id
  returning * into contract;
  update public.tenants as t set contract_accepted_at = contract.accepted_at, contract_pending_at = null where t.id = contract.tenant_id;
  perform private.record_audit(contract.tenant_id, 'contract.accepted', 'contract', contract.ref_id, null,
    jsonb_build_object('template_version', contract.template_version, 'pdf_sha256', contract.pdf_sha256));
  perform private.emit_event(contract.tenant_id, 'contract.accepted', jsonb_build_object('contract', jsonb_build_object(
    'ref_id', contract.ref_id, 'template_version', contract.template_version, 'pdf_sha256', contract.pdf_sha256,
    'accepted_at', private.event_moment(contract.accepted_at))), 'contract ' || contract.ref_id, 'contract ' || contract.ref_id, has_row_lock => true);
  return contract;
end
$$;
comment on function private.accept_contract(uuid, text) is
  'Accepts the contract with this hash, for an owner or an admin, and opens the tenant. Twice is once. 404 not_found; 409 contract_not_ready, contract_changed.';

-- A definer, because people read the log by functions alone.
create function private.read_contract_evidence(tenant uuid, out contract public.contracts, out accepted_by_ref text, out log jsonb)
  language plpgsql stable security definer
  set search_path = ''
as $$
begin
  perform private.require_permission(read_contract_evidence.tenant, 'contract');
  select c.* into contract from public.contracts as c
  where c.tenant_id = read_contract_evidence.tenant and c.status = 'accepted';
  if contract.id is null then
    perform private.raise_problem(404, 'not_found', 'This tenant has not accepted a contract.');
  end if;
  accepted_by_ref := private.ulid(contract.accepted_by);
  select jsonb_build_object('seq', a.seq, 'action', a.action, 'created_at', private.event_moment(a.created_at),
    'actor_id', a.actor_id, 'prev_hash', a.prev_hash, 'hash', a.hash) into log
  from public.audit_log as a
  where a.tenant_id = contract.tenant_id and a.action = 'contract.accepted' and a.target_id = contract.ref_id
  order by a.seq desc limit 1;
end
$$;
comment on function private.read_contract_evidence(uuid) is
  'What proves that the tenant accepted its contract: who, when and from where, and the row of the hash chain. 404 not_found.';
grant execute on function private.accept_contract(uuid, text), private.read_contract_evidence(uuid) to authenticated;

select private.register_audit_action('contract.accepted', 'u', '{template_version,pdf_sha256}');
select private.register_event_type('contract.accepted', 'An owner or an admin accepted the contract of the tenant.',
  '{"contract": {"ref_id": "ref_id", "template_version": "text", "pdf_sha256": "text", "accepted_at": "moment"}}',
  '{"contract": {"ref_id": "01JD3N8Q4ZB6T2V9XK5M7R0C1E", "template_version": "v1.0",
    "pdf_sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "accepted_at": "2026-01-31T09:30:00.000Z"}}');

-- 06_onboarding_runs.sql

-- Onboarding runs: what an agent finds out about a new tenant, and who approves it.

create type public.onboarding_run_status as enum (
  'pending',     -- waits for the contract, or for an agent
  'researching', -- an agent is at work
  'review',      -- somebody with the permission "review" reads what the agent wrote
  'completed'
);

create table public.onboarding_runs (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  ref_id text not null generated always as (private.ulid(id)) stored,
  status public.onboarding_run_status not null default 'pending',
  research_output text,
  context_file_ref text,
  note text,
  reviewed_by uuid,
  reviewed_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (tenant_id, id),
  constraint research_is_short check (length(research_output) <= 200000),
  constraint context_file_ref_is_short check (length(context_file_ref) between 1 and 255),
  constraint run_note_is_text check (length(btrim(note)) >= 1 and private.is_plain_text(note, 2000)),
  constraint review_has_something_to_read check (status not in ('review', 'completed') or research_output is not null),
  constraint completed_was_reviewed check (status <> 'completed' or reviewed_by is not null and reviewed_at is not null)
);
comment on table public.onboarding_runs is
  'The research about a new tenant: pending, researching, review, completed, or back to researching with a note. One at a time is open.';
comment on column public.onboarding_runs.note is 'Why somebody sent it back to the agent.';
create unique index onboarding_runs_ref_id_idx on public.onboarding_runs (tenant_id, ref_id) where ref_id is not null;
create unique index onboarding_runs_open_idx on public.onboarding_runs (tenant_id) where status <> 'completed';
create trigger onboarding_runs_touch before update on public.onboarding_runs for each row execute function private.tg_touch_updated_at();

alter table public.onboarding_runs enable row level security;
create policy "members read their tenant's onboarding runs" on public.onboarding_runs
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read'))::uuid[]));
grant select on public.onboarding_runs to authenticated, service_role;

create function private.lock_onboarding_run(tenant uuid, allowed public.onboarding_run_status[]) returns public.onboarding_runs
  language plpgsql
  set search_path = ''
as $$
declare
  run public.onboarding_runs;
begin
  select * into run from public.onboarding_runs as r
  where r.tenant_id = lock_onboarding_run.tenant order by r.id desc limit 1 for no key update;
  if not found then
    perform private.raise_problem(404, 'not_found', 'This tenant has no onboarding run.');
  elsif run.status <> all (allowed) then
    perform private.raise_problem(409, 'run_not_there', format('The run is %s.', run.status), members => jsonb_build_object('run_status', run.status));
  end if;
  return run;
end
$$;
comment on function private.lock_onboarding_run(uuid, public.onboarding_run_status[]) is
  'The newest run of a tenant, locked, if it is in one of these states. 404 not_found; 409 run_not_there.';

-- Definers, this one and the next two: nobody may write a run directly.
create function private.start_onboarding_run(tenant uuid) returns public.onboarding_runs
  language plpgsql security definer
  set search_path = ''
as $$
declare
  run public.onboarding_runs := private.lock_onboarding_run(start_onboarding_run.tenant, '{pending,researching}');
begin
  if exists (select from public.tenants as t where t.id = start_onboarding_run.tenant and t.contract_pending_at is not null) then
    perform private.raise_problem(403, 'contract_not_accepted', 'The contract of this tenant is not accepted yet.');
  end if;
  update public.onboarding_runs as r set status = 'researching' where r.tenant_id = run.tenant_id and r.id = run.id returning * into run;
  return run;
end
$$;
comment on function private.start_onboarding_run(uuid) is
  'Says that an agent is at work. For the service. A second call changes nothing. 403 contract_not_accepted; 404; 409 run_not_there.';

create function private.submit_onboarding_run(tenant uuid, research text, context_file text default null) returns public.onboarding_runs
  language plpgsql security definer
  set search_path = ''
as $$
declare
  run public.onboarding_runs := private.lock_onboarding_run(submit_onboarding_run.tenant, '{researching}');
begin
  update public.onboarding_runs as r set status = 'review', research_output = submit_onboarding_run.research,
    context_file_ref = coalesce(submit_onboarding_run.context_file, r.context_file_ref)
  where r.tenant_id = run.tenant_id and r.id = run.id returning * into run;
  perform private.notify(run.tenant_id, 'onboarding.review', '{admins}', '{}', 'onboarding_run', run.ref_id,
    'review ' || run.ref_id || ' ' || extract(epoch from run.updated_at));
  return run;
end
$$;
comment on function private.submit_onboarding_run(uuid, text, text) is
  'Hands in what an agent found, for review. For the service. 404 not_found; 409 run_not_there.';

create function private.review_onboarding_run(tenant uuid, is_approved boolean, note text default null) returns public.onboarding_runs
  language plpgsql security definer
  set search_path = ''
as $$
declare
  run public.onboarding_runs;
begin
  perform private.require_permission(review_onboarding_run.tenant, 'review');
  run := private.lock_onboarding_run(review_onboarding_run.tenant, '{review}');
  if not is_approved and review_onboarding_run.note is null then
    perform private.raise_problem(422, 'invalid_value', 'Say what is to be done better.', '[{"pointer": "/note", "detail": "is needed to send it back"}]');
  end if;
  update public.onboarding_runs as r set
    status = case when is_approved then 'completed' else 'researching' end::public.onboarding_run_status,
    note = review_onboarding_run.note, reviewed_by = (select auth.uid()), reviewed_at = now()
  where r.tenant_id = run.tenant_id and r.id = run.id returning * into run;
  if is_approved then
    perform private.emit_event(run.tenant_id, 'onboarding.completed', jsonb_build_object('run', jsonb_build_object('ref_id', run.ref_id)),
      'onboarding ' || run.ref_id, 'onboarding ' || run.ref_id, has_row_lock => true);
  end if;
  return run;
end
$$;
comment on function private.review_onboarding_run(uuid, boolean, text) is
  'Approves what an agent found, or sends it back with a note. For callers with the permission "review". 404 not_found; 409 run_not_there; 422.';
grant execute on function private.start_onboarding_run(uuid), private.submit_onboarding_run(uuid, text, text) to service_role;
grant execute on function private.review_onboarding_run(uuid, boolean, text) to authenticated;

select private.register_notification_type('onboarding.review', 'onboarding', 'The research about the tenant waits for review.',
  '{"en": "The research about your business is done. Read and approve it.",
    "de": "Die Recherche zu deinem Unternehmen ist fertig. Lies und bestätige sie.",
    "fr": "La recherche sur votre entreprise est terminée. Lisez-la et approuvez-la."}', '{}');
select private.register_event_type('onboarding.completed', 'The research about a new tenant was approved.',
  '{"run": {"ref_id": "ref_id"}}', '{"run": {"ref_id": "01JD3N8Q4ZB6T2V9XK5M7R0C1E"}}');

select private.register_table('public.onboarding_runs', keeping => 'history', plain => '{context_file_ref}', personal => '{research_output,note}',
  on_forget => 'keep', kept_because => 'Research about a company, which its members approve.');

-- 07_settling.sql

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

-- 08_overview.sql

-- The overview: a contract that waits.

create function private.find_waiting_contract(tenant uuid) returns setof private.overview_target
  language sql stable
  set search_path = ''
as $$
  select c.ref_id, c.template_version, c.created_at from public.contracts as c
  where c.tenant_id = find_waiting_contract.tenant and c.status = 'pending_acceptance' limit 1
$$;
select private.register_overview('contract_to_accept', 'error', 'contract', 'contract', '/onboarding/tenants/{ref}/contract', 'find_waiting_contract',
  'A contract waits for an owner or an admin. Until it is accepted, the tenant is closed to its people and API keys.');
