-- Addresses: where a request came from. Limits and the audit log have it from here and from nowhere else.

create function private.address_of(written text) returns inet
  language sql immutable parallel safe
  set search_path = ''
as $$
  -- Some proxies add the port. An IPv4 address in IPv6 clothes is the IPv4 address, whatever counts or compares it.
  select case when bare <> '' and pg_input_is_valid(bare, 'inet') then host(bare::inet)::inet end
  from (select regexp_replace(case
      when address like '[%' then substring(address from '^\[([^]]+)\]')
      when address ~ '^[0-9.]+:[0-9]+$' then split_part(address, ':', 1)
      else address end, '^::ffff:(?=[0-9.]+$)', '', 'i') as bare
    from (select btrim(written) as address) as trimmed) as cut
$$;
comment on function private.address_of(text) is 'The address that a proxy wrote, without its port. Null if it is none.';

create function private.forwarded_address(headers jsonb, address_from text) returns text
  language sql immutable parallel safe
  set search_path = ''
as $$
  -- Proxies append, so only what stands at the right end was written by one of ours.
  select case when address_from ~ '/[1-9]$'
    then nullif(split_part(headers ->> split_part(address_from, '/', 1), ',', -right(address_from, 1)::int), '')
    else headers ->> address_from end
$$;
comment on function private.forwarded_address(jsonb, text) is
  'The address in a header: "name" is a header that holds one address, "name/2" is the second from the right of a list.';

create function private.request_address(headers jsonb) returns inet
  language sql stable
  set search_path = ''
as $$
  -- The functions have decided it (lib/http/client-address.ts). Over REST anybody could send a header of that name.
  select private.address_of(case when session_user <> 'authenticator' then headers ->> 'client-address'
    else private.forwarded_address(headers,
      coalesce(nullif(current_setting('tenantry.address_from', true), ''), 'cf-connecting-ip')) end)
$$;
comment on function private.request_address(jsonb) is
  'The address that a request came from, by a header that callers cannot choose. Null if it is not known.';
