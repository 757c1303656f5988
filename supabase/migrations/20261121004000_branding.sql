-- Made by "npm run generate" from supabase/schemas/40_branding. Change it there.

-- 00_fonts.sql

-- Fonts: the families whose files are served beside the pages, so that no visitor has to ask anybody else for them.

create table private.font_families (
  font text primary key,
  family text not null,
  generic text not null,
  constraint font_is_a_word check (font ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
  constraint generic_is_known check (generic in ('serif', 'sans-serif', 'cursive'))
);
create unique index font_families_family_idx on private.font_families (lower(family));
comment on table private.font_families is
  'The font families that Tenantry serves: @fontsource/<font> on npm has the files of each. generic is what a page shows until they are there.';

insert into private.font_families (font, family, generic)
select lower(replace(f.family, ' ', '-')), f.family, g.generic
from (values
  ('sans-serif', '{Barlow,Bebas Neue,DM Sans,Figtree,IBM Plex Sans,Inter,Josefin Sans,Karla,Lato,Manrope,Montserrat,Mulish,Nunito,
    Nunito Sans,Open Sans,Oswald,Outfit,Plus Jakarta Sans,Poppins,Quicksand,Raleway,Roboto,Rubik,Source Sans 3,Space Grotesk,Work Sans}'::text[]),
  ('serif', '{Bitter,Cormorant Garamond,DM Serif Display,EB Garamond,Fraunces,Libre Baskerville,Lora,Merriweather,Newsreader,
    Playfair Display,PT Serif,Roboto Slab,Source Serif 4,Spectral}'),
  ('cursive', '{Caveat,Dancing Script}')
) as g (generic, families), unnest(g.families) as f (family)
on conflict (font) do update set (family, generic) = (excluded.family, excluded.generic);

create function private.generic_font(family text) returns text
  language plpgsql immutable strict parallel safe
  set search_path = ''
as $$
begin
  return case
    when family ~* 'sans|grotesk|gothic' then 'sans-serif'
    when family ~* 'mono|courier|consol' then 'monospace'
    when family ~* 'serif|slab|garamond|georgia|times|baskerville|caslon|bodoni|didot|crimson|cormorant|palatino|literata|cambria|antiqua' then 'serif'
    when family ~* 'script|brush|handwrit|cursive' then 'cursive'
    else 'sans-serif' end;
end
$$;
comment on function private.generic_font(text) is 'What a family that nobody serves probably looks like. Only its name can tell.';

create function private.font_fallback(family text) returns text
  language plpgsql stable
  set search_path = ''
as $$
begin
  return coalesce((select f.generic from private.font_families as f where lower(f.family) = lower(font_fallback.family)),
    private.generic_font(font_fallback.family));
end
$$;
comment on function private.font_fallback(text) is 'The generic family that looks most like this one. Null for null.';

create function private.fonts_of(brand jsonb) returns jsonb
  language plpgsql stable
  set search_path = ''
as $$
begin
  return jsonb_build_object(
    'heading', brand #> '{fonts,heading}',
    'body', brand #> '{fonts,body}',
    'fallbacks', jsonb_build_object('heading', private.font_fallback(brand #>> '{fonts,heading}'),
      'body', private.font_fallback(brand #>> '{fonts,body}')),
    'served', (select coalesce(jsonb_agg(f.font order by f.font), '[]') from private.font_families as f
      where lower(f.family) in (lower(brand #>> '{fonts,heading}'), lower(brand #>> '{fonts,body}'))));
end
$$;
comment on function private.fonts_of(jsonb) is
  'The fonts of a brand as its public page shows them: the families, what stands in for each, and which of them are served.';

-- Definers, because nobody is granted a table in private. They say nothing about any tenant.
create function private.list_font_families() returns table (font text, family text, generic text)
  language sql stable security definer
  set search_path = ''
as $$ select f.font, f.family, f.generic from private.font_families as f order by f.family $$;
comment on function private.list_font_families() is 'The font families that Tenantry serves, by name.';

create function private.is_served_font(family text) returns boolean
  language sql stable security definer
  set search_path = ''
as $$ select exists (select from private.font_families as f where lower(f.family) = lower(is_served_font.family)) $$;
comment on function private.is_served_font(text) is 'Whether Tenantry serves the files of this family.';
grant execute on function private.list_font_families(), private.is_served_font(text), private.generic_font(text) to authenticated, service_role;

select private.register_table('private.font_families', plain => '{font,family,generic}', unaudited => 'changed by migrations only');

-- 01_brand_shape.sql

-- The shape of a brand: which fields it has, which values they may have, and how other spellings become this shape.

create function private.is_picture_url(address text) returns boolean
  language plpgsql immutable parallel safe
  set search_path = ''
as $$
begin
  -- Either somewhere else, or what was uploaded. The path of the latter begins at the project's own address, because a
  -- project may move.
  return private.is_https_url(address)
    or address ~ '^/storage/v1/object/public/brands/[0-9A-HJKMNP-TV-Z]{26}/(logo|photo)/[0-9a-f]{32}\.(png|jpg|webp)$';
end
$$;
comment on function private.is_picture_url(text) is 'Whether a page can show this picture: an https URL, or the path of an uploaded one. Null passes.';

create function private.is_own_picture(tenant uuid, address text) returns boolean
  language plpgsql immutable parallel safe
  set search_path = ''
as $$
begin
  return address is null or address not like '/%' or starts_with(address, '/storage/v1/object/public/brands/' || private.ulid(tenant) || '/');
end
$$;
comment on function private.is_own_picture(uuid, text) is
  'Whether an uploaded picture is this tenant''s. Another tenant''s would vanish with that tenant.';
grant execute on function private.is_picture_url(text), private.is_own_picture(uuid, text) to authenticated, service_role;

create function private.brand_value_problem(path text, value jsonb) returns text
  language plpgsql immutable parallel safe
  set search_path = ''
as $$
begin
  -- Null if the value at this path of a canonical brand is good. Otherwise a text that says what is wrong with it.
  return case
    when path like 'colors/%' and not (jsonb_typeof(value) = 'string'
      and (value #>> '{}') ~* '^#([0-9a-f]{3}|[0-9a-f]{4}|[0-9a-f]{6}|[0-9a-f]{8})$')
      then 'must be a hex colour such as #401405'
    when path in ('fonts/heading', 'fonts/body') and not (jsonb_typeof(value) = 'string'
      and (value #>> '{}') ~ '^[A-Za-z0-9][A-Za-z0-9 _-]{0,63}$')
      then 'must be the name of a font family: at most 64 letters, digits, spaces and hyphens'
    when path = 'logo/url' and not (jsonb_typeof(value) = 'string' and private.is_picture_url(value #>> '{}'))
      then 'must be an https URL, or the path of an uploaded picture'
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
  end;
end
$$;

create function private.canonical_color(hex text) returns text
  language plpgsql immutable strict parallel safe
  set search_path = ''
as $$
begin
  -- #abc is short for #aabbcc. One spelling is stored, because whoever reads a brand may know only that one.
  return case when length(hex) in (4, 5) then regexp_replace(lower(hex), '([0-9a-f])', '\1\1', 'g') else lower(hex) end;
end
$$;
comment on function private.canonical_color(text) is 'The one spelling of a hex colour: six or eight digits, in lowercase.';

create function private.canonical_brand_path(path text) returns text
  language plpgsql immutable parallel safe
  set search_path = ''
as $$
begin
  -- Requirement document 000 has flat brands, and 002 nested ones. Both may be in snake_case or camelCase. Null if
  -- there is no such field.
  return case
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
  end;
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
  -- Both spellings of every field are fewer.
  problem text := private.json_problem(brand, 100, 65536);
begin
  if jsonb_typeof(brand) is distinct from 'object' then
    problem := 'must be an object';
  end if;
  if problem is not null then
    perform private.raise_problem(422, 'invalid_brand', 'The brand cannot be used.', jsonb_build_array(jsonb_build_object('pointer', '', 'detail', problem)));
  end if;
  for field in
    -- A brand has one level of nesting. Flat fields come first, so a nested spelling replaces a flat one.
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
        case when section = 'colors' then coalesce(to_jsonb(private.canonical_color(field.value #>> '{}')), 'null') else field.value end);
    end if;
  end loop;
  if problems <> '[]' then
    perform private.raise_problem(422, 'invalid_brand', 'The brand has values that cannot be used.', problems);
  end if;
  return case when keep_nulls then canonical else jsonb_strip_nulls(canonical) end;
end
$$;
comment on function private.normalize_brand(jsonb, boolean) is
  'A brand in its canonical shape: colors, fonts, logo, theme_mode, tagline, messages, show_powered_by. Accepts the spellings of both requirement documents. 422 names every bad field.';

create function private.brand_config(brand jsonb) returns jsonb
  language sql immutable parallel safe
  set search_path = ''
as $$
  -- The BrandConfig interface of requirement document 002: nested, in camelCase.
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

grant execute on function private.brand_value_problem(text, jsonb), private.canonical_color(text), private.canonical_brand_path(text),
  private.normalize_brand(jsonb, boolean), private.brand_config(jsonb) to authenticated, service_role;

-- 02_email_config.sql

-- E-mail settings: the sender's name and addresses that a brand holds.

create function private.normalize_email_config(config jsonb) returns jsonb
  language plpgsql immutable
  set search_path = ''
as $$
declare
  canonical jsonb := '{}';
  problems jsonb := '[]';
  field record;
  problem text := private.json_problem(config, 20, 65536);
begin
  if jsonb_typeof(config) is distinct from 'object' then
    problem := 'must be an object';
  end if;
  if problem is not null then
    perform private.raise_problem(422, 'invalid_email_config', 'The e-mail settings cannot be used.',
      jsonb_build_array(jsonb_build_object('pointer', '', 'detail', problem)));
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

grant execute on function private.normalize_email_config(jsonb) to authenticated, service_role;

-- 03_brands.sql

-- Brands: how each tenant looks and speaks.

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
  version int not null default 1,
  changed_in jsonb not null default '{}',
  constraint brand_is_small check (private.json_fits(brand, 65536)),
  constraint email_config_is_small check (private.json_fits(email_config, 65536)),
  constraint changed_in_is_small check (private.json_fits(changed_in, 16384)),
  constraint display_name_is_text check (length(btrim(display_name)) >= 1 and private.is_plain_text(display_name, 255)),
  constraint coach_card_is_text check (private.is_plain_text(coach_name, 255) and private.is_plain_text(coach_title, 255)
    and private.is_plain_text(legal_entity, 255) and private.is_plain_text(voice_id, 64)),
  constraint coach_photo_is_a_picture check (private.is_picture_url(coach_photo)),
  constraint coach_photo_is_its_own check (private.is_own_picture(tenant_id, coach_photo)),
  constraint logo_is_its_own check (private.is_own_picture(tenant_id, brand #>> '{logo,url}')),
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
  'How a tenant looks and speaks (1:1 with tenants, created together with the tenant). brand has one canonical shape, for every spelling that is sent.';

comment on column public.tenant_brands.enabled_assessments is
  'The assessments that the tenant offers. The public page shows them, and a campaign is of one of them. Empty: none.';

comment on column public.tenant_brands.version is 'One more after each change, for people who edit at the same time.';
comment on column public.tenant_brands.changed_in is
  'For each place that was ever changed, as a JSON Pointer, the version in which it changed last. So a change of an old version can be told where it meets others.';

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
-- A definer, because nobody else has to compare rows.
create function private.tg_version_brand() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
declare
  -- Who reads a version compares what people write, and nothing else.
  unwritten constant text[] := '{tenant_id,created_at,updated_at,created_by,updated_by,version,changed_in}';
  places text[] := private.changed_places(to_jsonb(old) - unwritten, to_jsonb(new) - unwritten);
begin
  new.version := old.version + case when places = '{}' then 0 else 1 end;
  new.changed_in := old.changed_in || coalesce((select jsonb_object_agg(p, new.version) from unnest(places) as p), '{}');
  return new;
end
$$;
-- Its name comes after that of the trigger which normalises the brand, and triggers fire in the order of their names.
create trigger tenant_brands_version before update on public.tenant_brands for each row execute function private.tg_version_brand();

create trigger tenant_brands_touch before update on public.tenant_brands for each row execute function private.tg_touch_updated_at();
create trigger tenant_brands_stamp_editor before insert or update on public.tenant_brands for each row execute function private.tg_stamp_editor();

-- A definer, because a new tenant must have a brand from the first moment, for every caller. A coach offers the
-- assessment that a campaign has when it names none. Others have to choose, because the public page shows it.
create function private.tg_start_brand() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  insert into public.tenant_brands (tenant_id, display_name, enabled_assessments)
  values (new.id, new.name, case new.tenant_type when 'coach' then '{industry4}'::text[] else '{}' end) on conflict do nothing;
  return null;
end
$$;
create trigger tenants_start_brand after insert on public.tenants for each row execute function private.tg_start_brand();

create trigger tenant_brands_white_label after update of brand on public.tenant_brands
  for each row when (new.brand -> 'show_powered_by' = 'false' and old.brand -> 'show_powered_by' is distinct from 'false')
  execute function private.tg_require_feature('white_label');
create function private.hides_powered_by(tenant uuid) returns boolean
  language sql stable
  set search_path = ''
as $$ select exists (select from public.tenant_brands as b where b.tenant_id = hides_powered_by.tenant and b.brand -> 'show_powered_by' = 'false') $$;

select private.register_feature('white_label', 'A page without "powered by".', '{trial,professional,business,enterprise}',
  'setting show_powered_by to false');
select private.register_switch('white_label', is_used => 'hides_powered_by');

create function private.brand_warnings(brand jsonb, coach_name text, coach_photo text) returns jsonb
  language sql stable
  set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_build_object('pointer', w.pointer, 'detail', w.detail) order by w.pointer), '[]')
  from (
    select '/brand/fonts/' || f.part, format('"%s" is not one of the fonts that are served. Visitors who have it see it, and the others see a %s font.',
      f.family, private.generic_font(f.family))
    from (values ('heading', brand #>> '{fonts,heading}'), ('body', brand #>> '{fonts,body}')) as f (part, family)
    where not private.is_served_font(f.family)
      -- These name what the visitor's own device has.
      and f.family not in ('serif', 'sans-serif', 'cursive', 'monospace', 'system-ui', 'ui-serif', 'ui-sans-serif', 'ui-rounded')
    union all
    select '/coach_photo', 'The photo is shown beside a name only. Set coach_name.' where coach_photo is not null and coach_name is null
  ) as w (pointer, detail)
$$;
comment on function private.brand_warnings(jsonb, text, text) is 'What of a brand a visitor will not see as it was meant, in a sentence each.';
grant execute on function private.brand_warnings(jsonb, text, text) to authenticated, service_role;

create function private.keeps_brand_file(tenant uuid, name text) returns boolean
  language sql stable
  set search_path = ''
as $$
  select exists (select from public.tenant_brands as b where b.tenant_id = keeps_brand_file.tenant
    and '/storage/v1/object/public/brands/' || keeps_brand_file.name in (b.brand #>> '{logo,url}', b.coach_photo))
$$;
comment on function private.keeps_brand_file(uuid, text) is 'Whether the brand of the tenant shows this file.';
select private.register_bucket('brands', keeps => 'keeps_brand_file');

alter table public.tenant_brands enable row level security;
create policy "members read their tenant's brand" on public.tenant_brands
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read', '{brand:read}'))::uuid[]));
create policy "managers update their tenant's brand" on public.tenant_brands
  for update to authenticated
  using (tenant_id = any ((select private.tenant_ids('manage'))::uuid[]))
  with check (tenant_id = any ((select private.tenant_ids('manage'))::uuid[]));
grant select, update (display_name, is_active, brand, email_config, enabled_assessments, coach_name, coach_title,
  coach_photo, coach_email, coach_notification_email, website_url, booking_url, legal_entity, voice_id, slug_prefix,
  canonical_quiz_url) on public.tenant_brands to authenticated;
grant select, insert, update, delete on public.tenant_brands to service_role;

-- Triggers, so that every kind of change emits the event. Definers, because the callers may not write events.
-- They run after the change of the row and hold its lock. The lock keeps the events of one row in order
-- (has_row_lock).

create function private.tg_emit_brand_events() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
declare
  unwritten constant text[] := '{brand,version,changed_in}';
  changed text[] := private.changed_fields(to_jsonb(old) - unwritten, to_jsonb(new) - unwritten)
    || array(select 'brand.' || f from unnest(private.changed_fields(old.brand, new.brand)) as f);
begin
  if changed <> '{}' then
    perform private.emit_event(new.tenant_id, 'brand.updated', jsonb_build_object(
      'tenant', (select jsonb_build_object('ref_id', t.ref_id, 'slug', t.slug) from public.tenants as t where t.id = new.tenant_id),
      'changed', changed, 'page', private.render_tenant_page(new.tenant_id)), 'brand', has_row_lock => true);
  end if;
  return null;
end
$$;
create trigger tenant_brands_write_event after update on public.tenant_brands for each row execute function private.tg_emit_brand_events();

select private.register_table('public.tenant_brands', quiet => '{version,changed_in}', personal => '{email_config,coach_email,coach_notification_email}',
  on_forget => 'keep', kept_because => 'How the tenant presents itself to the public. A manager changes it with the brand.',
  plain => '{changed_in,display_name,brand,enabled_assessments,coach_name,coach_title,coach_photo,website_url,booking_url,legal_entity,voice_id,slug_prefix,canonical_quiz_url}');

select private.register_event_type('brand.updated', 'The tenant''s brand was changed. The event has the names of the changed fields, and the public page as it is now (null while the page is switched off).',
    '{"tenant": {"ref_id": "ref_id", "slug": "text"}, "changed": "text[]",
      "page?": {"ref_id": "ref_id", "slug": "text", "display_name": "text", "tenant_type": "text", "locale": "text", "brand": "object",
        "coach?": "object", "links": "object", "enabled_assessments": "text[]"}}',
    '{"tenant": {"ref_id": "01JD3N8Q4ZB6T2V9XK5M7R0C1E", "slug": "leadingwithmeaning"},
      "changed": ["brand.colors", "brand.tagline"],
      "page": {"ref_id": "01JD3N8Q4ZB6T2V9XK5M7R0C1E", "slug": "leadingwithmeaning", "display_name": "Leading with Meaning",
        "tenant_type": "coach", "locale": "en",
        "brand": {"colors": {"primary": "#2d5a3d", "accent": "#c9a227"}, "fonts": {"heading": "Playfair Display", "body": "Lato"}, "logo": null,
          "theme_mode": "override", "tagline": "Lead from what matters.", "messages": {"welcome": null, "completion": null}, "show_powered_by": true},
        "coach": {"name": "Mark Ellery", "title": "Executive coach", "photo": null},
        "links": {"site": "https://leadingwithmeaning.example.com", "booking": null, "quiz": null},
        "enabled_assessments": ["industry4", "money-archetypes"]}}');

insert into private.api_scopes (scope, permission, description) values
  ('brand:read', 'read', 'Read the brand.')
on conflict (scope) do update set (permission, description) = (excluded.permission, excluded.description);

-- 04_domains.sql

-- Domains: the hosts that a tenant adds for its own page, and which of them is the primary one.

create type public.domain_status as enum ('pending', 'verified', 'failed');

create type public.domain_check_result as enum (
  'token_found',      -- the record was found
  'wrong_token',      -- the name has TXT records, but none with this row's token
  'no_record',        -- the name exists but has no TXT record
  'no_such_name',     -- NXDOMAIN
  'host_taken',       -- the token is or was in DNS, but another tenant holds the host
  'dns_failed',       -- the resolver had no answer: SERVFAIL, REFUSED. This and the next two say nothing about the record
  'resolver_timeout', -- the resolver took too long
  'resolver_failed'   -- the resolver could not be reached, or its answer could not be read
);

create type public.domain_route as enum (
  'page_shown',   -- https://<host>/ is the page of tenants, with a certificate that browsers trust
  'no_address',   -- the name has no address
  'not_reached',  -- nothing answered in time, or not in HTTP
  'not_public',   -- the address is inside a network
  'not_trusted',  -- browsers would refuse the certificate
  'another_page'  -- something else answered
);

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
  switched_off_at timestamptz,
  last_routed_at timestamptz,
  last_route public.domain_route,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  created_by uuid,
  updated_by uuid,
  primary key (tenant_id, id),
  unique (tenant_id, host),
  constraint host_is_normalised check (
    length(host) <= 253 and host !~ '^www\.'
    and host ~ '^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$'),
  constraint verification_token_is_short check (length(verification_token) <= 100),
  constraint verified_has_a_moment check (status <> 'verified' or verified_at is not null),
  constraint only_verified_is_primary check (not is_primary or status = 'verified'),
  constraint misses_have_a_first check (missed_check_count >= 0 and (missed_check_count > 0) = (first_missed_at is not null))
);
create unique index tenant_domains_ref_id_idx on public.tenant_domains (tenant_id, ref_id) where ref_id is not null;
comment on table public.tenant_domains is 'A custom domain. It shows the tenant''s page only while it is verified. Only one tenant at a time can hold a verified host.';
comment on column public.tenant_domains.switched_off_at is 'Since when it shows no page, because the plan has no place for it. The tenant still holds the host.';
comment on column public.tenant_domains.last_route is 'What https://<host>/ showed when somebody last looked. It decides nothing.';
create unique index tenant_domains_verified_host_idx on public.tenant_domains (host) where status = 'verified';
create unique index tenant_domains_one_primary_idx on public.tenant_domains (tenant_id) where is_primary;
create index tenant_domains_next_check_at_idx on public.tenant_domains (next_check_at) where status = 'verified';
-- The operator finds tenants by the beginning of a host, whoever it was verified for.
create index tenant_domains_host_beginning_idx on public.tenant_domains (host text_pattern_ops);
create trigger tenant_domains_touch before update on public.tenant_domains for each row execute function private.tg_touch_updated_at();
create trigger tenant_domains_stamp_editor before insert or update on public.tenant_domains for each row execute function private.tg_stamp_editor();

alter table public.tenant_domains enable row level security;
create policy "members read their tenant's domains" on public.tenant_domains
  for select to authenticated using (tenant_id = any ((select private.tenant_ids('read'))::uuid[]));
grant select on public.tenant_domains to authenticated;
grant select, insert, update, delete on public.tenant_domains to service_role;

create function private.keep_domains(tenant uuid, places bigint) returns void
  language sql volatile
  set search_path = ''
as $$
  update public.tenant_domains as d set switched_off_at = case when not k.is_kept then now() end
  from (
    select o.id, coalesce(row_number() over (order by o.created_at, o.id) <= keep_domains.places, true) as is_kept
    from public.tenant_domains as o where o.tenant_id = keep_domains.tenant) as k
  where d.tenant_id = keep_domains.tenant and d.id = k.id and (d.switched_off_at is null) <> k.is_kept
$$;
comment on function private.keep_domains(uuid, bigint) is 'Leaves so many domains on, the oldest first. Null leaves all. The others show no page.';

-- A definer. Nobody may insert a domain directly, because the plan's limit and the rules for hosts must hold.
create function private.add_domain(tenant uuid, host text) returns public.tenant_domains
  language plpgsql security definer
  set search_path = ''
as $$
declare
  added public.tenant_domains;
begin
  perform private.require_permission(add_domain.tenant, 'manage');
  perform private.require_feature(add_domain.tenant, 'custom_domain');
  -- The calls of one tenant wait for each other here. Otherwise two could both find that a host is not in the list.
  perform from public.tenants as t where t.id = add_domain.tenant for no key update;
  if exists (select from public.tenant_domains as d where d.tenant_id = add_domain.tenant and d.host = add_domain.host) then
    perform private.raise_problem(409, 'conflict', format('You have already added the domain %s.', add_domain.host),
      '[{"pointer": "/host", "detail": "is already in your list"}]');
  end if;
  perform private.require_place(add_domain.tenant, 'domains');
  -- Removing a domain makes room for another one, so the number of those that exist bounds nothing.
  if not private.take_turn(add_domain.tenant, 'domain_added', 100, 'day') then
    perform private.raise_problem(403, 'too_many_domains', 'A tenant can add 100 domains a day. Wait until tomorrow.');
  end if;
  insert into public.tenant_domains (tenant_id, host) values (add_domain.tenant, add_domain.host) returning * into added;
  return added;
end
$$;
comment on function private.add_domain(uuid, text) is
  'Adds a pending domain. Does not say whether another tenant has it, because only DNS decides a claim.';

create function private.settle_primary_domain(tenant uuid) returns void
  language sql
  set search_path = ''
as $$
  update public.tenant_domains as d set is_primary = true
  where d.tenant_id = settle_primary_domain.tenant
    and d.id = (
      select v.id from public.tenant_domains as v
      where v.tenant_id = settle_primary_domain.tenant and v.status = 'verified'
      order by v.verified_at, v.id limit 1)
    and not exists (
      select from public.tenant_domains as p where p.tenant_id = settle_primary_domain.tenant and p.is_primary)
$$;
comment on function private.settle_primary_domain(uuid) is
  'If no domain is primary, makes the one that was verified first primary. The caller must hold the tenant''s lock.';

-- A definer, because a coach may not write to the table that holds the status.
create function public.set_primary_domain(tenant_id uuid, domain_id uuid) returns public.tenant_domains
  language plpgsql security definer
  set search_path = ''
as $$
declare
  chosen public.tenant_domains;
begin
  perform private.require_permission(set_primary_domain.tenant_id, 'manage');
  perform from public.tenants as t where t.id = set_primary_domain.tenant_id for no key update;
  select * into chosen from public.tenant_domains as d
  where d.tenant_id = set_primary_domain.tenant_id and d.id = set_primary_domain.domain_id;
  if not found then
    perform private.raise_problem(404, 'not_found', 'You have no such domain.');
  elsif chosen.status <> 'verified' then
    perform private.raise_problem(409, 'domain_not_verified',
      format('The domain %s is not verified. Verify it before you make it the primary one.', chosen.host));
  end if;
  update public.tenant_domains as d set is_primary = false
  where d.tenant_id = set_primary_domain.tenant_id and d.is_primary and d.id <> chosen.id;
  update public.tenant_domains as d set is_primary = true
  where d.tenant_id = set_primary_domain.tenant_id and d.id = chosen.id
  returning * into chosen;
  return chosen;
end
$$;
comment on function public.set_primary_domain(uuid, uuid) is
  'Makes a verified domain the one that tenant_profiles shows. It replaces the primary domain before it. 409 domain_not_verified.';

create function public.remove_domain(tenant_id uuid, domain_id uuid) returns void
  language plpgsql security definer
  set search_path = ''
as $$
begin
  perform private.require_permission(remove_domain.tenant_id, 'manage');
  perform from public.tenants as t where t.id = remove_domain.tenant_id for no key update;
  delete from public.tenant_domains as d where d.tenant_id = remove_domain.tenant_id and d.id = remove_domain.domain_id;
  if not found then
    perform private.raise_problem(404, 'not_found', 'You have no such domain.');
  end if;
  perform private.settle_primary_domain(remove_domain.tenant_id);
end
$$;
comment on function public.remove_domain(uuid, uuid) is
  'Removes a domain. From then on it no longer shows the page. If it was primary, the domain that was verified first becomes primary.';
grant execute on function private.add_domain(uuid, text), public.set_primary_domain(uuid, uuid),
  public.remove_domain(uuid, uuid) to authenticated;
grant execute on function public.set_primary_domain(uuid, uuid), public.remove_domain(uuid, uuid),
  private.settle_primary_domain(uuid) to service_role;

create function private.tg_emit_domain_events() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
declare
  domain public.tenant_domains := case tg_op when 'DELETE' then old else new end;
  was_verified boolean := tg_op <> 'INSERT' and old.status = 'verified';
  data jsonb := jsonb_build_object('domain', jsonb_build_object('ref_id', domain.ref_id, 'host', domain.host));
  -- A host can be longer than an ordering key may be.
  ordering_key text := 'domain ' || case when length(domain.host) > 150 then md5(domain.host) else domain.host end;
begin
  if tg_op = 'DELETE' then
    perform private.emit_event(domain.tenant_id, 'domain.removed', data || jsonb_build_object('was_verified', was_verified),
      ordering_key, has_row_lock => true);
  elsif new.status = 'verified' and not was_verified then
    perform private.emit_event(domain.tenant_id, 'domain.verified',
      data || jsonb_build_object('verified_at', private.event_moment(new.verified_at)), ordering_key, has_row_lock => true);
  elsif was_verified and new.status <> 'verified' then
    perform private.emit_event(domain.tenant_id, 'domain.lost', data || jsonb_build_object('reason', new.last_check_result),
      ordering_key, has_row_lock => true);
    perform private.notify(domain.tenant_id, 'domain.lost', '{admins}', data, 'domain', domain.ref_id);
  end if;
  return null;
end
$$;
create trigger tenant_domains_write_event after insert or delete on public.tenant_domains
  for each row execute function private.tg_emit_domain_events();
create trigger tenant_domains_write_change_event after update on public.tenant_domains
  for each row when (old.status <> new.status) execute function private.tg_emit_domain_events();

create trigger tenant_domains_take_place after insert on public.tenant_domains
  for each row execute function private.tg_count_places('domains', '1');
create trigger tenant_domains_vacate after delete on public.tenant_domains
  for each row execute function private.tg_count_places('domains', '-1');

select private.register_notification_type('domain.lost', 'domains', 'A domain of the tenant does not show its page any more.',
  '{"en": "{{domain.host}} does not show your page any more, because its DNS has changed. Check its records.",
    "de": "{{domain.host}} zeigt deine Seite nicht mehr, weil sein DNS geändert wurde. Prüfe die Einträge.",
    "fr": "{{domain.host}} n’affiche plus votre page, car son DNS a changé. Vérifiez ses enregistrements."}',
  '{"domain": {"ref_id": "01JD3N8Q4ZB6T2V9XK5M7R0C1E", "host": "quiz.example.com"}}', is_critical => true);

select private.register_feature('custom_domain', 'Showing the page under a domain of the tenant''s own.', asked_for => 'adding a domain');
select private.register_limit('domains', 'Domains, verified or not.',
  '{"trial": 3, "starter": 1, "professional": 1, "business": 10, "enterprise": 100}', 'adding a domain');
select private.register_switch('domains', 'keep_domains', feature => 'custom_domain');

select private.register_table('public.tenant_domains', plain => '{host}', secret => '{verification_token}',
  quiet => '{last_checked_at,last_check_result,next_check_at,first_missed_at,missed_check_count,last_routed_at,last_route}');

select private.register_event_type('domain.verified', 'A custom domain was proven to be the tenant''s. It shows the tenant''s page from now on.',
    '{"domain": {"ref_id": "ref_id", "host": "text"}, "verified_at": "moment"}',
    '{"domain": {"ref_id": "01JD3NAB7G0C4H8D2W6Y9ZQ5TF", "host": "quiz.example.com"}, "verified_at": "2026-11-20T09:30:00.000Z"}');

select private.register_event_type('domain.lost', 'A custom domain no longer shows the tenant''s page. Its record is gone, or another tenant proved that the host is theirs.',
    '{"domain": {"ref_id": "ref_id", "host": "text"}, "reason?": "text"}',
    '{"domain": {"ref_id": "01JD3NAB7G0C4H8D2W6Y9ZQ5TF", "host": "quiz.example.com"}, "reason": "no_record"}');

select private.register_event_type('domain.removed', 'A custom domain was removed from the tenant''s list.',
    '{"domain": {"ref_id": "ref_id", "host": "text"}, "was_verified": "flag"}',
    '{"domain": {"ref_id": "01JD3NAB7G0C4H8D2W6Y9ZQ5TF", "host": "quiz.example.com"}, "was_verified": true}');

-- 05_domain_checks.sql

-- Domain checks: when a host's record is looked up, and what follows from the answer of DNS.

-- These functions are definers: they write the moment of a check to a row that the caller may only read.
create function private.start_domain_check(tenant uuid, ref text)
  returns table (domain_id uuid, host text, wait_seconds int)
  language plpgsql security definer
  set search_path = ''
as $$
declare
  checked_at timestamptz;
begin
  perform private.require_permission(start_domain_check.tenant, 'manage');
  select d.id, d.host, d.last_checked_at into domain_id, host, checked_at
  from public.tenant_domains as d
  where d.tenant_id = start_domain_check.tenant and d.ref_id = start_domain_check.ref
  for no key update;
  if not found then
    perform private.raise_problem(404, 'not_found', 'You have no such domain.');
  end if;
  wait_seconds := greatest(0, ceil(extract(epoch from checked_at + interval '10 seconds' - clock_timestamp())));
  -- A domain that is removed and added again was never checked. The tenant's own limit holds for it too.
  if coalesce(wait_seconds, 0) = 0 and not private.take_turn(start_domain_check.tenant, 'domain_check', 60, 'minute') then
    wait_seconds := 60 - extract(second from now())::int % 60;
  end if;
  if coalesce(wait_seconds, 0) = 0 then
    update public.tenant_domains as d set last_checked_at = clock_timestamp()
    where d.tenant_id = start_domain_check.tenant and d.id = start_domain_check.domain_id;
    wait_seconds := 0;
  end if;
  return next;
end
$$;
comment on function private.start_domain_check(uuid, text) is
  'Lets a manager check a domain, once in ten seconds. wait_seconds says how long to wait until the next check.';

create function private.claim_due_domain_checks(batch int default 100)
  returns table (tenant_id uuid, domain_id uuid, host text)
  language sql volatile
  set search_path = ''
as $$
  with due as (
    select d.tenant_id, d.id from public.tenant_domains as d
    join public.tenants as t on t.id = d.tenant_id
    where d.status = 'verified' and d.next_check_at <= now() and t.status <> 'archived'
    order by d.next_check_at
    limit batch
    for no key update of d skip locked
  )
  -- The check is due again in an hour, in case the caller never reports a result.
  update public.tenant_domains as d set last_checked_at = now(), next_check_at = now() + interval '1 hour'
  from due where d.tenant_id = due.tenant_id and d.id = due.id
  returning d.tenant_id, d.id, d.host
$$;
comment on function private.claim_due_domain_checks(int) is
  'The verified domains that were not checked for a day. Those that wait longest come first. Two callers never get the same one.';

create function private.record_domain_check(
  tenant uuid, domain uuid, found_tokens text[], failure public.domain_check_result default null
) returns public.tenant_domains
  language plpgsql
  set search_path = ''
as $$
declare
  checked public.tenant_domains;
  holder public.tenant_domains;
  outcome public.domain_check_result;
  is_known boolean;
  is_held boolean;
  is_missed boolean;
  is_lost boolean;
begin
  select * into checked from public.tenant_domains as d where d.tenant_id = tenant and d.id = domain;
  -- The domain was removed during the DNS query.
  if not found then return null; end if;
  -- Two claims of one host are decided one after the other.
  perform pg_advisory_xact_lock(hashtextextended('tenant_domains.host ' || checked.host, 0));
  perform from public.tenants as t
  where t.id = tenant or t.id in (
    select d.tenant_id from public.tenant_domains as d where d.host = checked.host and d.status = 'verified')
  order by t.id for no key update;
  select * into checked from public.tenant_domains as d where d.tenant_id = tenant and d.id = domain for no key update;
  if not found then return null; end if;

  outcome := case
    when failure is not null then failure
    when checked.verification_token = any (found_tokens) then 'token_found'
    else 'wrong_token' end;
  if outcome = 'token_found' and checked.status <> 'verified' then
    select d.* into holder from public.tenant_domains as d
    where d.host = checked.host and d.status = 'verified' for no key update;
    if found then
      -- Both tenants have their record at the same name, so this one answer is about both. The holder of the host
      -- keeps it as long as the holder's record exists. An archived tenant does not keep it.
      if holder.verification_token = any (found_tokens)
        and exists (select from public.tenants as t where t.id = holder.tenant_id and t.status <> 'archived') then
        outcome := 'host_taken';
      else
        update public.tenant_domains as d
        set status = 'failed', is_primary = false, last_check_result = 'host_taken', last_checked_at = now()
        where d.tenant_id = holder.tenant_id and d.id = holder.id;
        perform private.settle_primary_domain(holder.tenant_id);
      end if;
    end if;
  end if;

  is_known := outcome not in ('dns_failed', 'resolver_timeout', 'resolver_failed');
  is_held := outcome = 'token_found';
  is_missed := checked.status = 'verified' and is_known and not is_held;
  -- A record can be missing for an hour while a zone moves. A domain is lost only if at least three checks over at
  -- least three days found no record. A check without an answer from DNS does not count.
  is_lost := is_missed and checked.missed_check_count >= 2 and checked.first_missed_at <= now() - interval '72 hours';
  update public.tenant_domains as d set
    status = case when is_held then 'verified' when is_lost then 'failed' else d.status end,
    verified_at = case when is_held and d.status <> 'verified' then now() else d.verified_at end,
    is_primary = d.is_primary and not is_lost,
    last_check_result = outcome,
    last_checked_at = greatest(d.last_checked_at, now()),
    next_check_at = now() + case when is_known then interval '1 day' else interval '1 hour' end,
    first_missed_at = case when is_held then null when is_missed then coalesce(d.first_missed_at, now()) else d.first_missed_at end,
    missed_check_count = case when is_held then 0 when is_missed then d.missed_check_count + 1 else d.missed_check_count end
  where d.tenant_id = tenant and d.id = domain;
  perform private.settle_primary_domain(tenant);
  select * into checked from public.tenant_domains as d where d.tenant_id = tenant and d.id = domain;
  return checked;
end
$$;
comment on function private.record_domain_check(uuid, uuid, text[], public.domain_check_result) is
  'What DNS said about _tenantry.<host>: the tokens found there, or why there are none. The domain is then verified, given to another tenant, or lost.';

create function private.record_domain_route(tenant uuid, domain uuid, found public.domain_route) returns public.tenant_domains
  language sql volatile
  set search_path = ''
as $$
  update public.tenant_domains as d set last_route = record_domain_route.found, last_routed_at = now()
  where d.tenant_id = record_domain_route.tenant and d.id = record_domain_route.domain
  returning d.*
$$;
comment on function private.record_domain_route(uuid, uuid, public.domain_route) is
  'What the page of a verified domain answered over HTTPS. For the service, because a caller must not be able to state it.';

create function private.request_domain_checks() returns text
  language plpgsql
  set search_path = ''
as $$
declare
  request bigint;
begin
  if not exists (
    select from public.tenant_domains as d join public.tenants as t on t.id = d.tenant_id
    where d.status = 'verified' and d.next_check_at <= now() and t.status <> 'archived') then
    return 'No domain is due.';
  end if;
  request := private.call_edge_function('/branding/domains/re-check', timeout_milliseconds => 120000);
  -- Unlike format(), this is null if no request was made.
  return coalesce('Asked with request ' || request || '.',
    'Nothing was asked: Vault does not have the secret tenantry_functions_url or tenantry_service_key.');
end
$$;
comment on function private.request_domain_checks() is
  'If a check is due, wakes the edge function that re-checks domains, because only that function can query DNS. Returns what it did.';
grant execute on function private.start_domain_check(uuid, text) to authenticated;
grant execute on function private.claim_due_domain_checks(int),
  private.record_domain_check(uuid, uuid, text[], public.domain_check_result),
  private.record_domain_route(uuid, uuid, public.domain_route) to service_role;

select cron.schedule('branding: re-check verified domains', '*/5 * * * *',
  'select private.request_domain_checks()');

-- 06_pages.sql

-- Pages: the public config of each tenant, ready to be served, and the public lookups by slug and host.

create table private.tenant_pages (
  tenant_id uuid primary key references public.tenants on delete cascade,
  slug text not null,
  config text not null,
  etag text not null,
  updated_at timestamptz not null default now()
);
create index tenant_pages_slug_idx on private.tenant_pages (slug);
comment on table private.tenant_pages is
  'What anonymous visitors may see of a tenant: the public config as the exact JSON text that is served, and its ETag. A tenant without a row has no page.';

create function private.render_tenant_page(tenant uuid) returns jsonb
  language sql stable
  set search_path = ''
as $$
  -- Only public fields. Each field is named here, so e-mail settings, internal ids and any later column stay out.
  select jsonb_build_object(
    'ref_id', t.ref_id,
    'slug', t.slug,
    'display_name', b.display_name,
    'tenant_type', t.tenant_type,
    'locale', t.locale,
    'brand', jsonb_build_object(
      'colors', coalesce(b.brand -> 'colors', '{}'),
      'fonts', private.fonts_of(b.brand),
      'logo', case when b.brand #> '{logo,url}' is not null then jsonb_build_object(
        'url', b.brand #> '{logo,url}', 'alt', coalesce(b.brand #> '{logo,alt}', to_jsonb(b.display_name)),
        'width', b.brand #> '{logo,width}') end,
      'theme_mode', coalesce(b.brand -> 'theme_mode', '"override"'),
      'tagline', b.brand -> 'tagline',
      'messages', jsonb_build_object('welcome', b.brand #> '{messages,welcome}', 'completion', b.brand #> '{messages,completion}'),
      'show_powered_by', case when private.is_switched_off(t.id, 'white_label') then 'true' else coalesce(b.brand -> 'show_powered_by', 'true') end),
    'coach', case when b.coach_name is not null then jsonb_build_object(
      'name', b.coach_name, 'title', b.coach_title, 'photo', b.coach_photo) end,
    'links', jsonb_build_object(
      'site', b.website_url,
      'booking', b.booking_url,
      -- Requirement document 000: an empty slug_prefix means that the quiz has its own URL. A prefix is the part of the
      -- path under which a tenant's own site embeds the quiz.
      'quiz', case when b.canonical_quiz_url is not null and b.slug_prefix <> ''
        then rtrim(b.canonical_quiz_url, '/') || '/' || b.slug_prefix else b.canonical_quiz_url end),
    'enabled_assessments', to_jsonb(b.enabled_assessments))
  from public.tenants as t
  join public.tenant_brands as b on b.tenant_id = t.id
  where t.id = render_tenant_page.tenant and t.status <> 'archived' and b.is_active
$$;

create function private.refresh_tenant_page(tenant uuid) returns void
  language plpgsql
  set search_path = ''
as $$
declare
  page jsonb;
begin
  -- Two changes at the same time must wait for each other before they render. Otherwise the later one would store
  -- what it read before the earlier one, and the page of a tenant that was just archived could come back.
  perform from public.tenants as t where t.id = refresh_tenant_page.tenant for no key update;
  page := private.render_tenant_page(tenant);
  if page is null then
    delete from private.tenant_pages where tenant_id = refresh_tenant_page.tenant;
    return;
  end if;
  insert into private.tenant_pages as p (tenant_id, slug, config, etag)
  values (refresh_tenant_page.tenant, page ->> 'slug', page::text,
    '"' || left(encode(sha256(convert_to(page::text, 'UTF8')), 'hex'), 32) || '"')
  on conflict (tenant_id) do update
    set slug = excluded.slug, config = excluded.config, etag = excluded.etag, updated_at = now()
    where p.etag <> excluded.etag;
end
$$;

-- A definer, because the page is private, but a coach who changes a colour must refresh it.
create function private.tg_refresh_tenant_page() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  perform private.refresh_tenant_page(case tg_table_name
    when 'tenants' then (to_jsonb(new) ->> 'id')::uuid else (to_jsonb(coalesce(new, old)) ->> 'tenant_id')::uuid end);
  return null;
end
$$;
create trigger tenant_brands_refresh_page after insert or update on public.tenant_brands
  for each row execute function private.tg_refresh_tenant_page();
create trigger tenants_refresh_page after update of slug, status, tenant_type, locale on public.tenants
  for each row execute function private.tg_refresh_tenant_page();


create function private.tg_refresh_pages_with_font() returns trigger
  language plpgsql
  set search_path = ''
as $$
begin
  perform private.refresh_tenant_page(b.tenant_id) from public.tenant_brands as b
  where lower(new.family) in (lower(b.brand #>> '{fonts,heading}'), lower(b.brand #>> '{fonts,body}'));
  return null;
end
$$;
comment on function private.tg_refresh_pages_with_font() is 'A later release may serve more fonts: pages that name one show it from then on.';
create trigger font_families_refresh_pages after insert or update on private.font_families
  for each row execute function private.tg_refresh_pages_with_font();

create trigger plan_excesses_refresh_page after insert or update of switched_off_at on public.plan_excesses
  for each row when (new.gate = 'white_label') execute function private.tg_refresh_tenant_page();
create trigger plan_excesses_refresh_page_again after delete on public.plan_excesses
  for each row when (old.gate = 'white_label') execute function private.tg_refresh_tenant_page();

-- The two finders set no search_path, and every name in them is qualified. Only then does Postgres inline them,
-- and a prepared lookup keeps its plan.
create function private.find_tenant_page_by_slug(slug text)
  returns table (config text, etag text, current_slug text, is_retired boolean)
  language sql stable
as $$
  -- First the current slugs. The second half runs only if no tenant has this slug now.
  select p.config, p.etag, p.slug, false
  from private.tenant_pages as p
  where p.slug = find_tenant_page_by_slug.slug
  union all
  select p.config, p.etag, p.slug, true
  from public.tenant_slugs as s
  join private.tenant_pages as p on p.tenant_id = s.tenant_id
  where s.slug = find_tenant_page_by_slug.slug and s.retired_at > now() - interval '90 days'
  limit 1
$$;

-- Finds the pages of many slugs at once. It has one plan for any number of slugs. By default Postgres would plan
-- anew for each array, which takes ten times as long as finding a page.
create function private.find_tenant_pages_by_slug(slugs text[])
  returns table (n int, config text, etag text, current_slug text, is_retired boolean)
  language plpgsql stable
  set search_path = ''
  set plan_cache_mode = force_generic_plan
as $$
begin
  return query
    select a.n::int, p.config, p.etag, p.current_slug, p.is_retired
    from unnest(slugs) with ordinality as a (slug, n), private.find_tenant_page_by_slug(a.slug) as p;
end
$$;

create function private.find_tenant_page_by_host(host text)
  returns table (config text, etag text, current_slug text)
  language sql stable
as $$
  select p.config, p.etag, p.slug
  from public.tenant_domains as d
  join private.tenant_pages as p on p.tenant_id = d.tenant_id
  where d.host = find_tenant_page_by_host.host and d.status = 'verified' and d.switched_off_at is null
$$;

-- Definers: anonymous callers can use only these two functions, which return only public fields.
create function public.get_tenant_by_slug(slug text) returns jsonb
  language sql stable security definer
  set search_path = ''
as $$ select config::jsonb from private.find_tenant_page_by_slug(lower(left(get_tenant_by_slug.slug, 41))) $$;
comment on function public.get_tenant_by_slug(text) is
  'A tenant''s public config by its slug. A recently retired slug works too. Null if the slug is unknown. For supabase-js: rpc(''get_tenant_by_slug'', { slug }).';

create function public.get_tenant_by_domain(host text) returns jsonb
  language sql stable security definer
  set search_path = ''
as $$
  -- Expects the ASCII form of an internationalised name. It ignores case, a port, a trailing dot and www.
  -- The longest name of a host has 253 characters.
  select config::jsonb from private.find_tenant_page_by_host(case when length(get_tenant_by_domain.host) <= 300 then
    regexp_replace(regexp_replace(lower(get_tenant_by_domain.host), '\.?(:[0-9]+)?$', ''), '^www\.', '') end)
$$;
comment on function public.get_tenant_by_domain(text) is
  'A tenant''s public config by its verified custom domain. Null if the domain is unknown.';
grant execute on function public.get_tenant_by_slug(text), public.get_tenant_by_domain(text) to anon, authenticated, service_role;

select private.register_table('private.tenant_pages', keeping => 'derived', plain => '{slug,config,etag}', unaudited => 'rendered from rows that are audited');

-- 07_profiles.sql

-- Profiles: a tenant and its brand in one row, as requirement document 002 describes it.

create view public.tenant_profiles with (security_invoker = true) as
  select
    t.id,
    (select m.user_id from public.tenant_members as m
      where m.tenant_id = t.id and m.role = 'owner' and m.status = 'active'
      order by m.created_at, m.user_id limit 1) as user_id,
    t.slug,
    b.display_name,
    t.tenant_type,
    private.brand_config(b.brand) as brand_config,
    b.email_config,
    b.enabled_assessments,
    t.plan as subscription_tier,
    b.is_active and t.status <> 'archived' as is_active,
    (select d.host from public.tenant_domains as d
      where d.tenant_id = t.id and d.is_primary and d.switched_off_at is null) as custom_domain,
    t.created_at,
    greatest(t.updated_at, b.updated_at) as updated_at
  from public.tenants as t
  join public.tenant_brands as b on b.tenant_id = t.id;
comment on view public.tenant_profiles is
  'A tenant and its brand in one row, as requirement document 002 names it. Members read it. Managers update the brand through it.';

create function private.tg_update_tenant_profile() returns trigger
  language plpgsql
  set search_path = ''
as $$
declare
  fixed text;
begin
  -- Without an error the caller would believe that the change was made.
  select key into fixed
  from jsonb_each(to_jsonb(new)) as n
  where key not in ('display_name', 'brand_config', 'email_config', 'enabled_assessments', 'is_active')
    and value is distinct from to_jsonb(old) -> key
  limit 1;
  if fixed is not null then
    perform private.raise_problem(422, 'read_only_column', format('The column "%s" cannot be changed through tenant_profiles.', fixed),
      jsonb_build_array(jsonb_build_object('pointer', '/' || fixed, 'detail', 'is read-only here')));
  end if;
  perform private.require_permission(old.id, 'manage');
  update public.tenant_brands set
    display_name = new.display_name,
    brand = case when new.brand_config is distinct from old.brand_config then new.brand_config else brand end,
    email_config = new.email_config,
    enabled_assessments = new.enabled_assessments,
    is_active = case when new.is_active is distinct from old.is_active then new.is_active else is_active end
  where tenant_id = old.id;
  -- The caller gets what was stored, and not the spelling that was sent.
  select * into new from public.tenant_profiles where id = old.id;
  return new;
end
$$;
create trigger tenant_profiles_update instead of update on public.tenant_profiles
  for each row execute function private.tg_update_tenant_profile();
grant select, update on public.tenant_profiles to authenticated, service_role;

-- 08_platform.sql

-- The platform tenant is part of the system and not of its sample data. It has no public page.
insert into public.tenants (id, slug, name, status, kind, plan, tenant_type)
values (private.platform_tenant_id(), 'tenantry', 'Tenantry', 'active', 'platform', 'enterprise', 'platform')
on conflict (id) do nothing;

update public.tenant_brands set is_active = false where tenant_id = private.platform_tenant_id();

-- 09_overview.sql

-- The overview: what is wrong with a brand or its domains.

create function private.find_pending_domains(tenant uuid) returns setof private.overview_target
  language sql stable
  set search_path = ''
as $$
  select d.ref_id, d.host, d.created_at from public.tenant_domains as d
  where d.tenant_id = find_pending_domains.tenant and d.status = 'pending' order by d.id desc limit 6
$$;

create function private.find_lost_domains(tenant uuid) returns setof private.overview_target
  language sql stable
  set search_path = ''
as $$
  select d.ref_id, d.host, d.last_checked_at from public.tenant_domains as d
  where d.tenant_id = find_lost_domains.tenant and d.status = 'failed' order by d.id desc limit 6
$$;

create function private.find_domains_without_record(tenant uuid) returns setof private.overview_target
  language sql stable
  set search_path = ''
as $$
  select d.ref_id, d.host, d.first_missed_at from public.tenant_domains as d
  where d.tenant_id = find_domains_without_record.tenant and d.status = 'verified' and d.first_missed_at is not null
  order by d.first_missed_at limit 6
$$;

create function private.find_brand_warnings(tenant uuid) returns setof private.overview_target
  language sql stable
  set search_path = ''
as $$
  select null, w.warning ->> 'pointer', b.updated_at
  from public.tenant_brands as b, jsonb_array_elements(private.brand_warnings(b.brand, b.coach_name, b.coach_photo)) as w (warning)
  where b.tenant_id = find_brand_warnings.tenant limit 6
$$;

select private.register_overview('domain_not_verified', 'warning', 'read', 'domain', '/branding/domains', 'find_pending_domains',
  'A domain is not verified yet, so it shows no page. Enter its record at the DNS provider.');
select private.register_overview('domain_lost', 'error', 'read', 'domain', '/branding/domains', 'find_lost_domains',
  'A domain does not show the page any more. Check its records, and verify it again.');
select private.register_overview('domain_record_missing', 'warning', 'read', 'domain', '/branding/domains', 'find_domains_without_record',
  'The record of a verified domain is gone. After three days the domain is lost.');
select private.register_overview('brand_warning', 'info', 'read', 'brand', '/branding/brand', 'find_brand_warnings',
  'Visitors do not see a part of the brand as it was meant.');
