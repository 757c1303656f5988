import type en from './en.ts'

const fr: typeof en = {
  seenByManagers: 'Les admins et les propriétaires voient le numéro d’un bot.',
  none: 'Ce bot n’a pas de numéro WhatsApp. Sans numéro, il ne répond à personne.',

  state: 'État du numéro',
  verified: 'Meta connaît le numéro, et le bot peut répondre.',
  notVerified: 'Le numéro n’est pas encore vérifié. D’ici là, le bot ne répond à personne.',
  paused: (at, why) => `Le bot n’envoie rien depuis le ${at} : ${why}`,
  tokenInvalid: 'Meta n’accepte plus le jeton d’accès. Saisissez-en un nouveau et vérifiez le numéro.',
  phone: 'Numéro',
  name: 'Nom chez WhatsApp',
  verifiedAt: 'Vérifié',
  tokenEnds: 'Fin du jeton d’accès',
  checkedAt: 'Meta interrogé',
  verify: 'Vérifier',
  asking: 'Meta est interrogé …',
  remove: 'Retirer le numéro',
  removeTitle: 'Retirer le numéro ?',
  removeLead: 'Ses secrets sont oubliés, et le bot ne répond à personne. Les conversations restent.',
  problems: {
    token_invalid:
      'Meta n’accepte pas le jeton d’accès. Créez-en un nouveau pour un utilisateur système de votre entreprise, et saisissez-le.',
    token_expired:
      'Le jeton d’accès a expiré. Créez-en un nouveau pour un utilisateur système, si possible sans fin, et saisissez-le.',
    scope_missing:
      'Il manque une autorisation au jeton d’accès. Créez-en un avec whatsapp_business_messaging et whatsapp_business_management, pour un utilisateur système à qui le compte est attribué.',
    app_secret_wrong:
      'La clé secrète n’est pas celle de l’app pour laquelle le jeton d’accès a été créé. Copiez-la dans Paramètres de l’app, Général.',
    number_not_found:
      'Le jeton d’accès n’ouvre aucun numéro avec cet identifiant. Copiez l’identifiant du numéro, qui n’est pas le numéro lui-même, et attribuez le compte à l’utilisateur système.',
    account_not_found:
      'Le jeton d’accès n’ouvre aucun compte WhatsApp Business avec cet identifiant. Copiez-le de la page API Setup, et attribuez le compte à l’utilisateur système.',
    wrong_account:
      'Le numéro n’est pas de ce compte WhatsApp Business. Copiez les deux identifiants d’une même page.',
    number_taken: 'Ce numéro est déjà relié à un autre bot. Retirez-le d’abord là-bas.',
    callback_refused:
      'Meta n’a pas pu joindre l’URL de rappel, ou n’a pas accepté sa réponse. Vérifiez encore une fois ; si cela reste, dites-le à la plateforme.',
    refused:
      'Meta a refusé de répondre. Regardez l’état de votre entreprise et du compte sur business.facebook.com.',
    unreachable: 'Meta n’a pas répondu. Rien n’a changé. Réessayez plus tard.',
  },

  atMeta: 'Ce que Meta apprend',
  atMetaLead:
    'La vérification dit les deux à Meta d’elle-même. À la main, cela se saisit dans votre app sous WhatsApp, Configuration.',
  callback: 'URL de rappel',
  copyCallback: 'Copier l’URL de rappel',
  verifyToken: 'Jeton de vérification',
  tokenLead: 'Meta l’envoie quand il demande si l’URL de rappel est à vous.',
  tokenMade: 'Jeton de vérification créé',
  tokenBefore: 'Le précédent',
  countsUntil: (at) => `compte jusqu’au ${at}`,
  reveal: 'Montrer le jeton de vérification',
  rotate: 'Créer un nouveau jeton de vérification',
  rotateTitle: 'Créer un nouveau jeton de vérification ?',
  rotateLead:
    'Le précédent compte encore une semaine. D’ici là, vérifiez le numéro ou saisissez le nouveau chez Meta.',

  connect: 'Relier un numéro',
  change: 'Modifier le numéro',
  field: {
    whatsapp_phone_number_id: 'Identifiant du numéro',
    whatsapp_business_account_id: 'Identifiant du compte WhatsApp Business',
    access_token: 'Jeton d’accès',
    app_secret: 'Clé secrète de l’app',
  },
  idHint: {
    whatsapp_phone_number_id:
      'Des chiffres, de la page API Setup de votre app. Ce n’est pas le numéro lui-même.',
    whatsapp_business_account_id:
      'Des chiffres, de la même page. Avec un autre identifiant, le numéro est vérifié à nouveau.',
  },
  saved: 'Enregistré.',
  secretOnce: 'C’est conservé, et n’est plus montré à personne.',
  secretStays: 'Il y en a un de conservé. Laissez ce champ vide pour le garder.',
}

export default fr
