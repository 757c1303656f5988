-- Certificates: managers are told before the last one of a SAML provider ends, and when it has ended.

create function private.tell_of_ending_certificates(tenant uuid default null, batch int default 500) returns int
  language plpgsql
  set search_path = ''
as $$
declare
  due record;
  told int := 0;
begin
  for due in
    select c.tenant_id, c.id, c.ref_id, c.type, c.keys_expire_at, s.days, to_char(c.keys_expire_at at time zone t.time_zone, 'YYYY-MM-DD') as ends_on
    from public.tenant_idp_config as c
    join public.tenants as t on t.id = c.tenant_id and t.status <> 'archived'
    cross join lateral (select case when c.keys_expire_at <= now() then 0
      when c.keys_expire_at <= now() + interval '1 day' then 1
      when c.keys_expire_at <= now() + interval '7 days' then 7
      when c.keys_expire_at <= now() + interval '14 days' then 14 else 30 end) as s (days)
    where (tell_of_ending_certificates.tenant is null or c.tenant_id = tell_of_ending_certificates.tenant)
      and c.keys_expire_at <= now() + interval '30 days'
      and (c.certificate_told_ends_at is distinct from c.keys_expire_at or c.certificate_told_days > s.days)
    order by c.keys_expire_at limit batch for no key update of c skip locked
  loop
    update public.tenant_idp_config as c set certificate_told_ends_at = due.keys_expire_at, certificate_told_days = due.days
    where c.tenant_id = due.tenant_id and c.id = due.id;
    perform private.notify(due.tenant_id, case when due.days = 0 then 'idp.certificate_ended' else 'idp.certificate_ending' end, '{admins}',
      jsonb_build_object('kind', upper(due.type::text), 'ends_on', due.ends_on), 'identity_provider', due.ref_id);
    told := told + 1;
  end loop;
  return told;
end
$$;
comment on function private.tell_of_ending_certificates(uuid, int) is
  'Tells the managers of each provider whose last certificate ends within 30, 14, 7 and 1 days, and once it has ended, once for each, at most one batch. Of one tenant, or of all. Returns of how many.';

select private.register_notification_type('idp.certificate_ending', 'sign_in', 'The last certificate of the identity provider ends soon.',
  '{"en": "The last certificate of your identity provider ({{kind}}) ends on {{ends_on}}. After that your people cannot sign in with it. Enter its new metadata before.",
    "de": "Das letzte Zertifikat deines Identitätsanbieters ({{kind}}) endet am {{ends_on}}. Danach können sich deine Leute nicht mehr damit anmelden. Trage vorher seine neuen Metadaten ein.",
    "fr": "Le dernier certificat de votre fournisseur d’identité ({{kind}}) expire le {{ends_on}}. Ensuite, vos collaborateurs ne pourront plus se connecter. Saisissez ses nouvelles métadonnées avant cette date."}',
  '{"kind": "SAML", "ends_on": "2026-12-20"}', is_critical => true);
select private.register_notification_type('idp.certificate_ended', 'sign_in', 'The last certificate of the identity provider has ended.',
  '{"en": "The last certificate of your identity provider ({{kind}}) ended on {{ends_on}}. Your people cannot sign in with it until you enter its new metadata.",
    "de": "Das letzte Zertifikat deines Identitätsanbieters ({{kind}}) endete am {{ends_on}}. Deine Leute können sich nicht damit anmelden, bis du seine neuen Metadaten einträgst.",
    "fr": "Le dernier certificat de votre fournisseur d’identité ({{kind}}) a expiré le {{ends_on}}. Vos collaborateurs ne peuvent plus se connecter tant que vous n’avez pas saisi ses nouvelles métadonnées."}',
  '{"kind": "SAML", "ends_on": "2026-12-20"}', is_critical => true);

select cron.schedule('registry: tell of certificates that end', '19 * * * *', 'select private.tell_of_ending_certificates()');
