-- Credit lots: where a tenant's credits came from, and until when they last.

-- In the order in which they are consumed.
create type public.credit_lot_kind as enum ('topup', 'allocation', 'refund', 'adjustment');

create table public.credit_lots (
  tenant_id uuid not null references public.credit_balances on delete cascade,
  id uuid not null default private.uuid_v7(),
  kind public.credit_lot_kind not null,
  credits bigint not null,
  credits_left bigint not null,
  version bigint not null,
  expires_at timestamptz,
  closed_at timestamptz,
  created_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, id),
  constraint lot_has_credits check (credits > 0),
  constraint left_within_lot check (credits_left between 0 and credits),
  constraint empty_lot_is_closed check ((credits_left = 0) = (closed_at is not null))
) with (fillfactor = 50);
comment on table public.credit_lots is
  'What was allocated, topped up, refunded or added by an adjustment, and how much of it is left. The lots that are left add up to the balance.';
comment on column public.credit_lots.version is 'The entry of the ledger that made the lot.';
comment on column public.credit_lots.expires_at is
  'When what is left of it expires. What is reserved at that moment expires once its reservation ends without using it. Null for never.';

-- Top-ups first, then what expires first. It holds only lots that have something left.
create index credit_lots_order_idx on public.credit_lots (tenant_id, (kind <> 'topup'), expires_at, id) where closed_at is null;

create function private.burn_credits(tenant uuid, credits bigint) returns bigint
  language plpgsql
  set search_path = ''
as $$
declare
  lot record;
  taken bigint;
  remaining bigint := credits;
  of_topups bigint := 0;
begin
  while remaining > 0 loop
    select l.id, l.kind, l.credits_left into lot from public.credit_lots as l
    where l.tenant_id = tenant and l.closed_at is null
    order by l.kind <> 'topup', l.expires_at, l.id limit 1;
    if not found then
      raise exception 'The lots of tenant % hold less than its balance.', tenant;
    end if;
    taken := least(remaining, lot.credits_left);
    update public.credit_lots as l set credits_left = l.credits_left - taken,
      closed_at = case when l.credits_left = taken then clock_timestamp() end
    where l.tenant_id = tenant and l.id = lot.id;
    remaining := remaining - taken;
    if lot.kind = 'topup' then
      of_topups := of_topups + taken;
    end if;
  end loop;
  return of_topups;
end
$$;
comment on function private.burn_credits(uuid, bigint) is
  'Takes credits out of a tenant''s lots, in their order. Returns how many came from top-ups. The caller holds the lock on the balance.';

alter table public.credit_lots enable row level security;
create policy "members read their tenant's credit lots" on public.credit_lots
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read', '{credits:read}'))::uuid[]));
grant select on public.credit_lots to authenticated, service_role;

select private.register_table('public.credit_lots', keeping => 'derived', unaudited => 'each change has an entry in credit_ledger');
