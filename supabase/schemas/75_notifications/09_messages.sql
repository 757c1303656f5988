-- Messages: what a tenant's own servers and managers send to somebody outside, by a template.

select private.register_limit('messages', 'Messages to people outside that were sent this month.',
  '{"trial": 100, "starter": 500, "professional": 5000, "business": 50000, "enterprise": 10000000}', 'sending a message',
  is_monthly => true);

-- A definer, because nobody may write a job directly: it would be sent in words that nobody has checked.
create function public.send_message(
  tenant_id uuid, channel public.notification_channel, recipient text, template text, data jsonb default '{}',
  locale text default null, idempotency_key text default null
) returns text
  language plpgsql security definer
  set search_path = ''
as $$
declare
  -- So that no key of a server meets one of ours.
  key text := 'message ' || coalesce(idempotency_key, gen_random_uuid()::text);
  language text;
  destination text;
  declared jsonb;
  missing text;
  used bigint;
  earlier record;
begin
  perform private.require_permission(send_message.tenant_id, 'notifications:write');
  if length(recipient) > 320 or length(template) > 100 or length(locale) > 35 or length(idempotency_key) not between 1 and 150
      or private.json_problem(data, 500, 32768) is not null or jsonb_typeof(data) <> 'object' then
    perform private.raise_problem(422, 'invalid_value', 'The message is too large. Its data must be an object of at most 32768 bytes.');
  end if;
  destination := case when channel = 'email' then private.normalize_email(recipient) when recipient ~ '^\+[1-9][0-9]{6,14}$' then recipient end;
  if destination is null then
    perform private.raise_problem(422, 'invalid_value', 'The message has no recipient to whom it could go.',
      jsonb_build_array(jsonb_build_object('pointer', '/to',
        'detail', case when channel = 'email' then 'must be an e-mail address' else 'must be a number such as +447700900123' end)));
  end if;
  language := coalesce(send_message.locale, (select t.locale from public.tenants as t where t.id = send_message.tenant_id));
  -- The words that it would be sent in, as read_notification_jobs() finds them.
  select e.variables into declared from public.email_templates as e
  where e.tenant_id in (send_message.tenant_id, private.platform_tenant_id()) and e.slug = send_message.template and e.is_active
    and e.locale in (language, left(language, 2), 'en')
  order by array_position(array[language, left(language, 2), 'en'], e.locale), e.tenant_id = send_message.tenant_id desc limit 1;
  if not found then
    perform private.raise_problem(422, 'invalid_value', 'There is no template of this name in this language, nor in English.',
      '[{"pointer": "/template", "detail": "is not the name of a template"}]');
  end if;
  select v ->> 'key' into missing from jsonb_array_elements(declared) as v
  where v ->> 'required' = 'true' and v ->> 'key' <> 'tenant' and coalesce(data #>> string_to_array(v ->> 'key', '.'), '') = '' limit 1;
  if missing is not null then
    perform private.raise_problem(422, 'invalid_value', format('The template needs a value of {{%s}}.', missing),
      jsonb_build_array(jsonb_build_object('pointer', '/data', 'detail', format('must have %s', missing))));
  end if;
  -- Counting nothing locks the count. Whoever sends with the same key, or wants the last place, waits here.
  used := private.count_places(send_message.tenant_id, 'messages', 0);
  select j.id, j.template into earlier from private.notification_jobs as j
  where j.tenant_id = send_message.tenant_id and j.channel = send_message.channel and coalesce(j.user_id::text, j.address) = destination
    and j.idempotency_key = key;
  if found then
    if earlier.template <> send_message.template then
      perform private.raise_problem(409, 'conflict', 'This idempotency_key was used for another template.');
    end if;
    return private.ulid(earlier.id);
  end if;
  perform private.refuse_beyond(send_message.tenant_id, 'messages', private.count_places(send_message.tenant_id, 'messages', 1));
  return private.ulid(private.message_address(send_message.tenant_id, channel, destination, template, data, key, language, type => 'message'));
end
$$;
comment on function public.send_message(uuid, public.notification_channel, text, text, jsonb, text, text) is
  'Sends a template to an address or a number outside, and returns the ref_id of the message. A key counts once for each channel and recipient. 402 limit_reached.';
grant execute on function public.send_message(uuid, public.notification_channel, text, text, jsonb, text, text) to authenticated, service_role;

insert into private.api_scopes (scope, permission, description) values
  ('notifications:write', 'manage', 'Send messages by templates.')
on conflict (scope) do update set (permission, description) = (excluded.permission, excluded.description);
