-- Reading credits: what is there now, and a statement for each month.

-- A definer that may write: what has ended by now is entered before it is read.
create function public.read_credits(tenant_id uuid) returns public.credit_balances
  language plpgsql security definer
  set search_path = ''
  set enable_seqscan = off
as $$
#variable_conflict use_column
declare
  balance public.credit_balances;
begin
  perform private.require_permission(read_credits.tenant_id, 'credits:read');
  select * into balance from public.credit_balances as b where b.tenant_id = read_credits.tenant_id;
  if balance.next_due_at is null or balance.next_due_at <= clock_timestamp() then
    perform private.lock_credits(read_credits.tenant_id);
    select * into balance from public.credit_balances as b where b.tenant_id = read_credits.tenant_id;
  end if;
  return balance;
end
$$;
comment on function public.read_credits(uuid) is
  'The balance of credits at this moment, without what has expired. The table itself shows it as of its last entry.';
grant execute on function public.read_credits(uuid) to authenticated, service_role;

create view public.credit_statements with (security_invoker = true) as
  select p.tenant_id, p.period_start, p.period_end, p.opening, p.allocated, p.topped_up,
    coalesce(b.credits_consumed, p.consumed) as consumed, p.refunded, p.adjusted, p.expired,
    coalesce(b.credits_available, p.closing) as closing, p.closing is null as is_open
  from public.credit_periods as p
  left join public.credit_balances as b on b.tenant_id = p.tenant_id and p.closing is null;
comment on view public.credit_statements is
  'What happened to a tenant''s credits in each month: opening + allocated + topped_up - consumed + refunded + adjusted - expired = closing. Of the present month: so far.';
grant select on public.credit_statements to authenticated, service_role;
