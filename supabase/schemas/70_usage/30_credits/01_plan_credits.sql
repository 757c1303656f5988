-- Plan credits: how many credits a month each plan brings.

create table private.plan_credits (
  plan text primary key references public.plans on update cascade on delete cascade,
  credits_monthly bigint not null,
  constraint monthly_credits_in_range check (credits_monthly between 0 and 1000000000)
);
comment on table private.plan_credits is 'How many credits a tenant of each plan gets at the beginning of a month.';

create function private.register_plan_credits(credits jsonb) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  -- A plan without a number would have no credits, and nobody would notice.
  if array(select p.plan from public.plans as p order by 1) <> array(select k from jsonb_object_keys(register_plan_credits.credits) as k order by 1) then
    raise exception 'register_plan_credits: give one number for each plan.';
  end if;
  insert into private.plan_credits (plan, credits_monthly)
  select e.key, e.value::bigint from jsonb_each_text(register_plan_credits.credits) as e
  on conflict (plan) do update set credits_monthly = excluded.credits_monthly
  where plan_credits.credits_monthly <> excluded.credits_monthly;
end
$$;
comment on function private.register_plan_credits(jsonb) is 'Sets the credits a month of every plan: {"trial": 100, ...}.';

select private.register_table('private.plan_credits', plain => '{plan}', unaudited => 'changed by migrations only');
select private.register_plan_credits('{"trial": 100, "starter": 500, "professional": 2000, "business": 10000, "enterprise": 100000}');
