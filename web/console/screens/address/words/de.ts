import type en from './en.ts'

const de: typeof en = {
  addressNotManaged: 'Nur Admins und Inhaber ändern Adressen und Domains.',
  page: 'Ihre Seite',
  pageOff: 'Die Seite ist ausgeschaltet. Besucher sehen unter diesen Adressen nichts.',
  noPage: 'Die Seite hat noch keine Adresse. Fügen Sie eine Domain hinzu.',
  copyAddress: 'Adresse kopieren',
  alsoAt: 'Auch unter',

  slug: 'Kürzel',
  slugLabel: 'Kürzel dieser Praxis',
  slugHint: '3 bis 40 Zeichen: a bis z, Ziffern und Bindestriche. Es ist Teil der Adresse der Seite.',
  changeSlug: 'Kürzel ändern',
  slugTitle: (from, to) => `${from} in ${to} ändern?`,
  slugLead: (from) =>
    `Die Seite und diese Konsole ziehen an die neue Adresse um. ${from} führt 90 Tage lang dorthin und wird niemandem sonst gegeben. In 90 Tagen können höchstens fünf Kürzel aufgegeben werden.`,

  domains: 'Eigene Domains',
  domainsLead: 'Eine Domain zeigt Ihre Seite, sobald zwei Einträge bei Ihrem DNS-Anbieter hierher führen.',
  newDomain: 'Neue Domain',
  host: 'Domain',
  hostHint: 'Zum Beispiel quiz.example.com, ohne https://. Dieselbe mit www. ist eingeschlossen.',
  addDomain: 'Domain hinzufügen',
  domainStatus: {
    pending: 'Wartet auf ihren Eintrag',
    verified: 'Bestätigt',
    failed: 'Verloren: Ihr Eintrag fehlt',
  },
  primary: 'Hauptdomain',
  overPlan: 'Ausgeschaltet: Der Tarif hat keinen Platz für sie',
  missingSince: (day) => `Ihr Eintrag fehlt seit ${day}. Nach drei Tagen ist die Domain verloren.`,
  records: 'Einträge für Ihren DNS-Anbieter',
  recordProof: '1. Er beweist, dass die Domain Ihnen gehört',
  recordAddress: '2. Er führt Besucher zu Ihrer Seite',
  recordType: 'Typ',
  recordName: 'Name',
  recordValue: 'Wert',
  copyName: 'Namen kopieren',
  copyValue: 'Wert kopieren',
  apex: 'Eine Domain ohne Teil davor, wie example.com, kann keinen CNAME haben. Ihr Anbieter nennt es dort ALIAS, ANAME oder Flattening.',
  noTarget: 'Fragen Sie den Betreiber dieser Plattform, wohin der zweite Eintrag, ein CNAME, führen muss.',
  checkNow: 'Jetzt prüfen',
  makePrimary: 'Zur Hauptdomain machen',
  removeDomain: 'Entfernen',
  removeDomainTitle: (host) => `${host} entfernen?`,
  removeDomainLead:
    'Sie zeigt Ihre Seite sofort nicht mehr. Wer sonst die Domain beweist, kann sie dann verwenden.',
}

export default de
