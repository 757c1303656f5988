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
