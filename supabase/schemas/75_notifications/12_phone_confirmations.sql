-- Phone confirmations: a person shows by a code that a number is theirs. Nothing else is sent to it before that.

create table private.phone_confirmations (
  tenant_id uuid not null references public.tenants on delete cascade,
  user_id uuid not null,
  phone text not null,
  code_hash bytea not null,
  tries int not null default 0,
  expires_at timestamptz not null default now() + interval '10 minutes',
  -- For the limit of a person.
  sent_count int not null default 1,
  counted_at timestamptz not null default now(),
  primary key (tenant_id, user_id),
  foreign key (tenant_id, user_id) references public.tenant_members on delete cascade,
  constraint confirmed_phone_is_e164 check (phone ~ '^\+[1-9][0-9]{6,14}$'),
  constraint code_hash_is_sha256 check (length(code_hash) = 32)
);
comment on table private.phone_confirmations is
  'The code that a person was sent last, as a hash, and to which number. A code counts for ten minutes and five tries.';
create index phone_confirmations_expires_at_idx on private.phone_confirmations (expires_at);

create function private.phone_code_hash(person uuid, phone text, code text) returns bytea
  language sql immutable
  set search_path = ''
-- A dump shows no code. Whoever tries all of them finds it, and has ten minutes to use it.
as $$ select sha256(convert_to(concat_ws(' ', person, phone, code), 'UTF8')) $$;

-- A definer, as the next ones, because the codes are granted to nobody. Only for the service: the edge function says who asks.
create function private.send_phone_code(tenant uuid, person uuid, phone text, channel public.notification_channel) returns timestamptz
  language plpgsql security definer
  set search_path = ''
as $$
#variable_conflict use_column
declare
  -- Of 48 random bits.
  code text := lpad((('x' || right(gen_random_uuid()::text, 12))::bit(48)::bigint % 1000000)::text, 6, '0');
  kept private.phone_confirmations;
begin
  if channel not in ('sms', 'whatsapp') or send_phone_code.phone !~ '^\+[1-9][0-9]{6,14}$' then
    perform private.raise_problem(422, 'invalid_value', 'This is no number to which a code can be sent.',
      '[{"pointer": "/phone", "detail": "must be a number such as +447700900123"}]');
  end if;
  if not exists (select from public.notification_providers as p
      where p.tenant_id in (send_phone_code.tenant, private.platform_tenant_id()) and p.channel = send_phone_code.channel
        and p.is_active and p.verified_at is not null) then
    perform private.raise_problem(409, 'no_phone_provider', 'Nobody sends messages by this channel here.');
  end if;
  insert into private.phone_confirmations as c (tenant_id, user_id, phone, code_hash)
  values (tenant, person, send_phone_code.phone, private.phone_code_hash(person, send_phone_code.phone, code))
  on conflict (tenant_id, user_id) do update set (phone, code_hash, tries, expires_at) =
      (excluded.phone, excluded.code_hash, 0, excluded.expires_at),
    sent_count = case when c.counted_at > now() - interval '1 hour' then c.sent_count + 1 else 1 end,
    counted_at = case when c.counted_at > now() - interval '1 hour' then c.counted_at else now() end
  returning * into kept;
  -- A code costs money, and its reader sleep. So they are limited by who asks, by whom it is for, and by who pays.
  if kept.sent_count > 5
      -- Numbers share counters, so that nobody can fill the table with numbers.
      or not private.take_turn(private.platform_tenant_id(), 'phone_code_to_' || translate(left(md5(send_phone_code.phone), 4),
        '0123456789', 'ghijklmnop'), 20, 'day')
      or not private.take_turn(tenant, 'phone_code', 200, 'day') then
    perform private.raise_problem(429, 'too_many_phone_codes', 'Too many codes were sent. Wait for an hour.');
  end if;
  perform private.message_address(tenant, channel, send_phone_code.phone, 'phone_code', jsonb_build_object('code', code),
    'phone code ' || gen_random_uuid(), (select p.locale from public.user_profiles as p where p.user_id = person), is_critical => true);
  return kept.expires_at;
end
$$;
comment on function private.send_phone_code(uuid, uuid, text, public.notification_channel) is
  'Sends a member a code to a number, in the place of any earlier one. Returns until when it counts. 409 no_phone_provider, 429 too_many_phone_codes.';

create function private.confirm_phone(tenant uuid, person uuid, code text) returns boolean
  language plpgsql security definer
  set search_path = ''
as $$
declare
  kept private.phone_confirmations;
begin
  -- Whoever guesses at once waits here, so no try is lost. The caller commits it, whatever the answer is.
  update private.phone_confirmations as c set tries = c.tries + 1
  where c.tenant_id = confirm_phone.tenant and c.user_id = confirm_phone.person and c.expires_at > now() and c.tries < 5
  returning * into kept;
  if not found or kept.code_hash <> private.phone_code_hash(person, kept.phone, left(confirm_phone.code, 20)) then
    return false;
  end if;
  update private.phone_confirmations as c set expires_at = now()
  where c.tenant_id = confirm_phone.tenant and c.user_id = confirm_phone.person;
  -- In this order: another number takes back what was confirmed of the one before.
  update public.user_profiles as p set phone = kept.phone where p.user_id = confirm_phone.person;
  update public.user_profiles as p set phone_verified_at = now() where p.user_id = confirm_phone.person;
  return true;
end
$$;
comment on function private.confirm_phone(uuid, uuid, text) is
  'Makes the number to which this code was sent the number of the person. False for a wrong code, an old one, one that was tried five times, and none.';

create function private.read_phone(tenant uuid, person uuid, out phone text, out phone_verified_at timestamptz, out asked_phone text,
    out asked_until timestamptz)
  language sql stable security definer
  set search_path = ''
as $$
  select p.phone, p.phone_verified_at, c.phone, c.expires_at
  from public.user_profiles as p
  left join private.phone_confirmations as c
    on c.tenant_id = read_phone.tenant and c.user_id = p.user_id and c.expires_at > now() and c.tries < 5
  where p.user_id = read_phone.person
$$;
comment on function private.read_phone(uuid, uuid) is 'The number of a person, and the one for which a code is still awaited.';
grant execute on function private.send_phone_code(uuid, uuid, text, public.notification_channel), private.confirm_phone(uuid, uuid, text),
  private.read_phone(uuid, uuid) to service_role;

create function private.sweep_phone_confirmations(batch int default 1000) returns int
  language sql volatile
  set search_path = ''
as $$
  with swept as (
    delete from private.phone_confirmations as c where c.ctid = any (array(
      select o.ctid from private.phone_confirmations as o where o.expires_at < now() - interval '1 hour' limit batch for update skip locked))
    returning 1
  )
  select count(*)::int from swept
$$;
comment on function private.sweep_phone_confirmations(int) is 'Removes codes an hour after their end, at most one batch. Returns how many.';
select cron.schedule('notifications: remove old codes', '*/10 * * * *', 'select private.sweep_phone_confirmations()');

select private.register_email_template('phone_code', t.locale, 'A code for a telephone number', t.subject, '<p>' || t.subject || '</p>',
  '[{"key": "code", "description": "The six digits.", "required": true},
    {"key": "tenant", "description": "The name of the tenant.", "required": true}]', 'alert')
from (values
  ('en', '{{code}} is your code for {{tenant}}. It counts for ten minutes. Tell it to nobody.'),
  ('de', '{{code}} ist dein Code für {{tenant}}. Er gilt zehn Minuten. Sag ihn niemandem.'),
  ('fr', '{{code}} est votre code pour {{tenant}}. Il est valable dix minutes. Ne le donnez à personne.')
) as t (locale, subject);

select private.register_table('private.phone_confirmations', keeping => 'history', personal => '{phone}', secret => '{code_hash}',
  on_forget => 'keep', kept_because => 'Of a person with an account. It is removed an hour after its end.',
  unaudited => 'a number belongs to a person and to no tenant');
