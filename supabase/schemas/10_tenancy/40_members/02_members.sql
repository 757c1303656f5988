-- Members: which person belongs to which tenant, in which role.

create table public.tenant_members (
  tenant_id uuid not null references public.tenants on delete cascade,
  user_id uuid not null references public.user_profiles on delete cascade,
  role public.tenant_role not null default 'member',
  status public.member_status not null default 'active',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  created_by uuid,
  updated_by uuid,
  app_access text[] not null default '{dashboard}',
  primary key (tenant_id, user_id),
  constraint app_access_is_known check (app_access <@ '{dashboard,dm-portal,manage}' and cardinality(app_access) <= 3),
  constraint only_the_platform_manages check ('manage' <> all (app_access) or tenant_id = private.platform_tenant_id())
);
comment on column public.tenant_members.app_access is 'The front ends that a page offers to the person. Rights follow from the role alone.';
comment on table public.tenant_members is 'Who belongs to which tenant, in which role. Every statement reads this, so a removal takes effect on the next statement.';

-- The primary key begins with the tenant. Policies search by user, and find all they need in the index.
create index tenant_members_user_id_idx on public.tenant_members (user_id, tenant_id) include (role, status);
create index tenant_members_created_at_idx on public.tenant_members (tenant_id, created_at, user_id);
create trigger tenant_members_touch before update on public.tenant_members for each row execute function private.tg_touch_updated_at();
create trigger tenant_members_stamp_editor before insert or update on public.tenant_members for each row execute function private.tg_stamp_editor();

-- A definer, because the count must see every owner, for every caller.
create function private.tg_keep_an_owner() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  -- Two owners who leave at the same time must wait for each other. Otherwise each would count the other. If
  -- the tenant is being deleted, its row is already gone and needs no owner.
  perform from public.tenants where id = old.tenant_id for no key update;
  if found and not exists (
    select from public.tenant_members
    where tenant_id = old.tenant_id and role = 'owner' and status = 'active') then
    perform private.raise_problem(409, 'last_owner', 'A tenant must have an owner. Make somebody else an owner first.');
  end if;
  return null;
end
$$;
create trigger tenant_members_keep_an_owner
  after delete or update of role, status on public.tenant_members
  for each row when (old.role = 'owner' and old.status = 'active')
  execute function private.tg_keep_an_owner();

alter table public.tenant_members enable row level security;
create policy "members read who belongs to their tenant" on public.tenant_members
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read', '{members:read}'))::uuid[]));

-- Only an owner may give or take the role of owner.
create policy "managers update members" on public.tenant_members
  for update to authenticated
  using (tenant_id = any ((select private.tenant_ids('own'))::uuid[])
    or (role <> 'owner' and tenant_id = any ((select private.tenant_ids('manage'))::uuid[])))
  with check (tenant_id = any ((select private.tenant_ids('own'))::uuid[])
    or (role <> 'owner' and tenant_id = any ((select private.tenant_ids('manage'))::uuid[])));
create policy "managers remove members" on public.tenant_members
  for delete to authenticated
  using (tenant_id = any ((select private.tenant_ids('own'))::uuid[])
    or (role <> 'owner' and tenant_id = any ((select private.tenant_ids('manage'))::uuid[])));
grant select, delete, update (role, status, app_access) on public.tenant_members to authenticated;
grant select, insert, update, delete on public.tenant_members to service_role;

create function public.leave_tenant(tenant_id uuid) returns void
  language plpgsql security definer
  set search_path = ''
as $$
begin
  -- Every person may leave, even if the tenant is frozen or its contract waits.
  perform private.require_permission(leave_tenant.tenant_id, 'leave');
  delete from public.tenant_members as m where m.tenant_id = leave_tenant.tenant_id and m.user_id = (select auth.uid());
end
$$;
comment on function public.leave_tenant(uuid) is 'Ends the caller''s own membership. 409 last_owner if the caller is the only owner.';
grant execute on function public.leave_tenant(uuid) to authenticated;

-- Named to run after tg_keep_an_owner(): whoever changes members locks the tenant first, and then its count.
create trigger tenant_members_take_place after insert on public.tenant_members
  for each row when (new.status = 'active') execute function private.tg_count_places('members', '1', 'ask');
create trigger tenant_members_take_place_again after update of status on public.tenant_members
  for each row when (old.status = 'deactivated' and new.status <> 'deactivated') execute function private.tg_count_places('members', '1', 'ask');
create trigger tenant_members_vacate after update of status on public.tenant_members
  for each row when (old.status <> 'deactivated' and new.status = 'deactivated') execute function private.tg_count_places('members', '-1');
create trigger tenant_members_vacate_for_ever after delete on public.tenant_members
  for each row when (old.status <> 'deactivated') execute function private.tg_count_places('members', '-1');

create function private.keep_members(tenant uuid, places bigint) returns void
  language sql volatile
  set search_path = ''
as $$
  update public.tenant_members as m set status = case when k.is_kept then 'active' else 'switched_off' end::public.member_status
  from (
    select o.user_id, coalesce(row_number() over (order by o.role = 'owner' desc, o.created_at, o.user_id) <= keep_members.places, true) or o.role = 'owner' as is_kept
    from public.tenant_members as o where o.tenant_id = keep_members.tenant and o.status <> 'deactivated') as k
  where m.tenant_id = keep_members.tenant and m.user_id = k.user_id and (m.status = 'active') <> k.is_kept
$$;
comment on function private.keep_members(uuid, bigint) is 'Leaves so many members active, owners first, then the oldest. Null leaves all.';

-- A definer, because the count must see every member.
create function private.tg_refuse_member_beyond_plan() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  if not private.is_trusted_caller() then
    perform private.refuse_switching_on(new.tenant_id, 'members', (select count(*) from public.tenant_members as m
      where m.tenant_id = new.tenant_id and m.status = 'active'));
  end if;
  return null;
end
$$;
create trigger tenant_members_within_plan after update of status on public.tenant_members
  for each row when (old.status = 'switched_off' and new.status = 'active') execute function private.tg_refuse_member_beyond_plan();

select private.register_limit('members', 'Active members.',
  '{"trial": 10, "starter": 3, "professional": 10, "business": 50, "enterprise": 1000}',
  'accepting an invitation, or switching a membership on');

select private.register_table('public.tenant_members', plain => '{app_access}');
