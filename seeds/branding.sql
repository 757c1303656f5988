-- Branding: how each tenant looks. Both spellings of a brand are used on purpose: the nested one of requirement
-- document 002 and the flat one of requirement document 000.

-- Rows that seeds insert are not events, so webhooks report nothing.
select set_config('tenantry.is_restoring', 'on', true);

update public.tenant_brands set
  display_name = 'Leading with Meaning',
  brand = '{
    "logo": {"url": "https://leadingwithmeaning.example.com/logo.svg", "alt": "Leading with Meaning", "width": 220},
    "colors": {
      "primary": "#2d5a3d", "primaryHover": "#234a31", "secondary": "#c9a227", "accent": "#c9a227",
      "background": "#fdfbf5", "backgroundSubtle": "#f4efe0", "text": "#1f2a24", "textMuted": "#5c6b62", "border": "#ddd6c1"
    },
    "fonts": {"heading": "Playfair Display", "body": "Lato"},
    "tagline": "Lead from what matters.",
    "welcomeMessage": "Welcome. In about fifteen minutes you will see where your leadership already has meaning, and where it is waiting for some.",
    "completionMessage": "Thank you. Your results are on their way, and I read every one of them myself.",
    "showPoweredBy": true
  }',
  email_config = '{"fromName": "Mark at Leading with Meaning", "replyTo": "mark@leadingwithmeaning.test"}',
  enabled_assessments = '{industry4,money-archetypes}',
  coach_name = 'Mark Ellery',
  coach_title = 'Executive coach',
  coach_email = 'hello@leadingwithmeaning.test',
  coach_notification_email = 'mark@leadingwithmeaning.test',
  website_url = 'https://leadingwithmeaning.example.com',
  booking_url = 'https://leadingwithmeaning.example.com/book',
  legal_entity = 'Leading with Meaning LLC',
  canonical_quiz_url = 'https://leadingwithmeaning.example.com/assessment'
where tenant_id = (select id from public.tenants where slug = 'leadingwithmeaning');

-- An iframe tenant: its own site has the header and footer, so the page inherits its look. slug_prefix is the part
-- of the path under which that site embeds the quiz.
update public.tenant_brands set
  display_name = 'Money Story Coaching',
  brand = '{
    "primary": "#401405", "accent": "#B39F65", "cream": "#EDEBDE", "sage": "#919C82",
    "logoUrl": "https://moneystory.example.com/logo.svg", "fontHeading": "Newsreader", "fontBody": "Mulish",
    "theme_mode": "inherit",
    "tagline": "Find the story your money tells."
  }',
  email_config = '{"from_name": "Lena Brandt", "reply_to": "lena@moneystory.test"}',
  enabled_assessments = '{money-archetypes}',
  coach_name = 'Lena Brandt',
  coach_title = 'Money coach',
  coach_email = 'studio@moneystory.test',
  website_url = 'https://moneystory.example.com',
  booking_url = 'https://moneystory.example.com/termin',
  legal_entity = 'Money Story Coaching GmbH',
  voice_id = 'voice-lena',
  slug_prefix = 'lena',
  canonical_quiz_url = 'https://moneystory.example.com/quiz'
where tenant_id = (select id from public.tenants where slug = 'moneystory');

update public.tenant_brands set
  display_name = 'Brightpath Agency',
  brand = '{
    "colors": {"primary": "#3b2fd6", "primary_hover": "#2d24ab", "secondary": "#ff7a45", "accent": "#ff7a45",
      "background": "#ffffff", "background_subtle": "#f3f3fb", "text": "#16162b", "text_muted": "#5d5d78", "border": "#dcdcec"},
    "fonts": {"heading": "Space Grotesk", "body": "Inter"},
    "tagline": "Marketing that finishes what it starts.",
    "messages": {"welcome": "Tell us where you stand; we will show you the next three steps."}
  }',
  enabled_assessments = '{industry4}',
  website_url = 'https://brightpath.example.com',
  legal_entity = 'Brightpath Digital Private Limited'
where tenant_id = (select id from public.tenants where slug = 'brightpath');

update public.tenant_brands set
  display_name = 'Kassangas Music Shop',
  brand = '{
    "colors": {"primary": "#b3261e", "secondary": "#f2b705", "accent": "#f2b705", "background": "#fff8f0", "text": "#2b1a12"},
    "fonts": {"heading": "Bebas Neue", "body": "Open Sans"},
    "tagline": "Guitars, keys, drums, and the people who play them."
  }',
  website_url = 'https://kassangas.example.com'
where tenant_id = (select id from public.tenants where slug = 'kassangas');

update public.tenant_brands set
  display_name = 'Demo Coaching',
  brand = '{"colors": {"primary": "#0f6c7a", "accent": "#e0a458", "background": "#f7fafa", "text": "#12292d"},
    "fonts": {"heading": "Merriweather", "body": "Source Sans 3"}, "tagline": "Look around. Everything here is reset every night."}',
  enabled_assessments = '{industry4}',
  coach_name = 'Dana Demo',
  coach_title = 'Sample coach'
where tenant_id = (select id from public.tenants where slug = 'demo-coaching');

-- Never checked again: DNS has no names under .test, so the domain would be lost after three days.
insert into public.tenant_domains (tenant_id, host, status, is_primary, verified_at, next_check_at)
select t.id, v.host, v.status::public.domain_status, v.status = 'verified',
  case when v.status = 'verified' then now() end, 'infinity'
from (values
  ('leadingwithmeaning', 'leadingwithmeaning.test', 'verified'),
  ('moneystory', 'quiz.moneystory.test', 'verified'),
  ('brightpath', 'brightpath.test', 'pending')
) as v (slug, host, status)
join public.tenants as t on t.slug = v.slug;
