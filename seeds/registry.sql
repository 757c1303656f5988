-- Registry: five tenants and the people in them. All people are invented. All addresses and numbers are reserved
-- for examples. Nobody has a password here: the local stack sets one for each person.

-- Rows that seeds insert are not events, so webhooks report nothing.
select set_config('tenantry.is_restoring', 'on', true);

insert into auth.users (instance_id, id, aud, role, email, email_confirmed_at, raw_app_meta_data, raw_user_meta_data,
  created_at, updated_at, confirmation_token, recovery_token, email_change, email_change_token_new)
select '00000000-0000-0000-0000-000000000000', id, 'authenticated', 'authenticated', email, now(),
  '{"provider": "email", "providers": ["email"]}',
  jsonb_build_object('first_name', first_name, 'last_name', last_name), now(), now(),
  -- Auth reads these as text and fails on null.
  '', '', '', ''
from (values
  ('5eed0000-0000-4000-8000-000000000001'::uuid, 'mark@leadingwithmeaning.test', 'Mark', 'Ellery'),
  ('5eed0000-0000-4000-8000-000000000002', 'iris@leadingwithmeaning.test', 'Iris', 'Okonjo'),
  ('5eed0000-0000-4000-8000-000000000003', 'lena@moneystory.test', 'Lena', 'Brandt'),
  ('5eed0000-0000-4000-8000-000000000004', 'priya@brightpath.test', 'Priya', 'Raman'),
  ('5eed0000-0000-4000-8000-000000000005', 'tomas@brightpath.test', 'Tomas', 'Vidal'),
  ('5eed0000-0000-4000-8000-000000000006', 'gideon@kassangas.test', 'Gideon', 'Mwangi'),
  ('5eed0000-0000-4000-8000-000000000007', 'demo@example.com', 'Dana', 'Demo'),
  ('5eed0000-0000-4000-8000-000000000008', 'operator@tenantry.test', 'Ada', 'Example')
) as people (id, email, first_name, last_name);

insert into auth.identities (id, user_id, provider, provider_id, identity_data, created_at, updated_at)
select gen_random_uuid(), id, 'email', id::text, jsonb_build_object('sub', id, 'email', email), now(), now()
from auth.users where email like '%.test' or email = 'demo@example.com';

update public.user_profiles set phone = '+447700900101', locale = 'en-KE' where email = 'gideon@kassangas.test';
update public.user_profiles set title = 'Ms.', locale = 'de-CH' where email = 'lena@moneystory.test';

insert into public.tenants (id, slug, name, status, kind, plan, tenant_type, locale, trial_ends_at, contract_start, contract_end, sales_owner) values
  ('5eed1000-0000-7000-8000-000000000001', 'leadingwithmeaning', 'Leading with Meaning', 'active', 'customer', 'business',
    'coach', 'en', null, '2026-01-06', '2027-01-05', 'sales@example.com'),
  ('5eed1000-0000-7000-8000-000000000002', 'moneystory', 'Money Story Coaching', 'active', 'customer', 'business',
    'coach', 'de-CH', null, '2026-05-18', null, 'sales@example.com'),
  ('5eed1000-0000-7000-8000-000000000003', 'brightpath', 'Brightpath Agency', 'trial', 'customer', 'trial',
    'agency', 'en-IN', now() + interval '14 days', null, null, null),
  ('5eed1000-0000-7000-8000-000000000004', 'kassangas', 'Kassangas Music Shop', 'active', 'customer', 'starter',
    'shop', 'en-KE', null, '2026-02-06', null, null),
  ('5eed1000-0000-7000-8000-000000000005', 'demo-coaching', 'Demo Coaching', 'demo', 'demo', 'business',
    'coach', 'en', null, null, null, null);

insert into public.tenant_members (tenant_id, user_id, role, status)
select t.id, p.user_id, m.role::public.tenant_role, m.status::public.member_status
from (values
  ('leadingwithmeaning', 'mark@leadingwithmeaning.test', 'owner', 'active'),
  ('leadingwithmeaning', 'iris@leadingwithmeaning.test', 'reviewer', 'active'),
  ('moneystory', 'lena@moneystory.test', 'owner', 'active'),
  ('brightpath', 'priya@brightpath.test', 'owner', 'active'),
  ('brightpath', 'tomas@brightpath.test', 'member', 'active'),
  -- One person in two tenants. For such people there is the header x-tenant.
  ('kassangas', 'tomas@brightpath.test', 'admin', 'active'),
  ('kassangas', 'gideon@kassangas.test', 'owner', 'active'),
  ('demo-coaching', 'demo@example.com', 'owner', 'active')
) as m (slug, email, role, status)
join public.tenants as t on t.slug = m.slug
join public.user_profiles as p on p.email = m.email;

-- Who runs the platform. The second factor is set up in the console, at the first visit.
select private.appoint_operator('operator@tenantry.test');

update public.tenant_billing as b set
  legal_name = v.legal_name, billing_name = v.legal_name, billing_address = v.address, billing_city = v.city,
  billing_postal_code = v.postal_code, billing_country = v.country, has_gst = v.gst is not null, gst_number = v.gst
from (values
  ('leadingwithmeaning', 'Leading with Meaning LLC', '12 Sample Lane', 'Springfield', '00000', 'US', null),
  ('moneystory', 'Money Story Coaching GmbH', 'Musterweg 3', 'Beispielen', '0000', 'CH', null),
  ('brightpath', 'Brightpath Digital Private Limited', '4 Example Road', 'Bengaluru', '000000', 'IN', '29AAAAA0000A1Z5')
) as v (slug, legal_name, address, city, postal_code, country, gst)
join public.tenants as t on t.slug = v.slug
where b.tenant_id = t.id;

insert into public.tenant_products (tenant_id, product, enabled, expires_at, config)
select t.id, g.product, g.enabled, g.expires_at::timestamptz, g.config::jsonb
from (values
  ('leadingwithmeaning', 'assessments', true, null, '{}'),
  ('leadingwithmeaning', 'marketing', true, '2027-01-05', '{"max_seats": 3}'),
  ('moneystory', 'assessments', true, null, '{}'),
  ('moneystory', 'marketing', true, null, '{"max_seats": 5}'),
  ('brightpath', 'marketing', true, null, '{}'),
  ('kassangas', 'bots', true, null, '{"modules_enabled": ["catalogue", "orders"]}'),
  -- This grant has already ended.
  ('kassangas', 'marketing', true, '2026-03-31', '{}'),
  ('demo-coaching', 'assessments', true, null, '{}')
) as g (slug, product, enabled, expires_at, config)
join public.tenants as t on t.slug = g.slug;

insert into public.tenant_projects (tenant_id, name, slug)
select t.id, p.name, p.slug
from (values
  ('leadingwithmeaning', 'Leadership retreat', 'retreat'),
  ('moneystory', 'Romandie', 'romandie'),
  ('kassangas', 'Mombasa branch', 'mombasa')
) as p (tenant, name, slug)
join public.tenants as t on t.slug = p.tenant;
