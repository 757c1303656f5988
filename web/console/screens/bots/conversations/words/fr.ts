import type en from './en.ts'

const fr: typeof en = {
  readOnly: 'Les réviseurs lisent les conversations et n’y répondent pas.',
  shown: 'Afficher',
  show: { all: 'Toutes', escalated: 'Attendent une personne', taken_over: 'Une personne répond' },
  nameOrNumber: 'Le nom ou le numéro commence par',
  noConversations: 'Il n’y a pas de conversation ici.',
  backToAll: 'Toutes les conversations',
  nameless: 'Quelqu’un sans nom',

  waits: 'Attend une personne',
  answeredByPerson: 'Une personne répond',
  answeredByBot: 'Le bot répond',
  optedOut: 'A écrit STOP',
  waitsSince: (at) => `Elle attend une personne depuis le ${at}.`,
  personSince: (at) => `Une personne répond depuis le ${at}. Le bot se tait.`,
  botAnswers: 'Le bot répond.',
  answering: 'Qui répond',
  takeOver: 'Prendre la main',
  handBack: 'Rendre au bot',

  said: 'Ce qui a été dit',
  source: { contact: 'Client', bot: 'Bot', person: 'Personne', api_key: 'Programme' },
  kinds: {
    image: 'Une image.',
    video: 'Une vidéo.',
    audio: 'Un message vocal.',
    document: 'Un document.',
    sticker: 'Un autocollant.',
    location: 'Un lieu sur la carte.',
    contacts: 'Un contact.',
    order: 'Une commande.',
  },
  otherKind: 'Un message sans texte.',
  notKept: 'Le texte n’est pas conservé.',
  row: 'Sa donnée d’entraînement',
  template: (name) => `Modèle de ton « ${name} »`,
  reached: {
    waiting: 'Attend l’envoi',
    unknown: 'WhatsApp n’a pas répondu',
    sent: 'Envoyé',
    delivered: 'Remis',
    read: 'Lu',
    failed: 'Échoué',
  },

  answerTitle: 'Répondre',
  text: 'Votre réponse',
  send: 'Envoyer',
  takesOver: 'Qui écrit prend la main : le bot se tait jusqu’à ce que vous lui rendiez la conversation.',
  windowOpen: (at) => `WhatsApp vous laisse écrire jusqu’au ${at}.`,
  windowClosed:
    'WhatsApp vous laisse écrire pendant 24 heures après un message du client. Elles sont passées. Attendez que le client écrive à nouveau.',
  maySendNothing: 'Le client a écrit STOP : rien ne lui est envoyé. Il peut écrire START.',

  forgetTitle: 'Oublier ce contact',
  forget: 'Oublier',
  forgetQuestion: (name) => `Oublier ${name} ?`,
  forgetLead:
    'Tous les messages avec cette personne sont effacés. C’est sans retour. Si elle écrit à nouveau, elle est nouvelle ici.',

  reasons: {
    opted_out: 'Le client a écrit STOP.',
    reaction: 'Une réaction n’est pas une question.',
    taken_over: 'Une personne répond dans cette conversation.',
    not_verified: 'Le numéro du bot n’est pas vérifié.',
    paused: 'Le bot est en pause : son numéro n’envoie rien.',
    window_closed: 'Le message avait plus de 24 heures : WhatsApp ne laisse personne y répondre.',
    auto_reply_off: 'Le bot ne répond pas de lui-même. Chaque message attend une personne.',
    day_limit: 'Le client a écrit aujourd’hui plus de messages que le bot ne peut en traiter.',
    hour_limit: 'Le bot a reçu dans cette heure plus de messages qu’il ne peut en traiter.',
    failed: 'Le bot a essayé plusieurs fois, et quelque chose a échoué.',
  },
}

export default fr
