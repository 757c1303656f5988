-- Settling: when somebody's membership by a rule is looked at: as Auth signs them in, and as what the rule stands on goes away.

create function private.settle_rule_memberships(tenant uuid default null, provider uuid default null, batch int default null) returns int
  language plpgsql security definer
  set search_path = ''
as $$
declare
  given private.rule_memberships;
  ended int := 0;
begin
  for given in
    select r.* from private.rule_memberships as r
    where (settle_rule_memberships.tenant is null or r.tenant_id = settle_rule_memberships.tenant)
      and (settle_rule_memberships.provider is null or r.idp_id = settle_rule_memberships.provider)
    order by r.settled_at limit batch
  loop
    ended := ended + ((private.settle_rule_membership(given.tenant_id, given.idp_id, given.user_id)).outcome = 'left')::int;
  end loop;
  return ended;
end
$$;
comment on function private.settle_rule_memberships(uuid, uuid, int) is
  'Ends the memberships that rules made and that they do not cover any more, of a tenant or of all. Returns how many.';

-- A definer, as the next three: Auth signs somebody in, and a manager or DNS takes away what a rule stands on.
create function private.tg_settle_signed_in() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
declare
  provider public.tenant_idp_config;
begin
  -- A hosted project lets its migrations put triggers on this table:
  -- supabase.com/changelog/34270-restricting-access-on-auth-storage-and-realtime-schemas-on-april-21-2025
  -- So no client has to call anything, and none can avoid it.
  if pg_input_is_valid(substring(new.provider from 5), 'uuid') then
    select * into provider from public.tenant_idp_config as c where c.sso_provider_id = substring(new.provider from 5)::uuid;
  end if;
  if provider.id is not null then
    perform private.settle_rule_membership(provider.tenant_id, provider.id, new.user_id);
  end if;
  return null;
exception when others then
  -- People sign in all the same. What they may not have any more, cron takes away.
  raise warning 'The membership of somebody who signed in was not settled: %', sqlerrm;
  return null;
end
$$;
create trigger settle_signed_in after insert or update of identity_data on auth.identities
  for each row when (new.provider like 'sso:%') execute function private.tg_settle_signed_in();

create function private.tg_settle_provider() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
declare
  given private.rule_memberships;
begin
  if tg_op = 'UPDATE' then
    perform private.settle_rule_memberships(new.tenant_id, new.id);
    return null;
  end if;
  -- With a tenant that is deleted everything goes.
  if exists (select from public.tenants as t where t.id = old.tenant_id) then
    for given in select * from private.rule_memberships as r where r.tenant_id = old.tenant_id and r.idp_id = old.id loop
      if not exists (select from public.tenant_members as m
        where m.tenant_id = given.tenant_id and m.user_id = given.user_id and m.status = 'deactivated') then
        perform private.end_rule_membership(given, 'provider_removed');
      end if;
    end loop;
  end if;
  return old;
end
$$;
create trigger tenant_idp_config_settle_members after update of join_rule, join_role, join_claim, join_groups, sso_provider_id on public.tenant_idp_config
  for each row when ((old.join_rule, old.join_role, old.join_claim, old.join_groups, old.sso_provider_id)
    is distinct from (new.join_rule, new.join_role, new.join_claim, new.join_groups, new.sso_provider_id))
  execute function private.tg_settle_provider();
create trigger tenant_idp_config_end_members before delete on public.tenant_idp_config
  for each row execute function private.tg_settle_provider();

create function private.tg_settle_domain() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  perform private.settle_rule_memberships(old.tenant_id);
  return null;
end
$$;
create trigger tenant_domains_lost after update of status on public.tenant_domains
  for each row when (old.status = 'verified' and new.status <> 'verified') execute function private.tg_settle_domain();
create trigger tenant_domains_removed after delete on public.tenant_domains
  for each row when (old.status = 'verified') execute function private.tg_settle_domain();

-- A definer, because the caller may not be a member yet.
create function private.settle_own_membership(out tenant text, out outcome text, out reason text, out role public.tenant_role)
  language plpgsql security definer
  set search_path = ''
as $$
declare
  provider public.tenant_idp_config;
begin
  -- Auth's own rows, and not the token: its claims may be an hour old.
  select c.* into provider from auth.identities as i
  join public.tenant_idp_config as c on c.sso_provider_id = case when pg_input_is_valid(substring(i.provider from 5), 'uuid') then substring(i.provider from 5)::uuid end
  where i.provider like 'sso:%' and i.user_id = (select auth.uid()) and private.caller_api_key() is null limit 1;
  if provider.id is null then
    outcome := 'none';
    reason := 'not_of_provider';
    return;
  end if;
  select s.outcome, s.reason, s.role, t.slug into outcome, reason, role, tenant
  from private.settle_rule_membership(provider.tenant_id, provider.id, (select auth.uid())) as s
  join public.tenants as t on t.id = provider.tenant_id;
end
$$;
comment on function private.settle_own_membership() is
  'Settles the caller''s membership in the tenant whose provider signed them in, and says why they are no member. Auth has done the same as it signed them in.';
grant execute on function private.settle_own_membership() to authenticated;

select cron.schedule('registry: end memberships that no rule covers', '37 * * * *', 'select private.settle_rule_memberships(batch => 2000)');
