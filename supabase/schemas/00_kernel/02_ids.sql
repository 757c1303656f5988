-- Ids: UUIDv7 inside the database, and the same 128 bits as a ULID (ref_id) in APIs, URLs and webhooks.

-- Postgres inlines these two functions into an insert only if they have no search_path and use each argument
-- once. A call that is not inlined would cost more than storing the row.
create function private.uuid_v7_at(microseconds bigint) returns uuid
  language sql volatile parallel safe
as $$
  -- RFC 9562: 48 bits of milliseconds, the version, then 12 bits of the fraction (method 3). So ids that are
  -- made within one millisecond still sort in the order in which they were made. 512/125 turns microseconds
  -- into 4096ths of a millisecond. The rest is random, with the two variant bits of any random UUID.
  select (overlay(lpad(to_hex(microseconds * 512 / 125), 15, '0') placing '7' from 13 for 0)
    || substr(gen_random_uuid()::text, 20))::uuid
$$;
comment on function private.uuid_v7_at(bigint) is 'A UUIDv7 for a moment in microseconds since 1970. A batch reads the clock once and counts on from there.';

create function private.uuid_v7() returns uuid
  language sql volatile parallel safe
as $$ select private.uuid_v7_at((extract(epoch from clock_timestamp()) * 1000000)::bigint) $$;
comment on function private.uuid_v7() is 'A time-ordered id (UUIDv7). The default of every id column.';

create function private.uuid_after(id uuid) returns uuid
  language sql volatile parallel safe
  set search_path = ''
as $$
  -- A microsecond later. A microsecond is 4.096 steps of the fraction, rounded up.
  select private.uuid_v7_at((((('x' || replace(substr(id::text, 1, 13), '-', ''))::bit(48)::bigint * 4096
    + ('x' || substr(id::text, 16, 3))::bit(12)::bigint) * 125 + 511) / 512) + 1)
$$;
comment on function private.uuid_after(uuid) is 'A UUIDv7 that sorts after another one, even if the clock says otherwise.';

-- Not in SQL: Postgres would inline it, and so parse and plan it anew for the generated column in each statement that writes a
-- row, which takes half a millisecond. A row takes five to ten microseconds either way.
create function private.ulid(id uuid) returns text
  language plpgsql immutable strict parallel safe
  set search_path = ''
as $$
declare
  digits constant text := '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
  bytes constant bytea := uuid_send(id);
begin
  -- Crockford base32 of the same 128 bits: 26 characters of 5 bits, after two leading zero bits.
  return
    substr(digits, ((get_byte(bytes, 0) >> 5) & 7) + 1, 1) ||
    substr(digits, (get_byte(bytes, 0) & 31) + 1, 1) ||
    substr(digits, ((get_byte(bytes, 1) >> 3) & 31) + 1, 1) ||
    substr(digits, (((get_byte(bytes, 1) << 2) | (get_byte(bytes, 2) >> 6)) & 31) + 1, 1) ||
    substr(digits, ((get_byte(bytes, 2) >> 1) & 31) + 1, 1) ||
    substr(digits, (((get_byte(bytes, 2) << 4) | (get_byte(bytes, 3) >> 4)) & 31) + 1, 1) ||
    substr(digits, (((get_byte(bytes, 3) << 1) | (get_byte(bytes, 4) >> 7)) & 31) + 1, 1) ||
    substr(digits, ((get_byte(bytes, 4) >> 2) & 31) + 1, 1) ||
    substr(digits, (((get_byte(bytes, 4) << 3) | (get_byte(bytes, 5) >> 5)) & 31) + 1, 1) ||
    substr(digits, (get_byte(bytes, 5) & 31) + 1, 1) ||
    substr(digits, ((get_byte(bytes, 6) >> 3) & 31) + 1, 1) ||
    substr(digits, (((get_byte(bytes, 6) << 2) | (get_byte(bytes, 7) >> 6)) & 31) + 1, 1) ||
    substr(digits, ((get_byte(bytes, 7) >> 1) & 31) + 1, 1) ||
    substr(digits, (((get_byte(bytes, 7) << 4) | (get_byte(bytes, 8) >> 4)) & 31) + 1, 1) ||
    substr(digits, (((get_byte(bytes, 8) << 1) | (get_byte(bytes, 9) >> 7)) & 31) + 1, 1) ||
    substr(digits, ((get_byte(bytes, 9) >> 2) & 31) + 1, 1) ||
    substr(digits, (((get_byte(bytes, 9) << 3) | (get_byte(bytes, 10) >> 5)) & 31) + 1, 1) ||
    substr(digits, (get_byte(bytes, 10) & 31) + 1, 1) ||
    substr(digits, ((get_byte(bytes, 11) >> 3) & 31) + 1, 1) ||
    substr(digits, (((get_byte(bytes, 11) << 2) | (get_byte(bytes, 12) >> 6)) & 31) + 1, 1) ||
    substr(digits, ((get_byte(bytes, 12) >> 1) & 31) + 1, 1) ||
    substr(digits, (((get_byte(bytes, 12) << 4) | (get_byte(bytes, 13) >> 4)) & 31) + 1, 1) ||
    substr(digits, (((get_byte(bytes, 13) << 1) | (get_byte(bytes, 14) >> 7)) & 31) + 1, 1) ||
    substr(digits, ((get_byte(bytes, 14) >> 2) & 31) + 1, 1) ||
    substr(digits, (((get_byte(bytes, 14) << 3) | (get_byte(bytes, 15) >> 5)) & 31) + 1, 1) ||
    substr(digits, (get_byte(bytes, 15) & 31) + 1, 1);
end
$$;
comment on function private.ulid(uuid) is 'The ULID spelling of an id. APIs, URLs and webhooks show this one.';

-- Written out, and not in SQL, as private.ulid(): a batch names a thousand ids.
create function private.ulid_to_uuid(ref text) returns uuid
  language plpgsql immutable strict parallel safe
  set search_path = ''
as $$
declare
  digits constant text := '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
  spelled constant text := upper(ref);
begin
  if spelled !~ '^[0-7][0-9A-HJKMNP-TV-Z]{25}$' then
    return null;
  end if;
  -- The first 13 digits are 63 bits, the 14th is divided, and the last 12 are 60 bits.
  return (
    lpad(to_hex(((
        ((strpos(digits, substr(spelled, 1, 1)) - 1)::bigint << 60) |
        ((strpos(digits, substr(spelled, 2, 1)) - 1)::bigint << 55) |
        ((strpos(digits, substr(spelled, 3, 1)) - 1)::bigint << 50) |
        ((strpos(digits, substr(spelled, 4, 1)) - 1)::bigint << 45) |
        ((strpos(digits, substr(spelled, 5, 1)) - 1)::bigint << 40) |
        ((strpos(digits, substr(spelled, 6, 1)) - 1)::bigint << 35) |
        ((strpos(digits, substr(spelled, 7, 1)) - 1)::bigint << 30) |
        ((strpos(digits, substr(spelled, 8, 1)) - 1)::bigint << 25) |
        ((strpos(digits, substr(spelled, 9, 1)) - 1)::bigint << 20) |
        ((strpos(digits, substr(spelled, 10, 1)) - 1)::bigint << 15) |
        ((strpos(digits, substr(spelled, 11, 1)) - 1)::bigint << 10) |
        ((strpos(digits, substr(spelled, 12, 1)) - 1)::bigint << 5) |
        (strpos(digits, substr(spelled, 13, 1)) - 1)::bigint) << 1) |
        ((strpos(digits, substr(spelled, 14, 1)) - 1)::bigint >> 4)), 16, '0') ||
    lpad(to_hex(((strpos(digits, substr(spelled, 14, 1)) - 1)::bigint << 60) |
        ((strpos(digits, substr(spelled, 15, 1)) - 1)::bigint << 55) |
        ((strpos(digits, substr(spelled, 16, 1)) - 1)::bigint << 50) |
        ((strpos(digits, substr(spelled, 17, 1)) - 1)::bigint << 45) |
        ((strpos(digits, substr(spelled, 18, 1)) - 1)::bigint << 40) |
        ((strpos(digits, substr(spelled, 19, 1)) - 1)::bigint << 35) |
        ((strpos(digits, substr(spelled, 20, 1)) - 1)::bigint << 30) |
        ((strpos(digits, substr(spelled, 21, 1)) - 1)::bigint << 25) |
        ((strpos(digits, substr(spelled, 22, 1)) - 1)::bigint << 20) |
        ((strpos(digits, substr(spelled, 23, 1)) - 1)::bigint << 15) |
        ((strpos(digits, substr(spelled, 24, 1)) - 1)::bigint << 10) |
        ((strpos(digits, substr(spelled, 25, 1)) - 1)::bigint << 5) |
        (strpos(digits, substr(spelled, 26, 1)) - 1)::bigint), 16, '0'))::uuid;
end
$$;
comment on function private.ulid_to_uuid(text) is 'The id behind a ULID. Null if the text is not a ULID.';
grant execute on function private.uuid_v7(), private.uuid_v7_at(bigint), private.ulid(uuid),
  private.ulid_to_uuid(text) to authenticated, service_role;

create function private.first_uuid_at(moment timestamptz) returns uuid
  language sql immutable strict parallel safe
  set search_path = ''
as $$
  select (lpad(to_hex(greatest((extract(epoch from moment) * 1000)::bigint, 0)), 12, '0') || '00000000000000000000')::uuid
$$;
comment on function private.first_uuid_at(timestamptz) is 'The smallest id that a UUIDv7 of this moment can have. "id >= it" means "created_at >= moment".';

-- It reads nothing. Lists use it for their filters by time.
grant execute on function private.first_uuid_at(timestamptz) to authenticated;
