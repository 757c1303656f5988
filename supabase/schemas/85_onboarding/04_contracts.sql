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
