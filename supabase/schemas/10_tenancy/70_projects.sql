-- Projects: parts of a tenant's work, for products that support them.

create type public.tenant_project_status as enum ('active', 'archived');

create table public.tenant_projects (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  ref_id text not null generated always as (private.ulid(id)) stored,
  name text not null,
  slug text not null,
  status public.tenant_project_status not null default 'active',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  created_by uuid,
  updated_by uuid,
  primary key (tenant_id, id),
  constraint project_slug_is_free unique (tenant_id, slug),
  constraint project_slug_format check (slug ~ '^[a-z0-9][a-z0-9-]{0,38}[a-z0-9]$'),
  constraint project_name_is_text check (length(btrim(name)) >= 1 and private.is_plain_text(name, 200))
);
create unique index tenant_projects_ref_id_idx on public.tenant_projects (tenant_id, ref_id) where ref_id is not null;
comment on table public.tenant_projects is
  'A part of a tenant''s work, for products that support projects. A tenant without projects counts as one project.';
create trigger tenant_projects_touch before update on public.tenant_projects for each row execute function private.tg_touch_updated_at();
create trigger tenant_projects_stamp_editor before insert or update on public.tenant_projects for each row execute function private.tg_stamp_editor();

create function private.tg_reopen_project() returns trigger
  language plpgsql
  set search_path = ''
as $$
begin
  -- An after trigger, so that row level security refuses first and a stranger learns nothing here.
  perform private.require_project_support(new.tenant_id);
  return null;
end
$$;
create trigger tenant_projects_reopen after update of status on public.tenant_projects
  for each row when (old.status = 'archived' and new.status = 'active')
  execute function private.tg_reopen_project();

alter table public.tenant_projects enable row level security;
create policy "members read their tenant's projects" on public.tenant_projects
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read'))::uuid[]));
create policy "managers create projects where a product supports them" on public.tenant_projects
  for insert to authenticated with check (tenant_id = any (array(
    select mine.id from unnest(private.tenant_ids('manage')) as mine (id) where private.has_project_support(mine.id))));
create policy "managers update their tenant's projects" on public.tenant_projects
  for update to authenticated
  using (tenant_id = any ((select private.tenant_ids('manage'))::uuid[]))
  with check (tenant_id = any ((select private.tenant_ids('manage'))::uuid[]));
grant select on public.tenant_projects to authenticated;
grant insert (tenant_id, name, slug), update (name, slug, status) on public.tenant_projects to authenticated;
grant select, insert, update, delete on public.tenant_projects to service_role;

select private.register_table('public.tenant_projects', plain => '{name,slug}');
