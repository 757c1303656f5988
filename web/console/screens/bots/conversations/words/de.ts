import type en from './en.ts'

const de: typeof en = {
  readOnly: 'Prüfer lesen Gespräche und antworten nicht.',
  shown: 'Anzeigen',
  show: { all: 'Alle', escalated: 'Warten auf eine Person', taken_over: 'Von einer Person beantwortet' },
  nameOrNumber: 'Name oder Nummer beginnt mit',
  noConversations: 'Hier gibt es kein Gespräch.',
  backToAll: 'Alle Gespräche',
  nameless: 'Jemand ohne Namen',

  waits: 'Wartet auf eine Person',
  answeredByPerson: 'Eine Person antwortet',
  answeredByBot: 'Der Bot antwortet',
  optedOut: 'Hat STOP geschrieben',
  waitsSince: (at) => `Es wartet seit ${at} auf eine Person.`,
  personSince: (at) => `Seit ${at} antwortet eine Person. Der Bot schweigt.`,
  botAnswers: 'Der Bot antwortet.',
  answering: 'Wer antwortet',
  takeOver: 'Übernehmen',
  handBack: 'Dem Bot zurückgeben',

  said: 'Was gesagt wurde',
  source: { contact: 'Kundschaft', bot: 'Bot', person: 'Person', api_key: 'Programm' },
  kinds: {
    image: 'Ein Bild.',
    video: 'Ein Video.',
    audio: 'Eine Sprachnachricht.',
    document: 'Ein Dokument.',
    sticker: 'Ein Sticker.',
    location: 'Ein Ort auf der Karte.',
    contacts: 'Ein Kontakt.',
    order: 'Eine Bestellung.',
  },
  otherKind: 'Eine Nachricht ohne Text.',
  notKept: 'Der Text wird nicht aufbewahrt.',
  row: 'Die Trainingsdaten dazu',
  template: (name) => `Vorlage «${name}»`,
  reached: {
    waiting: 'Wartet auf den Versand',
    unknown: 'WhatsApp hat nicht geantwortet',
    sent: 'Gesendet',
    delivered: 'Zugestellt',
    read: 'Gelesen',
    failed: 'Gescheitert',
  },

  answerTitle: 'Antworten',
  text: 'Ihre Antwort',
  send: 'Senden',
  takesOver: 'Wer schreibt, übernimmt: der Bot schweigt, bis Sie ihm das Gespräch zurückgeben.',
  windowOpen: (at) => `WhatsApp lässt Sie bis ${at} schreiben.`,
  windowClosed:
    'Nach einer Nachricht der Kundschaft lässt WhatsApp Sie 24 Stunden lang schreiben. Sie sind vorbei. Warten Sie, bis wieder eine Nachricht kommt.',
  maySendNothing: 'Es kam STOP, darum wird nichts gesendet. Mit START geht es wieder.',

  forgetTitle: 'Diesen Kontakt vergessen',
  forget: 'Vergessen',
  forgetQuestion: (name) => `${name} vergessen?`,
  forgetLead:
    'Alle Nachrichten mit dieser Person werden gelöscht. Das lässt sich nicht rückgängig machen. Wer wieder schreibt, ist hier neu.',

  reasons: {
    opted_out: 'Es kam STOP.',
    reaction: 'Ein Emoji zu einer Nachricht ist keine Frage.',
    taken_over: 'In diesem Gespräch antwortet eine Person.',
    not_verified: 'Die Nummer des Bots ist nicht geprüft.',
    paused: 'Der Bot ist angehalten, darum sendet seine Nummer nichts.',
    window_closed: 'Die Nachricht war älter als 24 Stunden, darum lässt WhatsApp niemanden antworten.',
    auto_reply_off: 'Der Bot antwortet nicht von selbst. Jede Nachricht wartet auf eine Person.',
    day_limit: 'Heute kamen von dieser Person mehr Nachrichten, als der Bot beantworten darf.',
    hour_limit: 'In dieser Stunde kamen mehr Nachrichten, als der Bot beantworten darf.',
    failed: 'Der Bot hat es mehrmals versucht, und etwas ging schief.',
  },
}

export default de
