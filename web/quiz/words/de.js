// @ts-check

/** @type {import('../src/model.d.ts').Words} */
export default {
  skip: 'Zum Inhalt springen',
  loading: 'Wird geladen …',
  unknownTitle: 'Hier gibt es nichts',
  unknownText:
    'Unter dieser Adresse haben wir kein Assessment gefunden. Bitte prüfen Sie den Link auf Tippfehler oder bitten Sie um einen neuen.',
  troubleTitle: 'Die Seite ist gerade nicht erreichbar',
  troubleText:
    'Bitte prüfen Sie Ihre Internetverbindung. Sobald Sie online sind, erscheint die Seite von selbst.',
  retry: 'Erneut versuchen',
  earlyTitle: 'Dieses Assessment hat noch nicht begonnen',
  earlyText: (when) => `Es öffnet am ${when}.`,
  endedTitle: 'Dieses Assessment ist geschlossen',
  endedText:
    'Es nimmt keine Antworten mehr an. Fragen Sie, wer Ihnen den Link geschickt hat, ob es ein anderes gibt.',
  expiredTitle: 'Ihre Sitzung ist abgelaufen',
  expiredText:
    'Antworten werden nur begrenzte Zeit aufbewahrt. Die auf diesem Gerät sind noch da, und Sie können mit ihnen neu beginnen.',
  lostLink: 'Dieser Link zum Fortsetzen gilt nicht mehr. Sie können neu beginnen.',
  changed: 'Dieses Assessment wurde inzwischen geändert. Bitte beginnen Sie neu.',
  startAgain: 'Neu beginnen',
  chooseMode: 'Wie möchten Sie es machen?',
  questions: (count) => (count === 1 ? 'Eine Frage' : `${count} Fragen`),
  introHint:
    'Ihre Antworten werden laufend gespeichert. Sie können jederzeit aufhören und später oder auf einem anderen Gerät weitermachen.',
  start: 'Beginnen',
  offerTitle: 'Weitermachen, wo Sie aufgehört haben',
  offerText: (done, all) => `${done} von ${all} Fragen sind beantwortet.`,
  offerDone: 'Dieses Assessment ist abgeschlossen.',
  goOn: 'Weitermachen',
  notMine: 'Das ist nicht meines',
  progress: (at, all) => `Frage ${at} von ${all}`,
  scaleHint:
    'Ein Klick oder die Taste einer Zahl führt zur nächsten Frage. Mit den Pfeiltasten wählen Sie nur aus.',
  choiceHint:
    'Ein Klick oder die Taste eines Buchstabens führt zur nächsten Frage. Mit den Pfeiltasten wählen Sie nur aus.',
  back: 'Zurück',
  next: 'Weiter',
  leaveOut: 'Auslassen',
  clear: 'Meine Antwort zurücknehmen',
  finish: 'Mein Ergebnis ansehen',
  send: 'Meine Antworten abschicken',
  saved: 'Gespeichert',
  saving: 'Wird gespeichert …',
  waiting: 'Warten auf das Netz. Ihre Antworten sind auf diesem Gerät sicher.',
  waitingUnkept: 'Warten auf das Netz. Bitte lassen Sie diese Seite offen.',
  dropped: 'Diese Antwort liess sich nicht speichern. Bitte wählen Sie noch einmal.',
  failed: 'Das ging nicht. Bitte versuchen Sie es noch einmal.',
  elsewhere: 'Auf einem anderen Gerät weitermachen',
  elsewhereText: 'Öffnen Sie dort diesen Link. Wer ihn hat, kann Ihre Antworten sehen und ändern.',
  copy: 'Link kopieren',
  copied: 'Kopiert',
  checkTitle: 'Einige Fragen haben noch keine Antwort',
  checkText: (count) =>
    count === 1
      ? 'Eine Frage hat keine Antwort. Sie zählt nicht mit.'
      : `${count} Fragen haben keine Antwort. Sie zählen nicht mit.`,
  nothingText: 'Bitte beantworten Sie mindestens eine Frage.',
  answerThem: 'Beantworten',
  finishAnyway: 'Ohne sie weitermachen',
  contactTitle: 'Wie dürfen wir Sie erreichen?',
  contactSoft: 'Sie können auch weitermachen, ohne uns zu sagen, wer Sie sind.',
  name: 'Name (freiwillig)',
  email: 'E-Mail-Adresse',
  emailInvalid: 'Geben Sie eine E-Mail-Adresse ein, zum Beispiel name@example.com.',
  consent: (tenant) =>
    `Ich bin einverstanden, dass ${tenant} meine Antworten und Kontaktdaten aufbewahrt und mir zu meinem Ergebnis schreibt.`,
  consentMissing:
    'Setzen Sie das Häkchen, wenn Sie einverstanden sind. Ohne dürfen wir Ihre Adresse nicht aufbewahren.',
  withoutContact: 'Ohne Adresse weitermachen',
  finishingTitle: 'Einen Moment',
  finishingText: 'Ihre Antworten werden ausgewertet.',
  finishingOffline:
    'Sobald Sie online sind, werden Ihre letzten Antworten geschickt, und Ihr Ergebnis erscheint hier.',
  resultTitle: 'Ihr Ergebnis',
  doneTitle: 'Vielen Dank',
  doneText: 'Ihre Antworten sind angekommen.',
  behind: 'Dahinter steht',
  strengths: 'Stärken',
  shadows: 'Worauf zu achten ist',
  all: 'Alle Werte',
  chart: (count) => `Diagramm mit ${count} Werten. Die Liste darunter hat dieselben Zahlen.`,
  reflection: 'Was das heißen kann',
  reflecting: 'Ein Text zu Ihrem Ergebnis wird geschrieben …',
  remark: 'Zu Ihrer letzten Antwort',
  byModel: 'Von einem Sprachmodell (KI) geschrieben. Es kann sich irren.',
  booking: 'Gespräch buchen',
  forget: 'Von diesem Gerät entfernen',
  forgetText: 'Wenn andere dieses Gerät benutzen, entfernen Sie Ihre Antworten davon. Bei uns bleiben sie.',
  poweredBy: 'Powered by Tenantry',
}
