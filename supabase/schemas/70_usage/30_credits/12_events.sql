-- Credit events: credits come to an end, or somebody added some.

create function private.tg_emit_credit_level() returns trigger
  language plpgsql security definer
  set search_path = ''
as $$
begin
  perform private.emit_event(new.tenant_id, case when new.credits_available = 0 then 'credits.exhausted' else 'credits.low' end,
    jsonb_build_object('credits', jsonb_build_object('available', new.credits_available, 'monthly', new.credits_monthly,
      'resets_at', private.event_moment(new.next_reset_at))), 'credits', has_row_lock => true);
  perform private.notify(new.tenant_id, case when new.credits_available = 0 then 'credits.exhausted' else 'credits.low' end, '{admins}',
    jsonb_build_object('available', new.credits_available, 'resets_on', to_char(new.period_end + 1, 'YYYY-MM-DD')));
  return null;
end
$$;
-- Only where the number passes a mark on its way down. So there is one event for each time, and none for the rest.
create trigger credit_balances_emit_level after update of credits_available on public.credit_balances
  for each row when (new.credits_available < old.credits_available and (new.credits_available = 0
    or new.credits_available * 5 <= new.credits_monthly and old.credits_available * 5 > old.credits_monthly))
  execute function private.tg_emit_credit_level();

select private.register_event_type('credits.low', 'A fifth of the month''s credits is left, or less. Reserved credits count as left.',
  '{"credits": {"available": "count", "monthly": "count", "resets_at": "moment"}}',
  '{"credits": {"available": 96, "monthly": 500, "resets_at": "2026-11-30T23:00:00.000Z"}}');

select private.register_event_type('credits.exhausted', 'No credits are left.',
  '{"credits": {"available": "count", "monthly": "count", "resets_at": "moment"}}',
  '{"credits": {"available": 0, "monthly": 500, "resets_at": "2026-11-30T23:00:00.000Z"}}');

select private.register_event_type('credits.topped_up', 'Credits were bought.',
  '{"credits": {"added": "count", "available": "count", "order_ref": "text", "expires_at?": "moment"}}',
  '{"credits": {"added": 1000, "available": 1096, "order_ref": "order_IluGWxBm9U8zJ8", "expires_at": "2026-11-30T23:00:00.000Z"}}');

select private.register_notification_type('credits.low', 'billing', 'A fifth of the month''s credits is left, or less.',
  '{"en": "{{available}} credits are left. New ones come on {{resets_on}}.",
    "de": "Es sind noch {{available}} Credits übrig. Neue kommen am {{resets_on}}.",
    "fr": "Il reste {{available}} crédits. De nouveaux arrivent le {{resets_on}}."}', '{"available": 96, "resets_on": "2026-12-01"}');

select private.register_notification_type('credits.exhausted', 'billing', 'No credits are left.',
  '{"en": "No credits are left. New ones come on {{resets_on}}, or buy some.",
    "de": "Es sind keine Credits mehr übrig. Neue kommen am {{resets_on}}, oder kaufe welche.",
    "fr": "Il ne reste aucun crédit. De nouveaux arrivent le {{resets_on}}, ou achetez-en."}', '{"available": 0, "resets_on": "2026-12-01"}', is_critical => true);
