-- Registration sessions: what a stranger has filled in, before there is a tenant.

create table private.registration_sessions (
  id uuid primary key default private.uuid_v7(),
  ref_id text not null generated always as (private.ulid(id)) stored,
  -- The browser has the token in a cookie. Whoever reads this table cannot go on with a registration.
  token_hash bytea not null constraint registration_sessions_token_hash_idx unique,
  invitation_hash bytea not null,
  user_id uuid references public.user_profiles on delete set null,
  current_step smallint not null default 1,
  contact_data jsonb not null,
  company_data jsonb,
  location_data jsonb,
  billing_data jsonb,
  plan_selected text,
  order_count int not null default 0,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  expires_at timestamptz not null default now() + interval '24 hours',
  constraint step_is_one_of_four check (current_step between 1 and 4),
  constraint hashes_are_sha256 check (length(token_hash) = 32 and length(invitation_hash) = 32),
  constraint steps_are_small_objects check (
    jsonb_typeof(contact_data) = 'object' and private.json_fits(contact_data, 8192)
    and (company_data is null or jsonb_typeof(company_data) = 'object' and private.json_fits(company_data, 8192))
    and (location_data is null or jsonb_typeof(location_data) = 'object' and private.json_fits(location_data, 8192))
    and (billing_data is null or jsonb_typeof(billing_data) = 'object' and private.json_fits(billing_data, 8192))),
  constraint a_reached_step_has_its_data check (
    (current_step < 2 or company_data is not null) and (current_step < 3 or location_data is not null)
    and (current_step < 4 or billing_data is not null and plan_selected is not null)),
  constraint plan_is_for_registering check (plan_selected in ('starter', 'professional'))
);
comment on table private.registration_sessions is
  'What somebody without a tenant has filled in. For the service alone. It ends after 24 hours, or four days after its last order.';
comment on column private.registration_sessions.current_step is 'The last completed step: 1 contact, 2 company, 3 location, 4 billing and plan.';
comment on column private.registration_sessions.invitation_hash is
  'The hash of a token that the browser can work out. It becomes the invitation of the owner, if no account is known.';
comment on column private.registration_sessions.user_id is 'Who was signed in, by a verified token, when a step was sent.';
create unique index registration_sessions_ref_id_idx on private.registration_sessions (ref_id) where ref_id is not null;
create index registration_sessions_user_id_idx on private.registration_sessions (user_id);
create index registration_sessions_expires_at_idx on private.registration_sessions (expires_at);
create trigger registration_sessions_touch before update on private.registration_sessions
  for each row execute function private.tg_touch_updated_at();

create function private.take_registration_turn() returns void
  language plpgsql
  set search_path = ''
as $$
begin
  if not private.take_turn(private.platform_tenant_id(), private.turn_from_here('registration'), 120, 'hour')
    or not private.take_turn(private.platform_tenant_id(), 'registration', 5000, 'hour') then
    perform private.raise_problem(429, 'too_many_registrations', 'Too many registrations were begun from here in this hour. Try again later.');
  end if;
end
$$;
comment on function private.take_registration_turn() is
  'Counts a registration that begins, by the address that the request came from. 429 too_many_registrations.';

-- Definers, this one and the next two: the table is granted to nobody.
create function private.find_registration(token_hash bytea) returns private.registration_sessions
  language plpgsql stable security definer
  set search_path = ''
as $$
declare
  found_row private.registration_sessions;
begin
  select * into found_row from private.registration_sessions as s
  where s.token_hash = find_registration.token_hash and s.expires_at > now();
  -- The same answer for one that ended, one that became a tenant, and one that never was.
  if not found then
    perform private.raise_problem(410, 'registration_ended', 'This registration has ended. Begin again.');
  end if;
  return found_row;
end
$$;
comment on function private.find_registration(bytea) is 'The registration of a browser''s token. 410 registration_ended.';

create function private.require_small_step(data jsonb) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  -- The constraint of the table says the same, but Postgres writes the whole row as text into the error of a constraint.
  if not private.json_fits(data, 8192) then
    perform private.raise_problem(422, 'invalid_value', 'A step may be 8 KiB long.');
  end if;
end
$$;

create function private.begin_registration(token_hash bytea, invitation_hash bytea, contact jsonb, user_id uuid default null)
  returns private.registration_sessions
  language plpgsql security definer
  set search_path = ''
as $$
declare
  begun private.registration_sessions;
begin
  perform private.require_small_step(begin_registration.contact);
  perform private.take_registration_turn();
  insert into private.registration_sessions (token_hash, invitation_hash, contact_data, user_id)
  values (begin_registration.token_hash, begin_registration.invitation_hash, begin_registration.contact,
    -- A token may be older than the end of its account.
    (select p.user_id from public.user_profiles as p where p.user_id = begin_registration.user_id))
  returning * into begun;
  return begun;
end
$$;
comment on function private.begin_registration(bytea, bytea, jsonb, uuid) is
  'Begins a registration with its first step. For the service. 429 too_many_registrations.';

create function private.save_registration_step(token_hash bytea, step int, data jsonb, plan text default null, user_id uuid default null)
  returns private.registration_sessions
  language plpgsql security definer
  set search_path = ''
as $$
declare
  before private.registration_sessions;
  after private.registration_sessions;
begin
  perform private.require_small_step(data);
  -- Two tabs of one browser: the second waits, and sees what the first has reached.
  perform from private.registration_sessions as s where s.token_hash = save_registration_step.token_hash for no key update;
  before := private.find_registration(save_registration_step.token_hash);
  if step > before.current_step + 1 then
    perform private.raise_problem(409, 'step_not_reached', format('Send step %s first.', before.current_step + 1),
      members => jsonb_build_object('current_step', before.current_step));
  end if;
  after := before;
  case step
    when 1 then after.contact_data := data;
    when 2 then after.company_data := data;
    when 3 then after.location_data := data;
    when 4 then after.billing_data := data;
      after.plan_selected := save_registration_step.plan;
  end case;
  -- What comes after a changed step was checked against what it said before, so it is sent again.
  after.current_step := case when (after.contact_data, after.company_data, after.location_data) is distinct from
    (before.contact_data, before.company_data, before.location_data) then step else greatest(step, before.current_step) end;
  update private.registration_sessions as s set
    (current_step, contact_data, company_data, location_data, billing_data, plan_selected) =
    (after.current_step, after.contact_data, after.company_data, after.location_data, after.billing_data, after.plan_selected),
    user_id = coalesce((select p.user_id from public.user_profiles as p where p.user_id = save_registration_step.user_id), s.user_id)
  where s.id = before.id
  returning * into after;
  return after;
end
$$;
comment on function private.save_registration_step(bytea, int, jsonb, text, uuid) is
  'Notes a step, the first time or again. A step that changes has the later ones sent again. 409 step_not_reached; 410 registration_ended.';
grant execute on function private.find_registration(bytea), private.begin_registration(bytea, bytea, jsonb, uuid),
  private.save_registration_step(bytea, int, jsonb, text, uuid) to service_role;

create function private.sweep_expired_registrations(batch int default 5000) returns int
  language sql volatile
  set search_path = ''
as $$
  with expired as materialized (
    select s.id from private.registration_sessions as s
    where s.expires_at <= now() order by s.expires_at limit batch for update skip locked
  ), swept as (
    delete from private.registration_sessions as s using expired as e where s.id = e.id returning 1
  )
  select count(*)::int from swept
$$;
comment on function private.sweep_expired_registrations(int) is
  'Removes registrations that have ended, the oldest first, at most one batch. Returns how many.';
select cron.schedule('onboarding: remove registrations that have ended', '*/5 * * * *', 'select private.sweep_expired_registrations()');

select private.register_table('private.registration_sessions', plain => '{plan_selected}',
  personal => '{contact_data,company_data,location_data,billing_data}', secret => '{token_hash,invitation_hash}',
  on_forget => 'keep', kept_because => 'Belongs to no tenant yet. It is removed within a day, or within four days of its last order.',
  unaudited => 'a stranger has no tenant, and so no log');
