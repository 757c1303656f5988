-- Notification types: the catalogue of what people are told, and in which words.

-- How somebody is told besides inside the application.
create type public.notification_channel as enum ('email', 'sms', 'whatsapp');

create table public.notification_types (
  type text primary key,
  category text not null,
  description text not null,
  is_critical boolean not null default false,
  channels public.notification_channel[] not null default '{email}',
  messages jsonb not null,
  example jsonb not null,
  created_at timestamptz not null default now(),
  constraint notification_type_is_dotted check (type ~ '^[a-z][a-z_]{0,39}(\.[a-z][a-z_]{0,39}){1,3}$'),
  constraint category_is_a_word check (category ~ '^[a-z][a-z_]{1,39}$'),
  constraint message_in_english check (messages ->> 'en' is not null)
);
comment on table public.notification_types is
  'The catalogue of what people are told.';
comment on column public.notification_types.category is 'What a page groups notifications by.';
comment on column public.notification_types.is_critical is 'Whether something stops working unless somebody acts. A page shows it first.';
comment on column public.notification_types.channels is
  'How people are told besides inside the application, as long as neither they nor their tenant have chosen.';
comment on column public.notification_types.messages is
  'The sentence in each language, by its two letters: {"en": "{{domain.host}} is lost."}. A name in braces is a field of the data.';

alter table public.notification_types enable row level security;
create policy "everyone signed in reads the notification types" on public.notification_types
  for select to authenticated using (true);
grant select on public.notification_types to authenticated, service_role;

create function private.render_message(template text, data jsonb) returns text
  language plpgsql immutable
  set search_path = ''
as $$
declare
  field constant text := '\{\{([a-z_]+(?:\.[a-z_]+)*)\}\}';
  texts text[] := regexp_split_to_array(template, field);
  names text[] := array(select m[1] from regexp_matches(template, field, 'g') as m);
  value text;
  message text := texts[1];
begin
  -- Between the texts, and never into a text that holds a value already: a value may look like a field.
  for i in 1 .. cardinality(names) loop
    value := data #>> string_to_array(names[i], '.');
    if value is null then
      raise exception 'The message needs the field "%", and the data does not have it: %', names[i], left(data::text, 500);
    end if;
    -- A name that somebody chose must not keep others from being told, nor turn the direction of the sentence.
    message := message || left(regexp_replace(value, '[[:cntrl:]\u200e\u200f\u202a-\u202e\u2066-\u2069]', ' ', 'g'), 200) || texts[i + 1];
  end loop;
  return left(message, 2000);
end
$$;
comment on function private.render_message(text, jsonb) is
  'A sentence with each {{field.name}} replaced by the data''s value, as plain text. Fails if the data does not have a field.';

create function private.register_notification_type(
  type text, category text, description text, messages jsonb, example jsonb, is_critical boolean default false,
  channels public.notification_channel[] default '{email}'
) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  -- A wrong name of a field must fail in its migration, and not when somebody is to be told.
  perform private.render_message(m.value, register_notification_type.example) from jsonb_each_text(messages) as m;
  insert into public.notification_types as t (type, category, description, is_critical, channels, messages, example)
  values (register_notification_type.type, register_notification_type.category, register_notification_type.description,
    register_notification_type.is_critical, register_notification_type.channels, register_notification_type.messages, register_notification_type.example)
  on conflict on constraint notification_types_pkey do update
    set (category, description, is_critical, channels, messages, example) =
      (excluded.category, excluded.description, excluded.is_critical, excluded.channels, excluded.messages, excluded.example)
    where (t.category, t.description, t.is_critical, t.channels, t.messages, t.example)
      is distinct from (excluded.category, excluded.description, excluded.is_critical, excluded.channels, excluded.messages, excluded.example);
end
$$;
comment on function private.register_notification_type(text, text, text, jsonb, jsonb, boolean, public.notification_channel[]) is
  'Adds a notification type to the catalogue, or updates its row. The file of the noun that notifies calls this. Fails if a message cannot be made from the example.';

select private.register_table('public.notification_types', plain => '{type,category,description,messages,example}', unaudited => 'changed by migrations only');
