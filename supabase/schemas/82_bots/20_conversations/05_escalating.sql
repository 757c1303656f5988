-- Escalation: a contact waits for a person, who is told once. And what the bot did not know is kept, so that it learns.

create function private.draft_training_data(tenant uuid, bot uuid, question text, locale text) returns void
  language plpgsql
  set search_path = ''
as $$
declare
  asked text := left(btrim(question), 1000);
begin
  if coalesce(private.fold_text(asked), '') = '' then
    return;
  end if;
  -- 500 are more than anybody writes answers to. And a stranger must not use up the rows of the plan.
  insert into public.bot_training_data (tenant_id, bot_id, question, locale, is_active)
  select tenant, bot, asked, draft_training_data.locale, false
  where not exists (select from public.bot_training_data as d
      where d.tenant_id = tenant and d.bot_id = bot and d.question_folded = private.fold_text(asked))
    and (select count(*) from (select from public.bot_training_data as d
      where d.tenant_id = tenant and d.bot_id = bot and d.answer is null limit 500) as d) < 500;
exception when sqlstate 'P0001' then
  -- The plan has no place for another row. The contact is escalated all the same.
  null;
end
$$;
comment on function private.draft_training_data(uuid, uuid, text, text) is
  'Keeps a question that a bot could not answer, for a person who writes the answer. At most 500 of a bot wait.';

create function private.announce_escalation(bot public.bot_tenants, contact public.contacts, settings public.bot_control_settings, reason text)
  returns void
  language plpgsql
  set search_path = ''
as $$
declare
  -- Each escalation is told once.
  key constant text := 'escalated ' || contact.ref_id || ' ' || extract(epoch from now());
  data jsonb := jsonb_build_object('person', coalesce(contact.full_name, '+' || contact.wa_id, contact.user_id), 'bot', bot.client_name,
    'console_path', '/t/' || (select t.slug from public.tenants as t where t.id = bot.tenant_id) || '/bots/' || bot.ref_id || '/conversations/' || contact.ref_id);
  channel public.notification_channel;
begin
  perform private.emit_event(bot.tenant_id, 'conversation.escalated',
    jsonb_build_object('conversation', jsonb_build_object('contact', contact.ref_id, 'bot', bot.ref_id, 'reason', reason)),
    'contact ' || contact.ref_id, has_row_lock => true);
  perform private.notify(bot.tenant_id, 'conversation.escalated', '{everybody}', data, 'conversation', contact.ref_id, key,
    'escalated ' || bot.ref_id, '2 minutes');
  if settings.escalation_email is not null then
    perform private.message_address(bot.tenant_id, 'email', settings.escalation_email, 'conversation_escalated', data, key);
  end if;
  if settings.escalation_phone is not null then
    select p.channel into channel from public.notification_providers as p
    where p.tenant_id in (bot.tenant_id, private.platform_tenant_id()) and p.channel in ('whatsapp', 'sms') and p.is_active and p.verified_at is not null
    order by p.tenant_id = bot.tenant_id desc, p.channel desc limit 1;
    if channel is not null then
      perform private.message_address(bot.tenant_id, channel, settings.escalation_phone, 'conversation_escalated', data, key);
    end if;
  end if;
end
$$;
comment on function private.announce_escalation(public.bot_tenants, public.contacts, public.bot_control_settings, text) is
  'Tells the people of the tenant, and whom the settings name, that a contact waits for a person.';

select private.register_event_type('conversation.escalated', 'A contact waits for a person, because the bot does not answer.',
  '{"conversation": {"contact": "ref_id", "bot": "ref_id", "reason": "text"}}',
  '{"conversation": {"contact": "01JD3N8Q4ZB6T2V9XK5M7R0C1F", "bot": "01JD3N8Q4ZB6T2V9XK5M7R0C1G", "reason": "model_does_not_know"}}');

select private.register_notification_type('conversation.escalated', 'bots', 'A customer of a bot waits for a person.',
  '{"en": "{{person}} waits for an answer of {{bot}}.", "de": "{{person}} wartet auf eine Antwort von {{bot}}.", "fr": "{{person}} attend une réponse de {{bot}}."}',
  '{"person": "Ada Example", "bot": "Kassangas Music Shop"}');

select private.register_email_template('conversation_escalated', t.locale, 'A customer waits', t.subject, t.body_html,
  '[{"key": "person", "description": "The name or the number of the customer.", "required": true},
    {"key": "bot", "description": "The shop of the bot.", "required": true},
    {"key": "tenant", "description": "The name of the tenant.", "required": true},
    {"key": "link", "description": "Where the conversation is answered. Nothing, if TENANTRY_CONSOLE_URL is not set.", "required": false}]', 'alert')
from (values
  ('en', '{{person}} waits for an answer of {{bot}}', '<p>{{person}} wrote to {{bot}}, and the bot has no answer.</p><p>You find the conversation in the console of {{tenant}}, under Bots.</p><p>{{link}}</p>'),
  ('de', '{{person}} wartet auf eine Antwort von {{bot}}', '<p>{{person}} hat {{bot}} geschrieben, und der Bot weiß keine Antwort.</p><p>Das Gespräch steht in der Konsole von {{tenant}} unter Bots.</p><p>{{link}}</p>'),
  ('fr', '{{person}} attend une réponse de {{bot}}', '<p>{{person}} a écrit à {{bot}}, et le bot n’a pas de réponse.</p><p>La conversation se trouve dans la console de {{tenant}}, sous Bots.</p><p>{{link}}</p>')
) as t (locale, subject, body_html);
