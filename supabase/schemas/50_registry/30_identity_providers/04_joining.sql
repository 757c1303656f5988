-- Joining: who is a member by a provider's rule. They join as Auth signs them in, and leave when the rule does not hold any more.

create table private.rule_memberships (
  tenant_id uuid not null references public.tenants on delete cascade,
  user_id uuid not null,
  idp_id uuid not null,
  -- What the rule gave last. A manager may give another role, which stays until the rule gives another one than this.
  given_role public.tenant_role not null,
  joined_at timestamptz not null default now(),
  settled_at timestamptz not null default now(),
  primary key (tenant_id, user_id),
  foreign key (tenant_id, user_id) references public.tenant_members on delete cascade,
  foreign key (tenant_id, idp_id) references public.tenant_idp_config on delete cascade
);
comment on table private.rule_memberships is
  'The memberships that a rule made. A membership without a row here was made by people, and no rule changes or ends it.';
create index rule_memberships_idp_id_idx on private.rule_memberships (tenant_id, idp_id);
create index rule_memberships_settled_at_idx on private.rule_memberships (settled_at);

-- Somebody whom an owner makes an owner belongs to the tenant by that decision. So no rule ends the last owner.
create function private.tg_own_by_hand() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  delete from private.rule_memberships as r where r.tenant_id = new.tenant_id and r.user_id = new.user_id;
  return null;
end
$$;
create trigger tenant_members_own_by_hand after update of role on public.tenant_members
  for each row when (new.role = 'owner' and old.role <> 'owner') execute function private.tg_own_by_hand();

create function private.end_rule_membership(given private.rule_memberships, reason text) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  delete from public.tenant_members as m where m.tenant_id = given.tenant_id and m.user_id = given.user_id;
  perform private.record_audit(given.tenant_id, 'member.left_by_rule', 'tenant_members', private.ulid(given.user_id), null,
    jsonb_build_object('identity_provider', private.ulid(given.idp_id), 'role', given.given_role, 'reason', end_rule_membership.reason));
end
$$;

create function private.join_by_rule(provider public.tenant_idp_config, person uuid, role public.tenant_role) returns text
  language plpgsql
  set search_path = ''
as $$
declare
  obstacle text := private.find_join_obstacle(provider);
begin
  if obstacle is not null then
    return obstacle;
  end if;
  begin
    -- The trigger of the table does not ask for Auth, which signs the person in.
    perform private.require_place(provider.tenant_id, 'members');
    insert into public.tenant_members (tenant_id, user_id, role) values (provider.tenant_id, person, join_by_rule.role)
    on conflict on constraint tenant_members_pkey do nothing;
    -- Another request of the same person was faster.
    if not found then
      return null;
    end if;
  exception when sqlstate 'PT402' then
    return 'limit_reached';
  end;
  insert into private.rule_memberships (tenant_id, user_id, idp_id, given_role)
  values (provider.tenant_id, person, provider.id, join_by_rule.role);
  perform private.record_audit(provider.tenant_id, 'member.joined_by_rule', 'tenant_members', private.ulid(person), null,
    jsonb_build_object('identity_provider', provider.ref_id, 'rule', provider.join_rule, 'role', join_by_rule.role));
  return null;
end
$$;
comment on function private.join_by_rule(public.tenant_idp_config, uuid, public.tenant_role) is
  'Makes a person a member whom the rule gives a role. Returns what stands in the way, if anything does.';

create function private.settle_rule_membership(tenant uuid, provider uuid, person uuid, out outcome text, out reason text, out role public.tenant_role)
  language plpgsql
  set search_path = ''
as $$
declare
  rule public.tenant_idp_config;
  found_role record;
  membership public.tenant_members;
  given private.rule_memberships;
begin
  -- Who changes the rule or unbinds the provider waits for this lock, and then sees who joined. Nobody slips in between.
  select * into rule from public.tenant_idp_config as c where c.tenant_id = tenant and c.id = provider for share;
  if rule.id is null or exists (select from public.tenants as t where t.id = tenant and t.status = 'archived') then
    outcome := 'none';
    reason := 'not_of_provider';
    return;
  end if;
  select * into found_role from private.find_rule_role(rule, person);
  select * into membership from public.tenant_members as m where m.tenant_id = tenant and m.user_id = person for no key update;
  update private.rule_memberships as r set settled_at = now() where r.tenant_id = tenant and r.user_id = person returning * into given;
  outcome := 'member';
  role := membership.role;

  if membership.status = 'deactivated' then
    -- The row stays whatever the rule says: without it the next sign-in would undo a manager's decision.
    outcome := 'refused';
    reason := 'membership_deactivated';
    role := null;
  elsif given.user_id is not null and found_role.role is null then
    perform private.end_rule_membership(given, found_role.reason);
    outcome := 'left';
    reason := found_role.reason;
    role := null;
  elsif given.user_id is not null and found_role.role <> given.given_role then
    update private.rule_memberships as r set given_role = found_role.role where r.tenant_id = tenant and r.user_id = person;
    update public.tenant_members as m set role = found_role.role where m.tenant_id = tenant and m.user_id = person;
    perform private.record_audit(tenant, 'member.role_by_rule', 'tenant_members', private.ulid(person), null,
      jsonb_build_object('identity_provider', rule.ref_id, 'rule', rule.join_rule, 'role', found_role.role));
    outcome := 'role_changed';
    role := found_role.role;
  elsif membership.user_id is null and found_role.role is null then
    outcome := 'none';
    reason := found_role.reason;
  elsif membership.user_id is null then
    reason := private.join_by_rule(rule, person, found_role.role);
    outcome := case when reason is null then 'joined' else 'refused' end;
    role := case when reason is null then found_role.role end;
  end if;
end
$$;
comment on function private.settle_rule_membership(uuid, uuid, uuid) is
  'Lets a person join or leave a tenant, or have another role there, as its provider''s rule says now: joined, left, role_changed, member (nothing changed), refused or none, and why.';

-- A definer, because no role of the API may read the table. It tells those who may read the members.
create function private.list_rule_providers(tenant uuid, people uuid[]) returns table (user_id uuid, provider public.idp_kind)
  language plpgsql volatile security definer
  set search_path = ''
as $$
begin
  perform private.require_permission(list_rule_providers.tenant, 'members:read');
  return query
    select r.user_id, c.type from private.rule_memberships as r
    join public.tenant_idp_config as c on c.tenant_id = r.tenant_id and c.id = r.idp_id
    where r.tenant_id = list_rule_providers.tenant and r.user_id = any (list_rule_providers.people);
end
$$;
comment on function private.list_rule_providers(uuid, uuid[]) is
  'Which of these people are members by the rule of a provider, and of which. Whoever is not listed was made a member by people.';
grant execute on function private.list_rule_providers(uuid, uuid[]) to authenticated;

select private.register_audit_action('member.joined_by_rule', 'c', '{identity_provider,rule,role}');
select private.register_audit_action('member.role_by_rule', 'u', '{identity_provider,rule,role}');
select private.register_audit_action('member.left_by_rule', 'd', '{identity_provider,role,reason}');

select private.register_table('private.rule_memberships', keeping => 'derived', unaudited => 'each row comes and goes with a membership, which is audited');
