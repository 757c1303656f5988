import type en from './en.ts'

const fr: typeof en = {
  language: 'fr',
  loading: 'Chargement …',
  retry: 'Réessayer',

  email: 'E-mail',
  next: 'Continuer',
  working: 'Un instant …',
  offline: 'Il n’y a pas de connexion. Vérifiez votre réseau et réessayez.',
  refused: (code) => `Cela n’a pas fonctionné (${code}). Réessayez.`,

  signOut: 'Se déconnecter',
  lastChange: 'Votre dernière modification dans le journal d’audit',
  skip: 'Aller au contenu',
  navigation: 'Navigation principale',
  menu: 'Menu',
  notRead: 'non lues',
  rooms: {
    home: 'Vue d’ensemble',
    campaigns: 'Campagnes',
    questionnaires: 'Questionnaires',
    participants: 'Participants',
    bots: 'Bots',
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
  role: { owner: 'Propriétaire', admin: 'Admin', member: 'Membre', reviewer: 'Réviseur' },
  status: { demo: 'Démo', trial: 'Essai', active: 'Actif', frozen: 'Gelé', archived: 'Archivé' },
  frozen: 'Ce cabinet est gelé. On peut le lire et l’exporter, mais pas le modifier.',
  trialOver: 'L’essai est terminé. Tout peut encore être lu et exporté. Choisissez une offre pour continuer.',
  notFound: 'Il n’y a rien à cette adresse.',
  toContract: 'Aller au contrat',
  requestId: (id) => `Requête ${id}`,

  save: 'Enregistrer',
  unsaved: 'Des modifications ne sont pas enregistrées. Quitter quand même ?',
  asCurl: 'La même chose avec curl',
  asTable: 'En tableau',

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
  filters: 'Filtres',
  before: 'Avant',
  after: 'Après',
  hidden: 'Cela a changé. Ce qu’il contient n’est pas gardé ici.',
}

export default fr
