-- The table of secrets, its decrypted view, and the functions and grants of supabase/vault.

create table vault.secrets (
  id uuid primary key default gen_random_uuid(),
  name text,
  description text not null default '',
  secret text not null,
  key_id uuid,
  nonce bytea default vault._crypto_aead_det_noncegen(),
  created_at timestamptz not null default current_timestamp,
  updated_at timestamptz not null default current_timestamp
);
comment on table vault.secrets is 'Table with encrypted `secret` column for storing sensitive information on disk.';
create unique index secrets_name_idx on vault.secrets (name) where name is not null;

create view vault.decrypted_secrets as
select s.id, s.name, s.description, s.secret,
  convert_from(
    vault._crypto_aead_det_decrypt(
      message => decode(s.secret, 'base64'),
      additional => convert_to(s.id::text, 'utf8'),
      key_id => 0::bigint,
      context => 'pgsodium'::bytea,
      nonce => s.nonce),
    'utf8') as decrypted_secret,
  s.key_id, s.nonce, s.created_at, s.updated_at
from vault.secrets s;

create function vault._seal(new_secret text, secret_id uuid, nonce bytea) returns text
  language sql stable set search_path = ''
as $$
  select pg_catalog.encode(vault._crypto_aead_det_encrypt(
    pg_catalog.convert_to(new_secret, 'utf8'), pg_catalog.convert_to(secret_id::text, 'utf8'),
    0::bigint, 'pgsodium'::bytea, nonce), 'base64')
$$;

create function vault.create_secret(
  new_secret text, new_name text default null, new_description text default '', new_key_id uuid default null
) returns uuid
  language plpgsql security definer set search_path = ''
as $$
declare
  secret_id uuid := pg_catalog.gen_random_uuid();
  secret_nonce bytea := vault._crypto_aead_det_noncegen();
begin
  -- Encrypted before it is written, so the plain text reaches neither the table nor the write-ahead log.
  insert into vault.secrets (id, name, description, secret, nonce)
  values (secret_id, new_name, new_description, vault._seal(new_secret, secret_id, secret_nonce), secret_nonce);
  return secret_id;
end
$$;

create function vault.update_secret(
  secret_id uuid, new_secret text default null, new_name text default null,
  new_description text default null, new_key_id uuid default null
) returns void
  language plpgsql security definer set search_path = ''
as $$
declare
  new_nonce bytea := vault._crypto_aead_det_noncegen();
begin
  update vault.secrets s set
    secret = coalesce(vault._seal(new_secret, s.id, new_nonce), s.secret),
    -- A new text with the old nonce would show whether the two texts begin with the same bytes.
    nonce = case when new_secret is null then s.nonce else new_nonce end,
    name = coalesce(new_name, s.name),
    description = coalesce(new_description, s.description),
    updated_at = now()
  where s.id = secret_id;
end
$$;

revoke all on all functions in schema vault from public;

-- The grants of a hosted project, for those of its roles that exist here.
do $$
declare
  grantee text;
begin
  for grantee in
    select case rolname when 'postgres' then 'postgres with grant option' else rolname end
    from pg_catalog.pg_roles where rolname in ('postgres', 'service_role')
  loop
    execute 'grant usage on schema vault to ' || grantee;
    execute 'grant select, delete on vault.secrets, vault.decrypted_secrets to ' || grantee;
    execute 'grant execute on function vault.create_secret, vault.update_secret,
      vault._crypto_aead_det_decrypt to ' || grantee;
  end loop;
end
$$;

select pg_catalog.pg_extension_config_dump('vault.secrets', '');
