import type en from './en.ts'

const de: typeof en = {
  trialEnds: (day) => `die Testzeit endet am ${day}`,
  toDo: 'Was zu tun ist',
  nothingToDo: 'Es ist nichts zu tun.',
  goThere: 'Dorthin',
  severity: { error: 'Dringend', warning: 'Bald', info: 'Bei Gelegenheit' },
  finding: {
    domain_not_verified:
      'Eine Domain ist noch nicht geprüft, also zeigt sie keine Seite. Tragen Sie ihren Eintrag beim DNS-Anbieter ein.',
    domain_lost:
      'Eine Domain zeigt die Seite nicht mehr. Sehen Sie nach ihren Einträgen, und prüfen Sie sie neu.',
    domain_record_missing:
      'Der Eintrag einer geprüften Domain ist weg. Nach drei Tagen ist die Domain verloren.',
    brand_warning: 'Besucher sehen einen Teil der Marke nicht so, wie er gemeint ist.',
    llm_provider_refusing:
      'Ihr Sprachmodell lehnt seine Einstellungen ab, darum wird das der Plattform gefragt.',
    invitation_pending: 'Eine Einladung wurde noch nicht angenommen.',
    identity_provider_failing: 'Die letzte Prüfung der Firmenanmeldung hat einen Fehler gefunden.',
    certificate_ending:
      'Das letzte Zertifikat der Firmenanmeldung läuft bald ab oder ist abgelaufen. Dann meldet sich damit niemand mehr an.',
    api_key_ending: 'Ein API-Schlüssel läuft bald ab. Ersetzen Sie ihn.',
    contract_to_accept:
      'Ein Vertrag wartet auf jemanden mit Verwaltungsrechten. Bis er angenommen ist, bleibt die Praxis geschlossen.',
    trial_ending: 'Die Probezeit endet bald. Danach kann die Praxis nur noch gelesen werden.',
    trial_ended:
      'Die Probezeit ist zu Ende, die Praxis kann nur gelesen werden. Ohne Tarif wird sie eingefroren.',
    tenant_frozen: 'Die Praxis ist eingefroren und kann nur gelesen werden. Sie wird archiviert.',
    limit_near: 'Das meiste, was der Tarif erlaubt, ist verbraucht.',
    limit_reached: 'Alles, was der Tarif erlaubt, ist verbraucht. Mehr geht nicht.',
    plan_excess: 'Die Praxis hat mehr, als der Tarif erlaubt. Das Neueste davon ist abgeschaltet.',
    notification_provider_refusing:
      'Ein Anbieter für Nachrichten lehnt seine Einstellungen ab, darum sendet der der Plattform.',
    message_unsettled:
      'Von einer Nachricht an ein Telefon weiss niemand, ob sie hinausging. Fragen Sie den Anbieter.',
    endpoint_failing: 'Ein Webhook-Endpunkt schlägt fehl. Nach fünf Tagen ohne Erfolg wird er abgeschaltet.',
    endpoint_disabled:
      'Ein Webhook-Endpunkt wurde abgeschaltet, weil sein Empfänger versagte oder darum bat.',
  },
}

export default de
