-- E-mail settings: the sender's name and addresses that a brand holds.

create function private.normalize_email_config(config jsonb) returns jsonb
  language plpgsql immutable
  set search_path = ''
as $$
declare
  canonical jsonb := '{}';
  problems jsonb := '[]';
  field record;
  problem text := private.json_problem(config, 20, 65536);
begin
  if jsonb_typeof(config) is distinct from 'object' then
    problem := 'must be an object';
  end if;
  if problem is not null then
    perform private.raise_problem(422, 'invalid_email_config', 'The e-mail settings cannot be used.',
      jsonb_build_array(jsonb_build_object('pointer', '', 'detail', problem)));
  end if;
  for field in select private.snake_case(key) as name, key, value from jsonb_each(config) loop
    problem := case
      when field.name not in ('from_name', 'from_email', 'reply_to', 'signature') then 'is not a field of the e-mail settings'
      when jsonb_typeof(field.value) = 'null' then null
      when jsonb_typeof(field.value) <> 'string' then 'must be text'
      when field.name in ('from_email', 'reply_to') and not private.is_email(field.value #>> '{}') then 'must be an e-mail address'
      when not private.is_plain_text(field.value #>> '{}', 2000) then 'must be text of at most 2000 characters, without control characters'
      -- A line break in a sender's name would start a new header.
      when field.name = 'from_name' and (field.value #>> '{}') ~ '[\r\n]' then 'must be one line'
    end;
    if problem is not null then
      problems := problems || jsonb_build_object('pointer', '/' || private.pointer_token(field.key), 'detail', problem);
    elsif jsonb_typeof(field.value) <> 'null' then
      canonical := jsonb_set(canonical, array[field.name], field.value);
    end if;
  end loop;
  if problems <> '[]' then
    perform private.raise_problem(422, 'invalid_email_config', 'The e-mail settings have values that cannot be used.', problems);
  end if;
  return canonical;
end
$$;

grant execute on function private.normalize_email_config(jsonb) to authenticated, service_role;
