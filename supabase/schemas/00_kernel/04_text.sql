-- Text: checks and spellings of links, names, e-mail addresses and JSON keys.

-- What a constraint or a trigger asks is written in plpgsql, here and in the files below. Postgres compiles it once in a
-- session. A SQL function with a search_path would be planned again for each statement, which takes many times as long as
-- the check itself.

create function private.is_https_url(url text) returns boolean
  language plpgsql immutable parallel safe
  set search_path = ''
as $$
begin
  -- Only https: a javascript: or data: URL in a brand would run in the visitor's page. Quotes, brackets and
  -- spaces are refused too, so that the value cannot end the attribute or CSS token in which it stands.
  return url is null or (
    length(url) <= 2048
    and url ~ '^https://[a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?(:[0-9]{1,5})?([/?#][!#-&(-;=?-\[\]_a-z~]*)?$'
  );
end
$$;
comment on function private.is_https_url(text) is 'Whether a stored link is a plain https URL without credentials. Null passes.';

create function private.is_plain_text(value text, max_length int) returns boolean
  language plpgsql immutable parallel safe
  set search_path = ''
as $$
begin
  -- With control characters or bidirectional overrides a name could disguise the text around it.
  return value is null or (length(value) <= max_length and value !~ '[\u0001-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]');
end
$$;

create function private.is_email(value text) returns boolean
  language plpgsql immutable parallel safe
  set search_path = ''
as $$
begin
  return value is null or (length(value) <= 254 and value ~ '^[^\s@<>"(),:;\\\[\]]+@[a-zA-Z0-9-]+(\.[a-zA-Z0-9-]+)+$');
end
$$;

grant execute on function private.is_https_url(text), private.is_plain_text(text, int), private.is_email(text)
  to authenticated, service_role;

create function private.snake_case(name text) returns text
  language plpgsql immutable strict parallel safe
  set search_path = ''
as $$
begin
  -- No field has a name of more than 100 characters. A megabyte of capitals would take more than a second.
  return case when length(name) <= 100 then lower(regexp_replace(name, '([a-z0-9])([A-Z])', '\1_\2', 'g')) else name end;
end
$$;

create function private.pointer_token(key text) returns text
  language plpgsql immutable strict parallel safe
  set search_path = ''
as $$
begin
  return replace(replace(key, '~', '~0'), '/', '~1');
end
$$;
comment on function private.pointer_token(text) is 'A key as it is written inside a JSON pointer (RFC 6901).';
grant execute on function private.snake_case(text), private.pointer_token(text) to authenticated, service_role;

create function private.fold_email(address text) returns text
  language plpgsql immutable parallel safe
  set search_path = ''
as $$
begin
  -- Not in the database's own language: there the Kelvin sign becomes the letter k, and a dotted capital I loses its
  -- dot. Two people would then have one address.
  return lower(address collate "C");
end
$$;
comment on function private.fold_email(text) is
  'An e-mail address for comparing: A to Z become a to z, and every other letter stays as it is.';
grant execute on function private.fold_email(text) to authenticated, service_role;

create function private.normalize_email(address text) returns text
  language plpgsql immutable parallel safe
  set search_path = ''
as $$
declare
  trimmed text := case when length(address) <= 1000 then regexp_replace(address, '^\s+|\s+$', '', 'g') end;
begin
  return case when trimmed ~ '^[!-~]+$' and private.is_email(trimmed) then private.fold_email(trimmed) end;
end
$$;
comment on function private.normalize_email(text) is
  'The one spelling of an e-mail address: trimmed and in lowercase. Null if the text is no address, or is not plain ASCII.';

create function private.mask_email(address text) returns text
  language plpgsql immutable parallel safe
  set search_path = ''
as $$
begin
  return left(address, 1) || '***@' || split_part(address, '@', 2);
end
$$;
comment on function private.mask_email(text) is 'Enough of an address for its owner to recognise it, but not enough for others to write to it.';
