-- Join rules: whom a tenant's own provider makes a member, in which role, and what of a sign-in may be believed.

-- What Auth does (github.com/supabase/auth at bc32168, internal/api/samlacs.go and external.go, models/linking.go and user.go):
-- With each sign-in it replaces auth.identities.identity_data by what the provider asserted. What the mapping of attributes
-- names besides the usual claims stands there in custom_claims. It merges the same into raw_user_meta_data, where people write
-- too (PUT /user, "data"), and where a claim stays that the provider no longer sends. So user_metadata counts for nothing.
-- An account of an "sso:" provider is linked with no other provider, can have no password, and cannot change its address.
-- auth.users.email is the address of the first sign-in, and stays when the provider later asserts another one.
create function private.find_rule_role(provider public.tenant_idp_config, person uuid, out role public.tenant_role, out reason text)
  language plpgsql volatile
  set search_path = ''
as $$
declare
  asserted jsonb;
  groups jsonb;
begin
  if provider.sso_provider_id is null then
    reason := 'provider_not_bound';
    return;
  elsif provider.join_rule = 'off' then
    reason := 'rule_off';
    return;
  end if;
  -- Who can also sign in in another way may be somebody else than the person whom the provider meant.
  select i.identity_data into asserted
  from auth.users as u join auth.identities as i on i.user_id = u.id and i.provider = 'sso:' || find_rule_role.provider.sso_provider_id
  where u.id = person and u.is_sso_user and u.deleted_at is null
    and not exists (select from auth.identities as o where o.user_id = u.id and o.provider <> i.provider)
  order by i.updated_at desc nulls last, i.id limit 1;
  if not found then
    reason := 'not_of_provider';
    return;
  end if;

  if provider.join_rule = 'verified_domain' then
    -- A provider may state any address. It speaks for exactly the domains that its own tenant has verified. The lock lets
    -- nobody join by a domain that is being lost.
    perform from public.tenant_domains as d
    where d.tenant_id = provider.tenant_id and d.status = 'verified'
      and d.host = split_part(private.normalize_email(asserted ->> 'email'), '@', 2)
    for share;
    if found and asserted -> 'email_verified' = 'true' then
      role := provider.join_role;
    else
      reason := 'domain_not_verified';
    end if;
    return;
  end if;

  groups := asserted #> array['custom_claims', provider.join_claim];
  -- An attribute that is not mapped as an array is a text.
  if jsonb_typeof(groups) = 'string' then
    groups := jsonb_build_array(groups);
  end if;
  select min((g.value ->> 'role')::public.tenant_role) into role from jsonb_array_elements(provider.join_groups) as g (value)
  where jsonb_typeof(groups) = 'array' and groups @> jsonb_build_array(g.value -> 'value');
  if role is null then
    reason := 'no_group';
  end if;
end
$$;
comment on function private.find_rule_role(public.tenant_idp_config, uuid) is
  'The role that a provider''s rule gives a person now, or why it gives none. It believes nothing but what the provider asserted at the person''s last sign-in.';

create function private.find_join_obstacle(provider public.tenant_idp_config) returns text
  language sql stable
  set search_path = ''
as $$
  select case
    when not provider.verified then 'provider_not_verified'
    when provider.keys_expire_at <= now() then 'certificate_expired'
    when private.is_switched_off(t.id, 'sso') then 'feature_not_in_plan'
    when t.status = 'frozen' then 'tenant_frozen'
    when t.status = 'trial' and t.trial_ends_at <= now() then 'trial_ended' end
  from public.tenants as t where t.id = provider.tenant_id
$$;
comment on function private.find_join_obstacle(public.tenant_idp_config) is
  'Why nobody can join by a provider now. Null if they can. Whoever has joined stays: such a thing passes, and says nothing about the person.';

create function private.join_rule_problems(rule jsonb) returns jsonb
  language sql immutable parallel safe
  set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_build_object('pointer', pointer, 'detail', detail)), '[]')
  from (
    select '/rule' as pointer, 'must be one of "off", "verified_domain", "group"' as detail
    where coalesce(rule ->> 'rule', '') not in ('off', 'verified_domain', 'group')
    union all
    select '/role', 'must be one of "admin", "member", "reviewer"' where coalesce(rule ->> 'role', 'member') not in ('admin', 'member', 'reviewer')
    union all
    select '/claim', 'must be text of 1 to 200 characters'
    where (rule ->> 'rule' = 'group' or rule -> 'claim' <> 'null')
      and (jsonb_typeof(rule -> 'claim') is distinct from 'string' or not private.is_plain_text(rule ->> 'claim', 200) or rule ->> 'claim' = '')
    union all
    select '/groups', 'must be a list of at most 50 groups'
    where rule -> 'groups' <> 'null' and (jsonb_typeof(rule -> 'groups') <> 'array' or jsonb_array_length(
      case when jsonb_typeof(rule -> 'groups') = 'array' then rule -> 'groups' else '[]' end) > 50)
    union all
    select '/groups', 'must name a group' where rule ->> 'rule' = 'group' and coalesce(rule -> 'groups', '[]') in ('[]', 'null')
    union all
    select format('/groups/%s', n - 1), 'must be {"value", "role"} with a text of 1 to 500 characters, and "admin", "member" or "reviewer"'
    from jsonb_array_elements(case when jsonb_typeof(rule -> 'groups') = 'array' then rule -> 'groups' else '[]' end) with ordinality as g (value, n)
    where jsonb_typeof(value) <> 'object' or jsonb_typeof(value -> 'value') is distinct from 'string'
      or length(value ->> 'value') not between 1 and 500 or coalesce(value ->> 'role', '') not in ('admin', 'member', 'reviewer')
  ) as found
$$;

-- A definer, because nobody may update the table.
create function public.set_join_rule(tenant_id uuid, type text, rule jsonb) returns public.tenant_idp_config
  language plpgsql security definer
  set search_path = ''
as $$
declare
  stored public.tenant_idp_config;
  too_large text;
  problems jsonb;
begin
  perform private.require_permission(set_join_rule.tenant_id, 'manage');
  perform private.require_feature(set_join_rule.tenant_id, 'sso');
  too_large := private.json_problem(set_join_rule.rule, 200, 40000);
  problems := case
    when too_large is not null then jsonb_build_array(jsonb_build_object('pointer', '', 'detail', too_large))
    when jsonb_typeof(set_join_rule.rule) is distinct from 'object' then '[{"pointer": "", "detail": "must be an object"}]'
    else private.join_rule_problems(set_join_rule.rule) end;
  if problems <> '[]' then
    perform private.raise_problem(422, 'invalid_value', 'The rule cannot be used.', problems);
  end if;
  -- An admin there is an operator, who sees every tenant. No provider appoints one.
  if set_join_rule.rule ->> 'rule' <> 'off' and set_join_rule.tenant_id = private.platform_tenant_id() then
    perform private.raise_problem(422, 'invalid_value', 'The people of the platform are invited one by one. No rule makes them.',
      '[{"pointer": "/rule", "detail": "must be \"off\" in the tenant of the platform"}]');
  end if;
  update public.tenant_idp_config as c set
    join_rule = (set_join_rule.rule ->> 'rule')::public.join_rule,
    join_role = coalesce(set_join_rule.rule ->> 'role', 'member')::public.tenant_role,
    join_claim = set_join_rule.rule ->> 'claim',
    join_groups = coalesce((select jsonb_agg(jsonb_build_object('value', g.value -> 'value', 'role', g.value -> 'role') order by g.n)
      from jsonb_array_elements(nullif(set_join_rule.rule -> 'groups', 'null')) with ordinality as g (value, n)), '[]')
  where c.tenant_id = set_join_rule.tenant_id and c.type::text = set_join_rule.type
  returning * into stored;
  return stored;
end
$$;
comment on function public.set_join_rule(uuid, text, jsonb) is
  'Says whom a provider makes a member: {rule: "off" | "verified_domain" | "group", role, claim, groups: [{value, role}]}. Whoever it made one and no longer covers is none at once. A row of nulls if there is no such provider.';
grant execute on function public.set_join_rule(uuid, text, jsonb) to authenticated, service_role;
