-- Pages: the public config of each tenant, ready to be served, and the public lookups by slug and host.

create table private.tenant_pages (
  tenant_id uuid primary key references public.tenants on delete cascade,
  slug text not null,
  config text not null,
  etag text not null,
  updated_at timestamptz not null default now()
);
create index tenant_pages_slug_idx on private.tenant_pages (slug);
comment on table private.tenant_pages is
  'What anonymous visitors may see of a tenant: the public config as the exact JSON text that is served, and its ETag. A tenant without a row has no page.';

create function private.render_tenant_page(tenant uuid) returns jsonb
  language sql stable
  set search_path = ''
as $$
  -- Only public fields. Each field is named here, so e-mail settings, internal ids and any later column stay out.
  select jsonb_build_object(
    'ref_id', t.ref_id,
    'slug', t.slug,
    'display_name', b.display_name,
    'tenant_type', t.tenant_type,
    'locale', t.locale,
    'brand', jsonb_build_object(
      'colors', coalesce(b.brand -> 'colors', '{}'),
      'fonts', private.fonts_of(b.brand),
      'logo', case when b.brand #> '{logo,url}' is not null then jsonb_build_object(
        'url', b.brand #> '{logo,url}', 'alt', coalesce(b.brand #> '{logo,alt}', to_jsonb(b.display_name)),
        'width', b.brand #> '{logo,width}') end,
      'theme_mode', coalesce(b.brand -> 'theme_mode', '"override"'),
      'tagline', b.brand -> 'tagline',
      'messages', jsonb_build_object('welcome', b.brand #> '{messages,welcome}', 'completion', b.brand #> '{messages,completion}'),
      'show_powered_by', case when private.is_switched_off(t.id, 'white_label') then 'true' else coalesce(b.brand -> 'show_powered_by', 'true') end),
    'coach', case when b.coach_name is not null then jsonb_build_object(
      'name', b.coach_name, 'title', b.coach_title, 'photo', b.coach_photo) end,
    'links', jsonb_build_object(
      'site', b.website_url,
      'booking', b.booking_url,
      -- Requirement document 000: an empty slug_prefix means that the quiz has its own URL. A prefix is the part of the
      -- path under which a tenant's own site embeds the quiz.
      'quiz', case when b.canonical_quiz_url is not null and b.slug_prefix <> ''
        then rtrim(b.canonical_quiz_url, '/') || '/' || b.slug_prefix else b.canonical_quiz_url end),
    'enabled_assessments', to_jsonb(b.enabled_assessments))
  from public.tenants as t
  join public.tenant_brands as b on b.tenant_id = t.id
  where t.id = render_tenant_page.tenant and t.status <> 'archived' and b.is_active
$$;

create function private.refresh_tenant_page(tenant uuid) returns void
  language plpgsql
  set search_path = ''
as $$
declare
  page jsonb;
begin
  -- Two changes at the same time must wait for each other before they render. Otherwise the later one would store
  -- what it read before the earlier one, and the page of a tenant that was just archived could come back.
  perform from public.tenants as t where t.id = refresh_tenant_page.tenant for no key update;
  page := private.render_tenant_page(tenant);
  if page is null then
    delete from private.tenant_pages where tenant_id = refresh_tenant_page.tenant;
    return;
  end if;
  insert into private.tenant_pages as p (tenant_id, slug, config, etag)
  values (refresh_tenant_page.tenant, page ->> 'slug', page::text,
    '"' || left(encode(sha256(convert_to(page::text, 'UTF8')), 'hex'), 32) || '"')
  on conflict (tenant_id) do update
    set slug = excluded.slug, config = excluded.config, etag = excluded.etag, updated_at = now()
    where p.etag <> excluded.etag;
end
$$;

-- A definer, because the page is private, but a coach who changes a colour must refresh it.
create function private.tg_refresh_tenant_page() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  perform private.refresh_tenant_page(case tg_table_name
    when 'tenants' then (to_jsonb(new) ->> 'id')::uuid else (to_jsonb(coalesce(new, old)) ->> 'tenant_id')::uuid end);
  return null;
end
$$;
create trigger tenant_brands_refresh_page after insert or update on public.tenant_brands
  for each row execute function private.tg_refresh_tenant_page();
create trigger tenants_refresh_page after update of slug, status, tenant_type, locale on public.tenants
  for each row execute function private.tg_refresh_tenant_page();


create function private.tg_refresh_pages_with_font() returns trigger
  language plpgsql
  set search_path = ''
as $$
begin
  perform private.refresh_tenant_page(b.tenant_id) from public.tenant_brands as b
  where lower(new.family) in (lower(b.brand #>> '{fonts,heading}'), lower(b.brand #>> '{fonts,body}'));
  return null;
end
$$;
comment on function private.tg_refresh_pages_with_font() is 'A later release may serve more fonts: pages that name one show it from then on.';
create trigger font_families_refresh_pages after insert or update on private.font_families
  for each row execute function private.tg_refresh_pages_with_font();

create trigger plan_excesses_refresh_page after insert or update of switched_off_at on public.plan_excesses
  for each row when (new.gate = 'white_label') execute function private.tg_refresh_tenant_page();
create trigger plan_excesses_refresh_page_again after delete on public.plan_excesses
  for each row when (old.gate = 'white_label') execute function private.tg_refresh_tenant_page();

-- The two finders set no search_path, and every name in them is qualified. Only then does Postgres inline them,
-- and a prepared lookup keeps its plan.
create function private.find_tenant_page_by_slug(slug text)
  returns table (config text, etag text, current_slug text, is_retired boolean)
  language sql stable
as $$
  -- First the current slugs. The second half runs only if no tenant has this slug now.
  select p.config, p.etag, p.slug, false
  from private.tenant_pages as p
  where p.slug = find_tenant_page_by_slug.slug
  union all
  select p.config, p.etag, p.slug, true
  from public.tenant_slugs as s
  join private.tenant_pages as p on p.tenant_id = s.tenant_id
  where s.slug = find_tenant_page_by_slug.slug and s.retired_at > now() - interval '90 days'
  limit 1
$$;

-- Finds the pages of many slugs at once. It has one plan for any number of slugs. By default Postgres would plan
-- anew for each array, which takes ten times as long as finding a page.
create function private.find_tenant_pages_by_slug(slugs text[])
  returns table (n int, config text, etag text, current_slug text, is_retired boolean)
  language plpgsql stable
  set search_path = ''
  set plan_cache_mode = force_generic_plan
as $$
begin
  return query
    select a.n::int, p.config, p.etag, p.current_slug, p.is_retired
    from unnest(slugs) with ordinality as a (slug, n), private.find_tenant_page_by_slug(a.slug) as p;
end
$$;

create function private.find_tenant_page_by_host(host text)
  returns table (config text, etag text, current_slug text)
  language sql stable
as $$
  select p.config, p.etag, p.slug
  from public.tenant_domains as d
  join private.tenant_pages as p on p.tenant_id = d.tenant_id
  where d.host = find_tenant_page_by_host.host and d.status = 'verified' and d.switched_off_at is null
$$;

-- Definers: anonymous callers can use only these two functions, which return only public fields.
create function public.get_tenant_by_slug(slug text) returns jsonb
  language sql stable security definer
  set search_path = ''
as $$ select config::jsonb from private.find_tenant_page_by_slug(lower(left(get_tenant_by_slug.slug, 41))) $$;
comment on function public.get_tenant_by_slug(text) is
  'A tenant''s public config by its slug. A recently retired slug works too. Null if the slug is unknown. For supabase-js: rpc(''get_tenant_by_slug'', { slug }).';

create function public.get_tenant_by_domain(host text) returns jsonb
  language sql stable security definer
  set search_path = ''
as $$
  -- Expects the ASCII form of an internationalised name. It ignores case, a port, a trailing dot and www.
  -- The longest name of a host has 253 characters.
  select config::jsonb from private.find_tenant_page_by_host(case when length(get_tenant_by_domain.host) <= 300 then
    regexp_replace(regexp_replace(lower(get_tenant_by_domain.host), '\.?(:[0-9]+)?$', ''), '^www\.', '') end)
$$;
comment on function public.get_tenant_by_domain(text) is
  'A tenant''s public config by its verified custom domain. Null if the domain is unknown.';
grant execute on function public.get_tenant_by_slug(text), public.get_tenant_by_domain(text) to anon, authenticated, service_role;

select private.register_table('private.tenant_pages', keeping => 'derived', plain => '{slug,config,etag}', unaudited => 'rendered from rows that are audited');
