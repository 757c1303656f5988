import type en from './en.ts'

const de: typeof en = {
  lead: 'Sehen Sie Nachrichten, bevor Sie einen Empfänger haben. Ein Endpunkt entsteht für eine Stunde, diese Seite fragt nach dem, was für ihn kommt, und der Browser prüft jede Signatur. Er zählt zu den Endpunkten Ihres Tarifs.',
  tryIt: 'Hier ausprobieren',
  itsName: 'Webhook-Posteingang',
  inboxes: 'Offene Posteingänge',
  open: 'Öffnen',
  listens: (until) =>
    `Er empfängt bis ${until} und wird dann mit seinen Nachrichten gelöscht. Diese Seite zu verlassen beendet ihn nicht.`,
  ended: 'Dieser Posteingang ist beendet. Was ankam, steht hier, bis Sie gehen.',
  end: 'Beenden',
  pollAsCurl: 'Mit curl nach Nachrichten fragen',
  acknowledgeAsCurl: 'Mit curl sagen, dass sie ankamen',
  endAsCurl: 'Mit curl beenden',
  messages: 'Nachrichten',
  waiting: 'Er wartet auf die erste Nachricht.',
  arrived: (count) => `Angekommene Nachrichten: ${count}`,
  made: 'Entstanden',
  verdicts: {
    right: 'Die Signatur stimmt.',
    untimely:
      'Abgelehnt: Sie wurde mehr als fünf Minuten vor der Ankunft signiert. Vielleicht ist es eine alte Nachricht, noch einmal gesendet.',
    forged:
      'Abgelehnt: Die Signatur passt nicht. Der Inhalt wurde verändert, oder mit einem anderen Geheimnis signiert.',
  },
  onTheWay: 'Was unterwegs geschieht',
  mishaps: {
    none: 'Nichts',
    body: 'Ein Byte des Inhalts wird verändert',
    secret: 'Der Empfänger hat ein anderes Geheimnis',
    late: 'Sie kommt zehn Minuten später an',
  },
  altered: (position, from, to) => `Zeichen ${position} des Inhalts war „${from}“ und ist jetzt „${to}“.`,
}

export default de
