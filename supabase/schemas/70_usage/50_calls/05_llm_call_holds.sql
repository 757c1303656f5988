-- Holds: what a started call of a model may cost at most, held of the month's cap until the call is completed.

create type public.llm_call_hold_status as enum ('open', 'finished', 'expired');

create table public.llm_call_holds (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  month_start date not null,
  provider text not null,
  model text not null,
  agent text,
  skill text,
  activity_run_id uuid,
  prompt_hash text,
  max_input_tokens bigint not null,
  max_output_tokens bigint not null,
  model_price_id uuid not null,
  is_priced boolean not null,
  held_micros bigint not null,
  status public.llm_call_hold_status not null default 'open',
  idempotency_key text not null,
  request_hash uuid not null,
  completion_hash uuid,
  user_id uuid,
  api_key_id uuid,
  expires_at timestamptz not null,
  closed_at timestamptz,
  created_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, id),
  constraint hold_is_closed_once check ((status = 'open') = (closed_at is null)),
  constraint finished_hold_has_an_answer check ((status = 'finished') = (completion_hash is not null)),
  constraint hold_not_negative check (held_micros >= 0)
) with (fillfactor = 70);
comment on table public.llm_call_holds is
  'Calls of models that were started: what each holds of the month''s spend cap, and until when. Kept for 35 days after its end, so that a repeated request has the first answer.';
comment on column public.llm_call_holds.month_start is 'The month of the tenant whose cap admitted the call. Its cost counts there, whenever it ends.';
comment on column public.llm_call_holds.is_priced is 'Whether its model has a price. If not, the price is the fallback.';
create unique index llm_call_holds_idempotency_key_idx on public.llm_call_holds (tenant_id, idempotency_key);
create index llm_call_holds_open_idx on public.llm_call_holds (tenant_id, month_start, expires_at) where status = 'open';
create index llm_call_holds_closed_at_idx on public.llm_call_holds (closed_at) where closed_at is not null;

alter table public.llm_call_holds enable row level security;
create policy "members read their tenant's started calls" on public.llm_call_holds
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read', '{calls:read}'))::uuid[]));
grant select on public.llm_call_holds to authenticated, service_role;

create function private.lock_spend(tenant uuid, month date) returns public.tenant_spends
  language plpgsql
  set search_path = ''
as $$
declare
  spend public.tenant_spends;
  moment timestamptz := clock_timestamp();
  freed bigint;
begin
  select * into spend from public.tenant_spends as s
  where s.tenant_id = lock_spend.tenant and s.month_start = lock_spend.month for no key update;
  if not found then
    insert into public.tenant_spends (tenant_id, month_start) values (lock_spend.tenant, lock_spend.month) on conflict do nothing;
    select * into spend from public.tenant_spends as s
    where s.tenant_id = lock_spend.tenant and s.month_start = lock_spend.month for no key update;
  end if;
  if spend.next_due_at <= moment then
    with ended as (
      update public.llm_call_holds as h set status = 'expired', closed_at = moment
      where h.tenant_id = lock_spend.tenant and h.month_start = lock_spend.month and h.status = 'open' and h.expires_at <= moment
      returning h.held_micros
    )
    select coalesce(sum(e.held_micros), 0)::bigint into freed from ended as e;
    update public.tenant_spends as s set held_micros = s.held_micros - freed, next_due_at = coalesce((
      select min(h.expires_at) from public.llm_call_holds as h
      where h.tenant_id = lock_spend.tenant and h.month_start = lock_spend.month and h.status = 'open'), 'infinity')
    where s.tenant_id = lock_spend.tenant and s.month_start = lock_spend.month
    returning * into spend;
  end if;
  return spend;
end
$$;
comment on function private.lock_spend(uuid, date) is
  'Locks a tenant''s spend of a month, and frees what expired calls hold. Whatever changes a spend calls this first, before it locks anything of usage.';

create function private.expire_llm_calls(batch int default 500) returns int
  language plpgsql
  set search_path = ''
  set enable_seqscan = off
as $$
declare
  due record;
  settled int := 0;
begin
  -- Only rows that nobody holds: who holds one frees it.
  for due in
    select s.tenant_id, s.month_start from public.tenant_spends as s
    where s.next_due_at <= clock_timestamp() and s.next_due_at < 'infinity'
    order by s.next_due_at limit batch for no key update skip locked
  loop
    perform private.lock_spend(due.tenant_id, due.month_start);
    settled := settled + 1;
  end loop;
  return settled;
end
$$;
comment on function private.expire_llm_calls(int) is
  'Frees what expired calls hold, for at most one batch of tenants who do nothing themselves. Returns for how many.';

create function private.sweep_llm_call_holds(batch int default 20000) returns int
  language sql volatile
  set search_path = ''
as $$
  with swept as (
    delete from public.llm_call_holds as h where h.ctid = any (array(
      select o.ctid from public.llm_call_holds as o where o.closed_at < now() - interval '35 days' limit batch)) returning 1
  )
  select count(*)::int from swept
$$;
comment on function private.sweep_llm_call_holds(int) is 'Removes holds that ended 35 days ago, at most one batch. Returns how many.';

select cron.schedule('usage: expire calls that were not completed', '* * * * *', 'select private.expire_llm_calls()');
select cron.schedule('usage: forget ended holds of calls', '*/10 * * * *', 'select private.sweep_llm_call_holds()');

select private.register_table('public.llm_call_holds', keeping => 'derived', plain => '{provider,model,agent,skill,prompt_hash,idempotency_key}',
  unaudited => 'each call that is completed has a row in llm_calls, which is a record itself');
