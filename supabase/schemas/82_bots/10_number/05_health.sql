-- Health of numbers: every 15 minutes Meta is asked whether the token of a verified number still counts.

-- A definer, as the next one, because it reads Vault. Only for the service.
create function private.claim_due_numbers(batch int default 100)
  returns table (tenant_id uuid, bot_id uuid, revision uuid, phone_number_id text, access_token text)
  language sql volatile security definer
  set search_path = ''
as $$
  with due as materialized (
    select n.tenant_id, n.bot_id from public.bot_numbers as n join public.tenants as t on t.id = n.tenant_id and t.status <> 'archived'
    where n.is_verified and (n.last_checked_at is null or n.last_checked_at <= now() - interval '14 minutes')
    -- Whoever waits longest comes first, so that no tenant's numbers hold up another's.
    order by n.last_checked_at nulls first
    limit batch
    for no key update of n skip locked
  )
  update public.bot_numbers as n set last_checked_at = now()
  from due as d where n.tenant_id = d.tenant_id and n.bot_id = d.bot_id
  returning n.tenant_id, n.bot_id, n.revision, n.whatsapp_phone_number_id,
    (select s.decrypted_secret from vault.decrypted_secrets as s where s.id = n.access_token_secret_id)
$$;
comment on function private.claim_due_numbers(int) is
  'The verified numbers that were not checked for a quarter of an hour, those that wait longest first. Two callers never get the same one. Only for the service.';

create function private.record_number_health(tenant uuid, bot uuid, revision uuid, problem text default null) returns boolean
  language plpgsql security definer
  set search_path = ''
as $$
declare
  reason text;
begin
  perform from public.bot_tenants as b where b.tenant_id = record_number_health.tenant and b.id = record_number_health.bot for no key update;
  update public.bot_numbers as n set last_problem = record_number_health.problem
  where n.tenant_id = record_number_health.tenant and n.bot_id = record_number_health.bot and n.revision = record_number_health.revision
    and n.is_verified
  returning coalesce(n.paused_reason, '') into reason;
  -- The number was changed meanwhile, or disconnected.
  if reason is null then
    return false;
  end if;
  if record_number_health.problem = 'token_invalid' then
    return private.pause_bot(tenant, bot, 'token_invalid');
  end if;
  if record_number_health.problem is null and reason = 'token_invalid' then
    perform private.resume_bot(tenant, bot);
  end if;
  return false;
end
$$;
comment on function private.record_number_health(uuid, uuid, uuid, text) is
  'Stores what Meta said of a number, for the settings that were asked with. A token that does not count any more pauses the bot; one that counts again lets it send. Returns whether the bot was paused now. Only for the service.';

create function private.request_number_checks() returns text
  language plpgsql
  set search_path = ''
as $$
begin
  if not exists (
    select from public.bot_numbers as n join public.tenants as t on t.id = n.tenant_id and t.status <> 'archived'
    where n.is_verified and (n.last_checked_at is null or n.last_checked_at <= now() - interval '14 minutes')) then
    return 'No number is due.';
  end if;
  -- Unlike format(), this is null if no request was made.
  return coalesce('Asked with request ' || private.call_edge_function('/bots/numbers/check', timeout_milliseconds => 120000) || '.',
    'Nothing was asked: Vault does not have the secret tenantry_functions_url or tenantry_service_key.');
end
$$;
comment on function private.request_number_checks() is
  'If a number is due, wakes the edge function that asks Meta. Returns what it did.';
grant execute on function private.claim_due_numbers(int), private.record_number_health(uuid, uuid, uuid, text) to service_role;

select cron.schedule('bots: ask WhatsApp about numbers', '*/5 * * * *', 'select private.request_number_checks()');
