-- What the people of a tenant are told about its plan and its trial.

select private.register_notification_type('plan.exceeded', 'plan', 'The tenant has more than its plan allows.',
  '{"en": "You use {{in_use}} of \"{{gate}}\", and your plan allows {{most}}. The newest are switched off on {{switches_off_on}}.",
    "de": "Du nutzt {{in_use}} von „{{gate}}“, und dein Plan erlaubt {{most}}. Die neuesten werden am {{switches_off_on}} abgeschaltet.",
    "fr": "Vous utilisez {{in_use}} de « {{gate}} », et votre offre en permet {{most}}. Les plus récents seront désactivés le {{switches_off_on}}."}',
  '{"gate": "api_keys", "in_use": 5, "most": 2, "switches_off_on": "2026-12-22"}', is_critical => true);

select private.register_notification_type('plan.enforced', 'plan', 'What the tenant has beyond its plan was switched off.',
  '{"en": "Your plan allows {{most}} of \"{{gate}}\". The newest were switched off, and nothing was deleted.",
    "de": "Dein Plan erlaubt {{most}} von „{{gate}}“. Die neuesten wurden abgeschaltet, und nichts wurde gelöscht.",
    "fr": "Votre offre permet {{most}} de « {{gate}} ». Les plus récents ont été désactivés, et rien n’a été supprimé."}',
  '{"gate": "api_keys", "in_use": 5, "most": 2, "switches_off_on": "2026-12-22"}', is_critical => true);

select private.register_notification_type('limit.near', 'plan', 'Four fifths of a limit of the plan are used.',
  '{"en": "{{percent}} % of \"{{limit}}\" are used. Your plan allows {{most}}.",
    "de": "{{percent}} % von „{{limit}}“ sind verbraucht. Dein Plan erlaubt {{most}}.",
    "fr": "{{percent}} % de « {{limit}} » sont utilisés. Votre offre en permet {{most}}."}',
  '{"limit": "members", "percent": 80, "most": 10}');

select private.register_notification_type('limit.reached', 'plan', 'A limit of the plan is reached.',
  '{"en": "You have all {{most}} of \"{{limit}}\" that your plan allows. No more can be added.",
    "de": "Du hast alle {{most}} von „{{limit}}“, die dein Plan erlaubt. Mehr geht nicht.",
    "fr": "Vous avez atteint les {{most}} de « {{limit}} » que permet votre offre. Il n’est plus possible d’en ajouter."}',
  '{"limit": "members", "percent": 100, "most": 10}', is_critical => true);

select private.register_notification_type('trial.ending', 'plan', 'The trial of the tenant ends within three days.',
  '{"en": "Your trial ends on {{ends_on}}. Choose a plan to go on.",
    "de": "Deine Testphase endet am {{ends_on}}. Wähle einen Plan, um weiterzumachen.",
    "fr": "Votre essai se termine le {{ends_on}}. Choisissez une offre pour continuer."}',
  '{"ends_on": "2026-12-20"}', is_critical => true);

create function private.notify_ending_trials(batch int default 500) returns int
  language sql volatile
  set search_path = ''
as $$
  -- Once for each end: a trial that is extended ends at another moment, and is told of again.
  select coalesce(sum(private.notify(due.id, 'trial.ending', '{admins}',
    jsonb_build_object('ends_on', to_char(due.trial_ends_at at time zone due.time_zone, 'YYYY-MM-DD')),
    idempotency_key => 'trial ' || extract(epoch from due.trial_ends_at)::bigint)), 0)::int
  from (
    select t.id, t.trial_ends_at, t.time_zone from public.tenants as t
    where t.status = 'trial' and t.trial_ends_at between now() and now() + interval '3 days'
      and not exists (select from public.notifications as n
        where n.tenant_id = t.id and n.idempotency_key = 'trial ' || extract(epoch from t.trial_ends_at)::bigint)
    order by t.trial_ends_at limit batch) as due
$$;
comment on function private.notify_ending_trials(int) is
  'Tells the admins of each trial that ends within three days, once, at most one batch. Returns how many people were told.';
select cron.schedule('registry: tell of trials that end', '17 * * * *', 'select private.notify_ending_trials()');
