-- Users: the profile of each person who can sign in.

create table public.user_profiles (
  user_id uuid primary key references auth.users on delete cascade,
  ref_id text not null generated always as (private.ulid(user_id)) stored,
  email text,
  title text,
  first_name text,
  last_name text,
  name text generated always as (nullif(btrim(coalesce(first_name, '') || ' ' || coalesce(last_name, '')), '')) stored,
  phone text,
  phone_verified_at timestamptz,
  locale text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint profile_email_is_short check (length(email) <= 320),
  constraint profile_locale_is_short check (private.is_plain_text(locale, 35)),
  constraint title_is_one_of_five check (title in ('Mr.', 'Mrs.', 'Ms.', 'Dr.', 'Prof.')),
  constraint names_are_text check (private.is_plain_text(first_name, 255) and private.is_plain_text(last_name, 255)),
  constraint phone_is_e164 check (phone ~ '^\+[1-9][0-9]{6,14}$'),
  constraint only_a_phone_is_verified check (phone is not null or phone_verified_at is null)
);
create unique index user_profiles_ref_id_idx on public.user_profiles (ref_id) where ref_id is not null;
-- The operator finds tenants by the beginning of an owner's address.
create index user_profiles_email_beginning_idx on public.user_profiles (lower(email) text_pattern_ops);
comment on table public.user_profiles is 'A person who can sign in (1:1 with auth.users). The e-mail address is copied from there.';
comment on column public.user_profiles.phone_verified_at is
  'When the person entered a code that was sent to this number. Before that nothing is sent there.';
create trigger user_profiles_touch before update on public.user_profiles for each row execute function private.tg_touch_updated_at();

-- A number that somebody typed may be anybody's.
create function private.tg_unverify_phone() returns trigger
  language plpgsql
  set search_path = ''
as $$
begin
  new.phone_verified_at := null;
  return new;
end
$$;
create trigger user_profiles_unverify_phone before update of phone on public.user_profiles
  for each row when (old.phone is distinct from new.phone) execute function private.tg_unverify_phone();

-- Copies auth.users. It never refuses, because a sign-up must not fail because of a profile. A definer,
-- because Auth inserts the user with a role that has no rights in public.
create function private.tg_mirror_auth_user() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  insert into public.user_profiles (user_id, email, first_name, last_name)
  values (new.id, left(new.email, 320),
    left(regexp_replace(left(new.raw_user_meta_data ->> 'first_name', 1000), '[[:cntrl:]\u202a-\u202e\u2066-\u2069]', '', 'g'), 255),
    left(regexp_replace(left(new.raw_user_meta_data ->> 'last_name', 1000), '[[:cntrl:]\u202a-\u202e\u2066-\u2069]', '', 'g'), 255))
  on conflict (user_id) do update set email = excluded.email;
  return new;
end
$$;
create trigger mirror_auth_user after insert or update of email on auth.users
  for each row execute function private.tg_mirror_auth_user();

insert into public.user_profiles (user_id, email) select id, left(email, 320) from auth.users on conflict do nothing;

alter table public.user_profiles enable row level security;
create policy "people read themselves and their colleagues" on public.user_profiles
  for select to authenticated
  using (user_id = (select auth.uid()) or user_id = any (array(select private.colleague_ids())));
create policy "people update themselves" on public.user_profiles
  for update to authenticated
  using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
grant select, update (title, first_name, last_name, phone, locale) on public.user_profiles to authenticated;
grant select, insert, update, delete on public.user_profiles to service_role;

select private.register_table('public.user_profiles', plain => '{locale}', personal => '{email,title,first_name,last_name,name,phone}',
  unaudited => 'a profile belongs to a person and to no tenant',
  on_forget => 'keep', kept_because => 'Belongs to the person''s own account. Other tenants may know the account too. It is deleted with the account.');
