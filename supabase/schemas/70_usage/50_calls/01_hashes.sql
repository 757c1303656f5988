-- Hashes: of a prompt or a response only a keyed hash is kept. A bare SHA-256 of a short text can be guessed by trying
-- texts. The key lies in Vault, so neither a dump nor a reader of the table can try.

create type public.call_kind as enum ('llm', 'tool');

create type public.call_status as enum (
  'ok',
  'error',   -- the provider failed, or the call was cut off
  'refused'  -- the model, or a rule before it, would not answer
);

-- Made at its first use. A migration would make another one in each copy of a database.
create function private.call_hash_key() returns text
  language plpgsql volatile security definer
  set search_path = ''
as $$
declare
  key text := (select s.decrypted_secret from vault.decrypted_secrets as s where s.name = 'tenantry_call_hash_key');
begin
  if key is null then
    begin
      key := replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '');
      perform vault.create_secret(key, 'tenantry_call_hash_key', 'key of the hashes of prompts and responses');
    exception when unique_violation then
      key := (select s.decrypted_secret from vault.decrypted_secrets as s where s.name = 'tenantry_call_hash_key');
    end;
  end if;
  return key;
end
$$;

create function private.call_hash(tenant uuid, sha256 text) returns text
  language plpgsql volatile security definer
  set search_path = ''
as $$
declare
  key bytea;
begin
  if call_hash.sha256 is null then
    return null;
  end if;
  key := convert_to(private.call_hash_key(), 'UTF8');
  -- The tenant is hashed too, so that two tenants with one prompt have two hashes. Every input has one length.
  return encode(sha256(key || sha256(key || convert_to(call_hash.tenant::text || lower(call_hash.sha256), 'UTF8'))), 'hex');
end
$$;
comment on function private.call_hash(uuid, text) is
  'What is stored of a text whose SHA-256 is given: a hash with the platform''s key and the tenant. For the service, to compare a text with a call.';
grant execute on function private.call_hash(uuid, text) to service_role;

create function private.require_call_hash(field text, value text) returns void
  language plpgsql immutable
  set search_path = ''
as $$
begin
  if length(value) > 64 or value !~ '^[0-9a-fA-F]{64}$' then
    perform private.raise_problem(422, 'invalid_value', 'Send the SHA-256 of the text and never the text itself.',
      jsonb_build_array(jsonb_build_object('pointer', '/' || field, 'detail', 'must be 64 hexadecimal digits')));
  end if;
end
$$;

create function private.require_call_text(field text, value text, most int, is_needed boolean default false) returns void
  language plpgsql immutable
  set search_path = ''
as $$
begin
  if value is null and not is_needed then
    return;
  end if;
  if value is null or length(value) not between 1 and most or not private.is_plain_text(value, most) or btrim(value) <> value then
    perform private.raise_problem(422, 'invalid_value', 'A name is text without spaces around it.',
      jsonb_build_array(jsonb_build_object('pointer', '/' || field, 'detail', format('must be text of 1 to %s characters', most))));
  end if;
end
$$;

create function private.require_call_number(field text, value bigint, most bigint, is_needed boolean default true) returns void
  language plpgsql immutable
  set search_path = ''
as $$
begin
  if value is null and is_needed or value not between 0 and most then
    perform private.raise_problem(422, 'invalid_value', format('A whole number from 0 to %s is needed.', most),
      jsonb_build_array(jsonb_build_object('pointer', '/' || field, 'detail', format('must be a whole number from 0 to %s', most))));
  end if;
end
$$;

create function private.require_error_code(value text) returns void
  language plpgsql immutable
  set search_path = ''
as $$
begin
  -- A message could quote the prompt. A code cannot.
  if length(value) > 100 or value !~ '^[a-z0-9][a-z0-9_.:-]{0,99}$' then
    perform private.raise_problem(422, 'invalid_value', 'Name the error by a code, because a message may quote the prompt.',
      '[{"pointer": "/error_code", "detail": "must be a word of at most 100 lowercase letters, digits and _ . : -"}]');
  end if;
end
$$;
