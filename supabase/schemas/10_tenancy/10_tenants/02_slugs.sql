-- Slugs: the name of a tenant in URLs, which names are reserved, and how long an old name stays blocked.

create function private.is_reserved_slug(slug text) returns boolean
  language plpgsql immutable parallel safe
  set search_path = ''
as $$
begin
  -- Names that a visitor would take for names of the platform itself, and names that IDNA reserves. A slug is
  -- a label of a host name, and a browser shows xn--… as other letters.
  return slug = any ('{about,account,accounts,admin,administrator,api,app,apps,assets,auth,autoconfig,
    autodiscover,billing,blog,cdn,config,console,contact,dashboard,dev,dns,docs,domain,email,ftp,
    functions,graphql,help,host,imap,internal,invite,invitations,local,localhost,login,logout,mail,
    manage,members,metrics,mx,null,oauth,onboarding,pay,payments,phone,platform,pop,portal,postmaster,
    preview,pricing,privacy,public,register,rest,root,sales,secure,security,settings,signin,signup,
    smtp,ssl,staging,static,status,storage,support,system,tenant,tenantry,tenants,terms,test,undefined,
    update,usage,webhook,webhooks,webmail,wpad,www}'::text[])
    or substr(slug, 3, 2) = '--';
end
$$;

create function private.require_slug(slug text) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  if slug is null or slug !~ '^[a-z0-9][a-z0-9-]{1,38}[a-z0-9]$' then
    perform private.raise_problem(422, 'slug_invalid',
      'A slug has 3 to 40 characters: lowercase letters a-z, digits and hyphens. It does not begin or end with a hyphen.',
      '[{"pointer": "/slug", "detail": "is not a slug"}]');
  end if;
end
$$;

create function private.refuse_taken_slug(slug text) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  perform private.raise_problem(409, 'slug_taken', format('The slug "%s" is taken. Choose another one.', slug),
    '[{"pointer": "/slug", "detail": "is taken"}]');
end
$$;

-- Every slug that was ever claimed, and its tenant. The public lookup starts from this directory.
create table public.tenant_slugs (
  slug text primary key,
  tenant_id uuid not null references public.tenants on delete cascade,
  retired_at timestamptz,
  created_at timestamptz not null default now(),
  constraint slug_is_short check (length(slug) <= 40)
);
comment on table public.tenant_slugs is
  'Every slug that was ever claimed. A retired slug still leads to its tenant. Nobody else can claim it for 90 days.';
-- The operator finds tenants by the beginning of a slug, also of one that they gave up.
create index tenant_slugs_beginning_idx on public.tenant_slugs (slug text_pattern_ops);
create index tenant_slugs_tenant_id_idx on public.tenant_slugs (tenant_id);
create unique index tenant_slugs_one_current_idx on public.tenant_slugs (tenant_id) where retired_at is null;

-- A definer, because claiming must see the slugs of other tenants.
create function private.tg_claim_slug() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  if private.is_reserved_slug(new.slug) and new.kind <> 'platform' then
    perform private.raise_problem(422, 'slug_reserved', format('The slug "%s" is reserved. Choose another one.', new.slug),
      '[{"pointer": "/slug", "detail": "is reserved"}]');
  end if;
  if tg_op = 'UPDATE' then
    update public.tenant_slugs set retired_at = now() where slug = old.slug and tenant_id = new.id;
  end if;
  insert into public.tenant_slugs as s (slug, tenant_id) values (new.slug, new.id)
  on conflict (slug) do update set tenant_id = excluded.tenant_id, retired_at = null
    where s.tenant_id = excluded.tenant_id or s.retired_at < now() - interval '90 days';
  if not found then
    perform private.refuse_taken_slug(new.slug);
  end if;
  return null;
end
$$;
create trigger tenants_claim_slug after insert on public.tenants for each row execute function private.tg_claim_slug();
create trigger tenants_rename_slug after update of slug on public.tenants
  for each row when (new.slug <> old.slug) execute function private.tg_claim_slug();

alter table public.tenant_slugs enable row level security;
create policy "members read their tenant's slugs" on public.tenant_slugs
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read'))::uuid[]));
grant select on public.tenant_slugs to authenticated;
grant select, insert, update, delete on public.tenant_slugs to service_role;

create function public.rename_tenant_slug(tenant_id uuid, slug text)
  returns public.tenants
  language plpgsql security definer
  set search_path = ''
as $$
declare
  renamed public.tenants;
begin
  perform private.require_permission(rename_tenant_slug.tenant_id, 'manage');
  perform private.require_slug(rename_tenant_slug.slug);
  -- Each rename blocks a name for everybody else for 90 days.
  if not private.is_trusted_caller() and (
    select count(*) from public.tenant_slugs as s
    where s.tenant_id = rename_tenant_slug.tenant_id and s.retired_at > now() - interval '90 days') >= 5 then
    perform private.raise_problem(403, 'too_many_renames', 'This tenant has given up five slugs in the last 90 days. Wait before you rename it again.');
  end if;
  begin
    update public.tenants as t set slug = rename_tenant_slug.slug
    where t.id = rename_tenant_slug.tenant_id returning * into renamed;
  exception when unique_violation then
    perform private.refuse_taken_slug(rename_tenant_slug.slug);
  end;
  return private.shown_tenant(renamed);
end
$$;
comment on function public.rename_tenant_slug(uuid, text) is
  'Gives a tenant another slug. The old slug redirects to the new one, and nobody else can claim it for 90 days.';
grant execute on function public.rename_tenant_slug(uuid, text) to authenticated;
grant execute on function public.rename_tenant_slug(uuid, text) to service_role;
grant execute on function private.is_reserved_slug(text) to authenticated, service_role;
create table private.kept_slugs (
  slug text primary key,
  free_at timestamptz not null
);
comment on table private.kept_slugs is
  'Slugs of deleted tenants. Nobody can claim them for 90 days, so that links to the old tenant do not lead to a new one.';

-- Both are definers: nobody may read or write the directory of kept slugs directly.
create function private.tg_keep_slugs() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  if old.kind = 'platform' then
    perform private.raise_problem(409, 'invalid_status_move', 'The platform''s own tenant cannot be deleted.');
  end if;
  insert into private.kept_slugs as k (slug, free_at)
  select s.slug, coalesce(s.retired_at, now()) + interval '90 days'
  from public.tenant_slugs as s
  where s.tenant_id = old.id and (s.retired_at is null or s.retired_at > now() - interval '90 days')
  on conflict (slug) do update set free_at = greatest(k.free_at, excluded.free_at);
  return old;
end
$$;
create trigger tenants_keep_slugs before delete on public.tenants for each row execute function private.tg_keep_slugs();

create function private.tg_respect_kept_slug() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  if exists (select from private.kept_slugs as k where k.slug = new.slug and k.free_at > now()) then
    perform private.refuse_taken_slug(new.slug);
  end if;
  return null;
end
$$;

-- The name makes it fire after the trigger that claims the slug. A claim waits for a deletion that is under
-- way. Only after that is it visible which slugs the deletion kept.
create trigger tenants_respect_kept_slug after insert on public.tenants
  for each row execute function private.tg_respect_kept_slug();
create trigger tenants_respect_kept_slug_on_rename after update of slug on public.tenants
  for each row when (new.slug <> old.slug) execute function private.tg_respect_kept_slug();

select cron.schedule('registry: free the slugs of tenants long gone', '43 3 * * *',
  'delete from private.kept_slugs where free_at <= now()');

select private.register_table('public.tenant_slugs', plain => '{slug}');
select private.register_table('private.kept_slugs', plain => '{slug}', unaudited => 'the tenants of these slugs are gone');
