-- The overview: what is wrong with a brand or its domains.

create function private.find_pending_domains(tenant uuid) returns setof private.overview_target
  language sql stable
  set search_path = ''
as $$
  select d.ref_id, d.host, d.created_at from public.tenant_domains as d
  where d.tenant_id = find_pending_domains.tenant and d.status = 'pending' order by d.id desc limit 6
$$;

create function private.find_lost_domains(tenant uuid) returns setof private.overview_target
  language sql stable
  set search_path = ''
as $$
  select d.ref_id, d.host, d.last_checked_at from public.tenant_domains as d
  where d.tenant_id = find_lost_domains.tenant and d.status = 'failed' order by d.id desc limit 6
$$;

create function private.find_domains_without_record(tenant uuid) returns setof private.overview_target
  language sql stable
  set search_path = ''
as $$
  select d.ref_id, d.host, d.first_missed_at from public.tenant_domains as d
  where d.tenant_id = find_domains_without_record.tenant and d.status = 'verified' and d.first_missed_at is not null
  order by d.first_missed_at limit 6
$$;

create function private.find_brand_warnings(tenant uuid) returns setof private.overview_target
  language sql stable
  set search_path = ''
as $$
  select null, w.warning ->> 'pointer', b.updated_at
  from public.tenant_brands as b, jsonb_array_elements(private.brand_warnings(b.brand, b.coach_name, b.coach_photo)) as w (warning)
  where b.tenant_id = find_brand_warnings.tenant limit 6
$$;

select private.register_overview('domain_not_verified', 'warning', 'read', 'domain', '/branding/domains', 'find_pending_domains',
  'A domain is not verified yet, so it shows no page. Enter its record at the DNS provider.');
select private.register_overview('domain_lost', 'error', 'read', 'domain', '/branding/domains', 'find_lost_domains',
  'A domain does not show the page any more. Check its records, and verify it again.');
select private.register_overview('domain_record_missing', 'warning', 'read', 'domain', '/branding/domains', 'find_domains_without_record',
  'The record of a verified domain is gone. After three days the domain is lost.');
select private.register_overview('brand_warning', 'info', 'read', 'brand', '/branding/brand', 'find_brand_warnings',
  'Visitors do not see a part of the brand as it was meant.');
