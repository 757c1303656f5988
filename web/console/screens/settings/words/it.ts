import type en from './en.ts'

const it: typeof en = {
  settingsNotManaged: 'Solo gli admin e i titolari cambiano le impostazioni.',
  general: 'Generale',
  tenantName: 'Nome',
  locale: 'Lingua',
  timeZone: 'Fuso orario',
  timeZoneHint: 'I giorni e i mesi dei consumi e dei crediti iniziano secondo questo fuso.',
  saved: 'Salvato.',

  projects: 'Progetti',
  projectsLead: 'I progetti dividono il lavoro di uno studio.',
  projectsNotOffered:
    'Nessun prodotto di questo studio ha più progetti. Quelli che ci sono si possono leggere.',
  newProject: 'Nuovo progetto',
  projectName: 'Nome',
  projectSlug: 'Identificativo',
  projectSlugHint: 'Da 2 a 40 caratteri: dalla a alla z, cifre e trattini. Lo usano i programmi.',
  makeProject: 'Crea il progetto',
  archived: 'Archiviato',
  archive: 'Archivia',
  openAgain: 'Riapri',
  rename: 'Rinomina',
  renameTitle: (name) => `Rinomina ${name}`,
  renameLead: 'Il suo identificativo resta com’è.',

  products: 'Prodotti',
  productsLead: 'La piattaforma ha concesso questi.',
  noProducts: 'La piattaforma non ha concesso prodotti. Si può usare ciò che ha il piano.',
  productEnds: (day) => `fino al ${day}`,
  productOff: 'Disattivato',

  export: 'Esportazione',
  exportLead:
    'Tutto ciò che appartiene a questo studio, in righe di JSON. Immagini e documenti vi sono nominati e si prendono a parte. Un file che non finisce con una riga «trailer» è stato tagliato.',
  exportNow: 'Scarica tutto',
  exportBegun: 'Lo scaricamento è iniziato.',

  life: 'Stato',
  since: (day) => `dal ${day}`,
  why: (reason) => `Motivo: ${reason}`,
  trialEndsAt: (at) => `La prova finisce il ${at}.`,
  freezesAt: (at) => `Viene congelato il ${at}, se non si sceglie un piano.`,
  archivesAt: (at) =>
    `Viene archiviato il ${at}, se non si risolve. Fino ad allora si può leggere ed esportare.`,
  purgeableAt: (at) => `Dal ${at} i suoi dati possono essere cancellati per sempre.`,
  takeBack:
    'Se non è stato pagato o la prova è finita, un piano lo riapre. Se è stato disdetto, il gestore di questa piattaforma può annullare fino all’archiviazione.',
  cancelTenant: 'Disdici questo studio',
  cancelTitle: (name) => `Disdire ${name}?`,
  cancelLead:
    'Viene congelato subito: nessuno può cambiare nulla né partecipare. Per 30 giorni tutto si può leggere ed esportare, e il gestore della piattaforma può riaprirlo. Poi viene archiviato: solo il gestore può ripristinarlo, per altri 30 giorni. Dopo, i suoi dati possono essere cancellati per sempre. Disdici prima un abbonamento pagato, in «Piano e consumi».',
  cancelReason: 'Perché? (si può lasciare vuoto)',
  cancelTyped: (slug) => `Scrivi ${slug} per confermare`,
  cancelByOwner: 'Solo il titolare può disdire questo studio.',

  proveIsolation: 'Verificare di persona che nessuno ottenga ciò che è di altri',
}

export default it
