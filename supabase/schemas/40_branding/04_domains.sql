-- Domains: the hosts that a tenant adds for its own page, and which of them is the primary one.

create type public.domain_status as enum ('pending', 'verified', 'failed');

create type public.domain_check_result as enum (
  'token_found',      -- the record was found
  'wrong_token',      -- the name has TXT records, but none with this row's token
  'no_record',        -- the name exists but has no TXT record
  'no_such_name',     -- NXDOMAIN
  'host_taken',       -- the token is or was in DNS, but another tenant holds the host
  'dns_failed',       -- the resolver had no answer: SERVFAIL, REFUSED. This and the next two say nothing about the record
  'resolver_timeout', -- the resolver took too long
  'resolver_failed'   -- the resolver could not be reached, or its answer could not be read
);

create type public.domain_route as enum (
  'page_shown',   -- https://<host>/ is the page of tenants, with a certificate that browsers trust
  'no_address',   -- the name has no address
  'not_reached',  -- nothing answered in time, or not in HTTP
  'not_public',   -- the address is inside a network
  'not_trusted',  -- browsers would refuse the certificate
  'another_page'  -- something else answered
);

create table public.tenant_domains (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  ref_id text not null generated always as (private.ulid(id)) stored,
  host text not null,
  status public.domain_status not null default 'pending',
  is_primary boolean not null default false,
  verification_token text not null default encode(extensions.gen_random_bytes(20), 'hex'),
  verified_at timestamptz,
  last_checked_at timestamptz,
  last_check_result public.domain_check_result,
  next_check_at timestamptz not null default now(),
  first_missed_at timestamptz,
  missed_check_count int not null default 0,
  switched_off_at timestamptz,
  last_routed_at timestamptz,
  last_route public.domain_route,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  created_by uuid,
  updated_by uuid,
  primary key (tenant_id, id),
  unique (tenant_id, host),
  constraint host_is_normalised check (
    length(host) <= 253 and host !~ '^www\.'
    and host ~ '^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$'),
  constraint verification_token_is_short check (length(verification_token) <= 100),
  constraint verified_has_a_moment check (status <> 'verified' or verified_at is not null),
  constraint only_verified_is_primary check (not is_primary or status = 'verified'),
  constraint misses_have_a_first check (missed_check_count >= 0 and (missed_check_count > 0) = (first_missed_at is not null))
);
create unique index tenant_domains_ref_id_idx on public.tenant_domains (tenant_id, ref_id) where ref_id is not null;
comment on table public.tenant_domains is 'A custom domain. It shows the tenant''s page only while it is verified. Only one tenant at a time can hold a verified host.';
comment on column public.tenant_domains.switched_off_at is 'Since when it shows no page, because the plan has no place for it. The tenant still holds the host.';
comment on column public.tenant_domains.last_route is 'What https://<host>/ showed when somebody last looked. It decides nothing.';
create unique index tenant_domains_verified_host_idx on public.tenant_domains (host) where status = 'verified';
create unique index tenant_domains_one_primary_idx on public.tenant_domains (tenant_id) where is_primary;
create index tenant_domains_next_check_at_idx on public.tenant_domains (next_check_at) where status = 'verified';
-- The operator finds tenants by the beginning of a host, whoever it was verified for.
create index tenant_domains_host_beginning_idx on public.tenant_domains (host text_pattern_ops);
create trigger tenant_domains_touch before update on public.tenant_domains for each row execute function private.tg_touch_updated_at();
create trigger tenant_domains_stamp_editor before insert or update on public.tenant_domains for each row execute function private.tg_stamp_editor();

alter table public.tenant_domains enable row level security;
create policy "members read their tenant's domains" on public.tenant_domains
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read'))::uuid[]));
grant select on public.tenant_domains to authenticated;
grant select, insert, update, delete on public.tenant_domains to service_role;

create function private.keep_domains(tenant uuid, places bigint) returns void
  language sql volatile
  set search_path = ''
as $$
  update public.tenant_domains as d set switched_off_at = case when not k.is_kept then now() end
  from (
    select o.id, coalesce(row_number() over (order by o.created_at, o.id) <= keep_domains.places, true) as is_kept
    from public.tenant_domains as o where o.tenant_id = keep_domains.tenant) as k
  where d.tenant_id = keep_domains.tenant and d.id = k.id and (d.switched_off_at is null) <> k.is_kept
$$;
comment on function private.keep_domains(uuid, bigint) is 'Leaves so many domains on, the oldest first. Null leaves all. The others show no page.';

-- A definer. Nobody may insert a domain directly, because the plan's limit and the rules for hosts must hold.
create function private.add_domain(tenant uuid, host text) returns public.tenant_domains
  language plpgsql security definer
  set search_path = ''
as $$
declare
  added public.tenant_domains;
begin
  perform private.require_permission(add_domain.tenant, 'manage');
  perform private.require_feature(add_domain.tenant, 'custom_domain');
  -- The calls of one tenant wait for each other here. Otherwise two could both find that a host is not in the list.
  perform from public.tenants as t where t.id = add_domain.tenant for no key update;
  if exists (select from public.tenant_domains as d where d.tenant_id = add_domain.tenant and d.host = add_domain.host) then
    perform private.raise_problem(409, 'conflict', format('You have already added the domain %s.', add_domain.host),
      '[{"pointer": "/host", "detail": "is already in your list"}]');
  end if;
  perform private.require_place(add_domain.tenant, 'domains');
  -- Removing a domain makes room for another one, so the number of those that exist bounds nothing.
  if not private.take_turn(add_domain.tenant, 'domain_added', 100, 'day') then
    perform private.raise_problem(403, 'too_many_domains', 'A tenant can add 100 domains a day. Wait until tomorrow.');
  end if;
  insert into public.tenant_domains (tenant_id, host) values (add_domain.tenant, add_domain.host) returning * into added;
  return added;
end
$$;
comment on function private.add_domain(uuid, text) is
  'Adds a pending domain. Does not say whether another tenant has it, because only DNS decides a claim.';

create function private.settle_primary_domain(tenant uuid) returns void
  language sql
  set search_path = ''
as $$
  update public.tenant_domains as d set is_primary = true
  where d.tenant_id = settle_primary_domain.tenant
    and d.id = (
      select v.id from public.tenant_domains as v
      where v.tenant_id = settle_primary_domain.tenant and v.status = 'verified'
      order by v.verified_at, v.id limit 1)
    and not exists (
      select from public.tenant_domains as p where p.tenant_id = settle_primary_domain.tenant and p.is_primary)
$$;
comment on function private.settle_primary_domain(uuid) is
  'If no domain is primary, makes the one that was verified first primary. The caller must hold the tenant''s lock.';

-- A definer, because a coach may not write to the table that holds the status.
create function public.set_primary_domain(tenant_id uuid, domain_id uuid) returns public.tenant_domains
  language plpgsql security definer
  set search_path = ''
as $$
declare
  chosen public.tenant_domains;
begin
  perform private.require_permission(set_primary_domain.tenant_id, 'manage');
  perform from public.tenants as t where t.id = set_primary_domain.tenant_id for no key update;
  select * into chosen from public.tenant_domains as d
  where d.tenant_id = set_primary_domain.tenant_id and d.id = set_primary_domain.domain_id;
  if not found then
    perform private.raise_problem(404, 'not_found', 'You have no such domain.');
  elsif chosen.status <> 'verified' then
    perform private.raise_problem(409, 'domain_not_verified',
      format('The domain %s is not verified. Verify it before you make it the primary one.', chosen.host));
  end if;
  update public.tenant_domains as d set is_primary = false
  where d.tenant_id = set_primary_domain.tenant_id and d.is_primary and d.id <> chosen.id;
  update public.tenant_domains as d set is_primary = true
  where d.tenant_id = set_primary_domain.tenant_id and d.id = chosen.id
  returning * into chosen;
  return chosen;
end
$$;
comment on function public.set_primary_domain(uuid, uuid) is
  'Makes a verified domain the one that tenant_profiles shows. It replaces the primary domain before it. 409 domain_not_verified.';

create function public.remove_domain(tenant_id uuid, domain_id uuid) returns void
  language plpgsql security definer
  set search_path = ''
as $$
begin
  perform private.require_permission(remove_domain.tenant_id, 'manage');
  perform from public.tenants as t where t.id = remove_domain.tenant_id for no key update;
  delete from public.tenant_domains as d where d.tenant_id = remove_domain.tenant_id and d.id = remove_domain.domain_id;
  if not found then
    perform private.raise_problem(404, 'not_found', 'You have no such domain.');
  end if;
  perform private.settle_primary_domain(remove_domain.tenant_id);
end
$$;
comment on function public.remove_domain(uuid, uuid) is
  'Removes a domain. From then on it no longer shows the page. If it was primary, the domain that was verified first becomes primary.';
grant execute on function private.add_domain(uuid, text), public.set_primary_domain(uuid, uuid),
  public.remove_domain(uuid, uuid) to authenticated;
grant execute on function public.set_primary_domain(uuid, uuid), public.remove_domain(uuid, uuid),
  private.settle_primary_domain(uuid) to service_role;

create function private.tg_emit_domain_events() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
declare
  domain public.tenant_domains := case tg_op when 'DELETE' then old else new end;
  was_verified boolean := tg_op <> 'INSERT' and old.status = 'verified';
  data jsonb := jsonb_build_object('domain', jsonb_build_object('ref_id', domain.ref_id, 'host', domain.host));
  -- A host can be longer than an ordering key may be.
  ordering_key text := 'domain ' || case when length(domain.host) > 150 then md5(domain.host) else domain.host end;
begin
  if tg_op = 'DELETE' then
    perform private.emit_event(domain.tenant_id, 'domain.removed', data || jsonb_build_object('was_verified', was_verified),
      ordering_key, has_row_lock => true);
  elsif new.status = 'verified' and not was_verified then
    perform private.emit_event(domain.tenant_id, 'domain.verified',
      data || jsonb_build_object('verified_at', private.event_moment(new.verified_at)), ordering_key, has_row_lock => true);
  elsif was_verified and new.status <> 'verified' then
    perform private.emit_event(domain.tenant_id, 'domain.lost', data || jsonb_build_object('reason', new.last_check_result),
      ordering_key, has_row_lock => true);
    perform private.notify(domain.tenant_id, 'domain.lost', '{admins}', data, 'domain', domain.ref_id);
  end if;
  return null;
end
$$;
create trigger tenant_domains_write_event after insert or delete on public.tenant_domains
  for each row execute function private.tg_emit_domain_events();
create trigger tenant_domains_write_change_event after update on public.tenant_domains
  for each row when (old.status <> new.status) execute function private.tg_emit_domain_events();

create trigger tenant_domains_take_place after insert on public.tenant_domains
  for each row execute function private.tg_count_places('domains', '1');
create trigger tenant_domains_vacate after delete on public.tenant_domains
  for each row execute function private.tg_count_places('domains', '-1');

select private.register_notification_type('domain.lost', 'domains', 'A domain of the tenant does not show its page any more.',
  '{"en": "{{domain.host}} does not show your page any more, because its DNS has changed. Check its records.",
    "de": "{{domain.host}} zeigt deine Seite nicht mehr, weil sein DNS geändert wurde. Prüfe die Einträge.",
    "fr": "{{domain.host}} n’affiche plus votre page, car son DNS a changé. Vérifiez ses enregistrements."}',
  '{"domain": {"ref_id": "01JD3N8Q4ZB6T2V9XK5M7R0C1E", "host": "quiz.example.com"}}', is_critical => true);

select private.register_feature('custom_domain', 'Showing the page under a domain of the tenant''s own.', asked_for => 'adding a domain');
select private.register_limit('domains', 'Domains, verified or not.',
  '{"trial": 3, "starter": 1, "professional": 1, "business": 10, "enterprise": 100}', 'adding a domain');
select private.register_switch('domains', 'keep_domains', feature => 'custom_domain');

select private.register_table('public.tenant_domains', plain => '{host}', secret => '{verification_token}',
  quiet => '{last_checked_at,last_check_result,next_check_at,first_missed_at,missed_check_count,last_routed_at,last_route}');

select private.register_event_type('domain.verified', 'A custom domain was proven to be the tenant''s. It shows the tenant''s page from now on.',
    '{"domain": {"ref_id": "ref_id", "host": "text"}, "verified_at": "moment"}',
    '{"domain": {"ref_id": "01JD3NAB7G0C4H8D2W6Y9ZQ5TF", "host": "quiz.example.com"}, "verified_at": "2026-11-20T09:30:00.000Z"}');

select private.register_event_type('domain.lost', 'A custom domain no longer shows the tenant''s page. Its record is gone, or another tenant proved that the host is theirs.',
    '{"domain": {"ref_id": "ref_id", "host": "text"}, "reason?": "text"}',
    '{"domain": {"ref_id": "01JD3NAB7G0C4H8D2W6Y9ZQ5TF", "host": "quiz.example.com"}, "reason": "no_record"}');

select private.register_event_type('domain.removed', 'A custom domain was removed from the tenant''s list.',
    '{"domain": {"ref_id": "ref_id", "host": "text"}, "was_verified": "flag"}',
    '{"domain": {"ref_id": "01JD3NAB7G0C4H8D2W6Y9ZQ5TF", "host": "quiz.example.com"}, "was_verified": true}');
