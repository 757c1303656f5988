-- Reading the spend: what is left of the cap at this moment.

-- A definer, because it also counts holds, of which it says no more than the sum.
create function public.read_spend(
  tenant_id uuid, out month_start date, out resets_at timestamptz, out cap_micros bigint, out spent_micros bigint,
  out held_micros bigint, out open_count bigint, out unpriced_count bigint
)
  language plpgsql stable security definer
  set search_path = ''
as $$
#variable_conflict use_column
begin
  perform private.require_permission(read_spend.tenant_id, 'spend:read');
  select m.month_start, m.resets_at into month_start, resets_at from private.spend_month(read_spend.tenant_id) as m;
  cap_micros := (select b.monthly_spend_cap_usd_micros from public.tenant_billing as b where b.tenant_id = read_spend.tenant_id);
  spent_micros := coalesce((select s.spent_micros from public.tenant_spends as s
    where s.tenant_id = read_spend.tenant_id and s.month_start = read_spend.month_start), 0);
  -- Counted from the holds, so that one that has expired is not in it, whether cron came or not.
  select coalesce(sum(h.held_micros), 0), count(*) into held_micros, open_count from public.llm_call_holds as h
  where h.tenant_id = read_spend.tenant_id and h.month_start = read_spend.month_start and h.status = 'open' and h.expires_at > clock_timestamp();
  unpriced_count := coalesce((select sum(s.unpriced_count) from public.model_spends as s
    where s.tenant_id = read_spend.tenant_id and s.month_start = read_spend.month_start and s.kind = 'llm'), 0);
end
$$;
comment on function public.read_spend(uuid) is
  'What the calls of this month cost so far, what open calls hold, and the cap (null for none), in millionths of a US dollar.';
grant execute on function public.read_spend(uuid) to authenticated, service_role;
