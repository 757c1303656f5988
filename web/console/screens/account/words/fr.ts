import type en from './en.ts'

const fr: typeof en = {
  appCode: 'Code',
  tooManyTries: 'Il y a eu trop d’essais. Attendez une minute, puis réessayez.',
  account: 'Votre compte',
  secondFactor: 'Second facteur',
  secondFactorLead:
    'Une application de votre téléphone affiche un code qui change. Qui gère la plateforme se connecte avec lui, en plus du mot de passe.',
  noFactors: 'Vous n’avez encore configuré aucune application.',
  factorKind: 'Application d’authentification',
  newFactor: 'Configurer une application',
  newFactorWhat:
    'Toute application qui affiche des codes convient. Une seconde est utile si le téléphone est perdu.',
  factorNeeded: 'Cela demande un second facteur, et vous n’en avez pas encore.',
  factorName: 'Nom',
  factorNameHint: 'Pour savoir de quelle application il s’agit.',
  begin: 'Configurer',
  newFactorLead: 'Scannez l’image avec l’application, ou saisissez-y la clé. Entrez ensuite le code affiché.',
  picture: 'La clé sous forme de code QR',
  secret: 'Clé :',
  factorTitle: 'Votre second facteur',
  factorLead: 'Entrez le code que votre application affiche maintenant.',
  whichApp: 'Quelle application',
  factorCodeWrong:
    'Le code est faux, ou il a changé entre-temps. Entrez celui que l’application affiche maintenant.',
  factorFirst: 'Connectez-vous d’abord avec votre second facteur.',
  factorsOff: 'Cette installation n’a pas de second facteur. Demandez à qui la gère.',
  removeFactor: 'Retirer',
  removeFactorTitle: (name) => `Retirer ${name} ?`,
  removeFactorLead: 'Ses codes ne comptent plus.',
}

export default fr
