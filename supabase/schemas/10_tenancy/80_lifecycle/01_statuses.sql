-- Statuses: which change of a tenant's status is allowed, who may make it, and what cron changes.

create table private.status_moves (
  from_status public.tenant_status not null,
  to_status public.tenant_status not null,
  -- The lowest that may make the move. The service may make every move.
  who text not null,
  primary key (from_status, to_status),
  constraint who_is_known check (who in ('own', 'service'))
);
comment on table private.status_moves is
  'Every change of status that is allowed, and who may make it: only the platform (service), or an owner too (own).';

insert into private.status_moves (from_status, to_status, who) values
  ('trial', 'active', 'service'),    -- a plan was bought
  ('trial', 'frozen', 'own'),        -- cancelled, or the trial ended without a plan
  ('trial', 'archived', 'service'),
  ('active', 'frozen', 'own'),       -- cancelled, or not paid
  ('active', 'archived', 'service'),
  ('frozen', 'active', 'service'),   -- the subscription was settled
  ('frozen', 'archived', 'service'), -- frozen for 30 days
  ('archived', 'active', 'service')  -- restored, while its export window is open
on conflict (from_status, to_status) do update set who = excluded.who;

create function private.export_window() returns interval
  language sql immutable parallel safe
  set search_path = ''
as $$ select interval '30 days' $$;
comment on function private.export_window() is 'How long an archived tenant can still be exported and restored.';

create function private.trial_grace() returns interval
  language sql immutable parallel safe
  set search_path = ''
as $$ select interval '7 days' $$;
comment on function private.trial_grace() is 'How long a tenant whose trial has ended can be read before it is frozen.';

create function private.frozen_window() returns interval
  language sql immutable parallel safe
  set search_path = ''
as $$ select interval '30 days' $$;
comment on function private.frozen_window() is 'How long a tenant stays frozen before it is archived.';

-- A definer, because the roles of the service may not read the table of moves. A trigger, because a rule in
-- a function would not hold for an update that does not call the function.
create function private.tg_move_tenant() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  if tg_op = 'UPDATE' then
    if new.kind <> old.kind then
      perform private.raise_problem(409, 'invalid_status_move', format('The kind of a tenant cannot be changed. This one is of kind %s.', old.kind));
    end if;
    if new.status = old.status then
      return new;
    end if;
    if not exists (
      select from private.status_moves as m
      where m.from_status = old.status and m.to_status = new.status
        and (m.who = 'own' or private.is_trusted_caller())) then
      perform private.raise_problem(409, 'invalid_status_move', format('A tenant that is %s cannot become %s.', old.status, new.status));
    end if;
    if new.status = 'active' and private.is_trial_plan(new.plan) then
      perform private.raise_problem(409, 'invalid_status_move', 'This tenant has the plan of a trial. It becomes active when a plan is chosen for it.');
    end if;
    if old.status = 'archived' and (
      old.purgeable_at <= now() or exists (select from private.tenant_purges as p where p.tenant = old.id)) then
      perform private.raise_problem(409, 'invalid_status_move', 'The export window of this tenant has closed. The tenant cannot be restored.');
    end if;
    new.status_changed_at := now();
    new.frozen_at := null;
    new.archived_at := null;
    new.purgeable_at := null;
  end if;
  -- A new tenant may have any status, because tenants are brought over from another system.
  if new.status = 'frozen' then
    new.frozen_at := coalesce(new.frozen_at, now());
  elsif new.status = 'archived' then
    new.archived_at := coalesce(new.archived_at, now());
    new.purgeable_at := coalesce(new.purgeable_at, new.archived_at + private.export_window());
  end if;
  return new;
end
$$;
create trigger tenants_move before insert or update of status, kind on public.tenants
  for each row execute function private.tg_move_tenant();

-- A definer, because only the service may write a status, and an owner may make one kind of move.
create function public.change_tenant_status(tenant_id uuid, status public.tenant_status, reason text default null)
  returns public.tenants
  language plpgsql security definer
  set search_path = ''
as $$
declare
  moved public.tenants;
begin
  -- The service can also change archived tenants. Nobody else can see those.
  if not private.is_trusted_caller() then
    perform private.require_permission(change_tenant_status.tenant_id, 'own');
  end if;
  update public.tenants as t set status = change_tenant_status.status, status_reason = change_tenant_status.reason
  where t.id = change_tenant_status.tenant_id and t.status <> change_tenant_status.status
  returning * into moved;
  if not found then
    -- A second call with the same status changes nothing. The first reason stays.
    select * into moved from public.tenants as t where t.id = change_tenant_status.tenant_id;
    if not found then
      perform private.raise_problem(404, 'tenant_not_found', 'There is no such tenant.');
    end if;
  end if;
  return private.shown_tenant(moved);
end
$$;
comment on function public.change_tenant_status(uuid, public.tenant_status, text) is
  'Moves a tenant to another status. An owner may cancel (frozen). Only the service can make the other moves. 409 invalid_status_move.';

-- Moves that cron makes. A tenant becomes read-only at the moment its trial ends, by tenant_ids(). Its status
-- changes a week later. During that week a refusal can still say that the trial has ended.
create function private.freeze_ended_trials(batch int default 500) returns int
  language sql volatile
  set search_path = ''
as $$
  with ended as (
    select id from public.tenants
    where status = 'trial' and trial_ends_at <= now() - private.trial_grace()
    order by trial_ends_at
    limit batch
    for no key update skip locked
  ), frozen as (
    update public.tenants as t set status = 'frozen', status_reason = 'The trial ended.'
    from ended as e where t.id = e.id
    returning 1
  )
  select count(*)::int from frozen
$$;
comment on function private.freeze_ended_trials(int) is
  'Freezes tenants whose trial ended a week ago, the oldest first, at most one batch. Returns how many.';

create function private.archive_frozen_tenants(batch int default 500) returns int
  language sql volatile
  set search_path = ''
as $$
  with settled as (
    select id from public.tenants
    where status = 'frozen' and frozen_at <= now() - private.frozen_window()
    order by frozen_at
    limit batch
    for no key update skip locked
  ), archived as (
    update public.tenants as t set status = 'archived',
      status_reason = 'Frozen for 30 days.' || coalesce(' Before that: ' || left(t.status_reason, 400), '')
    from settled as s where t.id = s.id
    returning 1
  )
  select count(*)::int from archived
$$;
comment on function private.archive_frozen_tenants(int) is
  'Archives tenants that have been frozen for 30 days, the oldest first, at most one batch. Returns how many.';

create table private.tenant_purges (
  tenant uuid primary key,
  ref_id text not null,
  slugs text[] not null,
  reason text,
  is_forced boolean not null default false,
  deleted_rows jsonb not null default '{}',
  requested_at timestamptz not null default now(),
  finished_at timestamptz,
  constraint forced_for_a_reason check (not is_forced or reason is not null),
  constraint purge_reason_is_text check (private.is_plain_text(reason, 500))
);
comment on table private.tenant_purges is
  'What stays of a purged tenant beside its audit log: its ref_id, its slugs, and how many rows each table lost. Until the purge is finished, it shows the progress.';
create index tenant_purges_unfinished_idx on private.tenant_purges (requested_at) where finished_at is null;
grant execute on function public.change_tenant_status(uuid, public.tenant_status, text) to authenticated, service_role;

select cron.schedule('registry: freeze tenants whose trial ended', '23 * * * *',
  'select private.freeze_ended_trials()');

select cron.schedule('registry: archive tenants frozen for 30 days', '29 * * * *',
  'select private.archive_frozen_tenants()');

select private.register_table('private.status_moves', plain => '{who}', unaudited => 'changed by migrations only');
select private.register_table('private.tenant_purges', plain => '{slugs,reason,deleted_rows}', unaudited => 'the functions that purge record each step');
