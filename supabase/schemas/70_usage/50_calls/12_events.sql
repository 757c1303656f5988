-- Events of calls, and what people are told of their cost. What is left of the cap is announced by limit.threshold_reached, as every limit.

select private.register_event_type('model.unpriced',
  'A tenant called a model that has no price. Only the platform''s own tenant receives it, once a month for each model.',
  '{"provider": "text", "model": "text", "month": "text"}',
  '{"provider": "openai", "model": "gpt-7", "month": "2026-11"}');

select private.register_notification_type('spend.near', 'billing', 'Four fifths of the month''s spend cap are spent.',
  '{"en": "Calls of AI models cost {{spent}} of the {{cap}} US dollars that you allow this month.",
    "de": "Aufrufe von KI-Modellen haben {{spent}} der {{cap}} US-Dollar gekostet, die du diesen Monat erlaubst.",
    "fr": "Les appels de modèles d’IA ont coûté {{spent}} des {{cap}} dollars américains que vous autorisez ce mois-ci."}',
  '{"spent": "40.00", "cap": "50.00"}');

select private.register_notification_type('spend.reached', 'billing', 'The month''s spend cap is reached.',
  '{"en": "Calls of AI models have cost {{spent}} US dollars, and you allow {{cap}} this month. Further calls are refused.",
    "de": "Aufrufe von KI-Modellen haben {{spent}} US-Dollar gekostet, und du erlaubst {{cap}} diesen Monat. Weitere Aufrufe werden abgelehnt.",
    "fr": "Les appels de modèles d’IA ont coûté {{spent}} dollars américains, et vous en autorisez {{cap}} ce mois-ci. Les prochains appels seront refusés."}',
  '{"spent": "50.12", "cap": "50.00"}', is_critical => true);
