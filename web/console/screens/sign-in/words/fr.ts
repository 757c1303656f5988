import type en from './en.ts'

const fr: typeof en = {
  signIn: 'Se connecter',
  signInLead: 'Connectez-vous à votre cabinet.',
  password: 'Mot de passe',
  sendCode: 'Recevoir plutôt un code',
  code: 'Code',
  codeLead: (email) => `Nous avons envoyé un code à ${email}. Il est valable une heure.`,
  usePassword: 'Utiliser plutôt un mot de passe',
  otherEmail: 'Utiliser une autre adresse e-mail',
  ssoLead: 'Votre entreprise vous connecte.',
  ssoButton: 'Aller à la connexion de votre entreprise',
  ssoNotHere:
    'Cette installation n’a pas de connexion par entreprise. Adressez-vous à la personne qui l’exploite.',
  wrongPassword: 'L’adresse e-mail ou le mot de passe est incorrect.',
  wrongCode: 'Le code est incorrect ou expiré. Demandez-en un nouveau.',
  notConfirmed:
    'Cette adresse n’est pas encore confirmée. Ouvrez le lien dans l’e-mail que nous vous avons envoyé.',
  tooMany: 'Il y a eu trop d’essais. Attendez une minute et réessayez.',
  forgot: 'J’ai oublié mon mot de passe',
  makeAccount: 'Créer un compte',
  haveAccount: 'J’ai déjà un compte',
  newAccountLead: 'Avec l’adresse à laquelle vous recevez vos mails.',
  invitedLead:
    'Vous êtes invité. Connectez-vous avec l’adresse qui a reçu l’invitation, ou créez un compte avec elle.',
  confirmLead: (email) =>
    `Nous avons envoyé un code à ${email}. Si un compte existe déjà, aucun mail n’arrive : connectez-vous.`,
  newPassword: 'Choisissez un nouveau mot de passe',
  newPasswordLead: 'Il remplace l’ancien.',
  passwordRule: 'Au moins 10 caractères.',
  savePassword: 'Enregistrer le mot de passe',
  weakPassword: 'Ce mot de passe est trop facile à deviner. Choisissez-en un autre d’au moins 10 caractères.',
  samePassword: 'C’est l’ancien mot de passe. Choisissez-en un autre.',
  handedTitle: 'Se connecter ici ?',
  handedLead: (email) => `Vous venez d’une page où vous êtes connecté en tant que ${email}.`,
  handedContinue: (email) => `Continuer en tant que ${email}`,
  handedNo: 'Non, pas en tant que cette personne',
}

export default fr
