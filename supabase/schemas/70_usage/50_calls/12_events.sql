-- Events of calls. What is left of the cap is announced by limit.threshold_reached, as every limit.

select private.register_event_type('model.unpriced',
  'A tenant called a model that has no price. Only the platform''s own tenant receives it, once a month for each model.',
  '{"provider": "text", "model": "text", "month": "text"}',
  '{"provider": "openai", "model": "gpt-7", "month": "2026-11"}');
