-- Plan excesses: what a tenant has beyond its plan, from when on that is switched off, and what switches it on again.

create function private.plan_grace() returns interval
  language sql immutable parallel safe
  set search_path = ''
as $$ select interval '30 days' $$;
comment on function private.plan_grace() is 'How long everything works on that is more than a smaller plan allows.';

create table private.plan_switches (
  gate text primary key references private.gates on update cascade on delete cascade,
  feature text references private.gates on update cascade on delete cascade,
  keep_on text,
  is_used text,
  constraint switch_is_for_a_limit_or_a_feature check ((keep_on is null) <> (is_used is null))
);
create index plan_switches_feature_idx on private.plan_switches (feature);
comment on table private.plan_switches is
  'How what is beyond a plan is switched off. The file that makes a thing registers its switch. A gate without one refuses only what is new.';

create function private.register_switch(gate text, keep_on text default null, feature text default null, is_used text default null) returns void
  language plpgsql
  set search_path = ''
as $$
declare
  wrong text;
begin
  -- A wrong name must fail in its migration, and not when somebody's plan changes.
  select left(n, 100) into wrong from (
    select register_switch.gate where register_switch.gate not in (select g.gate from private.gates as g)
    union all select register_switch.feature where register_switch.feature not in (select g.gate from private.gates as g)
    union all select f from unnest(array[register_switch.keep_on, register_switch.is_used]) as f
      where f is not null and not exists (select from pg_catalog.pg_proc as p where p.pronamespace = 'private'::regnamespace and p.proname = f)
  ) as names (n);
  if wrong is not null then
    raise exception 'register_switch: "%" is neither a gate nor a function in private.', wrong;
  end if;
  insert into private.plan_switches (gate, feature, keep_on, is_used)
  values (register_switch.gate, register_switch.feature, register_switch.keep_on, register_switch.is_used)
  on conflict on constraint plan_switches_pkey do update
  set (feature, keep_on, is_used) = (excluded.feature, excluded.keep_on, excluded.is_used);
end
$$;
comment on function private.register_switch(text, text, text, text) is
  'Names the function of a limit that leaves the oldest n of a tenant on and switches the others off (tenant uuid, n bigint; null for all), and the feature without which n is 0. Or of a feature, the function that says whether it is used (tenant uuid).';

create table public.plan_excesses (
  tenant_id uuid not null references public.tenants on delete cascade,
  gate text not null references private.gates on update cascade on delete cascade,
  in_use bigint not null,
  most bigint not null,
  found_at timestamptz not null default now(),
  switches_off_at timestamptz not null default now() + private.plan_grace(),
  switched_off_at timestamptz,
  settled_at timestamptz not null default now(),
  primary key (tenant_id, gate),
  constraint excess_is_more check (in_use > most and most >= 0)
);
create index plan_excesses_gate_idx on public.plan_excesses (gate);
create index plan_excesses_switches_off_at_idx on public.plan_excesses (switches_off_at);
comment on table public.plan_excesses is
  'What a tenant has beyond its plan. It works until switches_off_at. Then the newest is switched off, and nothing is deleted. The row goes when the plan is large enough again.';
comment on column public.plan_excesses.most is 'What the plan allows. 0 for what needs a feature that the plan does not have.';

alter table public.plan_excesses enable row level security;
create policy "members read what their tenant has beyond its plan" on public.plan_excesses
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read', '{entitlements:read}'))::uuid[]));
grant select on public.plan_excesses to authenticated, service_role;

create function private.is_switched_off(tenant uuid, gate text) returns boolean
  language sql stable
  set search_path = ''
as $$
  select exists (select from public.plan_excesses as e
    where e.tenant_id = is_switched_off.tenant and e.gate = is_switched_off.gate and e.switched_off_at is not null)
$$;
comment on function private.is_switched_off(uuid, text) is 'Whether the time is over in which a tenant could keep what its plan does not allow.';

-- A definer, because a change of plan, a grant that ends and cron all come here.
create function private.settle_plan(tenant uuid) returns void
  language plpgsql security definer
  set search_path = ''
as $$
declare
  switch private.plan_switches;
  is_allowed boolean;
  found_most bigint;
  found_use bigint;
  excess public.plan_excesses;
begin
  -- Two settlements of one tenant wait for each other.
  perform from public.tenants as t where t.id = settle_plan.tenant for no key update;
  -- What a frozen tenant has is settled when it is active again.
  if not (select e.allowed from private.find_entitlement(settle_plan.tenant, null, null) as e) then
    return;
  end if;
  for switch in select * from private.plan_switches as s order by s.gate loop
    is_allowed := private.has_feature(settle_plan.tenant, coalesce(switch.feature, switch.gate));
    if switch.keep_on is not null then
      select l.used, case when switch.feature is null or is_allowed then l.most else 0 end into found_use, found_most
      from private.find_limit(settle_plan.tenant, switch.gate) as l;
    else
      execute format('select private.%I($1)::int', switch.is_used) into found_use using settle_plan.tenant;
      found_most := is_allowed::int;
    end if;
    -- Without a number the plan has no limit.
    if coalesce(found_use <= found_most, true) then
      delete from public.plan_excesses as e where e.tenant_id = settle_plan.tenant and e.gate = switch.gate returning * into excess;
      if excess.switched_off_at is not null and switch.keep_on is not null then
        execute format('select private.%I($1, null)', switch.keep_on) using settle_plan.tenant;
      end if;
    else
      insert into public.plan_excesses as e (tenant_id, gate, in_use, most)
      values (settle_plan.tenant, switch.gate, found_use, found_most)
      on conflict on constraint plan_excesses_pkey do update set (in_use, most, settled_at, switched_off_at) = (excluded.in_use, excluded.most,
        now(), coalesce(e.switched_off_at, case when e.switches_off_at <= now() then now() end))
      returning * into excess;
      if excess.switched_off_at is not null and switch.keep_on is not null then
        execute format('select private.%I($1, $2)', switch.keep_on) using settle_plan.tenant, found_most;
      end if;
    end if;
  end loop;
end
$$;
comment on function private.settle_plan(uuid) is
  'Compares what a tenant has with its plan: notes what is beyond it, switches that off when its time is over, and on again when the plan is large enough.';

create function private.tg_settle_plan() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  perform private.settle_plan(case
    when tg_table_name = 'tenants' then (to_jsonb(new) ->> 'id')::uuid
    else (to_jsonb(coalesce(new, old)) ->> 'tenant_id')::uuid end);
  return null;
end
$$;
-- Named to run after tenants_write_event: the event of the change comes before those of what it leads to.
create trigger tenants_write_plan_excesses after update of plan, status on public.tenants
  for each row when (old.plan <> new.plan or old.status <> new.status) execute function private.tg_settle_plan();
create trigger tenant_products_settle_plan after insert or delete or update of enabled, expires_at on public.tenant_products
  for each row execute function private.tg_settle_plan();

-- A definer, because people may not read what others of the tenant count for.
create function private.refuse_switching_on(tenant uuid, gate text, would_be_on bigint) returns void
  language plpgsql security definer
  set search_path = ''
as $$
declare
  excess public.plan_excesses;
  needed text;
begin
  select * into excess from public.plan_excesses as e
  where e.tenant_id = refuse_switching_on.tenant and e.gate = refuse_switching_on.gate and e.switched_off_at is not null;
  if excess.most >= refuse_switching_on.would_be_on or excess.gate is null then
    return;
  end if;
  select s.feature into needed from private.plan_switches as s where s.gate = excess.gate;
  if needed is not null then
    perform private.require_feature(excess.tenant_id, needed);
  end if;
  perform private.refuse_beyond(excess.tenant_id, excess.gate, refuse_switching_on.would_be_on);
end
$$;
comment on function private.refuse_switching_on(uuid, text, bigint) is
  'Refuses with 402 if a person would switch on more than the plan allows, after its excess was switched off.';

create function private.settle_plans(batch int default 200) returns int
  language sql volatile
  set search_path = ''
as $$
  with ended as (
    -- A grant ends by the clock, so no change of a row says it.
    update public.tenant_products as g set settled_end_at = g.expires_at
    from (select o.tenant_id, o.product from public.tenant_products as o
      where o.expires_at <= now() and o.settled_end_at is distinct from o.expires_at
      order by o.expires_at limit batch for no key update skip locked) as o
    where g.tenant_id = o.tenant_id and g.product = o.product
    returning g.tenant_id
  ), over_time as (
    -- First who has to lose something, or has given a place back since. Then the one that was looked at longest ago.
    select e.tenant_id from public.plan_excesses as e left join lateral private.find_limit(e.tenant_id, e.gate) as l on true
    where e.switches_off_at <= now()
    order by e.switched_off_at is not null and coalesce(l.used = e.in_use, true), e.settled_at limit batch
  )
  select count(private.settle_plan(due.tenant_id))::int
  from (select tenant_id from ended union select tenant_id from over_time order by 1) as due
$$;
comment on function private.settle_plans(int) is
  'Settles tenants who lost a product, and those whose time with an excess is over, at most one batch of each. Returns how many.';

select cron.schedule('registry: settle what is beyond a plan', '*/10 * * * *', 'select private.settle_plans()');

select private.register_table('private.plan_switches', plain => '{gate,feature,keep_on,is_used}', unaudited => 'changed by migrations only');
select private.register_table('public.plan_excesses', keeping => 'derived', quiet => '{in_use,settled_at}', plain => '{gate}');

select private.register_switch('members', keep_on => 'keep_members');
