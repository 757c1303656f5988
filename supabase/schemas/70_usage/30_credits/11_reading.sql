-- Reading credits: what is there now.

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
