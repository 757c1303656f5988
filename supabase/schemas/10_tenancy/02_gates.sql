-- Gates: what a plan opens, and up to which number. Whatever asks for a plan asks for a gate of this register.

create type private.gate_kind as enum (
  'feature', -- a plan has it or not
  'limit'    -- a plan has a number of it
);

create table private.gates (
  gate text primary key,
  kind private.gate_kind not null,
  description text not null,
  asked_for text,
  is_monthly boolean not null default false,
  constraint gate_is_a_word check (gate ~ '^[a-z][a-z0-9_]{1,39}$'),
  constraint only_limits_are_monthly check (kind = 'limit' or not is_monthly)
);
comment on table private.gates is
  'Every feature and limit of the plans. The file that asks for a gate registers it. Tests and docs/plans.md read the same rows.';
comment on column private.gates.asked_for is 'What is refused without it. Null if no domain asks for it yet.';
comment on column private.gates.is_monthly is 'Whether the limit counts what is made in a month. Other limits count what there is.';

create function private.register_feature(
  feature text, description text, plans text[] default '{trial,business,enterprise}', asked_for text default null
) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  if exists (select from unnest(register_feature.plans) as n where n not in (select p.plan from public.plans as p)) then
    raise exception 'register_feature: % names a plan that does not exist.', feature;
  end if;
  insert into private.gates (gate, kind, description, asked_for)
  values (register_feature.feature, 'feature', register_feature.description, register_feature.asked_for)
  on conflict (gate) do update set (kind, description, asked_for, is_monthly) = (excluded.kind, excluded.description, excluded.asked_for, false);
  update public.plans as p set features = case when p.plan = any (register_feature.plans)
      then p.features || register_feature.feature else array_remove(p.features, register_feature.feature) end
  where (p.plan = any (register_feature.plans)) <> (register_feature.feature = any (p.features));
end
$$;
comment on function private.register_feature(text, text, text[], text) is
  'Adds a feature to the register, and to these plans and no others. By default to those that have everything.';

create function private.register_limit(
  limit_name text, description text, most jsonb, asked_for text, is_monthly boolean default false
) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  -- A plan without a number would have no limit, and nobody would notice.
  if array(select p.plan from public.plans as p order by 1) <> array(select k from jsonb_object_keys(register_limit.most) as k order by 1) then
    raise exception 'register_limit: give % one number for each plan.', limit_name;
  end if;
  insert into private.gates (gate, kind, description, asked_for, is_monthly)
  values (register_limit.limit_name, 'limit', register_limit.description, register_limit.asked_for, register_limit.is_monthly)
  on conflict (gate) do update set (kind, description, asked_for, is_monthly) =
    (excluded.kind, excluded.description, excluded.asked_for, excluded.is_monthly);
  update public.plans as p set limits = p.limits || jsonb_build_object(register_limit.limit_name, (register_limit.most ->> p.plan)::bigint)
  where p.limits -> register_limit.limit_name is distinct from register_limit.most -> p.plan;
end
$$;
comment on function private.register_limit(text, text, jsonb, text, boolean) is
  'Adds a limit to the register, with the number of each plan: {"trial": 10, "starter": 3, ...}.';

select private.register_table('private.gates', plain => '{gate,description,asked_for}', unaudited => 'changed by migrations only');
