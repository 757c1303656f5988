import type en from './en.ts'

const de: typeof en = {
  isolation: 'Trennung',
  isolationLead:
    'Ihr Browser fragt die Plattform in Ihrem Namen nach dem, was anderen Praxen gehört. Was zurückkommt, steht hier.',
  ask: 'Nach Fremdem fragen',
  askLead:
    'Jede Relation der Daten-API wird nach Zeilen von Praxen gefragt, zu denen Sie nicht gehören. Die Liste der Relationen kommt aus der Datenbank selbst, keine fehlt.',
  othersHandle: 'Kurzname einer anderen Praxis',
  othersHandleHint:
    'Kann leer bleiben. Sonst wird jede Route, die eine Praxis liest, nach dieser gefragt und nach einem Kurznamen, den niemand hat. Beide Antworten müssen gleich sein, damit niemand erfährt, wer hier Kunde ist. Abgelehntes steht im Protokoll jener Praxis.',
  askNow: 'Jetzt fragen',
  asked: 'Was gefragt wurde',
  noneFound: (n) => `${n} wurden gefragt, und keine gab etwas von anderen heraus.`,
  someFound: (n) => `${n} gaben etwas heraus, das Ihnen nicht gehört. Melden Sie es der Plattform sofort.`,
  someUnanswered: (n) => `${n} gaben keine Antwort. Fragen Sie noch einmal.`,
  outcome: {
    relation: {
      nothing: 'keine Zeile',
      refused: 'abgelehnt',
      found: 'hat Zeilen von anderen',
      unanswered: 'keine Antwort',
    },
    route: {
      nothing: 'nichts',
      refused: 'abgelehnt wie bei einem Kurznamen, den niemand hat',
      found: 'verrät etwas',
      unanswered: 'keine Antwort',
    },
  },
}
export default de
