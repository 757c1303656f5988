import type en from './en.ts'

const fr: typeof en = {
  settingsNotManaged: 'Seuls les admins et les propriétaires changent les réglages.',
  general: 'Général',
  tenantName: 'Nom',
  locale: 'Langue',
  timeZone: 'Fuseau horaire',
  timeZoneHint: 'Les jours et les mois de la consommation et des crédits commencent selon ce fuseau.',
  saved: 'Enregistré.',

  projects: 'Projets',
  projectsLead: 'Les projets divisent le travail d’un cabinet.',
  projectsNotOffered: 'Aucun produit de ce cabinet n’a plus de projets. Ceux qui existent peuvent être lus.',
  newProject: 'Nouveau projet',
  projectName: 'Nom',
  projectSlug: 'Identifiant',
  projectSlugHint: 'De 2 à 40 caractères : a à z, chiffres et traits d’union. Les programmes l’utilisent.',
  makeProject: 'Créer le projet',
  archived: 'Archivé',
  archive: 'Archiver',
  openAgain: 'Rouvrir',
  rename: 'Renommer',
  renameTitle: (name) => `Renommer ${name}`,
  renameLead: 'Son identifiant reste le même.',

  products: 'Produits',
  productsLead: 'La plateforme a accordé ceux-ci.',
  noProducts: 'La plateforme n’a accordé aucun produit. Ce que contient l’offre peut être utilisé.',
  productEnds: (day) => `jusqu’au ${day}`,
  productOff: 'Désactivé',

  export: 'Exportation',
  exportLead:
    'Tout ce qui appartient à ce cabinet, en lignes de JSON. Les images et les documents y sont nommés et se récupèrent à part. Un fichier qui ne finit pas par une ligne « trailer » a été coupé.',
  exportNow: 'Tout télécharger',
  exportBegun: 'Le téléchargement a commencé.',

  life: 'Statut',
  since: (day) => `depuis le ${day}`,
  why: (reason) => `Motif : ${reason}`,
  trialEndsAt: (at) => `L’essai se termine le ${at}.`,
  freezesAt: (at) => `Il est gelé le ${at} si aucune offre n’est choisie.`,
  archivesAt: (at) => `Il est archivé le ${at} si cela n’est pas réglé. D’ici là, on peut lire et exporter.`,
  purgeableAt: (at) => `À partir du ${at}, ses données peuvent être effacées définitivement.`,
  takeBack:
    'S’il n’a pas été payé ou si l’essai est fini, une offre le rouvre. S’il a été résilié, l’exploitant de cette plateforme peut l’annuler jusqu’à l’archivage.',
  cancelTenant: 'Résilier ce cabinet',
  cancelTitle: (name) => `Résilier ${name} ?`,
  cancelLead:
    'Il est gelé tout de suite : personne ne peut rien changer ni participer. Pendant 30 jours, tout peut être lu et exporté, et l’exploitant de la plateforme peut le rouvrir. Ensuite il est archivé : seul l’exploitant peut le restaurer, pendant 30 jours encore. Après cela, ses données peuvent être effacées définitivement. Résiliez d’abord un abonnement payé, sous « Offre et consommation ».',
  cancelReason: 'Pourquoi ? (facultatif)',
  cancelTyped: (slug) => `Tapez ${slug} pour confirmer`,
  cancelByOwner: 'Seul le propriétaire peut résilier ce cabinet.',

  proveIsolation: 'Vérifier soi-même que personne n’obtient ce qui est à d’autres',
}

export default fr
