-- The words of follow-ups: what is mailed for a tenant whose configuration has no words of its own.

-- The address of a page to book at has a line of its own: where there is none, nothing is missing.
select private.register_email_template(t.slug, t.locale, t.name, t.subject,
  t.body_html || '<p><a href="{{booking_url}}">{{booking_url}}</a></p><p>{{tenant}}</p>',
  '[{"key": "person", "description": "The name of the participant, or else the address."},
    {"key": "campaign", "description": "The name of the campaign."},
    {"key": "booking_url", "description": "Where to book a conversation, if the framework or the brand says it."},
    {"key": "tenant", "description": "The name of the tenant."}]', 'custom')
from (values
  ('followup_day3', 'en', 'Follow-up after three days', 'What has stayed with you?',
    '<p>Hello {{person}},</p><p>a few days ago you completed “{{campaign}}”. Often the first thing that comes to mind is what matters most. What has stayed with you?</p><p>If you would like to talk about it, answer this mail.</p>'),
  ('followup_day3', 'de', 'Nachfrage nach drei Tagen', 'Was ist geblieben?',
    '<p>Hallo {{person}},</p><p>vor ein paar Tagen hast du «{{campaign}}» abgeschlossen. Oft ist das Erste, was dir einfällt, auch das Wichtigste. Was ist geblieben?</p><p>Wenn du darüber sprechen möchtest, antworte auf diese Mail.</p>'),
  ('followup_day3', 'fr', 'Relance après trois jours', 'Que vous en reste-t-il ?',
    '<p>Bonjour {{person}},</p><p>il y a quelques jours, vous avez terminé « {{campaign}} ». Souvent, ce qui vient d’abord à l’esprit compte le plus. Que vous en reste-t-il ?</p><p>Si vous souhaitez en parler, répondez à ce message.</p>'),
  ('followup_day10', 'en', 'Follow-up after ten days', 'One step from your result',
    '<p>Hello {{person}},</p><p>your result of “{{campaign}}” is more than a week old. Which one small step has come out of it, or could still?</p><p>If a conversation would help, answer this mail.</p>'),
  ('followup_day10', 'de', 'Nachfrage nach zehn Tagen', 'Ein Schritt aus deinem Ergebnis',
    '<p>Hallo {{person}},</p><p>dein Ergebnis von «{{campaign}}» ist mehr als eine Woche alt. Welcher eine kleine Schritt ist daraus geworden, oder kann es noch?</p><p>Wenn dir ein Gespräch hilft, antworte auf diese Mail.</p>'),
  ('followup_day10', 'fr', 'Relance après dix jours', 'Un pas après votre résultat',
    '<p>Bonjour {{person}},</p><p>votre résultat de « {{campaign}} » date de plus d’une semaine. Quel petit pas en est sorti, ou pourrait encore en sortir ?</p><p>Si un échange vous aide, répondez à ce message.</p>')
) as t (slug, locale, name, subject, body_html);
