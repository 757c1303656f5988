-- Operational events: the queue reports about itself. The first four are emitted where deliveries are completed.
select private.register_event_type('endpoint.failing', 'An endpoint has had no success for this part (percent) of the five days after which it is disabled.',
    '{"endpoint_id": "ref_id", "url": "url", "percent": "count", "failing_since": "moment", "consecutive_failures": "count"}',
    '{"endpoint_id": "01JD3NKQ2S4V6X8Z0B2D4F6H8K", "url": "https://hooks.example.com/tenantry", "percent": 50,
      "failing_since": "2026-11-18T09:30:00.000Z", "consecutive_failures": 42}', is_operational => true);

select private.register_event_type('endpoint.disabled', 'An endpoint was disabled. It asked for that, answered 410 (gone), or failed for five days.',
    '{"endpoint_id": "ref_id", "url": "url", "reason": "asked|gone|failing", "failing_since?": "moment"}',
    '{"endpoint_id": "01JD3NKQ2S4V6X8Z0B2D4F6H8K", "url": "https://hooks.example.com/tenantry", "reason": "failing",
      "failing_since": "2026-11-15T09:30:00.000Z"}', is_operational => true);

select private.register_event_type('endpoint.recovered', 'An endpoint accepts deliveries again, after an endpoint.failing event.',
    '{"endpoint_id": "ref_id", "url": "url", "failing_since": "moment"}',
    '{"endpoint_id": "01JD3NKQ2S4V6X8Z0B2D4F6H8K", "url": "https://hooks.example.com/tenantry", "failing_since": "2026-11-18T09:30:00.000Z"}', is_operational => true);

select private.register_event_type('delivery.exhausted', 'The last attempt to deliver a message failed. The message is kept for 90 days and can be replayed.',
    '{"endpoint_id": "ref_id", "url": "url", "message_id": "message_id", "event_type": "text", "attempt_count": "count", "last_error?": "text"}',
    '{"endpoint_id": "01JD3NKQ2S4V6X8Z0B2D4F6H8K", "url": "https://hooks.example.com/tenantry", "message_id": "msg_01JD3NN0W2Y4A6C8E0G2J4M6P8",
      "event_type": "participant_session.completed", "attempt_count": 10, "last_error": "The receiver answered with 500."}', is_operational => true);

select private.register_notification_type('endpoint.failing', 'webhooks', 'A webhook endpoint has failed for days.',
  '{"en": "Your webhook endpoint at {{host}} keeps failing. It is disabled after five days without a success.",
    "de": "Dein Webhook-Endpunkt bei {{host}} schlägt ständig fehl. Nach fünf Tagen ohne Erfolg wird er abgeschaltet.",
    "fr": "Votre point d’accès webhook chez {{host}} échoue sans cesse. Il sera désactivé après cinq jours sans succès."}', '{"host": "hooks.example.com"}', is_critical => true);

select private.register_notification_type('endpoint.disabled', 'webhooks', 'A webhook endpoint was disabled.',
  '{"en": "Your webhook endpoint at {{host}} was disabled. Enable it again when its receiver works.",
    "de": "Dein Webhook-Endpunkt bei {{host}} wurde abgeschaltet. Schalte ihn wieder ein, wenn sein Empfänger funktioniert.",
    "fr": "Votre point d’accès webhook chez {{host}} a été désactivé. Réactivez-le quand son récepteur fonctionnera."}', '{"host": "hooks.example.com"}', is_critical => true);
