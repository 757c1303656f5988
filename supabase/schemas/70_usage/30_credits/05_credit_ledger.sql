-- Credit ledger: every change of a balance, in order. Nobody changes or deletes an entry.

create type public.credit_entry_type as enum (
  'allocated', 'topup', 'reserved', 'consumed', 'released', 'refunded', 'adjusted', 'expired');

create table public.credit_ledger (
  tenant_id uuid not null,
  version bigint not null,
  type public.credit_entry_type not null,
  credits bigint not null,
  credits_held bigint not null default 0,
  balance_after bigint not null,
  reserved_after bigint not null,
  reservation_id uuid,
  activity_run_id uuid,
  deliverable_type text,
  topup_order_id text,
  expires_at timestamptz,
  actor text not null,
  note text,
  idempotency_key text,
  request_hash uuid,
  created_at timestamptz not null,
  primary key (tenant_id, version)
);
comment on table public.credit_ledger is
  'Every change of a tenant''s credits. The versions of a tenant count from 1 without a gap. An entry is never changed.';
comment on column public.credit_ledger.credits is 'By how much credits_available changed.';
comment on column public.credit_ledger.credits_held is 'By how much credits_reserved changed.';
comment on column public.credit_ledger.expires_at is 'Until when what was reserved, allocated or topped up lasts.';
create unique index credit_ledger_idempotency_key_idx on public.credit_ledger (tenant_id, idempotency_key) where idempotency_key is not null;
-- A reservation ends once, whatever the functions do.
create unique index credit_ledger_reservation_end_idx on public.credit_ledger (tenant_id, reservation_id)
  where type in ('consumed', 'released', 'expired') and reservation_id is not null;
create index credit_ledger_activity_run_idx on public.credit_ledger (tenant_id, activity_run_id) where activity_run_id is not null;

-- The rules of an entry. Not check constraints: Postgres reads their text anew for every statement, which took four
-- times as long as storing the row. A trigger keeps what it has read, and prepares only the branch that it takes.
create function private.tg_check_ledger_entry() returns trigger
  language plpgsql
  set search_path = ''
as $$
declare
  is_right boolean;
begin
  if new.type = 'reserved' then
    is_right := new.credits = 0 and new.credits_held > 0 and new.reservation_id is not null;
  elsif new.type = 'consumed' then
    is_right := new.credits <= 0 and new.credits_held < 0 and new.reservation_id is not null;
  elsif new.type = 'released' then
    is_right := new.credits = 0 and new.credits_held < 0 and new.reservation_id is not null;
  elsif new.type = 'expired' then
    is_right := new.credits <= 0 and new.credits_held <= 0 and (new.reservation_id is not null or new.credits_held = 0);
  elsif new.type = 'adjusted' then
    is_right := new.credits <> 0 and new.credits_held = 0 and new.note is not null;
  else
    is_right := new.credits > 0 and new.credits_held = 0 and (new.reservation_id is not null or new.type <> 'refunded');
  end if;
  if is_right and new.reserved_after between 0 and new.balance_after and (new.idempotency_key is null) = (new.request_hash is null) then
    return new;
  end if;
  raise exception using errcode = '23514', message = format('An entry of the type "%s" does not move credits like this.', new.type);
end
$$;
create trigger credit_ledger_check_entry before insert on public.credit_ledger
  for each row execute function private.tg_check_ledger_entry();
alter table public.credit_ledger enable always trigger credit_ledger_check_entry;

create function private.tg_forget_credits() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  delete from public.credit_reservations where tenant_id = old.id;
  delete from public.credit_ledger where tenant_id = old.id;
  return null;
end
$$;
create trigger tenants_forget_credits after delete on public.tenants
  for each row execute function private.tg_forget_credits();

select private.keep_append_only('public.credit_ledger');

alter table public.credit_ledger enable row level security;
create policy "members read their tenant's credit ledger" on public.credit_ledger
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read', '{credits:read}'))::uuid[]));
grant select on public.credit_ledger to authenticated, service_role;

select private.register_table('public.credit_ledger', keeping => 'derived', personal => '{actor,note}',
  plain => '{deliverable_type,topup_order_id,idempotency_key}', unaudited => 'append-only, so it is a record itself',
  on_forget => 'keep', kept_because => 'The ledger proves how a balance came about, and who changed it. Its rows cannot be changed.');
