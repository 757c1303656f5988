-- Leads: a participant who has completed an assessment and said how to be reached. The coach hears of each once.

create function private.announce_lead(lead public.participant_sessions, campaign_name text) returns void
  language plpgsql
  set search_path = ''
as $$
declare
  -- The contact may come before the result or after it.
  key constant text := 'lead ' || lead.ref_id;
  coach_address text;
  data jsonb;
begin
  if lead.completed_at is null or lead.email is null or lead.consented_at is null then
    return;
  end if;
  data := jsonb_build_object('person', coalesce(lead.full_name, lead.email), 'email', lead.email, 'campaign', coalesce(campaign_name, '–'));
  -- A workshop of forty ends at one moment. A manager who wants mails gets one of it.
  perform private.notify(lead.tenant_id, 'assessment.lead', '{admins}', data, 'participant_session', lead.ref_id, key, 'leads', '15 minutes');
  -- An address that no mail reaches must not keep a participant from finishing.
  select coalesce(private.normalize_email(b.coach_notification_email), private.normalize_email(b.coach_email)) into coach_address
  from public.tenant_brands as b where b.tenant_id = lead.tenant_id;
  if coach_address is not null then
    perform private.message_address(lead.tenant_id, 'email', coach_address, 'new_lead', data, key);
  end if;
end
$$;
comment on function private.announce_lead(public.participant_sessions, text) is
  'Tells the managers in the application, and the coach by mail, of a participant who is through, can be reached and agrees to it. Once, however often it is called.';

-- The coach is mailed as the brand says, and managers who want a mail too say so in their preferences.
select private.register_notification_type('assessment.lead', 'assessments', 'Somebody has completed an assessment and can be reached.',
  '{"en": "{{person}} has completed {{campaign}}.", "de": "{{person}} hat {{campaign}} abgeschlossen.", "fr": "{{person}} a terminé {{campaign}}."}',
  '{"person": "Ada Example", "email": "ada@example.com", "campaign": "Spring leadership check"}', channels => '{}');

select private.register_email_template('new_lead', t.locale, 'A new lead', t.subject, t.body_html,
  '[{"key": "person", "description": "The name of the participant, or else the address.", "required": true},
    {"key": "email", "description": "The address of the participant.", "required": true},
    {"key": "campaign", "description": "The name of the campaign.", "required": true},
    {"key": "tenant", "description": "The name of the tenant.", "required": true}]', 'alert')
from (values
  ('en', '{{person}} has completed {{campaign}}',
    '<p>{{person}} has completed {{campaign}}.</p><p>You reach them at <a href="mailto:{{email}}">{{email}}</a>. The result is in the pipeline of {{tenant}}.</p>'),
  ('de', '{{person}} hat {{campaign}} abgeschlossen',
    '<p>{{person}} hat {{campaign}} abgeschlossen.</p><p>Die Adresse ist <a href="mailto:{{email}}">{{email}}</a>. Das Ergebnis steht in der Pipeline von {{tenant}}.</p>'),
  ('fr', '{{person}} a terminé {{campaign}}',
    '<p>{{person}} a terminé {{campaign}}.</p><p>Son adresse est <a href="mailto:{{email}}">{{email}}</a>. Le résultat se trouve dans le pipeline de {{tenant}}.</p>')
) as t (locale, subject, body_html);
