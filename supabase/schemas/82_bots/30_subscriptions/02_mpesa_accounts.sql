-- M-Pesa accounts: where the contacts of a bot pay to, and with which secrets M-Pesa is asked.

create table public.bot_mpesa_accounts (
  tenant_id uuid not null references public.tenants on delete cascade,
  bot_id uuid not null,
  shortcode text not null,
  till_number text,
  base_url text not null default 'https://api.safaricom.co.ke',
  consumer_key_secret_id uuid not null,
  consumer_secret_secret_id uuid not null,
  passkey_secret_id uuid not null,
  last_problem text,
  last_problem_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  created_by uuid,
  updated_by uuid,
  primary key (tenant_id, bot_id),
  constraint bot_mpesa_accounts_bot_fkey foreign key (tenant_id, bot_id) references public.bot_tenants (tenant_id, id) on delete cascade,
  constraint shortcode_is_digits check (shortcode ~ '^[0-9]{5,10}$'),
  constraint till_number_is_digits check (till_number ~ '^[0-9]{5,10}$'),
  constraint mpesa_url_is_a_url check (length(base_url) <= 500 and base_url ~ '^https?://[^/?#@[:space:]]+(/[^?#[:space:]]*[^/?#[:space:]])?$'),
  constraint mpesa_problem_is_a_word check (last_problem ~ '^[a-z_]{1,40}$'),
  constraint mpesa_problem_has_a_moment check ((last_problem is null) = (last_problem_at is null))
);
comment on table public.bot_mpesa_accounts is 'The M-Pesa account of a bot, at most one. The three secrets are in Vault, and are never shown.';
comment on column public.bot_mpesa_accounts.till_number is 'Of a shop that sells goods (Buy Goods). Null: the shortcode is a Pay Bill number.';
comment on column public.bot_mpesa_accounts.last_problem is 'Why M-Pesa did not take the last request, as credentials. Null if it did.';
create trigger bot_mpesa_accounts_touch before update on public.bot_mpesa_accounts for each row execute function private.tg_touch_updated_at();
create trigger bot_mpesa_accounts_stamp_editor before insert or update on public.bot_mpesa_accounts
  for each row execute function private.tg_stamp_editor();
create trigger bot_mpesa_accounts_drop_secrets
  after delete or update of consumer_key_secret_id, consumer_secret_secret_id, passkey_secret_id on public.bot_mpesa_accounts
  for each row execute function private.tg_drop_secrets('consumer_key_secret_id', 'consumer_secret_secret_id', 'passkey_secret_id');

alter table public.bot_mpesa_accounts enable row level security;
create policy "managers read their bots' M-Pesa accounts" on public.bot_mpesa_accounts
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read_admin'))::uuid[]));
create policy "managers remove their bots' M-Pesa accounts" on public.bot_mpesa_accounts
  for delete to authenticated using (tenant_id = any ((select private.tenant_ids('manage'))::uuid[]));
-- Nobody may insert or update: where the secrets go and the secrets change together, in a function.
grant select (tenant_id, bot_id, shortcode, till_number, base_url, last_problem, last_problem_at, created_at, updated_at, created_by, updated_by),
  delete on public.bot_mpesa_accounts to authenticated;
grant select on public.bot_mpesa_accounts to service_role;

-- A definer, as the next ones, because the secrets are in Vault. Only for the service: the edge function has checked the
-- address and the caller's permission.
create function private.set_bot_mpesa(
  tenant uuid, bot uuid, shortcode text, till_number text, base_url text,
  consumer_key text default null, consumer_secret text default null, passkey text default null
) returns void
  language plpgsql security definer
  set search_path = ''
as $$
declare
  stored public.bot_mpesa_accounts;
  problems jsonb;
  is_elsewhere boolean;
begin
  perform from public.bot_tenants as b where b.tenant_id = set_bot_mpesa.tenant and b.id = set_bot_mpesa.bot for no key update;
  if not found then
    perform private.raise_problem(404, 'not_found', 'This tenant has no bot with this ref_id.');
  end if;
  select * into stored from public.bot_mpesa_accounts as a where a.tenant_id = set_bot_mpesa.tenant and a.bot_id = set_bot_mpesa.bot for update;
  select coalesce(jsonb_agg(jsonb_build_object('pointer', '/' || f.name, 'detail', case when f.given is null then 'is missing'
    else 'must have 4096 characters at most' end)), '[]') into problems
  from (values ('consumer_key', set_bot_mpesa.consumer_key), ('consumer_secret', set_bot_mpesa.consumer_secret), ('passkey', set_bot_mpesa.passkey))
    as f (name, given)
  where length(f.given) > 4096 or f.given is null and stored.bot_id is null;
  if problems <> '[]' then
    perform private.raise_problem(422, 'invalid_value', 'The account cannot be used with these secrets.', problems);
  end if;
  if stored.bot_id is null then
    insert into public.bot_mpesa_accounts (tenant_id, bot_id, shortcode, till_number, base_url, consumer_key_secret_id,
      consumer_secret_secret_id, passkey_secret_id)
    values (set_bot_mpesa.tenant, set_bot_mpesa.bot, set_bot_mpesa.shortcode, set_bot_mpesa.till_number, set_bot_mpesa.base_url,
      vault.create_secret(set_bot_mpesa.consumer_key, null, 'M-Pesa consumer key of a bot'),
      vault.create_secret(set_bot_mpesa.consumer_secret, null, 'M-Pesa consumer secret of a bot'),
      vault.create_secret(set_bot_mpesa.passkey, null, 'M-Pesa passkey of a bot'));
    return;
  end if;
  -- Whoever may change the address must not learn the secrets by it.
  is_elsewhere := lower(substring(stored.base_url from '^[a-z]+://[^/]+')) is distinct from lower(substring(set_bot_mpesa.base_url from '^[a-z]+://[^/]+'));
  update public.bot_mpesa_accounts as a set
    shortcode = set_bot_mpesa.shortcode, till_number = set_bot_mpesa.till_number, base_url = set_bot_mpesa.base_url,
    consumer_key_secret_id = private.keep_secret(set_bot_mpesa.consumer_key, a.consumer_key_secret_id, is_elsewhere, 'M-Pesa consumer key of a bot', 'consumer_key'),
    consumer_secret_secret_id = private.keep_secret(set_bot_mpesa.consumer_secret, a.consumer_secret_secret_id, is_elsewhere, 'M-Pesa consumer secret of a bot', 'consumer_secret'),
    passkey_secret_id = private.keep_secret(set_bot_mpesa.passkey, a.passkey_secret_id, is_elsewhere, 'M-Pesa passkey of a bot', 'passkey'),
    last_problem = null, last_problem_at = null
  where a.tenant_id = stored.tenant_id and a.bot_id = stored.bot_id;
end
$$;
comment on function private.set_bot_mpesa(uuid, uuid, text, text, text, text, text, text) is
  'Sets where the contacts of a bot pay to, and puts the secrets in Vault. 404 not_found; 422 invalid_value if a secret is missing, or if stored ones would go to another server.';

create function private.read_bot_mpesa(tenant uuid, bot uuid)
  returns table (shortcode text, till_number text, base_url text, consumer_key text, consumer_secret text, passkey text)
  language plpgsql volatile security definer
  set search_path = ''
as $$
begin
  if not exists (select from public.bot_mpesa_accounts as a where a.tenant_id = read_bot_mpesa.tenant and a.bot_id = read_bot_mpesa.bot) then
    return;
  end if;
  perform private.record_audit(tenant, 'bot_mpesa.secrets_read', 'bot_mpesa_accounts', private.ulid(bot));
  return query
  -- Subqueries and no joins: with a join, Postgres may decrypt every secret in Vault.
  select a.shortcode, a.till_number, a.base_url, (select s.decrypted_secret from vault.decrypted_secrets as s where s.id = a.consumer_key_secret_id),
    (select s.decrypted_secret from vault.decrypted_secrets as s where s.id = a.consumer_secret_secret_id),
    (select s.decrypted_secret from vault.decrypted_secrets as s where s.id = a.passkey_secret_id)
  from public.bot_mpesa_accounts as a where a.tenant_id = read_bot_mpesa.tenant and a.bot_id = read_bot_mpesa.bot;
end
$$;
comment on function private.read_bot_mpesa(uuid, uuid) is
  'Where the contacts of a bot pay to, with the secrets. Each reading is recorded. No row if the bot has no account. Only for the service.';

create function private.note_mpesa_problem(tenant uuid, bot uuid, problem text) returns void
  language sql volatile security definer
  set search_path = ''
as $$
  update public.bot_mpesa_accounts as a set last_problem = problem, last_problem_at = case when problem is not null then now() end
  where a.tenant_id = tenant and a.bot_id = bot and a.last_problem is distinct from problem
$$;
comment on function private.note_mpesa_problem(uuid, uuid, text) is 'Notes why M-Pesa does not take the requests of a bot. Null: it does. Only for the service.';
grant execute on function private.set_bot_mpesa(uuid, uuid, text, text, text, text, text, text), private.read_bot_mpesa(uuid, uuid),
  private.note_mpesa_problem(uuid, uuid, text) to service_role;

select private.register_audit_action('bot_mpesa.secrets_read', 'r');
select private.register_table('public.bot_mpesa_accounts', quiet => '{last_problem,last_problem_at}', plain => '{shortcode,till_number,base_url,last_problem}',
  secret => '{consumer_key_secret_id,consumer_secret_secret_id,passkey_secret_id}');
