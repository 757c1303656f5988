import type en from './en.ts'

const fr: typeof en = {
  language: 'fr',
  loading: 'Chargement …',
  retry: 'Réessayer',

  signIn: 'Se connecter',
  signInLead: 'Connectez-vous à votre cabinet.',
  email: 'E-mail',
  password: 'Mot de passe',
  next: 'Continuer',
  working: 'Un instant …',
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
  offline: 'Il n’y a pas de connexion. Vérifiez votre réseau et réessayez.',
  refused: (code) => `Cela n’a pas fonctionné (${code}). Réessayez.`,

  signOut: 'Se déconnecter',
  skip: 'Aller au contenu',
  navigation: 'Navigation principale',
  menu: 'Menu',
  rooms: {
    home: 'Vue d’ensemble',
    campaigns: 'Campagnes',
    participants: 'Participants',
    brand: 'Marque',
    address: 'Adresse',
    notifications: 'Notifications',
    people: 'Personnes',
    sso: 'Connexion d’entreprise',
    keys: 'Clés d’API',
    webhooks: 'Webhooks',
    usage: 'Offre et consommation',
    credits: 'Crédits',
    audit: 'Journal d’audit',
    settings: 'Paramètres',
  },
  yourTenants: 'Vos cabinets',
  noTenants: 'Vous n’appartenez encore à aucun cabinet. Demandez une invitation.',
  role: { owner: 'Propriétaire', admin: 'Admin', member: 'Membre', reviewer: 'Réviseur' },
  status: { demo: 'Démo', trial: 'Essai', active: 'Actif', frozen: 'Gelé', archived: 'Archivé' },
  frozen: 'Ce cabinet est gelé. On peut le lire et l’exporter, mais pas le modifier.',
  trialOver: 'L’essai est terminé. Tout peut encore être lu et exporté. Choisissez une offre pour continuer.',
  notFound: 'Il n’y a rien à cette adresse.',
  requestId: (id) => `Requête ${id}`,

  save: 'Enregistrer',
  unsaved: 'Des modifications ne sont pas enregistrées. Quitter quand même ?',
  asCurl: 'La même chose avec curl',

  conflictLead:
    'Pendant que vous travailliez, la même chose a été modifiée. Choisissez ce qui reste. Rien n’est perdu avant.',
  keepMine: 'Garder le mien',
  takeTheirs: 'Prendre l’autre',
  nothing: 'rien',

  cancel: 'Annuler',
  revoke: 'Révoquer',
  copy: 'Copier',
  copied: 'Copiée',
  haveKept: 'Je l’ai conservée',

  showMore: 'Afficher plus',
}

export default fr
