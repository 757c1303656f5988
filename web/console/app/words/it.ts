import type en from './en.ts'

const it: typeof en = {
  language: 'it',
  loading: 'Caricamento …',
  retry: 'Riprova',

  email: 'E-mail',
  next: 'Continua',
  working: 'Un momento …',
  offline: 'Non c’è connessione. Controlla la rete e riprova.',
  refused: (code) => `Non ha funzionato (${code}). Riprova.`,

  signOut: 'Esci',
  lastChange: 'La sua ultima modifica nel registro di controllo',
  skip: 'Vai al contenuto',
  navigation: 'Navigazione principale',
  menu: 'Menu',
  notRead: 'non lette',
  rooms: {
    home: 'Panoramica',
    campaigns: 'Campagne',
    questionnaires: 'Questionari',
    participants: 'Partecipanti',
    bots: 'Bot',
    brand: 'Marchio',
    address: 'Indirizzo',
    notifications: 'Notifiche',
    people: 'Persone',
    sso: 'Accesso aziendale',
    keys: 'Chiavi API',
    webhooks: 'Webhook',
    usage: 'Piano e consumi',
    credits: 'Crediti',
    audit: 'Registro di controllo',
    settings: 'Impostazioni',
  },
  yourTenants: 'I tuoi studi',
  role: { owner: 'Titolare', admin: 'Admin', member: 'Membro', reviewer: 'Revisore' },
  status: { demo: 'Demo', trial: 'Prova', active: 'Attivo', frozen: 'Congelato', archived: 'Archiviato' },
  frozen: 'Questo studio è congelato. Si può leggere ed esportare, ma non modificare.',
  trialOver:
    'La prova è terminata. Tutto si può ancora leggere ed esportare. Scelga un piano per continuare.',
  notFound: 'Non c’è niente a questo indirizzo.',
  toContract: 'Vai al contratto',
  requestId: (id) => `Richiesta ${id}`,

  save: 'Salva',
  unsaved: 'Ci sono modifiche non salvate. Uscire lo stesso?',
  asCurl: 'Lo stesso con curl',
  asTable: 'Come tabella',

  conflictLead:
    'Mentre modificavi, la stessa cosa è stata cambiata. Scegli che cosa resta. Fino ad allora nulla va perso.',
  keepMine: 'Tieni il mio',
  takeTheirs: 'Prendi l’altro',
  nothing: 'niente',

  cancel: 'Annulla',
  revoke: 'Revoca',
  copy: 'Copia',
  copied: 'Copiata',
  haveKept: 'L’ho conservata',

  showMore: 'Mostra altro',
  filters: 'Filtri',
  before: 'Prima',
  after: 'Dopo',
  hidden: 'È cambiato. Ciò che contiene non è conservato qui.',
}

export default it
