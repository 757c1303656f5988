import type en from './en.ts'

const it: typeof en = {
  isolation: 'Isolamento',
  isolationLead:
    'Il suo browser chiede alla piattaforma, a suo nome, ciò che appartiene ad altri studi. Qui si vede che cosa torna.',
  ask: 'Chiedere ciò che non è suo',
  askLead:
    'A ogni relazione dell’API dei dati si chiedono righe di studi di cui lei non fa parte. L’elenco viene dalla base di dati stessa: non ne manca nessuna.',
  othersHandle: 'Identificativo di un altro studio',
  othersHandleHint:
    'Può restare vuoto. Altrimenti a ogni rotta che legge uno studio si chiede quello e un identificativo che nessuno ha. Le due risposte devono essere uguali, perché nessuno sappia chi è cliente qui. I rifiuti stanno nel registro di quello studio.',
  askNow: 'Chiedere ora',
  asked: 'Che cosa è stato chiesto',
  noneFound: (n) => `${n} domande, e nessuna ha dato qualcosa di altri.`,
  someFound: (n) => `${n} hanno dato qualcosa che non è suo. Lo dica subito alla piattaforma.`,
  someUnanswered: (n) => `${n} sono rimaste senza risposta. Chieda ancora.`,
  outcome: {
    relation: {
      nothing: 'nessuna riga',
      refused: 'rifiutato',
      found: 'ha righe di altri',
      unanswered: 'senza risposta',
    },
    route: {
      nothing: 'nulla',
      refused: 'rifiutato, come per un identificativo che nessuno ha',
      found: 'rivela qualcosa',
      unanswered: 'senza risposta',
    },
  },
}
export default it
