import type en from './en.ts'

const it: typeof en = {
  addressNotManaged: 'Solo gli admin e i titolari cambiano indirizzi e domini.',
  page: 'La tua pagina',
  pageOff: 'La pagina è disattivata. I visitatori non vedono nulla a questi indirizzi.',
  noPage: 'La pagina non ha ancora un indirizzo. Aggiungi un dominio.',
  copyAddress: 'Copia l’indirizzo',
  alsoAt: 'Anche a',

  slug: 'Identificativo',
  slugLabel: 'Identificativo di questo studio',
  slugHint: 'Da 3 a 40 caratteri: dalla a alla z, cifre e trattini. È parte dell’indirizzo della pagina.',
  changeSlug: 'Cambia l’identificativo',
  slugTitle: (from, to) => `Cambiare ${from} in ${to}?`,
  slugLead: (from) =>
    `La pagina e questa console passano al nuovo indirizzo. ${from} vi porta per 90 giorni e non viene dato a nessun altro. In 90 giorni si possono lasciare al massimo cinque identificativi.`,

  domains: 'Domini propri',
  domainsLead: 'Un dominio mostra la tua pagina quando due record del tuo fornitore DNS portano qui.',
  newDomain: 'Nuovo dominio',
  host: 'Dominio',
  hostHint: 'Per esempio quiz.example.com, senza https://. Lo stesso con www. è compreso.',
  addDomain: 'Aggiungi il dominio',
  domainStatus: {
    pending: 'Attende il suo record',
    verified: 'Verificato',
    failed: 'Perso: il suo record manca',
  },
  primary: 'principale',
  overPlan: 'Disattivato: il piano non ha posto per esso',
  missingSince: (day) => `Il suo record manca dal ${day}. Dopo tre giorni il dominio è perso.`,
  records: 'Record per il tuo fornitore DNS',
  recordProof: '1. Dimostra che il dominio è tuo',
  recordAddress: '2. Porta i visitatori alla tua pagina',
  recordType: 'Tipo',
  recordName: 'Nome',
  recordValue: 'Valore',
  copyName: 'Copia il nome',
  copyValue: 'Copia il valore',
  apex: 'Un dominio senza parte davanti, come example.com, non può avere un CNAME. Il tuo fornitore lo chiama lì ALIAS, ANAME o flattening.',
  noTarget: 'Chiedi al gestore di questa piattaforma dove deve portare il secondo record, un CNAME.',
  checkNow: 'Controlla ora',
  makePrimary: 'Rendilo principale',
  removeDomain: 'Togli',
  removeDomainTitle: (host) => `Togliere ${host}?`,
  removeDomainLead:
    'Non mostra più la tua pagina, da subito. Chi altro dimostra il dominio può allora usarlo.',
}

export default it
