-- Replaces supabase/vault 0.3.1 on the embedded server: the same objects, names and grants.
-- Secrets are AES-256-CBC with an HMAC-SHA256 over the row's id, the nonce and the ciphertext.
-- The root key is a file that only the server's operating-system user can read.

-- The script runs as the superuser, but another role may have made the schema. The owner of the schema could add
-- functions beside these. So the schema gets a new owner here and must be empty.
do $$
begin
  if exists (select from pg_catalog.pg_proc where pronamespace = 'vault'::regnamespace)
    or exists (select from pg_catalog.pg_class where relnamespace = 'vault'::regnamespace) then
    raise exception 'schema "vault" must be empty before supabase_vault is created';
  end if;
  execute pg_catalog.format('alter schema vault owner to %I', current_user);
end
$$;
revoke all on schema vault from public;

-- pgcrypto's C functions under names of our own. The pgcrypto extension may belong to a role that could drop it and
-- put an imitation in its place. The imitation would then receive the key.
create function vault._encrypt(data bytea, key bytea, iv bytea, type text) returns bytea
  language c immutable strict parallel safe as '$libdir/pgcrypto', 'pg_encrypt_iv';
create function vault._decrypt(data bytea, key bytea, iv bytea, type text) returns bytea
  language c immutable strict parallel safe as '$libdir/pgcrypto', 'pg_decrypt_iv';
create function vault._hmac(data bytea, key bytea, type text) returns bytea
  language c immutable strict parallel safe as '$libdir/pgcrypto', 'pg_hmac';
create function vault._random_bytes(size int) returns bytea
  language c volatile strict parallel safe as '$libdir/pgcrypto', 'pg_random_bytes';

-- The path is read from the command line that the server stored when it started. Any session can change a custom
-- setting, so current_setting('vault.key_file') proves nothing.
create function vault._root_key() returns bytea
  language plpgsql stable set search_path = ''
as $$
declare
  path text := substring(pg_catalog.pg_read_file('postmaster.opts') from '"vault\.key_file=([^"]+)"');
  root_key bytea;
begin
  if path is null then
    raise exception 'the vault has no root key: the server was started without vault.key_file';
  end if;
  root_key := pg_catalog.pg_read_binary_file(path);
  if octet_length(root_key) <> 32 then
    raise exception 'the vault''s root key is damaged: it must be 32 bytes';
  end if;
  return root_key;
end
$$;

-- One key encrypts and another one authenticates, so that neither use weakens the other.
create function vault._derive_key(purpose text, key_id bigint, context bytea) returns bytea
  language sql stable set search_path = ''
as $$
  select vault._hmac(
    pg_catalog.convert_to(purpose, 'utf8') || context || pg_catalog.int8send(key_id),
    vault._root_key(), 'sha256'::text)
$$;

-- The length before `additional` prevents that its end is read as the beginning of the nonce.
create function vault._authenticate(
  ciphertext bytea, additional bytea, key_id bigint, context bytea, nonce bytea
) returns bytea
  language sql stable set search_path = ''
as $$
  select vault._hmac(
    pg_catalog.int4send(octet_length(additional)) || additional || nonce || ciphertext,
    vault._derive_key('authenticate'::text, key_id, context), 'sha256'::text)
$$;

create function vault._crypto_aead_det_noncegen() returns bytea
  language sql volatile set search_path = '' as $$ select vault._random_bytes(16) $$;

-- A definer, here and below: the caller must be able to use the key but not to read it.
create function vault._crypto_aead_det_encrypt(
  message bytea, additional bytea, key_id bigint, context bytea default 'pgsodium', nonce bytea default null
) returns bytea
  language plpgsql stable security definer set search_path = ''
as $$
declare
  ciphertext bytea := vault._encrypt(
    message, vault._derive_key('encrypt'::text, key_id, context), nonce, 'aes-cbc/pad:pkcs'::text);
begin
  return ciphertext || vault._authenticate(ciphertext, additional, key_id, context, nonce);
end
$$;

create function vault._crypto_aead_det_decrypt(
  message bytea, additional bytea, key_id bigint, context bytea default 'pgsodium', nonce bytea default null
) returns bytea
  language plpgsql stable security definer set search_path = ''
as $$
declare
  size int := octet_length(message) - 32;
  ciphertext bytea;
begin
  if message is null then
    return null;
  end if;
  -- Nothing is decrypted before it is authenticated. Otherwise padding errors would help a forger.
  if size >= 16 then
    ciphertext := substring(message from 1 for size);
  end if;
  if ciphertext is null or substring(message from size + 1)
    is distinct from vault._authenticate(ciphertext, additional, key_id, context, nonce) then
    raise exception using errcode = '22000',
      message = 'pgsodium_crypto_aead_det_decrypt_by_id: invalid ciphertext';
  end if;
  return vault._decrypt(
    ciphertext, vault._derive_key('encrypt'::text, key_id, context), nonce, 'aes-cbc/pad:pkcs'::text);
end
$$;
