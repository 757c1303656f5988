import type en from './en.ts'

const de: typeof en = {
  language: 'de',
  loading: 'Wird geladen …',
  retry: 'Noch einmal versuchen',

  signIn: 'Anmelden',
  signInLead: 'Melden Sie sich bei Ihrer Praxis an.',
  email: 'E-Mail',
  password: 'Passwort',
  next: 'Weiter',
  working: 'Einen Moment …',
  sendCode: 'Stattdessen einen Code senden',
  code: 'Code',
  codeLead: (email) => `Wir haben einen Code an ${email} gesendet. Er gilt eine Stunde.`,
  usePassword: 'Stattdessen ein Passwort verwenden',
  otherEmail: 'Andere E-Mail-Adresse verwenden',
  ssoLead: 'Ihre Firma meldet Sie an.',
  ssoButton: 'Zur Anmeldung Ihrer Firma',
  ssoNotHere: 'Diese Installation hat keine Anmeldung über Firmen. Fragen Sie, wer sie betreibt.',
  wrongPassword: 'Die E-Mail-Adresse oder das Passwort ist falsch.',
  wrongCode: 'Der Code ist falsch oder abgelaufen. Fordern Sie einen neuen an.',
  notConfirmed: 'Diese Adresse ist noch nicht bestätigt. Öffnen Sie den Link in der E-Mail von uns.',
  tooMany: 'Das waren zu viele Versuche. Warten Sie eine Minute und versuchen Sie es noch einmal.',
  offline: 'Es gibt keine Verbindung. Prüfen Sie Ihr Netz und versuchen Sie es noch einmal.',
  refused: (code) => `Das hat nicht geklappt (${code}). Versuchen Sie es noch einmal.`,

  signOut: 'Abmelden',
  skip: 'Zum Inhalt',
  navigation: 'Hauptnavigation',
  menu: 'Menü',
  rooms: {
    home: 'Übersicht',
    campaigns: 'Kampagnen',
    participants: 'Teilnehmende',
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
  noTenants: 'Sie gehören noch zu keiner Praxis. Bitten Sie um eine Einladung.',
  role: { owner: 'Inhaber', admin: 'Admin', member: 'Mitglied', reviewer: 'Prüfer' },
  status: { demo: 'Demo', trial: 'Testzeit', active: 'Aktiv', frozen: 'Eingefroren', archived: 'Archiviert' },
  frozen: 'Diese Praxis ist eingefroren. Man kann sie lesen und exportieren, aber nicht ändern.',
  trialOver:
    'Die Probezeit ist zu Ende. Alles kann noch gelesen und exportiert werden. Wählen Sie einen Tarif, um weiterzuarbeiten.',
  notFound: 'Unter dieser Adresse gibt es nichts.',
  requestId: (id) => `Anfrage ${id}`,

  save: 'Speichern',
  unsaved: 'Es gibt Änderungen, die nicht gespeichert sind. Trotzdem verlassen?',
  asCurl: 'Dasselbe mit curl',

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
}

export default de
