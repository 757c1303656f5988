import type en from './en.ts'

const de: typeof en = {
  appCode: 'Code',
  tooManyTries: 'Das waren zu viele Versuche. Warten Sie eine Minute, und versuchen Sie es noch einmal.',
  account: 'Ihr Konto',
  secondFactor: 'Zweiter Faktor',
  secondFactorLead:
    'Eine App auf Ihrem Telefon zeigt einen Code, der wechselt. Wer die Plattform betreibt, meldet sich ausser mit dem Passwort auch damit an.',
  noFactors: 'Sie haben noch keine App eingerichtet.',
  factorKind: 'Authenticator-App',
  newFactor: 'Eine App einrichten',
  newFactorWhat: 'Jede App, die Codes zeigt, ist recht. Eine zweite hilft, wenn das Telefon verloren geht.',
  factorNeeded: 'Das braucht einen zweiten Faktor, und Sie haben noch keinen.',
  factorName: 'Name',
  factorNameHint: 'Damit Sie wissen, welche App es ist.',
  begin: 'Einrichten',
  newFactorLead:
    'Scannen Sie das Bild mit der App, oder tippen Sie den Schlüssel ein. Geben Sie dann den Code ein, den sie zeigt.',
  picture: 'Der Schlüssel als QR-Code',
  secret: 'Schlüssel:',
  factorTitle: 'Ihr zweiter Faktor',
  factorLead: 'Geben Sie den Code ein, den Ihre App jetzt zeigt.',
  whichApp: 'Welche App',
  factorCodeWrong:
    'Der Code ist falsch, oder er hat inzwischen gewechselt. Geben Sie den ein, den die App jetzt zeigt.',
  factorFirst: 'Melden Sie sich zuerst mit Ihrem zweiten Faktor an.',
  factorsOff: 'Diese Installation hat keinen zweiten Faktor. Fragen Sie, wer sie betreibt.',
  removeFactor: 'Entfernen',
  removeFactorTitle: (name) => `${name} entfernen?`,
  removeFactorLead: 'Seine Codes gelten dann nicht mehr.',
}

export default de
