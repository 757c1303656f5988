-- Checks of numbers: how Meta's answers verify one, and what a token that does not count any more leads to.

-- Definers, all of them: they read Vault, and what a check found is written by nobody else. Only for the service.
create function private.begin_number_check(tenant uuid, bot uuid,
    out phone_number_id text, out business_account_id text, out access_token text, out app_secret text, out verify_token text,
    out revision uuid, out is_taken boolean)
  language plpgsql security definer
  set search_path = ''
as $$
declare
  stored public.bot_numbers;
begin
  select * into stored from public.bot_numbers as n where n.tenant_id = begin_number_check.tenant and n.bot_id = begin_number_check.bot;
  if stored.bot_id is null then
    perform private.raise_problem(404, 'not_found', 'This bot has no number.');
  end if;
  if not private.take_turn(tenant, 'bot_number_check', 60, 'hour') then
    perform private.raise_problem(429, 'too_many_number_checks', 'This tenant has verified numbers 60 times in this hour. Wait until the next.');
  end if;
  perform private.record_audit(tenant, 'bot_number.secrets_read', 'bot_numbers', private.ulid(bot));
  phone_number_id := stored.whatsapp_phone_number_id;
  business_account_id := stored.whatsapp_business_account_id;
  access_token := (select s.decrypted_secret from vault.decrypted_secrets as s where s.id = stored.access_token_secret_id);
  app_secret := (select s.decrypted_secret from vault.decrypted_secrets as s where s.id = stored.app_secret_id);
  verify_token := (select s.decrypted_secret from vault.decrypted_secrets as s where s.id = stored.verify_token_secret_id);
  revision := stored.revision;
  is_taken := exists (select from private.holders_of_number(stored) as h where not h.is_lapsed);
end
$$;
comment on function private.begin_number_check(uuid, uuid) is
  'What Meta is asked about a number, and with what. is_taken: it is verified for another bot. At most 60 times an hour. 404 not_found; 429 too_many_number_checks. Only for the service.';

create function private.holders_of_number(claim public.bot_numbers) returns table (tenant_id uuid, bot_id uuid, is_lapsed boolean)
  language sql stable
  set search_path = ''
as $$
  -- An archived tenant keeps nothing, and neither does a token that Meta does not accept any more.
  select n.tenant_id, n.bot_id, t.status = 'archived' or coalesce(n.paused_reason = 'token_invalid', false)
  from public.bot_numbers as n join public.tenants as t on t.id = n.tenant_id
  where n.whatsapp_phone_number_id = claim.whatsapp_phone_number_id and n.is_verified
    and (n.tenant_id, n.bot_id) <> (claim.tenant_id, claim.bot_id)
$$;
comment on function private.holders_of_number(public.bot_numbers) is
  'The other bot for which a number is verified, and whether a bot that proves the number takes it over.';

create function private.record_number_check(
  tenant uuid, bot uuid, revision uuid, outcome text, problem text default null, display_phone_number text default null,
  verified_name text default null, token_expires_at timestamptz default null
) returns void
  language plpgsql security definer
  set search_path = ''
as $$
declare
  stored public.bot_numbers;
begin
  if record_number_check.outcome not in ('good', 'bad', 'passing') then
    raise exception 'unknown outcome %', left(record_number_check.outcome, 100);
  end if;
  -- The bot before its number, as whoever sets a number locks them.
  perform from public.bot_tenants as b where b.tenant_id = record_number_check.tenant and b.id = record_number_check.bot for no key update;
  select * into stored from public.bot_numbers as n
  where n.tenant_id = record_number_check.tenant and n.bot_id = record_number_check.bot and n.revision = record_number_check.revision
  for no key update;
  if stored.bot_id is null then
    perform private.raise_problem(409, 'conflict', 'The number was changed during the check. Verify it again.');
  end if;
  begin
    if record_number_check.outcome = 'good' then
      update public.bot_numbers as n set is_verified = false, verified_at = null, last_problem = 'number_taken'
      from private.holders_of_number(stored) as h
      where n.tenant_id = h.tenant_id and n.bot_id = h.bot_id and h.is_lapsed;
    end if;
    update public.bot_numbers as n set
      -- A server that is down for a moment says nothing of the number. What was verified stays verified.
      is_verified = record_number_check.outcome = 'good' or record_number_check.outcome = 'passing' and n.is_verified,
      verified_at = case record_number_check.outcome when 'good' then now() when 'passing' then n.verified_at end,
      last_checked_at = now(), last_problem = record_number_check.problem,
      display_phone_number = coalesce(left(record_number_check.display_phone_number, 40), n.display_phone_number),
      verified_name = coalesce(left(record_number_check.verified_name, 200), n.verified_name),
      whatsapp_token_expires_at = case when record_number_check.outcome = 'good' then record_number_check.token_expires_at else n.whatsapp_token_expires_at end,
      expiry_told_days = case when record_number_check.outcome <> 'good' or n.whatsapp_token_expires_at is not distinct from record_number_check.token_expires_at then n.expiry_told_days end
    where n.tenant_id = stored.tenant_id and n.bot_id = stored.bot_id;
  exception when unique_violation then
    -- Two bots have proven it at once, and the other was first.
    update public.bot_numbers as n set last_checked_at = now(), last_problem = 'number_taken'
    where n.tenant_id = stored.tenant_id and n.bot_id = stored.bot_id;
    return;
  end;
  if record_number_check.outcome = 'good' then
    perform private.resume_bot(tenant, bot);
  end if;
end
$$;
comment on function private.record_number_check(uuid, uuid, uuid, text, text, text, text, timestamptz) is
  'Stores what a check found, for the settings that were checked: good, bad, or passing, which says nothing of the number. This is the only way to is_verified. 409 conflict. Only for the service.';
grant execute on function private.begin_number_check(uuid, uuid),
  private.record_number_check(uuid, uuid, uuid, text, text, text, text, timestamptz) to service_role;

select private.register_audit_action('bot_number.secrets_read', 'r');
