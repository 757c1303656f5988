import type en from './en.ts'

const de: typeof en = {
  ssoRoomLead:
    'Personen Ihrer Firma melden sich bei deren eigenem Anbieter an. Niemand wird dorthin geführt, bevor er gefragt wurde und gut geantwortet hat.',
  ssoNotSeen: 'Nur Admins und Inhaber sehen dies.',
  notInPlan: (plan) => `Ihr Tarif hat keine Firmenanmeldung. Der Tarif «${plan}» hat sie.`,
  notSet: 'Es ist nicht eingerichtet.',
  checkNow: 'Jetzt prüfen',
  edit: 'Einstellungen ändern',
  removeProvider: 'Entfernen',
  removeTitle: (kind) => `${kind} entfernen?`,
  removeLead:
    'Niemand wird mehr zu diesem Anbieter geführt, ab sofort. Man meldet sich mit Passwort oder Code an. Sein Geheimnis wird gelöscht.',
  atProvider: 'Beim Anbieter eintragen',
  copyOf: (name) => `Kopieren: ${name}`,
  verified: 'Bestätigt',
  failed: 'Die letzte Prüfung fand einen Fehler',
  notChecked: 'Noch nicht geprüft',
  issuer: 'Issuer',
  issuerHint: 'Genau so, wie der Anbieter ihn schreibt, mit https://. Dort liegt sein Discovery-Dokument.',
  clientId: 'Client-ID',
  clientSecret: 'Client-Secret',
  secretHint: 'Es wird verschlüsselt gespeichert und nie wieder gezeigt.',
  secretKept: 'Es gibt eines. Lassen Sie dies leer, um es zu behalten.',
  kept: 'aufbewahrt, nie gezeigt',
  scopes: 'Weitere Scopes',
  scopesHint: 'Neben openid, mit Leerzeichen dazwischen.',
  metadataBy: 'Metadaten',
  byUrl: 'Von einer Adresse',
  byXml: 'Als Text',
  metadataUrl: 'Adresse der Metadaten',
  metadataXml: 'Metadaten als XML',
  entityId: 'Entity-ID',
  entityHint: 'Nur, wenn die Metadaten mehrere Anbieter beschreiben.',
  certificate: (n) => `Zertifikat ${n}`,
  ends: (day) => `bis ${day}`,
  lastCertificate: 'Das letzte endet',
  emailDomains: 'Adressen, die sich hier anmelden',
  noDomains: 'noch keine: Bestätigen Sie eine Domain unter «Adresse»',
  bound: 'Personen mit diesen Adressen melden sich hier an.',
  notBound:
    'Es funktioniert. Der Betreiber dieser Plattform muss es noch mit der Anmeldung verbinden. Bitten Sie darum.',
  settingsOf: (kind) => `Einstellungen von ${kind}`,
  kinds: { oidc: 'OpenID Connect', saml: 'SAML' },
  atProviderNames: {
    redirect_uri: 'Redirect-URI',
    acs_url: 'ACS-URL',
    entity_id: 'Entity-ID dieser Plattform',
    metadata_url: 'Metadaten dieser Plattform',
  },
}

export default de
