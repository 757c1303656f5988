-- Branding: a tenant's brand and domains, and the rules a brand value must meet.

create type public.domain_status as enum ('pending', 'verified', 'failed');
create type public.domain_check_result as enum (
  'token_found',      -- the record is there
  'wrong_token',      -- the name has TXT records, none of them with this row's token
  'no_record',        -- the name exists and has no TXT record
  'no_such_name',     -- NXDOMAIN
  'host_taken',       -- the token is there, or was, but another tenant holds the host
  'dns_failed',       -- the resolver could not find out: SERVFAIL, REFUSED. From here on nothing is known
  'resolver_timeout', -- the resolver took too long
  'resolver_failed'   -- the resolver could not be reached, or its answer could not be read
);

create table public.tenant_brands (
  tenant_id uuid primary key references public.tenants on delete cascade,
  display_name text not null,
  is_active boolean not null default true,
  brand jsonb not null default '{}',
  email_config jsonb not null default '{}',
  enabled_assessments text[] not null default '{}',
  coach_name text,
  coach_title text,
  coach_photo text,
  coach_email text,
  coach_notification_email text,
  website_url text,
  booking_url text,
  legal_entity text,
  voice_id text,
  slug_prefix text not null default '',
  canonical_quiz_url text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  created_by uuid,
  updated_by uuid,
  constraint display_name_is_text check (length(btrim(display_name)) >= 1 and private.is_plain_text(display_name, 255)),
  constraint coach_card_is_text check (private.is_plain_text(coach_name, 255) and private.is_plain_text(coach_title, 255)
    and private.is_plain_text(legal_entity, 255) and private.is_plain_text(voice_id, 64)),
  constraint coach_photo_is_https check (private.is_https_url(coach_photo)),
  constraint website_url_is_https check (private.is_https_url(website_url)),
  constraint booking_url_is_https check (private.is_https_url(booking_url)),
  constraint quiz_url_is_https check (length(canonical_quiz_url) <= 512 and private.is_https_url(canonical_quiz_url)),
  constraint coach_emails_are_addresses check (private.is_email(coach_email) and private.is_email(coach_notification_email)),
  constraint slug_prefix_is_a_path_word check (slug_prefix ~ '^([a-z0-9][a-z0-9-]{0,62}[a-z0-9]|[a-z0-9])?$'),
  constraint enabled_assessments_are_words check (
    cardinality(enabled_assessments) <= 50
    and coalesce(array_to_string(enabled_assessments, ',', '?'), '') ~ '^([a-z0-9][a-z0-9_-]{0,63}(,[a-z0-9][a-z0-9_-]{0,63})*)?$')
);
comment on table public.tenant_brands is
  'How a tenant looks and speaks (1:1 with tenants, made with it). brand is kept in one canonical shape, whichever spelling was sent.';

create table public.tenant_domains (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null default private.uuid_v7(),
  ref_id text not null generated always as (private.ulid(id)) stored,
  host text not null,
  status public.domain_status not null default 'pending',
  is_primary boolean not null default false,
  verification_token text not null default encode(extensions.gen_random_bytes(20), 'hex'),
  verified_at timestamptz,
  last_checked_at timestamptz,
  last_check_result public.domain_check_result,
  next_check_at timestamptz not null default now(),
  first_missed_at timestamptz,
  missed_check_count int not null default 0,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  created_by uuid,
  updated_by uuid,
  primary key (tenant_id, id),
  unique (tenant_id, host),
  constraint host_is_normalised check (
    length(host) <= 253 and host !~ '^www\.'
    and host ~ '^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$'),
  constraint verified_has_a_moment check (status <> 'verified' or verified_at is not null),
  constraint only_verified_is_primary check (not is_primary or status = 'verified'),
  constraint misses_have_a_first check (missed_check_count >= 0 and (missed_check_count > 0) = (first_missed_at is not null))
);
create unique index tenant_domains_ref_id_idx on public.tenant_domains (tenant_id, ref_id) where ref_id is not null;
comment on table public.tenant_domains is 'A custom domain. It routes only while verified, and only one tenant can hold it verified.';
create unique index tenant_domains_verified_host_idx on public.tenant_domains (host) where status = 'verified';
create unique index tenant_domains_one_primary_idx on public.tenant_domains (tenant_id) where is_primary;
create index tenant_domains_next_check_at_idx on public.tenant_domains (next_check_at) where status = 'verified';

create function private.snake_case(name text) returns text
  language sql immutable strict parallel safe
  set search_path = ''
as $$ select lower(regexp_replace(name, '([a-z0-9])([A-Z])', '\1_\2', 'g')) $$;

create function private.pointer_token(key text) returns text
  language sql immutable strict parallel safe
  set search_path = ''
as $$ select replace(replace(key, '~', '~0'), '/', '~1') $$;
comment on function private.pointer_token(text) is 'A key as RFC 6901 spells it inside a JSON pointer.';

create function private.brand_value_problem(path text, value jsonb) returns text
  language sql immutable parallel safe
  set search_path = ''
as $$
  -- Null where the value at this path of a canonical brand is good; otherwise what is wrong with it.
  select case
    when path like 'colors/%' and not (jsonb_typeof(value) = 'string'
      and (value #>> '{}') ~* '^#([0-9a-f]{3}|[0-9a-f]{4}|[0-9a-f]{6}|[0-9a-f]{8})$')
      then 'must be a hex colour such as #401405'
    when path in ('fonts/heading', 'fonts/body') and not (jsonb_typeof(value) = 'string'
      and (value #>> '{}') ~ '^[A-Za-z0-9][A-Za-z0-9 _-]{0,63}$')
      then 'must be a font family''s name: letters, digits, spaces and hyphens, at most 64'
    when path = 'logo/url' and not (jsonb_typeof(value) = 'string' and private.is_https_url(value #>> '{}'))
      then 'must be an https URL'
    when path = 'logo/width' and not (jsonb_typeof(value) = 'number' and (value #>> '{}')::numeric between 1 and 4096)
      then 'must be a number of pixels from 1 to 4096'
    when path = 'theme_mode' and value not in ('"override"', '"inherit"')
      then 'must be "override" or "inherit"'
    when path = 'show_powered_by' and jsonb_typeof(value) <> 'boolean'
      then 'must be true or false'
    when path in ('logo/alt', 'tagline') and not (jsonb_typeof(value) = 'string' and private.is_plain_text(value #>> '{}', 300))
      then 'must be text of at most 300 characters, without control characters'
    when path like 'messages/%' and not (jsonb_typeof(value) = 'string' and private.is_plain_text(value #>> '{}', 2000))
      then 'must be text of at most 2000 characters, without control characters'
  end
$$;

create function private.canonical_brand_path(path text) returns text
  language sql immutable parallel safe
  set search_path = ''
as $$
  -- Seed 000 spells a brand flat, seed 002 nested, both with either case; null for no such field.
  select case
    when path in ('primary', 'accent') then 'colors/' || path
    when path = 'cream' then 'colors/background'
    when path = 'sage' then 'colors/secondary'
    when path = 'logo_url' then 'logo/url'
    when path in ('font_heading', 'font_body') then 'fonts/' || substr(path, 6)
    when path in ('welcome_message', 'completion_message') then 'messages/' || split_part(path, '_', 1)
    when path in ('theme_mode', 'tagline', 'show_powered_by', 'logo/url', 'logo/alt', 'logo/width',
      'fonts/heading', 'fonts/body', 'messages/welcome', 'messages/completion', 'colors/primary', 'colors/primary_hover',
      'colors/secondary', 'colors/accent', 'colors/background', 'colors/background_subtle', 'colors/text',
      'colors/text_muted', 'colors/border') then path
  end
$$;

create function private.normalize_brand(brand jsonb, keep_nulls boolean default false) returns jsonb
  language plpgsql immutable
  set search_path = ''
as $$
declare
  canonical jsonb := '{}';
  problems jsonb := '[]';
  field record;
  target text;
  section text;
  problem text;
begin
  if jsonb_typeof(brand) is distinct from 'object' then
    perform private.raise_problem(422, 'invalid_brand', 'A brand is a JSON object.', '[{"pointer": "", "detail": "must be an object"}]');
  end if;
  for field in
    -- One level of nesting is all a brand has. Flat fields come first, so a nested spelling wins.
    select private.snake_case(key) as path, '/' || private.pointer_token(key) as pointer, value, 1 as depth
    from jsonb_each(brand)
    where jsonb_typeof(value) <> 'object' or private.snake_case(key) not in ('colors', 'fonts', 'logo', 'messages')
    union all
    select private.snake_case(o.key) || '/' || private.snake_case(i.key),
      '/' || private.pointer_token(o.key) || '/' || private.pointer_token(i.key), i.value, 2
    from jsonb_each(brand) as o,
      jsonb_each(case when jsonb_typeof(o.value) = 'object' then o.value else '{}' end) as i
    where private.snake_case(o.key) in ('colors', 'fonts', 'logo', 'messages')
    order by depth
  loop
    target := private.canonical_brand_path(field.path);
    section := split_part(coalesce(target, field.path), '/', 1);
    problem := case
      when field.path in ('colors', 'fonts', 'logo', 'messages') then
        case when jsonb_typeof(field.value) <> 'null' then 'must be an object' end
      when target is null then 'is not a field of a brand'
      when jsonb_typeof(field.value) <> 'null' then private.brand_value_problem(target, field.value)
    end;
    if problem is not null then
      problems := problems || jsonb_build_object('pointer', field.pointer, 'detail', problem);
    elsif target is null or position('/' in target) = 0 then
      canonical := jsonb_set(canonical, array[section], field.value);
    else
      if jsonb_typeof(canonical -> section) is distinct from 'object' then
        canonical := jsonb_set(canonical, array[section], '{}');
      end if;
      canonical := jsonb_set(canonical, string_to_array(target, '/'),
        case when section = 'colors' then lower(field.value::text)::jsonb else field.value end);
    end if;
  end loop;
  if problems <> '[]' then
    perform private.raise_problem(422, 'invalid_brand', 'The brand has values that cannot be used.', problems);
  end if;
  return case when keep_nulls then canonical else jsonb_strip_nulls(canonical) end;
end
$$;
comment on function private.normalize_brand(jsonb, boolean) is
  'A brand in its canonical shape: colors, fonts, logo, theme_mode, tagline, messages, show_powered_by. Accepts both seeds'' spellings; 422 names every bad field.';

create function private.brand_config(brand jsonb) returns jsonb
  language sql immutable parallel safe
  set search_path = ''
as $$
  -- Seed 002's BrandConfig interface: nested, camelCase.
  select jsonb_strip_nulls(jsonb_build_object(
    'logo', brand -> 'logo',
    'colors', (
      select jsonb_object_agg(split_part(key, '_', 1) || replace(initcap(replace(substr(key, length(split_part(key, '_', 1)) + 2), '_', ' ')), ' ', ''), value)
      from jsonb_each(brand -> 'colors')),
    'fonts', brand -> 'fonts',
    'themeMode', brand -> 'theme_mode',
    'tagline', brand -> 'tagline',
    'welcomeMessage', brand #> '{messages,welcome}',
    'completionMessage', brand #> '{messages,completion}',
    'showPoweredBy', coalesce(brand -> 'show_powered_by', 'true')))
$$;

create function private.normalize_email_config(config jsonb) returns jsonb
  language plpgsql immutable
  set search_path = ''
as $$
declare
  canonical jsonb := '{}';
  problems jsonb := '[]';
  field record;
  problem text;
begin
  if jsonb_typeof(config) is distinct from 'object' then
    perform private.raise_problem(422, 'invalid_email_config', 'The e-mail settings are a JSON object.',
      '[{"pointer": "", "detail": "must be an object"}]');
  end if;
  for field in select private.snake_case(key) as name, key, value from jsonb_each(config) loop
    problem := case
      when field.name not in ('from_name', 'from_email', 'reply_to', 'signature') then 'is not a field of the e-mail settings'
      when jsonb_typeof(field.value) = 'null' then null
      when jsonb_typeof(field.value) <> 'string' then 'must be text'
      when field.name in ('from_email', 'reply_to') and not private.is_email(field.value #>> '{}') then 'must be an e-mail address'
      when not private.is_plain_text(field.value #>> '{}', 2000) then 'must be text of at most 2000 characters, without control characters'
      -- A line break in a sender's name would start a new header.
      when field.name = 'from_name' and (field.value #>> '{}') ~ '[\r\n]' then 'must be one line'
    end;
    if problem is not null then
      problems := problems || jsonb_build_object('pointer', '/' || private.pointer_token(field.key), 'detail', problem);
    elsif jsonb_typeof(field.value) <> 'null' then
      canonical := jsonb_set(canonical, array[field.name], field.value);
    end if;
  end loop;
  if problems <> '[]' then
    perform private.raise_problem(422, 'invalid_email_config', 'The e-mail settings have values that cannot be used.', problems);
  end if;
  return canonical;
end
$$;

create function private.tg_normalize_brand() returns trigger
  language plpgsql
  set search_path = ''
as $$
begin
  new.brand := private.normalize_brand(new.brand);
  new.email_config := private.normalize_email_config(new.email_config);
  return new;
end
$$;
create trigger tenant_brands_normalize before insert or update of brand, email_config on public.tenant_brands
  for each row execute function private.tg_normalize_brand();
create trigger tenant_brands_touch before update on public.tenant_brands for each row execute function private.tg_touch_updated_at();
create trigger tenant_brands_stamp_editor before insert or update on public.tenant_brands for each row execute function private.tg_stamp_editor();
create trigger tenant_domains_touch before update on public.tenant_domains for each row execute function private.tg_touch_updated_at();
create trigger tenant_domains_stamp_editor before insert or update on public.tenant_domains for each row execute function private.tg_stamp_editor();

-- Definer: whoever creates a tenant, its brand exists from the first moment.
create function private.tg_start_brand() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  insert into public.tenant_brands (tenant_id, display_name) values (new.id, new.name) on conflict do nothing;
  return null;
end
$$;
create trigger tenants_start_brand after insert on public.tenants for each row execute function private.tg_start_brand();

alter table public.tenant_brands enable row level security;
alter table public.tenant_domains enable row level security;

create policy "members read their tenant's brand" on public.tenant_brands
  for select to authenticated using (tenant_id = any (array(select private.tenant_ids('read'))));
create policy "managers update their tenant's brand" on public.tenant_brands
  for update to authenticated
  using (tenant_id = any (array(select private.tenant_ids('manage'))))
  with check (tenant_id = any (array(select private.tenant_ids('manage'))));
create policy "members read their tenant's domains" on public.tenant_domains
  for select to authenticated using (tenant_id = any (array(select private.tenant_ids('read'))));

grant select, update (display_name, is_active, brand, email_config, enabled_assessments, coach_name, coach_title,
  coach_photo, coach_email, coach_notification_email, website_url, booking_url, legal_entity, voice_id, slug_prefix,
  canonical_quiz_url) on public.tenant_brands to authenticated;
grant select on public.tenant_domains to authenticated;
grant select, insert, update, delete on public.tenant_brands, public.tenant_domains to service_role;
grant execute on function private.snake_case(text), private.pointer_token(text), private.brand_value_problem(text, jsonb),
  private.canonical_brand_path(text), private.normalize_brand(jsonb, boolean), private.brand_config(jsonb),
  private.normalize_email_config(jsonb) to authenticated, service_role;
