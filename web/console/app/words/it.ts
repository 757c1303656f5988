import type en from './en.ts'

const it: typeof en = {
  language: 'it',
  loading: 'Caricamento …',
  retry: 'Riprova',

  signIn: 'Accedi',
  signInLead: 'Accedi al tuo studio.',
  email: 'E-mail',
  password: 'Password',
  next: 'Continua',
  working: 'Un momento …',
  sendCode: 'Inviami invece un codice',
  code: 'Codice',
  codeLead: (email) => `Abbiamo inviato un codice a ${email}. Vale per un’ora.`,
  usePassword: 'Usa invece una password',
  otherEmail: 'Usa un altro indirizzo e-mail',
  ssoLead: 'Accedi tramite la tua azienda.',
  ssoButton: 'Vai all’accesso della tua azienda',
  ssoNotHere: 'Questa installazione non ha l’accesso tramite aziende. Chiedi a chi la gestisce.',
  wrongPassword: 'L’indirizzo e-mail o la password non è corretta.',
  wrongCode: 'Il codice non è corretto o è scaduto. Chiedine uno nuovo.',
  notConfirmed: 'Questo indirizzo non è ancora confermato. Apri il link nell’e-mail che ti abbiamo inviato.',
  tooMany: 'Ci sono stati troppi tentativi. Aspetta un minuto e riprova.',
  offline: 'Non c’è connessione. Controlla la rete e riprova.',
  refused: (code) => `Non ha funzionato (${code}). Riprova.`,

  signOut: 'Esci',
  skip: 'Vai al contenuto',
  navigation: 'Navigazione principale',
  menu: 'Menu',
  rooms: {
    home: 'Panoramica',
    campaigns: 'Campagne',
    participants: 'Partecipanti',
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
  noTenants: 'Non appartieni ancora a nessuno studio. Chiedi un invito.',
  role: { owner: 'Titolare', admin: 'Admin', member: 'Membro', reviewer: 'Revisore' },
  status: { demo: 'Demo', trial: 'Prova', active: 'Attivo', frozen: 'Congelato', archived: 'Archiviato' },
  frozen: 'Questo studio è congelato. Si può leggere ed esportare, ma non modificare.',
  trialOver:
    'La prova è terminata. Tutto si può ancora leggere ed esportare. Scelga un piano per continuare.',
  notFound: 'Non c’è niente a questo indirizzo.',
  requestId: (id) => `Richiesta ${id}`,

  save: 'Salva',
  unsaved: 'Ci sono modifiche non salvate. Uscire lo stesso?',
  asCurl: 'Lo stesso con curl',

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
}

export default it
