import type en from './en.ts'

const it: typeof en = {
  readOnly: 'I revisori leggono le conversazioni e non rispondono.',
  shown: 'Mostra',
  show: { all: 'Tutte', escalated: 'Aspettano una persona', taken_over: 'Risponde una persona' },
  nameOrNumber: 'Il nome o il numero comincia con',
  noConversations: 'Qui non c’è nessuna conversazione.',
  backToAll: 'Tutte le conversazioni',
  nameless: 'Qualcuno senza nome',

  waits: 'Aspetta una persona',
  answeredByPerson: 'Risponde una persona',
  answeredByBot: 'Risponde il bot',
  optedOut: 'Ha scritto STOP',
  waitsSince: (at) => `Aspetta una persona dal ${at}.`,
  personSince: (at) => `Una persona risponde dal ${at}. Il bot tace.`,
  botAnswers: 'Risponde il bot.',
  answering: 'Chi risponde',
  takeOver: 'Subentra',
  handBack: 'Restituisci al bot',

  said: 'Che cosa è stato detto',
  source: { contact: 'Cliente', bot: 'Bot', person: 'Persona', api_key: 'Programma' },
  kinds: {
    image: 'Un’immagine.',
    video: 'Un video.',
    audio: 'Un messaggio vocale.',
    document: 'Un documento.',
    sticker: 'Uno sticker.',
    location: 'Un luogo sulla mappa.',
    contacts: 'Un contatto.',
    order: 'Un ordine.',
  },
  otherKind: 'Un messaggio senza testo.',
  notKept: 'Il testo non viene conservato.',
  row: 'Il suo dato di addestramento',
  template: (name) => `Modello di stile «${name}»`,
  reached: {
    waiting: 'Aspetta l’invio',
    unknown: 'WhatsApp non ha risposto',
    sent: 'Mandato',
    delivered: 'Consegnato',
    read: 'Letto',
    failed: 'Fallito',
  },

  answerTitle: 'Rispondi',
  text: 'La sua risposta',
  send: 'Manda',
  takesOver: 'Chi scrive subentra: il bot tace finché non gli restituisce la conversazione.',
  windowOpen: (at) => `WhatsApp le permette di scrivere fino al ${at}.`,
  windowClosed:
    'WhatsApp le permette di scrivere per 24 ore dopo un messaggio del cliente. Sono passate. Aspetti che il cliente scriva di nuovo.',
  maySendNothing: 'Il cliente ha scritto STOP, quindi non gli si manda niente. Può scrivere START.',

  forgetTitle: 'Dimentica questo contatto',
  forget: 'Dimentica',
  forgetQuestion: (name) => `Dimenticare ${name}?`,
  forgetLead:
    'Tutti i messaggi con questa persona vengono cancellati. Non si può annullare. Se scrive di nuovo, qui è nuova.',

  reasons: {
    opted_out: 'Il cliente ha scritto STOP.',
    reaction: 'Una reazione non è una domanda.',
    taken_over: 'In questa conversazione risponde una persona.',
    not_verified: 'Il numero del bot non è verificato.',
    paused: 'Il bot è in pausa, quindi il suo numero non manda niente.',
    window_closed: 'Il messaggio aveva più di 24 ore, quindi WhatsApp non lascia rispondere nessuno.',
    auto_reply_off: 'Il bot non risponde da solo. Ogni messaggio aspetta una persona.',
    day_limit: 'Oggi il cliente ha scritto più messaggi di quanti il bot possa trattare.',
    hour_limit: 'In quest’ora il bot ha ricevuto più messaggi di quanti possa trattare.',
    failed: 'Il bot ha provato più volte, e qualcosa è andato storto.',
  },
}

export default it
