-- The global templates: what is mailed for a tenant that has no words of its own.

create function private.register_email_template(
  slug text, locale text, name text, subject text, body_html text, variables jsonb, category public.email_template_category
) returns void
  language sql
  set search_path = ''
as $$
  insert into public.email_templates as e (tenant_id, slug, locale, name, subject, body_html, variables, category)
  values (private.platform_tenant_id(), register_email_template.slug, register_email_template.locale, register_email_template.name,
    register_email_template.subject, register_email_template.body_html, register_email_template.variables, register_email_template.category)
  on conflict (tenant_id, slug, locale) do update
    set (name, subject, body_html, variables, category) = (excluded.name, excluded.subject, excluded.body_html, excluded.variables, excluded.category)
    where (e.name, e.subject, e.body_html, e.variables, e.category)
      is distinct from (excluded.name, excluded.subject, excluded.body_html, excluded.variables, excluded.category)
$$;
comment on function private.register_email_template(text, text, text, text, text, jsonb, public.email_template_category) is
  'Adds a global e-mail template, or updates it.';

-- The sentence of each notification type is in the type. One template for all of them is what surrounds it.
select private.register_email_template('notification', t.locale, 'A notification', '{{message}}', t.body_html,
  '[{"key": "message", "description": "What happened, in one sentence.", "required": true},
    {"key": "tenant", "description": "The name of the tenant.", "required": true}]', 'alert')
from (values
  ('en', '<p>{{message}}</p><p>This concerns {{tenant}}. Sign in to see more.</p>'),
  ('de', '<p>{{message}}</p><p>Es geht um {{tenant}}. Melde dich an, um mehr zu sehen.</p>'),
  ('fr', '<p>{{message}}</p><p>Cela concerne {{tenant}}. Connectez-vous pour en savoir plus.</p>')
) as t (locale, body_html);

-- What was told within a window. Each message is a line.
select private.register_email_template('digest', t.locale, 'Several notifications', t.subject, t.body_html,
  '[{"key": "messages", "description": "What happened, a line for each.", "required": true},
    {"key": "count", "description": "How many there are.", "required": true},
    {"key": "tenant", "description": "The name of the tenant.", "required": true}]', 'alert')
from (values
  ('en', '{{count}} notifications from {{tenant}}', '<pre style="font:inherit;white-space:pre-wrap">{{messages}}</pre><p>This concerns {{tenant}}. Sign in to see more.</p>'),
  ('de', '{{count}} Mitteilungen von {{tenant}}', '<pre style="font:inherit;white-space:pre-wrap">{{messages}}</pre><p>Es geht um {{tenant}}. Melde dich an, um mehr zu sehen.</p>'),
  ('fr', '{{count}} notifications de {{tenant}}', '<pre style="font:inherit;white-space:pre-wrap">{{messages}}</pre><p>Cela concerne {{tenant}}. Connectez-vous pour en savoir plus.</p>')
) as t (locale, subject, body_html);

select private.register_email_template('invitation', t.locale, 'An invitation', t.subject, t.body_html,
  '[{"key": "tenant", "description": "The name of the tenant.", "required": true},
    {"key": "link", "description": "Where the invitation is accepted.", "required": true},
    {"key": "expires_on", "description": "The last day of the invitation.", "required": true}]', 'onboarding')
from (values
  ('en', 'You are invited to {{tenant}}',
    '<p>{{tenant}} invites you to join them.</p><p><a href="{{link}}">Accept the invitation</a></p><p>It is open until {{expires_on}}. Sign in or sign up with the address that got this mail. If you do not know {{tenant}}, ignore it.</p>'),
  ('de', 'Du bist zu {{tenant}} eingeladen',
    '<p>{{tenant}} lädt dich ein, dabei zu sein.</p><p><a href="{{link}}">Einladung annehmen</a></p><p>Sie gilt bis {{expires_on}}. Melde dich mit der Adresse an, an die diese Mail ging. Wenn du {{tenant}} nicht kennst, lass sie liegen.</p>'),
  ('fr', 'Vous êtes invité à rejoindre {{tenant}}',
    '<p>{{tenant}} vous invite à rejoindre son équipe.</p><p><a href="{{link}}">Accepter l’invitation</a></p><p>Elle est valable jusqu’au {{expires_on}}. Connectez-vous avec l’adresse qui a reçu ce message. Si vous ne connaissez pas {{tenant}}, ignorez-le.</p>')
) as t (locale, subject, body_html);

select private.register_email_template('welcome', t.locale, 'Welcome', t.subject, t.body_html,
  '[{"key": "tenant", "description": "The name of the tenant.", "required": true},
    {"key": "name", "description": "The name of the person.", "required": true}]', 'onboarding')
from (values
  ('en', 'Welcome to {{tenant}}', '<p>Hello {{name}},</p><p>your account at {{tenant}} is ready.</p>'),
  ('de', 'Willkommen bei {{tenant}}', '<p>Hallo {{name}},</p><p>dein Konto bei {{tenant}} ist bereit.</p>'),
  ('fr', 'Bienvenue chez {{tenant}}', '<p>Bonjour {{name}},</p><p>votre compte chez {{tenant}} est prêt.</p>')
) as t (locale, subject, body_html);
