create function private.is_https_url(url text) returns boolean
  language sql immutable parallel safe
  set search_path = ''
as $$
  -- https only: a javascript: or data: URL in a brand would run in the visitor's page. No quotes,
  -- brackets or spaces either, so the value cannot end an attribute or a CSS token it is placed in.
  select url is null or (
    length(url) <= 2048
    and url ~ '^https://[a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?(:[0-9]{1,5})?([/?#][!#-&(-;=?-\[\]_a-z~]*)?$'
  )
$$;
comment on function private.is_https_url(text) is 'Whether a stored link is a plain https URL without credentials (null passes).';

create function private.is_plain_text(value text, max_length int) returns boolean
  language sql immutable parallel safe
  set search_path = ''
as $$
  -- Control and bidirectional override characters would let a name disguise the text around it.
  select value is null or (length(value) <= max_length and value !~ '[\u0001-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]')
$$;

create function private.is_email(value text) returns boolean
  language sql immutable parallel safe
  set search_path = ''
as $$
  select value is null or (length(value) <= 254 and value ~ '^[^\s@<>"(),:;\\\[\]]+@[a-zA-Z0-9-]+(\.[a-zA-Z0-9-]+)+$')
$$;

grant execute on function private.is_https_url(text), private.is_plain_text(text, int), private.is_email(text)
  to authenticated, service_role;

create function private.snake_case(name text) returns text
  language sql immutable strict parallel safe
  set search_path = ''
as $$ select lower(regexp_replace(name, '([a-z0-9])([A-Z])', '\1_\2', 'g')) $$;

create function private.pointer_token(key text) returns text
  language sql immutable strict parallel safe
  set search_path = ''
as $$ select replace(replace(key, '~', '~0'), '/', '~1') $$;
comment on function private.pointer_token(text) is 'A key as RFC 6901 spells it inside a JSON pointer.';
grant execute on function private.snake_case(text), private.pointer_token(text) to authenticated, service_role;

create function private.normalize_email(address text) returns text
  language sql immutable parallel safe
  set search_path = ''
as $$
  select lower(v.trimmed collate "C")
  from (select regexp_replace(address, '^\s+|\s+$', '', 'g') as trimmed) as v
  where v.trimmed ~ '^[!-~]+$' and private.is_email(v.trimmed)
$$;
comment on function private.normalize_email(text) is
  'An e-mail address in its one spelling: trimmed, lowercase. Null when it is none, or not plain ASCII.';

create function private.mask_email(address text) returns text
  language sql immutable parallel safe
  set search_path = ''
as $$ select left(address, 1) || '***@' || split_part(address, '@', 2) $$;
comment on function private.mask_email(text) is 'Enough of an address for its owner to know it, and not enough for others to write to it.';
