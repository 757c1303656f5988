import type en from './en.ts'

const fr: typeof en = {
  lead: 'Voyez des messages avant d’avoir un récepteur. Une destination est créée pour une heure, cette page demande ce qui lui arrive, et le navigateur vérifie chaque signature. Elle compte parmi les destinations de votre offre.',
  tryIt: 'Essayer ici',
  itsName: 'Boîte de réception de webhooks',
  inboxes: 'Boîtes ouvertes',
  open: 'Ouvrir',
  listens: (until) =>
    `Elle reçoit jusqu’au ${until}, puis est supprimée avec ses messages. Quitter cette page n’y met pas fin.`,
  ended: 'Cette boîte est terminée. Ce qui est arrivé reste affiché jusqu’à votre départ.',
  end: 'Y mettre fin',
  pollAsCurl: 'Demander les messages avec curl',
  acknowledgeAsCurl: 'Dire avec curl qu’ils sont arrivés',
  endAsCurl: 'Y mettre fin avec curl',
  messages: 'Messages',
  waiting: 'Elle attend le premier message.',
  arrived: (count) => `Messages arrivés : ${count}`,
  made: 'Créé',
  verdicts: {
    right: 'La signature est juste.',
    untimely:
      'Refusé : il a été signé plus de cinq minutes avant son arrivée. C’est peut-être un ancien message, envoyé de nouveau.',
    forged:
      'Refusé : la signature ne correspond pas. Le contenu a été modifié, ou signé avec un autre secret.',
  },
  onTheWay: 'Ce qui se passe en route',
  mishaps: {
    none: 'Rien',
    body: 'Un octet du contenu est modifié',
    secret: 'Le récepteur a un autre secret',
    late: 'Il arrive dix minutes plus tard',
  },
  altered: (position, from, to) =>
    `Le caractère ${position} du contenu était « ${from} » et est maintenant « ${to} ».`,
}

export default fr
