-- bench.fill_tenants(first, last): tenants number first to last, each with what create_tenant() and its
-- triggers make. Those run some fifteen statements of plpgsql a tenant, and a million of them would take
-- longer than everything that is measured. So the caller turns triggers off (session_replication_role)
-- and the rows they would have made are written set by set; the page is rendered by the real function.
create schema if not exists bench;
grant usage on schema bench to postgres;

-- What the bare route selects from: the same texts under the same slugs, and nothing else.
create table if not exists bench.pages (slug text primary key, config text not null);
grant select on bench.pages to postgres;

create or replace function bench.color_of(n int) returns text
  language sql immutable
as $$ select '#' || lpad(to_hex(n % 16777216), 6, '0') $$;

create or replace function bench.fill_tenants(first int, last int) returns void
  language plpgsql
as $$
begin
  insert into public.tenants (id, slug, name, status, plan, tenant_type, locale)
  select private.uuid_v7_at(1700000000000000 + n * 1000000::bigint), 'tenant-' || n, 'Practice number ' || n, 'active',
    (array['starter', 'professional', 'business'])[n % 3 + 1], (array['coach', 'agency', 'shop'])[n % 3 + 1],
    (array['en', 'de-CH', 'fr'])[n % 3 + 1]
  from generate_series(first, last) as n;

  insert into public.tenant_slugs (slug, tenant_id)
  select slug, id from public.tenants where slug in (select 'tenant-' || n from generate_series(first, last) as n);

  insert into public.tenant_billing (tenant_id)
  select tenant_id from public.tenant_slugs where slug in (select 'tenant-' || n from generate_series(first, last) as n);

  -- A filled-in brand: the answer is about 1.2 KB, and no two tenants' are alike.
  insert into public.tenant_brands (tenant_id, display_name, brand, enabled_assessments, coach_name, coach_title,
    coach_photo, coach_email, website_url, booking_url, canonical_quiz_url, slug_prefix)
  select s.tenant_id, 'Practice number ' || n,
    jsonb_build_object(
      'colors', jsonb_build_object('primary', color, 'primary_hover', '#21472d', 'secondary', '#8a9a5b', 'accent', '#c9a227',
        'background', '#fdfbf5', 'background_subtle', '#f4efe1', 'text', '#1f2a24', 'text_muted', '#5c6b62', 'border', '#d9d2bd'),
      'fonts', jsonb_build_object('heading', 'Playfair Display', 'body', 'Lato'),
      'logo', jsonb_build_object('url', format('https://cdn.example.com/%s/logo.svg', s.slug), 'alt', 'The logo of ' || s.slug, 'width', 180),
      'theme_mode', 'override',
      'tagline', 'Find out what matters, number ' || n,
      'messages', jsonb_build_object(
        'welcome', 'Welcome. ' || repeat('These questions take about ten minutes. ', 2 + n % 3),
        'completion', 'Thank you. ' || repeat('We will be in touch within two days. ', 2 + n % 3))),
    '{industry4,money-archetypes}', 'Coach ' || n, 'Executive coach', format('https://cdn.example.com/%s/coach.jpg', s.slug),
    s.slug || '@example.com', format('https://%s.example.com/', s.slug), format('https://book.example.com/%s', s.slug),
    'https://quiz.example.com', s.slug
  from generate_series(first, last) as n
  cross join lateral (select bench.color_of(n) as color) as c
  join public.tenant_slugs as s on s.slug = 'tenant-' || n;

  insert into private.tenant_pages (tenant_id, slug, config, etag)
  select s.tenant_id, s.slug, page.config, '"' || left(encode(sha256(convert_to(page.config, 'UTF8')), 'hex'), 32) || '"'
  from generate_series(first, last) as n
  join public.tenant_slugs as s on s.slug = 'tenant-' || n
  join public.tenants as t on t.id = s.tenant_id
  -- What differs between two tenants are numbers and the ref_id. From these three on, their pages are copied with the
  -- others' numbers, which takes a tenth of the time. fillTenants() compares some with the real function.
  left join private.tenant_pages as sample on first > 10000 and sample.slug = 'tenant-' || (9997 + (n - 9997) % 3)
  left join public.tenants as st on st.id = sample.tenant_id
  cross join lateral (select coalesce(
    -- The number first: a colour or a ref_id may contain it by chance.
    replace(replace(replace(sample.config, (9997 + (n - 9997) % 3)::text, n::text),
      bench.color_of(9997 + (n - 9997) % 3), bench.color_of(n)), st.ref_id, t.ref_id),
    private.render_tenant_page(s.tenant_id)::text) as config) as page;

  insert into bench.pages (slug, config)
  select slug, config from private.tenant_pages
  where tenant_id in (select tenant_id from public.tenant_slugs where slug in (select 'tenant-' || n from generate_series(first, last) as n));
end
$$;

create or replace function bench.join_tenants(member uuid, first_so_many int) returns void
  language sql
as $$
  insert into public.tenant_members (tenant_id, user_id, role)
  select tenant_id, member, 'member' from public.tenant_slugs
  where slug in (select 'tenant-' || n from generate_series(1, first_so_many) as n)
  on conflict do nothing
$$;
