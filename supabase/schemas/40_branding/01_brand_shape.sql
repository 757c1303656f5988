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
