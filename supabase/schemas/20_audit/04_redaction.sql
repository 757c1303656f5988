-- Redaction: which values the audit log leaves out of what it records.

-- The register of columns decides (private.registered_tables), and it guesses nothing. The two functions below are a
-- second line of defence for what no register can list: a person may type an address into any text, and the settings of
-- a product are JSON of any shape. They look at values of plain columns, which should hold nothing that they find.

create function private.is_sensitive(name text) returns boolean
  language plpgsql immutable parallel safe
  set search_path = ''
as $$
begin
  -- Secrets, and data that identifies a person. Names of columns, and of JSON fields in snake_case or camelCase.
  return lower(regexp_replace(name, '([a-z])([A-Z])', '\1_\2', 'g')) ~ (
    '(^|_)(hash|token|secrets?|password|passwd|passphrase|credentials?|key|otp|pin|signature|pepper|authorization|cookie'
    || '|e?mails?|phone|mobile|telephone|fax|address|street|birth|birthday|iban|pan|gst|ssn|vat)(_|$)'
    || '|^(billing|client|participant|contact|recipient)_(name|city|postal_code|state|country)$'
    || '|^(full|first|last|given|family|legal|middle|nick)_name$');
end
$$;
comment on function private.is_sensitive(text) is
  'Whether a column or JSON field of this name holds a secret or personal data. The audit log records only that such a value changed.';

create function private.redact_json(value jsonb) returns jsonb
  language plpgsql immutable
  set search_path = ''
as $$
begin
  -- Every name that is_sensitive() knows contains one of these words. Most values contain none of them. They
  -- skip the check of each field, which takes fifty times as long.
  if value::text !~* ('@|hash|token|secret|pass|credential|key|otp|pin|signature|pepper|authorization|cookie|mail|phone|mobile|fax'
    || '|address|street|birth|iban|pan|gst|ssn|vat|(billing|client|participant|contact|recipient|full|first|last|given|family|legal|middle|nick)_?[a-z]') then
    return value;
  end if;
  case jsonb_typeof(value)
    when 'object' then
      return (select coalesce(jsonb_object_agg(f.key, case when private.is_sensitive(f.key) and f.value <> 'null'
          then '"[redacted]"'::jsonb else private.redact_json(f.value) end), '{}')
        from jsonb_each(value) as f);
    when 'array' then
      return (select coalesce(jsonb_agg(private.redact_json(e.value) order by e.n), '[]')
        from jsonb_array_elements(value) with ordinality as e (value, n));
    when 'string' then
      -- An e-mail address is personal data in a field of any name.
      return case when value #>> '{}' ~ '[^[:space:]@]@[^[:space:]@]+[.][^[:space:]@]' then '"[redacted]"'::jsonb else value end;
    else
      return value;
  end case;
end
$$;
comment on function private.redact_json(jsonb) is 'A JSON value without its secrets and personal data.';

create function private.audit_value(value jsonb, hidden_paths text[]) returns jsonb
  language plpgsql immutable
  set search_path = ''
as $$
declare
  written text;
begin
  if hidden_paths <> '{}' then
    value := private.overwrite_paths(value, hidden_paths, '"[redacted]"');
  end if;
  written := value::text;
  -- A brand may be long and change often. The log is not its version history.
  if length(written) > 4096 then
    return '"[too long]"';
  elsif written ~ '^[[{]|@' then
    return private.redact_json(value);
  end if;
  return value;
end
$$;

create function private.audit_target(shown jsonb, keys text[]) returns text
  language plpgsql immutable
  set search_path = ''
as $$
declare
  key text;
  part text;
  target text;
begin
  foreach key in array keys loop
    part := shown ->> key;
    -- Ids are shown as ULIDs, as everywhere outside SQL.
    if part ~ '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$' then
      part := private.ulid(part::uuid);
    end if;
    target := concat_ws('/', target, part);
  end loop;
  return target;
end
$$;
