import type en from './en.ts'

const de: typeof en = {
  signIn: 'Anmelden',
  signInLead: 'Melden Sie sich bei Ihrer Praxis an.',
  password: 'Passwort',
  sendCode: 'Stattdessen einen Code senden',
  code: 'Code',
  codeLead: (email) => `Wir haben einen Code an ${email} gesendet. Er gilt eine Stunde.`,
  usePassword: 'Stattdessen ein Passwort verwenden',
  otherEmail: 'Andere E-Mail-Adresse verwenden',
  ssoLead: 'Ihre Firma meldet Sie an.',
  ssoButton: 'Zur Anmeldung Ihrer Firma',
  ssoNotHere: 'Diese Installation hat keine Anmeldung über Firmen. Fragen Sie, wer sie betreibt.',
  wrongPassword: 'Die E-Mail-Adresse oder das Passwort ist falsch.',
  wrongCode: 'Der Code ist falsch oder abgelaufen. Fordern Sie einen neuen an.',
  notConfirmed: 'Diese Adresse ist noch nicht bestätigt. Öffnen Sie den Link in der E-Mail von uns.',
  tooMany: 'Das waren zu viele Versuche. Warten Sie eine Minute und versuchen Sie es noch einmal.',
  forgot: 'Ich habe mein Passwort vergessen',
  makeAccount: 'Konto anlegen',
  haveAccount: 'Ich habe schon ein Konto',
  newAccountLead: 'Mit der Adresse, unter der Sie Mails erhalten.',
  invitedLead:
    'Sie sind eingeladen. Melden Sie sich mit der Adresse an, welche die Einladung erhalten hat, oder legen Sie damit ein Konto an.',
  confirmLead: (email) =>
    `Wir haben einen Code an ${email} gesendet. Gibt es dort schon ein Konto, kommt keine Mail: Melden Sie sich dann an.`,
  newPassword: 'Neues Passwort wählen',
  newPasswordLead: 'Es ersetzt das bisherige.',
  passwordRule: 'Mindestens 10 Zeichen.',
  savePassword: 'Passwort speichern',
  weakPassword: 'Dieses Passwort ist zu leicht zu erraten. Wählen Sie ein anderes mit mindestens 10 Zeichen.',
  samePassword: 'Das ist das bisherige Passwort. Wählen Sie ein anderes.',
  handedTitle: 'Hier anmelden?',
  handedLead: (email) => `Sie kommen von einer Seite, auf der Sie als ${email} angemeldet sind.`,
  handedContinue: (email) => `Weiter als ${email}`,
  handedNo: 'Nein, nicht als diese Person',
}

export default de
