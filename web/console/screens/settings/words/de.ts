import type en from './en.ts'

const de: typeof en = {
  settingsNotManaged: 'Nur Admins und Inhaber ändern die Einstellungen.',
  general: 'Allgemein',
  tenantName: 'Name',
  locale: 'Sprache',
  timeZone: 'Zeitzone',
  timeZoneHint: 'Tage und Monate von Verbrauch und Guthaben beginnen nach dieser Zeitzone.',
  saved: 'Gespeichert.',

  projects: 'Projekte',
  projectsLead: 'Projekte gliedern die Arbeit einer Praxis.',
  projectsNotOffered: 'Kein Produkt dieser Praxis hat noch Projekte. Die vorhandenen können gelesen werden.',
  newProject: 'Neues Projekt',
  projectName: 'Name',
  projectSlug: 'Kürzel',
  projectSlugHint: '2 bis 40 Zeichen: a bis z, Ziffern und Bindestriche. Programme verwenden es.',
  makeProject: 'Projekt erstellen',
  archived: 'Archiviert',
  archive: 'Archivieren',
  openAgain: 'Wieder öffnen',
  rename: 'Umbenennen',
  renameTitle: (name) => `${name} umbenennen`,
  renameLead: 'Das Kürzel bleibt, wie es ist.',

  products: 'Produkte',
  productsLead: 'Diese hat die Plattform gewährt.',
  noProducts: 'Die Plattform hat keine Produkte gewährt. Was der Tarif hat, kann verwendet werden.',
  productEnds: (day) => `bis ${day}`,
  productOff: 'Ausgeschaltet',

  export: 'Export',
  exportLead:
    'Alles, was dieser Praxis gehört, als Zeilen von JSON. Bilder und Dokumente sind darin genannt und werden einzeln geholt. Eine Datei, die nicht mit einer Zeile «trailer» endet, wurde abgeschnitten.',
  exportNow: 'Alles herunterladen',
  exportBegun: 'Das Herunterladen hat begonnen.',

  life: 'Status',
  since: (day) => `seit ${day}`,
  why: (reason) => `Grund: ${reason}`,
  trialEndsAt: (at) => `Die Testzeit endet am ${at}.`,
  freezesAt: (at) => `Sie wird am ${at} eingefroren, wenn kein Tarif gewählt wird.`,
  archivesAt: (at) =>
    `Sie wird am ${at} archiviert, wenn das nicht geregelt wird. Bis dahin kann man lesen und exportieren.`,
  purgeableAt: (at) => `Ab ${at} können ihre Daten endgültig gelöscht werden.`,
  takeBack:
    'Wurde nicht bezahlt oder endete die Testzeit, öffnet ein Tarif sie wieder. Wurde sie gekündigt, kann der Betreiber dieser Plattform das zurücknehmen, bis sie archiviert ist.',
  cancelTenant: 'Diese Praxis kündigen',
  cancelTitle: (name) => `${name} kündigen?`,
  cancelLead:
    'Sie wird sofort eingefroren: Niemand kann etwas ändern oder teilnehmen. 30 Tage lang kann alles gelesen und exportiert werden, und der Betreiber der Plattform kann sie wieder öffnen. Dann wird sie archiviert: Nur der Betreiber kann sie wiederherstellen, 30 weitere Tage lang. Danach können ihre Daten endgültig gelöscht werden. Kündigen Sie ein bezahltes Abonnement zuerst, unter «Tarif und Verbrauch».',
  cancelReason: 'Warum? (kann leer bleiben)',
  cancelTyped: (slug) => `Zur Bestätigung ${slug} eingeben`,
  cancelByOwner: 'Nur der Inhaber kann diese Praxis kündigen.',

  proveIsolation: 'Selbst nachsehen, dass niemand bekommt, was anderen gehört',
}

export default de
