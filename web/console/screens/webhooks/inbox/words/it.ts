import type en from './en.ts'

const it: typeof en = {
  lead: 'Vedi i messaggi prima di avere un ricevente. Una destinazione nasce per un’ora, questa pagina chiede ciò che le arriva, e il browser verifica ogni firma. Conta fra le destinazioni del tuo piano.',
  tryIt: 'Prova qui',
  itsName: 'Posta in arrivo dei webhook',
  inboxes: 'Caselle aperte',
  open: 'Apri',
  listens: (until) =>
    `Riceve fino a ${until}, e poi viene eliminata con i suoi messaggi. Lasciare questa pagina non la termina.`,
  ended: 'Questa casella è terminata. Ciò che è arrivato resta visibile finché non esci.',
  end: 'Terminala',
  pollAsCurl: 'Chiedere i messaggi con curl',
  acknowledgeAsCurl: 'Dire con curl che sono arrivati',
  endAsCurl: 'Terminarla con curl',
  messages: 'Messaggi',
  waiting: 'Aspetta il primo messaggio.',
  arrived: (count) => `Messaggi arrivati: ${count}`,
  made: 'Creato',
  verdicts: {
    right: 'La firma è giusta.',
    untimely:
      'Rifiutato: è stato firmato più di cinque minuti prima dell’arrivo. Può essere un vecchio messaggio, inviato di nuovo.',
    forged:
      'Rifiutato: la firma non corrisponde. Il contenuto è stato alterato, o firmato con un altro segreto.',
  },
  onTheWay: 'Che cosa succede per strada',
  mishaps: {
    none: 'Nulla',
    body: 'Un byte del contenuto viene cambiato',
    secret: 'Il ricevente ha un altro segreto',
    late: 'Arriva dieci minuti più tardi',
  },
  altered: (position, from, to) => `Il carattere ${position} del contenuto era «${from}» e ora è «${to}».`,
}

export default it
