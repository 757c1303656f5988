import type en from './en.ts'

const de: typeof en = {
  seenByManagers: 'Admins und Inhaber sehen die Nummer eines Bots.',
  none: 'Dieser Bot hat keine WhatsApp-Nummer. Ohne sie antwortet er niemandem.',

  state: 'Zustand der Nummer',
  verified: 'Meta kennt die Nummer, und der Bot darf antworten.',
  notVerified: 'Die Nummer ist noch nicht geprüft. Bis dahin antwortet der Bot niemandem.',
  paused: (at, why) => `Der Bot sendet seit ${at} nichts: ${why}`,
  tokenInvalid:
    'Meta nimmt das Zugriffstoken nicht mehr an. Geben Sie ein neues ein und prüfen Sie die Nummer.',
  phone: 'Nummer',
  name: 'Name bei WhatsApp',
  verifiedAt: 'Geprüft',
  tokenEnds: 'Das Zugriffstoken endet',
  checkedAt: 'Meta wurde gefragt',
  verify: 'Prüfen',
  asking: 'Meta wird gefragt …',
  remove: 'Nummer entfernen',
  removeTitle: 'Die Nummer entfernen?',
  removeLead: 'Ihre Geheimnisse werden vergessen, und der Bot antwortet niemandem. Die Gespräche bleiben.',
  problems: {
    token_invalid:
      'Meta nimmt das Zugriffstoken nicht an. Erstellen Sie ein neues für einen Systemnutzer Ihres Unternehmens und geben Sie es ein.',
    token_expired:
      'Das Zugriffstoken ist abgelaufen. Erstellen Sie ein neues für einen Systemnutzer, wenn möglich eines ohne Ablauf, und geben Sie es ein.',
    scope_missing:
      'Dem Zugriffstoken fehlt eine Berechtigung. Erstellen Sie eines mit whatsapp_business_messaging und whatsapp_business_management für einen Systemnutzer, dem das Konto zugewiesen ist.',
    app_secret_wrong:
      'Das App-Geheimnis gehört nicht zu der App, für die das Zugriffstoken erstellt wurde. Kopieren Sie es aus App-Einstellungen, Allgemeines.',
    number_not_found:
      'Das Zugriffstoken öffnet keine Nummer mit dieser ID. Kopieren Sie die ID der Telefonnummer, die nicht die Nummer selbst ist, und weisen Sie das Konto dem Systemnutzer zu.',
    account_not_found:
      'Das Zugriffstoken öffnet kein WhatsApp-Business-Konto mit dieser ID. Kopieren Sie die ID von der Seite API Setup und weisen Sie das Konto dem Systemnutzer zu.',
    wrong_account:
      'Die Nummer gehört nicht zu diesem WhatsApp-Business-Konto. Kopieren Sie beide IDs von einer Seite.',
    number_taken: 'Diese Nummer ist schon mit einem anderen Bot verbunden. Entfernen Sie sie zuerst dort.',
    callback_refused:
      'Meta erreichte die Callback-URL nicht, oder nahm ihre Antwort nicht an. Prüfen Sie noch einmal; bleibt es so, sagen Sie es der Plattform.',
    refused:
      'Meta gab keine Auskunft. Sehen Sie auf business.facebook.com nach dem Zustand Ihres Unternehmens und des Kontos.',
    unreachable: 'Meta antwortete nicht. Nichts hat sich geändert. Versuchen Sie es später noch einmal.',
  },

  atMeta: 'Was Meta erfährt',
  atMetaLead:
    'Die Prüfung sagt Meta beides von selbst. Von Hand tragen Sie es in Ihrer App unter WhatsApp, Konfiguration ein.',
  callback: 'Callback-URL',
  copyCallback: 'Callback-URL kopieren',
  verifyToken: 'Prüftoken',
  tokenLead: 'Meta sendet es, wenn es fragt, ob die Callback-URL Ihnen gehört.',
  tokenMade: 'Prüftoken erstellt',
  tokenBefore: 'Das vorige',
  countsUntil: (at) => `gilt bis ${at}`,
  reveal: 'Prüftoken zeigen',
  rotate: 'Neues Prüftoken erstellen',
  rotateTitle: 'Ein neues Prüftoken erstellen?',
  rotateLead:
    'Das vorige gilt noch eine Woche. Prüfen Sie bis dahin die Nummer, oder tragen Sie das neue bei Meta ein.',

  connect: 'Nummer verbinden',
  change: 'Nummer ändern',
  field: {
    whatsapp_phone_number_id: 'ID der Telefonnummer',
    whatsapp_business_account_id: 'ID des WhatsApp-Business-Kontos',
    access_token: 'Zugriffstoken',
    app_secret: 'App-Geheimnis',
  },
  idHint: {
    whatsapp_phone_number_id: 'Ziffern, von der Seite API Setup Ihrer App. Es ist nicht die Nummer selbst.',
    whatsapp_business_account_id:
      'Ziffern, von derselben Seite. Mit einer anderen ID wird die Nummer neu geprüft.',
  },
  saved: 'Gespeichert.',
  secretOnce: 'Es wird gespeichert und niemandem mehr gezeigt.',
  secretStays: 'Eines ist gespeichert. Lassen Sie das leer, um es zu behalten.',
}

export default de
