import type en from './en.ts'

const de: typeof en = {
  language: 'de',
  loading: 'Wird geladen …',
  retry: 'Noch einmal versuchen',

  email: 'E-Mail',
  next: 'Weiter',
  working: 'Einen Moment …',
  offline: 'Es gibt keine Verbindung. Prüfen Sie Ihr Netz und versuchen Sie es noch einmal.',
  refused: (code) => `Das hat nicht geklappt (${code}). Versuchen Sie es noch einmal.`,

  signOut: 'Abmelden',
  lastChange: 'Ihre letzte Änderung im Protokoll',
  skip: 'Zum Inhalt',
  navigation: 'Hauptnavigation',
  menu: 'Menü',
  notRead: 'ungelesen',
  rooms: {
    home: 'Übersicht',
    campaigns: 'Kampagnen',
    questionnaires: 'Fragebogen',
    participants: 'Teilnehmende',
    bots: 'Bots',
    brand: 'Marke',
    address: 'Adresse',
    notifications: 'Benachrichtigungen',
    people: 'Personen',
    sso: 'Firmenanmeldung',
    keys: 'API-Schlüssel',
    webhooks: 'Webhooks',
    usage: 'Tarif und Verbrauch',
    credits: 'Guthaben',
    audit: 'Protokoll',
    settings: 'Einstellungen',
  },
  yourTenants: 'Ihre Praxen',
  role: { owner: 'Inhaber', admin: 'Admin', member: 'Mitglied', reviewer: 'Prüfer' },
  status: { demo: 'Demo', trial: 'Testzeit', active: 'Aktiv', frozen: 'Eingefroren', archived: 'Archiviert' },
  frozen: 'Diese Praxis ist eingefroren. Man kann sie lesen und exportieren, aber nicht ändern.',
  trialOver:
    'Die Probezeit ist zu Ende. Alles kann noch gelesen und exportiert werden. Wählen Sie einen Tarif, um weiterzuarbeiten.',
  notFound: 'Unter dieser Adresse gibt es nichts.',
  toContract: 'Zum Vertrag',
  requestId: (id) => `Anfrage ${id}`,

  save: 'Speichern',
  unsaved: 'Es gibt Änderungen, die nicht gespeichert sind. Trotzdem verlassen?',
  asCurl: 'Dasselbe mit curl',
  asTable: 'Als Tabelle',

  conflictLead:
    'Während Sie bearbeiteten, wurde dasselbe geändert. Wählen Sie, was bleibt. Bis dahin geht nichts verloren.',
  keepMine: 'Meines behalten',
  takeTheirs: 'Das andere nehmen',
  nothing: 'nichts',

  cancel: 'Abbrechen',
  revoke: 'Widerrufen',
  copy: 'Kopieren',
  copied: 'Kopiert',
  haveKept: 'Ich habe ihn aufbewahrt',

  showMore: 'Mehr zeigen',
  filters: 'Filter',
  before: 'Vorher',
  after: 'Nachher',
  hidden: 'Es hat sich geändert. Was darin steht, wird hier nicht aufbewahrt.',
}

export default de
